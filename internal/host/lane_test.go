package host

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// served serves h and returns the address; what it returns ends with the test.
func served(t *testing.T, h http.Handler, o ServeOptions) (addr string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, h, o) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), stop
}

// echo tells what it was asked.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	text := fmt.Sprintf("%s %s %s %s %q", r.Method, r.RequestURI, r.Host, r.Header.Get("X-One"), body)
	switch {
	case strings.HasPrefix(r.URL.Path, "/length"):
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	case r.URL.Path == "/none":
		w.WriteHeader(http.StatusNotModified)
		return
	case r.URL.Path == "/short":
		w.Header().Set("Content-Length", "100")
	case r.URL.Path == "/panic":
		panic("for the test")
	case r.URL.Path == "/big":
		for range 100 {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 10_000))
		}
		return
	case r.URL.Path == "/form":
		text = r.FormValue("q")
	case r.URL.Path == "/split":
		w.Header().Set("X-Bad", "a\r\nX-Worse: b")
	}
	_, _ = io.WriteString(w, text)
})

// What is asked in one go on one connection is answered in order, by the lane
// and, from the first request that is not plain, by net/http.
func TestLane(t *testing.T) {
	addr, _ := served(t, echo, ServeOptions{})
	head := func(line, more string) string { return line + " HTTP/1.1\r\nHost: a.example\r\n" + more + "\r\n" }
	tests := []struct {
		name, sent string
		want       []string // "status body"
	}{
		{"plain", head("GET /a?b=c", ""), []string{`200 GET /a?b=c a.example  ""`}},
		{"with a length", head("GET /length", "x-one: 1\r\n"), []string{`200 GET /length a.example 1 ""`}},
		{"without a body", head("GET /none", "") + head("HEAD /length", "") + head("GET /b", ""), []string{"304 ", "200 ", `200 GET /b a.example  ""`}},
		{"many", strings.Repeat(head("GET /a", ""), 5), []string{`200 GET /a a.example  ""`, `200 GET /a a.example  ""`, `200 GET /a a.example  ""`, `200 GET /a a.example  ""`, `200 GET /a a.example  ""`}},
		{"forms", head("GET /form?q=1", "") + head("GET /form?q=2", ""), []string{"200 1", "200 2"}},
		{"a body after", head("GET /a", "") + head("POST /p", "Content-Length: 3\r\n") + "xyz" + head("GET /c", ""), []string{`200 GET /a a.example  ""`, `200 POST /p a.example  "xyz"`, `200 GET /c a.example  ""`}},
		{"a body of a GET", head("GET /a", "Content-Length: 3\r\n") + "xyz" + head("GET /c", ""), []string{`200 GET /a a.example  "xyz"`, `200 GET /c a.example  ""`}},
		{"chunks", head("GET /a", "Transfer-Encoding: chunked\r\n") + "3\r\nxyz\r\n0\r\n\r\n" + head("GET /c", ""), []string{`200 GET /a a.example  "xyz"`, `200 GET /c a.example  ""`}},
		{"a long head", head("GET /a", "X-One: "+strings.Repeat("y", 5000)+"\r\n"), []string{`200 GET /a a.example ` + strings.Repeat("y", 5000) + ` ""`}},
		{"to be closed", head("GET /a", "Connection: close\r\n") + head("GET /b", ""), []string{`200 GET /a a.example  ""`}},
		{"old", "GET /a HTTP/1.0\r\n\r\n", []string{`200 GET /a   ""`}},
		{"bare line feeds", "GET /a HTTP/1.1\nHost: b.example\n\n", []string{`200 GET /a b.example  ""`}},
		{"a bare line feed in the end", "GET /a HTTP/1.1\r\nHost: b.example\r\n\n", []string{`200 GET /a b.example  ""`}},
		{"no host", "GET /a HTTP/1.1\r\n\r\n", []string{"400 "}},
		{"two hosts", head("GET /a", "Host: b\r\n"), []string{"400 "}},
		{"two lengths", head("GET /a", "Content-Length: 1\r\nContent-Length: 2\r\n"), []string{"400 "}},
		{"a space before the colon", head("GET /a", "Content-Length : 3\r\n") + "xyz", []string{"400 "}},
		{"no protocol", "\x16\x03\x01 hello\r\n\r\n", []string{"400 "}},
		{"too little", head("GET /short", "") + head("GET /a", ""), []string{"cut"}},
		{"much", head("GET /big", "") + head("GET /a", ""), []string{"200 " + strings.Repeat("x", 1_000_000)}},
		{"a panic", head("GET /panic", ""), []string{"gone"}},
		{"split", head("GET /split", ""), []string{`200 GET /split a.example  ""`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, tt.sent); err != nil {
				t.Fatal(err)
			}
			if err := c.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(c)
			var got []string
			for _, method := range regexp.MustCompile(`(GET|HEAD|POST) /`).FindAllString(tt.sent, -1) {
				resp, err := http.ReadResponse(in, &http.Request{Method: method[:len(method)-2]})
				if err != nil {
					if len(got) == 0 {
						got = append(got, "gone")
					}
					break
				}
				if resp.Header.Get("X-Worse") != "" {
					t.Error("a header value made another header")
				}
				body, err := io.ReadAll(resp.Body)
				switch {
				case err != nil:
					got = append(got, "cut")
				case resp.StatusCode == 400:
					got = append(got, "400 ")
				default:
					got = append(got, fmt.Sprintf("%d %s", resp.StatusCode, body))
				}
				if resp.Header.Get("Date") == "" && resp.StatusCode != 400 {
					t.Error("an answer has no date")
				}
				if resp.Close || err != nil {
					break
				}
			}
			if strings.HasPrefix(tt.name, "no proto") {
				resp, err := http.ReadResponse(in, nil)
				if err == nil && resp.StatusCode == 400 {
					got = []string{"400 "}
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A head that comes in pieces is one; one that does not come costs the sender
// the connection, and one under way when serving ends is still answered.
func TestLaneInPieces(t *testing.T) {
	addr, stop := served(t, echo, ServeOptions{ReadHeaderTimeout: 300 * time.Millisecond})
	dial := func() (net.Conn, *bufio.Reader) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c, bufio.NewReader(c)
	}
	c, in := dial()
	for _, piece := range []string{"G", "ET /a HT", "TP/1.1\r", "\nHost: a\r\n\r", "\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n"} {
		if _, err := io.WriteString(c, piece); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		resp, err := http.ReadResponse(in, nil)
		if err != nil || resp.StatusCode != 200 {
			t.Fatal(resp, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
	}
	slow, slowIn := dial()
	_, _ = io.WriteString(slow, "GET /a HTTP/1.1\r\n")
	if _, err := slowIn.ReadByte(); err != io.EOF {
		t.Errorf("who does not end a head gets %v", err)
	}
	late, lateIn := dial()
	_, _ = io.WriteString(late, "GET /length HTTP/1.1\r\nHost: a\r\n")
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	if _, err := in.ReadByte(); err != io.EOF { // the idle one is closed, so serving is ending
		t.Errorf("an idle connection: %v", err)
	}
	_, _ = io.WriteString(late, "\r\n")
	resp, err := http.ReadResponse(lateIn, nil)
	if err != nil || resp.StatusCode != 200 || !resp.Close {
		t.Errorf("the request under way: %v %v", resp, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What the parser takes, net/http reads as the same request.
func FuzzParser(f *testing.F) {
	f.Add("GET /a?b=c HTTP/1.1\r\nHost: a.example:80\r\nAccept-Encoding: gzip\r\nx-y:  z \r\n\r\n")
	f.Add("HEAD //a/%2f?%zz HTTP/1.1\r\nhost: [::1]\r\nCookie: a=b\r\nCookie: c\r\n\r\n")
	f.Add("GET * HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
	f.Add("GET http://a/ HTTP/1.1\r\nHost: a\r\n x\r\n\r\n")
	f.Fuzz(func(t *testing.T, head string) {
		var p parser
		got := &http.Request{Header: http.Header{}}
		if !p.parse(head, got) {
			return
		}
		want, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
		if err != nil {
			t.Fatalf("net/http does not take it: %v", err)
		}
		want.Header.Del("Connection")
		type request struct {
			Method, URI, Path, RawPath, Query, Host string
			Header                                  http.Header
		}
		of := func(r *http.Request) request {
			return request{r.Method, r.RequestURI, r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.Host, r.Header}
		}
		if diff := cmp.Diff(of(want), of(got)); diff != "" || want.ContentLength != 0 || want.Close {
			t.Error(diff)
		}
	})
}

// A connection that waits for its next request does not hold the last answer.
func TestLaneHoldsLittle(t *testing.T) {
	var o ServeOptions
	o.defaults()
	q := newLane(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, laneBody)) }), o, o.ErrorLog, nil)
	near, far := net.Pipe()
	q.under.Go(func() { q.serve(far) })
	go func() { _, _ = io.WriteString(near, "GET / HTTP/1.1\r\nHost: a\r\n\r\n") }()
	resp, err := http.ReadResponse(bufio.NewReader(near), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, resp.Body); n != laneBody || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	q.mu.Lock()
	var held *laneConn
	for held = range q.conns {
	}
	q.mu.Unlock()
	near.Close()
	q.under.Wait()
	if n := cap(held.w.body); n > laneBody/4 {
		t.Errorf("%d bytes are held", n)
	}
}
