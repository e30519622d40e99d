package notify

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/internal/egress"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func at(sources ...Standing) Site {
	return Site{Title: "Planet", Now: now, Sources: sources}
}

func bad(id, health string) Standing { return Standing{ID: id, Health: health, Bad: true} }
func well(id string) Standing        { return Standing{ID: id, Health: "active"} }

// TestOnce: each change is told once, whatever restarts lie between.
func TestOnce(t *testing.T) {
	to := []Receiver{{Name: "ops"}, {Name: "fresh only", On: []string{Freshness}}}
	var m Memory
	step := func(name string, s Site, want ...string) {
		t.Helper()
		m.Out = nil
		m.Take(s, to)
		b, err := json.Marshal(m) // a restart
		if err != nil {
			t.Fatal(err)
		}
		m = Memory{}
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range m.Out {
			got = append(got, p.To+": "+p.Message.Subject)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: (-want +got):\n%s", name, d)
		}
	}
	stale := at(well("a"))
	stale.Stale = true
	step("all well", at(well("a"), well("b")))
	step("one fails", at(bad("a", "failing"), well("b")), "ops: a is failing")
	step("it still fails", at(bad("a", "failing"), well("b")))
	step("it is gone, another fails", at(bad("a", "gone"), bad("b", "failing")), "ops: 2 sources need care")
	step("one is well", at(bad("a", "gone"), well("b")), "ops: b is well again")
	step("one is no source any more", at(well("b")))
	step("stale", stale, "ops: The site is stale", "fresh only: The site is stale")
	step("still stale", stale)
	step("fresh", at(well("a")), "ops: The site is fresh again", "fresh only: The site is fresh again")
	deaf := at(well("a"))
	deaf.Hub = &Standing{ID: "hub", Health: "not told", Bad: true}
	step("the hub cannot be told", deaf, "ops: The hub of the site cannot be told what is new")
	step("it still cannot", deaf)
	step("it is told again", at(well("a")), "ops: The hub of the site is told again")
	if m.Take(at(bad("a", "failing")), nil) || len(m.Told) != 0 {
		t.Error("nobody was told, and it counts as told")
	}
}

func TestTries(t *testing.T) {
	var m Memory
	m.Take(at(bad("a", "failing")), []Receiver{{Name: "ops"}})
	id := m.Out[0].Message.ID
	m.Sent(0, errors.New("no"), now)
	if len(m.Due(now)) != 0 || len(m.Due(now.Add(2*time.Minute))) != 1 || m.Out[0].Message.ID != id {
		t.Errorf("after a failure: %+v", m.Out)
	}
	if m.Due(now.Add(giveUp + time.Hour)); len(m.Out) != 0 {
		t.Error("a message is tried for ever")
	}
}

func client(t *testing.T) *egress.Client {
	t.Helper()
	c, err := egress.New(egress.Options{Zones: []egress.Zone{{Name: "loopback", Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestPosts(t *testing.T) {
	var got *http.Request
	var body []byte
	status := http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		if status == http.StatusFound {
			w.Header().Set("Location", "/else")
		}
		w.WriteHeader(status)
	}))
	defer srv.Close()
	m := Message{ID: "abc", Site: "Plänet", Subject: "a is gone", Text: "a is gone\n", Bad: true, At: now}
	if err := Webhook(t.Context(), client(t), srv.URL+"/hook", "loopback", Login{Password: "token"}, m); err != nil {
		t.Fatal(err)
	}
	var back Message
	if err := json.Unmarshal(body, &back); err != nil || back.Subject != m.Subject {
		t.Errorf("posted %s, %v", body, err)
	}
	if got.Method != "POST" || got.Header.Get("Authorization") != "Bearer token" || got.Header.Get("Idempotency-Key") != "abc" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %v", got.Method, got.Header)
	}
	if err := Ntfy(t.Context(), client(t), srv.URL+"/topic", "loopback", Login{User: "u", Password: "p"}, m); err != nil {
		t.Fatal(err)
	}
	title, _ := new(mime.WordDecoder).DecodeHeader(got.Header.Get("X-Title"))
	if user, pass, _ := got.BasicAuth(); user != "u" || pass != "p" || string(body) != m.Text || title != "Plänet: a is gone" || got.Header.Get("X-Priority") != "high" {
		t.Errorf("%v %q", got.Header, body)
	}
	for _, status = range []int{http.StatusFound, http.StatusForbidden, http.StatusInternalServerError} {
		if err := Webhook(t.Context(), client(t), srv.URL+"/hook", "loopback", Login{}, m); !errors.Is(err, ErrNotTaken) {
			t.Errorf("%d: %v", status, err)
		}
	}
	if err := Webhook(t.Context(), client(t), srv.URL, "", Login{}, m); !errors.Is(err, egress.ErrDenied) {
		t.Errorf("outside of the zone: %v", err)
	}
}

// TestMail speaks with a server that takes one mail.
func TestMail(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		say := func(s string) { _, _ = io.WriteString(conn, s+"\r\n") }
		say("220 ready")
		var data strings.Builder
		for in := false; ; {
			line, err := r.ReadString('\n')
			switch {
			case err != nil:
				return
			case in && line == ".\r\n":
				in = false
				taken <- data.String()
				say("250 ok")
			case in:
				data.WriteString(line)
			case strings.HasPrefix(line, "DATA"):
				in = true
				say("354 go on")
			case strings.HasPrefix(line, "QUIT"):
				say("221 bye")
				return
			default:
				say("250 ok")
			}
		}
	}()
	m := Message{ID: "abc", Site: "Plänet", Subject: "ä\r\nBcc: evil@example.org", Text: "a is gone: ü\n.\nend\n", URL: "https://planet.example", At: now}
	if err := Mail(context.Background(), Letter{Server: l.Addr().String(), From: "planet@example.org", To: "ops@example.org"}, m); err != nil {
		t.Fatal(err)
	}
	msg, err := mail.ReadMessage(strings.NewReader(<-taken))
	if err != nil {
		t.Fatal(err)
	}
	subject, _ := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	text, _ := io.ReadAll(quotedprintable.NewReader(msg.Body))
	if subject != "Plänet: ä Bcc: evil@example.org" || msg.Header.Get("Bcc") != "" || msg.Header.Get("Message-ID") != "<abc@example.org>" {
		t.Errorf("%q %v", subject, msg.Header)
	}
	if want := "a is gone: ü\r\n..\r\nend\r\n\r\nhttps://planet.example\r\n"; string(text) != want {
		t.Errorf("got %q", text)
	}
}
