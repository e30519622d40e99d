package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// scatter gives every name an address of its own.
func scatter() func(context.Context, string) ([]netip.Addr, error) {
	var n atomic.Uint32
	return func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.AddrFrom4([4]byte{8, 8, 1, byte(n.Add(1))})}, nil
	}
}

func oneAddress(context.Context, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("8.8.8.8")}, nil
}

// loopback is a client that may ask the test's own servers, without a gap.
func loopback(t testing.TB, o Options) *Client {
	t.Helper()
	if len(o.Zones) == 0 {
		o.Zones = []Zone{{Name: DefaultZone, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}}
	}
	if o.PerHost.Gap == 0 {
		o.PerHost.Gap = NoGap
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestGet(t *testing.T) {
	var got http.Header
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("ETag", `"1"`)
		_, _ = w.Write(pack(t, "gzip", []byte("hello")))
	})
	var seen []Access
	c := loopback(t, Options{Identity: "+https://news.example.org/bot", Version: "1.2", Observe: func(a Access) { seen = append(seen, a) }})
	r, err := c.Get(t.Context(), Request{URL: s.URL, Accept: "text/html", ETag: `"0"`, LastModified: "Sun, 01 Mar 2026 12:00:30 GMT",
		Header: http.Header{"Accept-Language": {"de"}, "referer": {"http://secret/"}, "accept-encoding": {"identity"}}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != 200 || string(r.Body) != "hello" || r.Truncated || r.URL != s.URL+"/" || r.Header.Get("ETag") != `"1"` || r.WireBytes < 20 || r.Duration <= 0 {
		t.Errorf("got %+v", r)
	}
	want := http.Header{
		"User-Agent": {"Coranto/1.2 (+https://news.example.org/bot)"}, "Accept": {"text/html"}, "Accept-Encoding": {"gzip, br, zstd"},
		"Accept-Language": {"de"}, "If-None-Match": {`"0"`}, "If-Modified-Since": {"Sun, 01 Mar 2026 12:00:30 GMT"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("header of the request (-want +got):\n%s", d)
	}
	if len(seen) != 1 || seen[0].Origin != s.URL || seen[0].Status != 200 || !seen[0].Conditional || seen[0].Zone != DefaultZone ||
		seen[0].Address.String() != "127.0.0.1" || seen[0].WireBytes != r.WireBytes {
		t.Errorf("observed %+v", seen)
	}
}

func TestGetStatuses(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Path[1:])
		w.WriteHeader(n)
		if n >= 400 {
			_, _ = w.Write(make([]byte, 1<<20))
		}
	})
	c := loopback(t, Options{})
	for _, status := range []int{200, 204, 300, 304, 404, 410, 500} {
		r, err := c.Get(t.Context(), Request{URL: fmt.Sprintf("%s/%d", s.URL, status)})
		if err != nil || r.Status != status || len(r.Body) > maxErrorBody || r.Truncated != (status >= 400) {
			t.Errorf("%d: %v, %+v", status, err, r)
		}
	}
	if r, err := c.Get(t.Context(), Request{URL: s.URL + "/301"}); err != nil || r.Status != 301 {
		t.Errorf("a redirect without Location: %v, %+v", err, r)
	}
}

func TestRedirects(t *testing.T) {
	var conditional []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") != "" {
			conditional = append(conditional, r.URL.Path)
		}
		status, rest, _ := strings.Cut(r.URL.Path[1:], "/")
		n, err := strconv.Atoi(status)
		if err != nil {
			_, _ = io.WriteString(w, "here")
			return
		}
		w.Header().Set("Location", "/"+rest+"#part")
		w.WriteHeader(n)
		_, _ = io.WriteString(w, strings.Repeat("moved ", 10000))
	})
	tests := []struct {
		path, validator string
		conditional     []string
	}{
		{"/feed", "", []string{"/feed"}},
		{"/301/feed", "", []string{"/301/feed", "/feed"}},
		{"/302/feed", "", []string{"/302/feed"}},
		{"/301/302/308/feed", "", []string{"/301/302/308/feed", "/302/308/feed"}},
		{"/302/307/feed", "/feed", []string{"/feed"}},
		{"/301/feed", "/elsewhere", nil},
	}
	c := loopback(t, Options{})
	for _, tt := range tests {
		conditional = nil
		req := Request{URL: s.URL + tt.path, ETag: `"x"`}
		if tt.validator != "" {
			req.ValidatorURL = s.URL + tt.validator
		}
		r, err := c.Get(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if r.URL != s.URL+"/feed" || string(r.Body) != "here" || len(r.Redirects) != strings.Count(tt.path, "/")-1 {
			t.Errorf("%s: %+v", tt.path, r)
		}
		if d := cmp.Diff(tt.conditional, conditional); d != "" {
			t.Errorf("%s, conditional requests (-want +got):\n%s", tt.path, d)
		}
	}
	r, _ := c.Get(t.Context(), Request{URL: s.URL + "/301/308/feed"})
	want := []Redirect{{s.URL + "/301/308/feed", s.URL + "/308/feed", 301}, {s.URL + "/308/feed", s.URL + "/feed", 308}}
	if d := cmp.Diff(want, r.Redirects); d != "" {
		t.Errorf("redirects (-want +got):\n%s", d)
	}
}

func TestRedirectsThatEnd(t *testing.T) {
	hits := 0
	inner := serve(t, func(w http.ResponseWriter, r *http.Request) { hits++ })
	port := inner.URL[strings.LastIndexByte(inner.URL, ':'):]
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{
			"/self": "/self", "/a": "/b", "/b": "/a", "/ftp": "ftp://a.example/", "/js": "javascript:alert(1)", "/file": "file:///etc/passwd",
			"/private": "http://127.9.9.9" + port, "/decimal": "http://2130706433" + port, "/mapped": "http://[::ffff:127.0.0.1]" + port, "/meta": "http://169.254.169.254/latest",
			"/name": "http://evil.example" + port, "/port": "http://127.0.0.1:25/", "/bad": "http://[zz/", "/none": "", "/long": "/" + strings.Repeat("x", 100_000),
		}[r.URL.Path]
		if to == "" {
			n, _ := strconv.Atoi(r.URL.Path[1:])
			to = fmt.Sprint("/", n+1)
		}
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	})
	c := loopback(t, Options{
		Zones: []Zone{{Name: DefaultZone, Allow: []netip.Prefix{netip.PrefixFrom(netip.MustParseAddr("127.0.0.2"), 32)}}},
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
	})
	// The server listens on 127.0.0.1; the zone lets in 127.0.0.2 alone, so it is asked through a forwarder there.
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip("no second loopback address: ", err)
	}
	front := &http.Server{Handler: s.Config.Handler}
	go func() { _ = front.Serve(l) }()
	t.Cleanup(func() { _ = front.Close() })
	for path, want := range map[string]error{
		"/self": ErrRedirects, "/a": ErrRedirects, "/1": ErrRedirects, "/bad": ErrRedirects, "/long": ErrRedirects, "/ftp": ErrScheme, "/js": ErrScheme, "/file": ErrScheme,
		"/private": ErrDenied, "/decimal": ErrDenied, "/mapped": ErrDenied, "/meta": ErrDenied, "/name": ErrDenied, "/port": ErrDenied,
	} {
		r, err := c.Get(t.Context(), Request{URL: "http://" + l.Addr().String() + path})
		if !errors.Is(err, want) || r != nil {
			t.Errorf("%s: got %v, %v, want %v", path, r, err, want)
		}
	}
	if _, err := c.Get(t.Context(), Request{URL: "ftp://a.example/" + strings.Repeat("x", 100_000)}); err == nil || len(err.Error()) > 2000 {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
	if hits != 0 {
		t.Errorf("the inner server was asked %d times", hits)
	}
}

func TestDenied(t *testing.T) {
	hits := 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { hits++ })
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	c, err := New(Options{Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
		if host == "mapped.example" {
			return []netip.Addr{netip.MustParseAddr("::ffff:127.0.0.1")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "127.1", "0x7f000001", "017700000001", "2130706433", "localhost", "localhost.", "rebind.example",
		"mapped.example", "[::1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "0", "[::]"} {
		_, err := c.Get(t.Context(), Request{URL: "http://" + host + port + "/"})
		if !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), "allow: [") {
			t.Errorf("%s: %v", host, err)
		}
		if d := c.Check(t.Context(), "http://"+host+port+"/", ""); !errors.Is(d.Err, ErrDenied) {
			t.Errorf("Check(%s) = %+v", host, d)
		}
	}
	if _, err := c.Get(t.Context(), Request{URL: s.URL, Zone: "nowhere"}); !errors.Is(err, ErrDenied) {
		t.Errorf("unknown zone: %v", err)
	}
	if hits != 0 {
		t.Errorf("the server was asked %d times", hits)
	}
}

// The name is public when it is checked and private when it is dialled.
func TestRebinding(t *testing.T) {
	n := 0
	z := testZone(t, Zone{Name: DefaultZone})
	z.resolver.ask = func(context.Context, string) ([]netip.Addr, error) {
		if n++; n == 1 {
			return oneAddress(t.Context(), "")
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	if _, err := z.reach(t.Context(), "rebind.example"); err != nil {
		t.Fatal(err)
	}
	z.resolver.m = nil // the memory of the first answer has gone
	if _, err := z.dial(t.Context(), "tcp", "rebind.example:80"); !errors.Is(err, ErrDenied) {
		t.Errorf("got %v", err)
	}
}

func TestCredentials(t *testing.T) {
	type hit struct{ path, auth, cookie, key string }
	var hits []hit
	note := func(r *http.Request) {
		hits = append(hits, hit{r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Cookie"), r.Header.Get("X-Key")})
	}
	var first *httptest.Server
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		note(r)
		http.Redirect(w, r, first.URL+"/back", http.StatusFound)
	})
	first = serve(t, func(w http.ResponseWriter, r *http.Request) {
		note(r)
		w.Header().Set("Set-Cookie", "a=b")
		switch r.URL.Path {
		case "/same":
			http.Redirect(w, r, "/out", http.StatusFound)
		case "/out":
			http.Redirect(w, r, strings.Replace(other.URL, "//", "//u2:p2@", 1)+"/other", http.StatusFound)
		}
	})
	c := loopback(t, Options{})
	_, err := c.Get(t.Context(), Request{URL: strings.Replace(first.URL, "//", "//user:pass@", 1) + "/same",
		Header: http.Header{"Cookie": {"c=1"}, "X-Key": {"k"}}})
	if err != nil {
		t.Fatal(err)
	}
	basic := "Basic dXNlcjpwYXNz"
	want := []hit{{"/same", basic, "c=1", "k"}, {"/out", basic, "c=1", "k"}, {"/other", "", "", ""}, {"/back", "", "", ""}}
	if d := cmp.Diff(want, hits, cmp.AllowUnexported(hit{})); d != "" {
		t.Errorf("requests (-want +got):\n%s", d)
	}
	_, err = c.Get(t.Context(), Request{URL: "http://user:s3cret@127.0.0.1:25/"})
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the error tells the password: %v", err)
	}
}

func TestFailures(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hijack := func(text string) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_, _ = io.WriteString(conn, text)
			if r.URL.Path == "/reset" {
				_ = conn.(*net.TCPConn).SetLinger(0)
			}
			_ = conn.Close()
		}
		switch r.URL.Path {
		case "/hang":
			select {
			case <-release:
			case <-r.Context().Done():
			}
		case "/drip":
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(5 * time.Millisecond):
				}
			}
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		case "/reset", "/eof":
			hijack("")
		case "/short":
			hijack("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
		case "/chunk":
			hijack("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")
		case "/garbage":
			hijack("hello there\r\n\r\n")
		case "/header":
			hijack("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n")
		case "/encoding":
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "\xff\xff\xff not brotli")
		}
	})
	t.Cleanup(func() { close(release) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String()
	_ = l.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	tests := []struct {
		name, url string
		timeout   time.Duration
		want      error
		body      string
	}{
		{"hang", s.URL + "/hang", 30 * time.Millisecond, ErrTimeout, ""},
		{"drip", s.URL + "/drip", 100 * time.Millisecond, ErrTimeout, "x"},
		{"reset", s.URL + "/reset", 0, ErrConnection, ""},
		{"eof", s.URL + "/eof", 0, ErrConnection, ""},
		{"refused", closed, 0, ErrConnection, ""},
		{"short", s.URL + "/short", 0, ErrConnection, "abc"},
		{"bad chunk", s.URL + "/chunk", 0, ErrConnection, "abc"},
		{"garbage", s.URL + "/garbage", 0, ErrConnection, ""},
		{"endless header", s.URL + "/header", 0, ErrConnection, ""},
		{"encoding", s.URL + "/encoding", 0, ErrBody, ""},
		{"TLS to plain", strings.Replace(s.URL, "http:", "https:", 1), 0, ErrTLS, ""},
		{"untrusted", secure.URL, 0, ErrTLS, ""},
		{"no name", "http://nowhere.invalid/", 0, ErrDNS, ""},
	}
	c := loopback(t, Options{Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}})
	classes := []error{ErrDenied, ErrScheme, ErrRedirects, ErrTimeout, ErrConnection, ErrDNS, ErrTLS, ErrBody}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := c.Get(t.Context(), Request{URL: tt.url, Timeout: tt.timeout})
			for _, class := range classes {
				if errors.Is(err, class) != (class == tt.want) {
					t.Errorf("error %v is of class %q: %t", err, class, class != tt.want)
				}
			}
			if tt.body == "" && r != nil || tt.body != "" && (r == nil || !strings.HasPrefix(string(r.Body), tt.body) || !r.Truncated) {
				t.Errorf("response %+v", r)
			}
		})
	}
	r, err := c.Get(t.Context(), Request{URL: s.URL + "/endless", MaxBody: 1 << 20})
	if err != nil || len(r.Body) != 1<<20 || !r.Truncated {
		t.Errorf("endless: %v, %d bytes", err, len(r.Body))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Get(ctx, Request{URL: s.URL + "/hang"}); !errors.Is(err, context.Canceled) || errors.Is(err, ErrTimeout) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	var log []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		log = append(log, r.URL.Path)
		w.Header().Set("Retry-After", "120")
		status, _ := strconv.Atoi(r.URL.Path[1:])
		w.WriteHeader(status)
	})
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := loopback(t, Options{Now: func() time.Time { return now }})
	get := func(path string) error {
		_, err := c.Get(t.Context(), Request{URL: s.URL + path})
		return err
	}
	var held *HeldError
	steps := []struct {
		path string
		held bool
	}{{"/503", false}, {"/503", true}, {"/200", false}, {"/429", false}, {"/429", true}, {"/200", true}}
	for _, st := range steps {
		err := get(st.path)
		if errors.As(err, &held) != st.held || err != nil && !st.held {
			t.Errorf("%s: %v", st.path, err)
		}
	}
	if !held.Until.Equal(now.Add(2*time.Minute)) || !strings.Contains(held.Error(), "2026-03-01 12:02:00 UTC") {
		t.Errorf("held: %v", held)
	}
	now = now.Add(2 * time.Minute)
	if err := get("/200"); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff([]string{"/503", "/200", "/429", "/200"}, log); d != "" {
		t.Errorf("the server saw (-want +got):\n%s", d)
	}
}

func TestGapInServerLog(t *testing.T) {
	const gap = 15 * time.Millisecond
	var (
		mu   sync.Mutex
		busy int
		last time.Time
	)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if busy++; busy > 1 {
			t.Error("two requests at a time")
		}
		if d := time.Since(last); d < gap {
			t.Errorf("a gap of %v", d)
		}
		mu.Unlock()
		if r.URL.Path == "/hop" {
			w.Header().Set("Location", "/")
			w.WriteHeader(http.StatusFound)
		}
		mu.Lock()
		busy, last = busy-1, time.Now()
		mu.Unlock()
	})
	c := loopback(t, Options{PerHost: PerHost{Gap: gap}, Timeout: 10 * time.Second})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			path := "/"
			if i == 3 {
				path = "/hop"
			}
			if _, err := c.Get(t.Context(), Request{URL: s.URL + path}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestHTTP2AndReuse(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		var conns atomic.Int32
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			_, _ = w.Write(pack(t, "br", []byte(r.Proto)))
		}))
		s.Config.ConnState = func(_ net.Conn, st http.ConnState) {
			if st == http.StateNew {
				conns.Add(1)
			}
		}
		s.EnableHTTP2 = h2
		s.StartTLS()
		t.Cleanup(s.Close)
		pool := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		c := loopback(t, Options{Zones: []Zone{{Name: "test", RootCAs: pool, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}}})
		for range 3 {
			r, err := c.Get(t.Context(), Request{URL: s.URL, Zone: "test"})
			if err != nil {
				t.Fatal(err)
			}
			if want := map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[h2]; string(r.Body) != want {
				t.Errorf("spoke %s, want %s", r.Body, want)
			}
		}
		if n := conns.Load(); n != 1 {
			t.Errorf("%d connections for 3 requests", n)
		}
	}
}

func TestProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // never asked
	var asked []string
	p := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.RequestURI+" "+r.Header.Get("Proxy-Authorization"))
	})
	u, _ := url.Parse(p.URL)
	u.User = url.UserPassword("a", "b")
	c, err := New(Options{
		PerHost: PerHost{Gap: NoGap},
		Zones:   []Zone{{Name: "p", Proxy: u.String()}},
		Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			switch host {
			case "inside.example":
				return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
			case "unknown.example":
				return nil, &net.DNSError{Name: host, IsNotFound: true}
			}
			return oneAddress(t.Context(), "")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	for host, want := range map[string]error{"public.example": nil, "unknown.example": nil, "inside.example": ErrDenied, "127.0.0.1": ErrDenied} {
		_, err := c.Get(t.Context(), Request{URL: "http://" + host + "/x", Zone: "p"})
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", host, err, want)
		}
	}
	if len(asked) != 2 || !strings.HasSuffix(asked[0], ".example/x Basic YTpi") {
		t.Errorf("the proxy was asked %q", asked)
	}
	if d := c.Check(t.Context(), "http://public.example", "p"); d.Err != nil || d.Proxy != p.URL {
		t.Errorf("Check = %+v", d)
	}
}

func TestSOCKS(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	asked := make(chan []byte, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		b := make([]byte, 3)
		_, _ = io.ReadFull(conn, b) // version, one method: none
		_, _ = conn.Write([]byte{5, 0})
		b = make([]byte, 10) // version, connect, 0, IPv4, address, port
		_, _ = io.ReadFull(conn, b)
		asked <- b
		_, _ = conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		back, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			return
		}
		defer back.Close()
		go func() { _, _ = io.Copy(back, conn) }()
		_, _ = io.Copy(conn, back)
	}()
	c, err := New(Options{Zones: []Zone{{Name: "p", Proxy: "socks5://" + l.Addr().String()}}, Lookup: oneAddress})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	r, err := c.Get(t.Context(), Request{URL: "http://public.example/", Zone: "p"})
	if err != nil || string(r.Body) != "public.example" {
		t.Fatalf("%v, %+v", err, r)
	}
	if d := cmp.Diff([]byte{5, 1, 0, 1, 8, 8, 8, 8, 0, 80}, <-asked); d != "" {
		t.Errorf("the proxy was asked for another than the checked address (-want +got):\n%s", d)
	}
}

func TestSourceAddress(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RemoteAddr) })
	c := loopback(t, Options{Zones: []Zone{{Name: DefaultZone, SourceAddress: netip.MustParseAddr("127.0.0.3"), Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}}})
	r, err := c.Get(t.Context(), Request{URL: s.URL})
	if err != nil {
		t.Skip("no other loopback address: ", err)
	}
	if !strings.HasPrefix(string(r.Body), "127.0.0.3:") {
		t.Errorf("came from %s", r.Body)
	}
}

func BenchmarkGet(b *testing.B) {
	page := pack(b, "gzip", []byte(strings.Repeat("<p>A sheet of news from many places.</p>\n", 500)))
	s := serve(b, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(page)
	})
	c := loopback(b, Options{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Get(b.Context(), Request{URL: s.URL}); err != nil {
			b.Fatal(err)
		}
	}
}
