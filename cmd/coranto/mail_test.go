package main

import (
	"bufio"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mailbox is a small SMTP server that keeps what it is given.
type mailbox struct {
	net.Listener
	mu      sync.Mutex
	letters []string
}

func newMailbox(t *testing.T) *mailbox {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mailbox{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go m.talk(conn)
		}
	}()
	return m
}

// talk speaks as much of RFC 5321 as one letter needs.
func (m *mailbox) talk(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	say := func(text string) { fmt.Fprintf(conn, "%s\r\n", text) }
	say("220 sink")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.ToUpper(verb) {
		case "EHLO", "HELO", "MAIL", "RCPT", "RSET", "NOOP":
			say("250 ok")
		case "DATA":
			say("354 go on")
			var letter strings.Builder
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				letter.WriteString(strings.TrimPrefix(line, "."))
			}
			m.mu.Lock()
			m.letters = append(m.letters, letter.String())
			m.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("502 what?")
		}
	}
}

// taken gives the letters there are, subject and text, and forgets them.
func (m *mailbox) taken(t *testing.T) (subjects, texts []string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.letters {
		msg, err := mail.ReadMessage(strings.NewReader(l))
		if err != nil {
			t.Fatalf("%v: %s", err, l)
		}
		if msg.Header.Get("To") != "ops@example.org" || msg.Header.Get("Message-Id") == "" || msg.Header.Get("Date") == "" {
			t.Errorf("head of the letter: %v", msg.Header)
		}
		var body io.Reader = msg.Body
		if msg.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(body)
		}
		b, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		subjects, texts = append(subjects, msg.Header.Get("Subject")), append(texts, string(b))
	}
	m.letters = nil
	return subjects, texts
}

// TestMailAndNtfy: by mail, as by ntfy, a change is told once, and once that all
// is well again; a server that is down loses nothing.
func TestMailAndNtfy(t *testing.T) {
	box := newMailbox(t)
	var mu sync.Mutex
	var pushed []string
	ntfy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		pushed = append(pushed, r.Header.Get("X-Title")+"|"+strings.SplitN(string(b), "\n", 2)[0])
	}))
	defer ntfy.Close()
	web := newChanging(t)
	web.body.Store(rss("Alice", "https://alice.example", "one", "two"))
	dir := loopbackSite(t, fmt.Sprintf("notify: [{mail: ops@example.org, from: planet@example.org, server: '%s'}, {ntfy: %s/planet, zone: loopback}]\n", box.Addr(), ntfy.URL), web.URL+"/feed")
	run := func(want ...string) {
		t.Helper()
		_, out := typed(t, "-C", dir, "run")
		got, texts := box.taken(t)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("mails (-want +got):\n%s\n%s", d, out)
		}
		for _, text := range texts {
			if !strings.Contains(text, "alice") || !strings.Contains(text, web.URL) {
				t.Errorf("the mail does not say of whom: %s", text)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if len(pushed) != len(want) {
			t.Errorf("%d by ntfy, want %d: %q", len(pushed), len(want), pushed)
		}
		pushed = nil
	}
	run()
	web.body.Store("<html><body>oops")
	run()
	run()
	run("T: Alice is failing")
	run()
	if _, out := typed(t, "-C", dir, "notify", "-n"); !strings.Contains(out, "it would be 0 messages") {
		t.Errorf("told already, and told again: %s", out)
	}
	run()
	web.body.Store(rss("Alice", "https://alice.example", "one", "two"))
	run("T: Alice is well again")
	run()
	box.Close()
	if code, out := typed(t, "-C", dir, "notify", "--test"); code != 1 || !strings.Contains(out, "no connection: connection refused") || !strings.Contains(out, "told    1 message") {
		t.Errorf("a server that is down: %d %s", code, out)
	}
}
