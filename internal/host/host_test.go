package host

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
)

// memory is a release in memory.
type memory struct {
	id    string
	files map[string]string
	opens atomic.Int32
}

func hashOf(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

func (m *memory) ID() string { return m.id }

func (m *memory) Lookup(path string) (File, bool) {
	s, ok := m.files[path]
	return File{Hash: hashOf(s), Size: int64(len(s))}, ok
}

func (m *memory) Open(hash string) ([]byte, error) {
	m.opens.Add(1)
	for _, s := range m.files {
		if s != "damaged" && hashOf(s) == hash {
			return []byte(s), nil
		}
	}
	return nil, errors.New("no such blob")
}

// live points to the current release.
type live struct{ atomic.Pointer[memory] }

func (l *live) Current(context.Context) (Release, error) {
	if m := l.Load(); m != nil {
		return m, nil
	}
	return nil, errors.New("no release")
}

var page = "<!doctype html><title>Home</title>" + strings.Repeat("<p>A sheet of news from many places.</p>\n", 200)

func sample() *live {
	l := &live{}
	l.Store(&memory{id: "1", files: map[string]string{
		"index.html": page, "about/index.html": "<p>About", "404.html": "<p>Not here", "feed.xml": "<feed/>" + page, "short.txt": "short",
		"assets/site.1a2b3c4d.css": "p{}" + page, "assets/site.css": "p{}", "images/0123456789abcdef.png": "\x89PNG", "data.json": page,
		"_redirects": "/x /y", "x y/ü.html": "<p>Odd", "broken.html": "damaged", ".well-known/security.txt": "Contact: us",
	}})
	return l
}

func do(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPaths(t *testing.T) {
	h := New(sample(), Options{})
	tests := []struct {
		target, location string
		status           int
		mediaType        string
	}{
		{"/", "", 200, "text/html; charset=utf-8"},
		{"/index.html", "", 200, "text/html; charset=utf-8"},
		{"/about/", "", 200, "text/html; charset=utf-8"},
		{"/about", "/about/", 301, "text/plain; charset=utf-8"},
		{"/about?a=b", "/about/?a=b", 301, "text/plain; charset=utf-8"},
		{"/feed.xml", "", 200, "application/xml; charset=utf-8"},
		{"/data.json", "", 200, "application/json"},
		{"/short.txt", "", 200, "text/plain; charset=utf-8"},
		{"/images/0123456789abcdef.png", "", 200, "image/png"},
		{"/x%20y/%C3%BC.html", "", 200, "text/html; charset=utf-8"},
		{"/.well-known/security.txt", "", 200, "text/plain; charset=utf-8"},
		{"/nowhere", "", 404, "text/html; charset=utf-8"},
		{"/feed.xml/", "", 404, "text/html; charset=utf-8"},
		{"/assets/", "", 404, "text/html; charset=utf-8"},
		{"/_redirects", "", 404, "text/html; charset=utf-8"},
		{"//about/", "/about/", 301, "text/plain; charset=utf-8"},
		{"/./about/.", "/about/", 301, "text/plain; charset=utf-8"},
		{"/x/../about/", "/about/", 301, "text/plain; charset=utf-8"},
		{"/%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", 301, "text/plain; charset=utf-8"},
		{"/..", "/", 301, "text/plain; charset=utf-8"},
		{"//evil.example/%2e%2e/", "/", 301, "text/plain; charset=utf-8"},
		{"//evil.example", "/evil.example", 301, "text/plain; charset=utf-8"},
		{"/%5cevil.example/../", "", 404, "text/html; charset=utf-8"},
		{"/a%00b", "", 404, "text/html; charset=utf-8"},
		{"/about%0d%0aX:y", "", 404, "text/html; charset=utf-8"},
		{"/broken.html", "", 500, "text/plain; charset=utf-8"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		path, query, _ := strings.Cut(tt.target, "?")
		var err error
		if r.URL.Path, err = unescape(path); err != nil {
			t.Fatal(err)
		}
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status || w.Header().Get("Location") != tt.location || w.Header().Get("Content-Type") != tt.mediaType {
			t.Errorf("%s: %d %q %q, want %d %q %q", tt.target, w.Code, w.Header().Get("Location"), w.Header().Get("Content-Type"), tt.status, tt.location, tt.mediaType)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Last-Modified") != "" {
			t.Errorf("%s: header %v", tt.target, w.Header())
		}
	}
}

func unescape(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		c, err := hex.DecodeString(s[i+1 : i+3])
		if err != nil {
			return "", err
		}
		b.Write(c)
		i += 2
	}
	return b.String(), nil
}

func TestHeaders(t *testing.T) {
	h := New(sample(), Options{CSP: "default-src 'self'"})
	w := do(h, "GET", "/")
	want := http.Header{
		"Content-Type": {"text/html; charset=utf-8"}, "Content-Length": {fmt.Sprint(len(page))}, "Cache-Control": {"no-cache"},
		"Etag": {`"` + hashOf(page)[:32] + `"`}, "Vary": {"Accept-Encoding"}, "Accept-Ranges": {"bytes"}, "X-Content-Type-Options": {"nosniff"},
		"Content-Security-Policy": {"default-src 'self'"}, "Referrer-Policy": {"strict-origin-when-cross-origin"}, "X-Frame-Options": {"DENY"},
		"Permissions-Policy": permissions, "Cross-Origin-Opener-Policy": {"same-origin"},
	}
	if d := cmp.Diff(want, w.Header()); d != "" {
		t.Errorf("header (-want +got):\n%s", d)
	}
	for target, want := range map[string]string{
		"/assets/site.1a2b3c4d.css": "public, max-age=31536000, immutable", "/images/0123456789abcdef.png": "public, max-age=31536000, immutable",
		"/assets/site.css": "no-cache", "/feed.xml": "no-cache", "/nowhere": "no-cache", "/about": "no-cache",
	} {
		if got := do(h, "GET", target).Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control %q, want %q", target, got, want)
		}
	}
	if got := do(h, "GET", "/assets/site.css").Header().Get("Content-Security-Policy"); got != "" {
		t.Errorf("a style sheet with a policy: %q", got)
	}
}

func TestMethods(t *testing.T) {
	h := New(sample(), Options{})
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE"} {
		w := do(h, method, "/")
		if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	for _, target := range []string{"/", "/nowhere", "/about", "/short.txt"} {
		for _, accept := range []string{"", "gzip", "br"} {
			get, head := do(h, "GET", target, "Accept-Encoding", accept), do(h, "HEAD", target, "Accept-Encoding", accept)
			if head.Code != get.Code || head.Body.Len() != 0 {
				t.Errorf("HEAD %s: %d, %d bytes", target, head.Code, head.Body.Len())
			}
			if d := cmp.Diff(get.Header(), head.Header()); d != "" {
				t.Errorf("HEAD %s (-GET +HEAD):\n%s", target, d)
			}
		}
	}
}

func decode(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var r io.Reader = w.Body
	switch w.Header().Get("Content-Encoding") {
	case "gzip":
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	case "br":
		r = brotli.NewReader(w.Body)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEncoding(t *testing.T) {
	tests := []struct{ accept, want string }{
		{"", ""}, {"gzip", "gzip"}, {"GZip", "gzip"}, {"x-gzip", "gzip"}, {"gzip, deflate, br, zstd", "br"}, {"br;q=0.5, gzip", "gzip"}, {"gzip;q=0", ""},
		{"gzip;q=0.000", ""}, {"*", "br"}, {"*;q=0", ""}, {"gzip;q=0, *", "br"}, {"identity", ""}, {"identity, gzip;q=0.5", ""}, {"gzip;q=0.5, identity;q=0.5", "gzip"},
		{"identity;q=0", ""}, {"deflate", ""}, {"gzip ; Q=1", "gzip"}, {"gzip;q=nonsense", "gzip"}, {",,;q=1,gzip", "gzip"},
	}
	h := New(sample(), Options{})
	etags := map[string]string{}
	for range 2 {
		for _, tt := range tests {
			w := do(h, "GET", "/", "Accept-Encoding", tt.accept)
			got := w.Header().Get("Content-Encoding")
			if got != tt.want || w.Header().Get("Vary") != "Accept-Encoding" || w.Header().Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
				t.Errorf("Accept-Encoding %q: %q, header %v", tt.accept, got, w.Header())
			}
			if decode(t, w) != page {
				t.Errorf("Accept-Encoding %q: another page", tt.accept)
			}
			tag := w.Header().Get("ETag")
			if old, ok := etags[tag]; ok && old != got {
				t.Errorf("encodings %q and %q share the ETag %s", old, got, tag)
			}
			etags[tag] = got
		}
	}
	if len(etags) != 3 {
		t.Errorf("ETags %v, want 3", etags)
	}
	for _, target := range []string{"/short.txt", "/images/0123456789abcdef.png"} {
		w := do(h, "GET", target, "Accept-Encoding", "gzip, br")
		if w.Header().Get("Content-Encoding") != "" || w.Header().Get("Vary") != "" {
			t.Errorf("%s: header %v", target, w.Header())
		}
	}
	if w := do(h, "GET", "/nowhere", "Accept-Encoding", "gzip"); w.Code != 404 || w.Header().Get("ETag") != "" {
		t.Errorf("404: %d %v", w.Code, w.Header())
	}
}

func TestConditional(t *testing.T) {
	h := New(sample(), Options{})
	tag := do(h, "GET", "/").Header().Get("ETag")
	gz := do(h, "GET", "/", "Accept-Encoding", "gzip").Header().Get("ETag")
	tests := []struct {
		name   string
		header []string
		status int
	}{
		{"same", []string{"If-None-Match", tag}, 304},
		{"weak", []string{"If-None-Match", "W/" + tag}, 304},
		{"in a list", []string{"If-None-Match", `"a", W/"b,c" ,` + tag}, 304},
		{"on a second line", []string{"If-None-Match", `"a"`, "If-None-Match", tag}, 304},
		{"any", []string{"If-None-Match", "*"}, 304},
		{"another encoding's", []string{"If-None-Match", gz}, 304},
		{"another", []string{"If-None-Match", `"a"`}, 200},
		{"longer", []string{"If-None-Match", tag[:len(tag)-1] + `x"`}, 200},
		{"unquoted", []string{"If-None-Match", strings.Trim(tag, `"`)}, 200},
		{"unclosed", []string{"If-None-Match", tag[:len(tag)-1]}, 200},
		{"a date", []string{"If-Modified-Since", "Sun, 01 Mar 2099 12:00:30 GMT"}, 200},
		{"If-Match holds", []string{"If-Match", tag}, 200},
		{"If-Match fails", []string{"If-Match", `"a"`}, 412},
		{"before a range", []string{"If-None-Match", tag, "Range", "bytes=0-1"}, 304},
	}
	for _, tt := range tests {
		w := do(h, "GET", "/", tt.header...)
		if w.Code != tt.status {
			t.Errorf("%s: %d, want %d", tt.name, w.Code, tt.status)
		}
		if w.Code == 304 && (w.Body.Len() > 0 || w.Header().Get("ETag") == "" || w.Header().Get("Content-Length") != "" || w.Header().Get("Cache-Control") != "no-cache") {
			t.Errorf("%s: %v", tt.name, w.Header())
		}
	}
	if w := do(h, "GET", "/nowhere", "If-None-Match", "*"); w.Code != 404 {
		t.Errorf("404 made %d", w.Code)
	}
}

func TestRanges(t *testing.T) {
	h := New(sample(), Options{})
	tag := do(h, "GET", "/").Header().Get("ETag")
	gz := do(h, "GET", "/", "Accept-Encoding", "gzip").Header().Get("ETag")
	tests := []struct {
		header []string
		status int
		body   string
	}{
		{[]string{"Range", "bytes=0-8"}, 206, page[:9]},
		{[]string{"Range", "bytes=-5"}, 206, page[len(page)-5:]},
		{[]string{"Range", "bytes=10-"}, 206, page[10:]},
		{[]string{"Range", "bytes=0-8", "Accept-Encoding", "gzip"}, 206, page[:9]},
		{[]string{"Range", "bytes=0-8", "If-Range", tag}, 206, page[:9]},
		{[]string{"Range", "bytes=0-8", "If-Range", gz}, 200, page},
		{[]string{"Range", "bytes=0-8", "If-Range", "W/" + tag}, 200, page},
		{[]string{"Range", "bytes=0-8", "If-Range", "Sun, 01 Mar 2099 12:00:30 GMT"}, 200, page},
		{[]string{"Range", "bytes=999999-"}, 416, ""},
		{[]string{"Range", "lines=1-2"}, 416, ""},
	}
	for _, tt := range tests {
		w := do(h, "GET", "/", tt.header...)
		if w.Code != tt.status || tt.status < 400 && w.Body.String() != tt.body || w.Header().Get("Content-Encoding") != "" {
			t.Errorf("%q: %d, %d bytes, header %v", tt.header, w.Code, w.Body.Len(), w.Header())
		}
	}
	if w := do(h, "GET", "/", "Range", "bytes=0-1,5-6"); w.Code != 206 || !strings.HasPrefix(w.Header().Get("Content-Type"), "multipart/byteranges") {
		t.Errorf("two ranges: %d %v", w.Code, w.Header())
	}
	if w := do(h, "GET", "/nowhere", "Range", "bytes=0-1"); w.Code != 404 {
		t.Errorf("a range of nothing: %d", w.Code)
	}
}

func TestNothingLive(t *testing.T) {
	var log []Access
	h := New(&live{}, Options{Log: func(a Access) { log = append(log, a) }})
	w := do(h, "GET", "/")
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || len(log) != 1 || log[0].Err == nil {
		t.Errorf("%d %v, log %+v", w.Code, w.Header(), log)
	}
	bare := &live{}
	bare.Store(&memory{id: "1"})
	if w := do(New(bare, Options{}), "GET", "/"); w.Code != 404 || w.Header().Get("Content-Security-Policy") != DefaultCSP {
		t.Errorf("an empty release: %d %v", w.Code, w.Header())
	}
}

func TestBeside(t *testing.T) {
	say := func(s string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, s+r.Method) })
	}
	h := New(sample(), Options{Beside: map[string]http.Handler{"/status.json": say("status "), "/hooks/": say("hook ")}})
	for _, tt := range []struct{ method, target, want string }{
		{"GET", "/status.json", "status GET"}, {"POST", "/hooks/push", "hook POST"}, {"GET", "/status.json/", "<p>Not here"}, {"GET", "/hooks", "<p>Not here"},
	} {
		if got := do(h, tt.method, tt.target).Body.String(); got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.method, tt.target, got, tt.want)
		}
	}
}

func TestLog(t *testing.T) {
	var got Access
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	h := New(sample(), Options{Now: func() time.Time { return now }, Log: func(a Access) { got = a }})
	do(h, "GET", "http://news.example/about?x", "Referer", "https://a.example/", "User-Agent", "b")
	got.Took, got.Remote = 0, ""
	want := Access{At: now, Method: "GET", Host: "news.example", URI: "http://news.example/about?x", Proto: "HTTP/1.1", Status: 301, Bytes: 19,
		Referer: "https://a.example/", UserAgent: "b", Release: "1"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("access (-want +got):\n%s", d)
	}
	do(h, "GET", "/broken.html")
	if got.Status != 500 || got.Err == nil {
		t.Errorf("access %+v", got)
	}
}

func TestCacheIsBounded(t *testing.T) {
	m := &memory{id: "1", files: map[string]string{}}
	for i := range 100 {
		m.files[fmt.Sprintf("%d.png", i)] = strings.Repeat(fmt.Sprint(i, " "), 2000)
	}
	m.files["big.png"] = strings.Repeat("x", 60_000)
	l := &live{}
	l.Store(m)
	h := New(l, Options{CacheBytes: 100_000})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 300 {
				do(h, "GET", fmt.Sprintf("/%d.png", (i*7+g*13)%100))
				do(h, "GET", "/big.png")
			}
		})
	}
	wg.Wait()
	c := h.(*handler).cache
	var size int64
	for el := c.order.Front(); el != nil; el = el.Next() {
		size += el.Value.(*cached).size
	}
	if size != c.size || size > c.limit || size < c.limit/2 || len(c.m) != c.order.Len() {
		t.Errorf("%d bytes, %d counted, limit %d, %d entries in %d places", size, c.size, c.limit, len(c.m), c.order.Len())
	}
	opens := m.opens.Load()
	do(h, "GET", "/0.png")
	do(h, "GET", "/0.png")
	if n := m.opens.Load() - opens; n > 1 {
		t.Errorf("opened %d times", n)
	}
	do(h, "GET", "/big.png")
	if _, ok := c.m[cacheKey{hashOf(m.files["big.png"]), identity}]; ok {
		t.Error("a file too large for the cache is in it")
	}
}

func TestManyAskAtOnce(t *testing.T) {
	l := sample()
	h := New(l, Options{})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if w := do(h, "GET", "/", "Accept-Encoding", "gzip"); w.Code != 200 {
				t.Errorf("status %d", w.Code)
			}
		})
	}
	wg.Wait()
	if n := l.Load().opens.Load(); n != 2 {
		t.Errorf("the file and the rules were opened %d times", n)
	}
}

// While releases are swapped a hundred times, ten thousand requests over real
// connections each see one release, a page and what it links to belong together,
// and nothing fails.
func TestSwapUnderLoad(t *testing.T) {
	t.Run("HTTP/1.1", func(t *testing.T) {
		swapUnderLoad(t, func(h http.Handler) (string, *http.Client) {
			addr, _ := served(t, h, ServeOptions{})
			return "http://" + addr, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
		})
	})
	t.Run("HTTP/2", func(t *testing.T) {
		swapUnderLoad(t, func(h http.Handler) (string, *http.Client) {
			lend := httptest.NewTLSServer(nil)
			defer lend.Close()
			c := Secure(func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &lend.TLS.Certificates[0], nil })
			addr, _ := served(t, h, ServeOptions{TLS: c})
			trust := lend.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
			return "https://" + addr, &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: trust}}}
		})
	})
}

func swapUnderLoad(t *testing.T, serve func(http.Handler) (string, *http.Client)) {
	const swaps, requests = 100, 10_000
	l := &live{}
	build := func(n int) *memory {
		css := fmt.Sprintf("/* %d */ %s", n, page)
		name := "assets/site." + hashOf(css)[:8] + ".css"
		return &memory{id: fmt.Sprint(n), files: map[string]string{"index.html": fmt.Sprintf("%d %s %s %[1]d", n, name, page), name: css, "n.txt": fmt.Sprint(n)}}
	}
	l.Store(build(0))
	at, client := serve(New(l, Options{}))
	t.Cleanup(client.CloseIdleConnections)
	var (
		wg    sync.WaitGroup
		stop  atomic.Bool
		reads atomic.Int64
		ticks = make(chan struct{})
	)
	get := func(path string) string {
		resp, err := client.Get(at + path)
		if err != nil {
			t.Error(err)
			ticks <- struct{}{}
			return ""
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 || (resp.ProtoMajor == 2) != strings.HasPrefix(at, "https") {
			t.Errorf("%s: %s %d, %v", path, resp.Proto, resp.StatusCode, err)
		}
		reads.Add(1)
		ticks <- struct{}{}
		return string(b)
	}
	for range 8 {
		wg.Go(func() {
			for !stop.Load() {
				before := l.Load().id
				var n int
				var name string
				text := get("/")
				if _, err := fmt.Sscan(text, &n, &name); err != nil || !strings.HasSuffix(text, fmt.Sprint(" ", n)) {
					t.Errorf("a page of %d, %v", n, err)
					continue
				}
				if css := get("/" + name); !strings.HasPrefix(css, fmt.Sprintf("/* %d */", n)) {
					t.Errorf("page %d with %.20q", n, css)
				}
				var from int
				_, _ = fmt.Sscan(before, &from)
				if n < from {
					t.Errorf("page %d after release %d was live", n, from)
				}
			}
		})
	}
	for n := 1; n <= swaps; n++ {
		l.Store(build(n))
		for range requests / swaps {
			<-ticks
		}
	}
	stop.Store(true)
	go func() { wg.Wait(); close(ticks) }()
	for range ticks { // those under way
	}
	if n := reads.Load(); n < requests {
		t.Errorf("%d requests", n)
	}
}

func TestRecentForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &recent{now: time.Now}
		for n := range 2 * recentMax {
			c.see(&memory{id: fmt.Sprint(n)})
		}
		if got := len(*c.old.Load()); got != recentMax {
			t.Errorf("%d releases kept, want %d", got, recentMax)
		}
		time.Sleep(recentFor)
		c.see(&memory{id: "new"})
		if got := *c.old.Load(); len(got) != 1 || got[0].rel.ID() != fmt.Sprint(2*recentMax-1) {
			t.Errorf("kept %v", got)
		}
	})
}

func TestServeEnds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	entered, release := make(chan bool), make(chan bool)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "whole")
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, h, ServeOptions{}) }()
	body := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			body <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		body <- string(b)
	}()
	<-entered
	cancel()
	close(release)
	if got := <-body; got != "whole" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("still listening")
	}
}

func TestToHTTPS(t *testing.T) {
	for _, tt := range []struct{ host, port, want string }{
		{"a.example", "", "https://a.example/x?y"}, {"a.example:80", "443", "https://a.example/x?y"}, {"a.example:8080", "8443", "https://a.example:8443/x?y"},
		{"[::1]:80", "", "https://[::1]/x?y"}, {"[::1]", "8443", "https://[::1]:8443/x?y"},
	} {
		r := httptest.NewRequest("GET", "/x?y", nil)
		r.Host = tt.host
		w := httptest.NewRecorder()
		ToHTTPS(func() string { return tt.port }).ServeHTTP(w, r)
		if got := w.Header().Get("Location"); got != tt.want || w.Code != 308 {
			t.Errorf("%s, port %q: %d %s, want %s", tt.host, tt.port, w.Code, got, tt.want)
		}
	}
}

func TestServeFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if err := Serve(t.Context(), l, http.NotFoundHandler(), ServeOptions{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"/", "/about", "/a/../b", "//x", "/./", "/\x00", "/assets/site.1a2b3c4d.css", "*", "", "/..a/...", "/%2e"} {
		f.Add(s)
	}
	rel := sample().Load()
	f.Fuzz(func(t *testing.T, p string) {
		a := find(rel, &recent{}, p)
		switch {
		case a.location != "":
			if a.status != 301 || a.location[0] != '/' || len(a.location) > 1 && (a.location[1] == '/' || a.location[1] == '\\') || strings.ContainsAny(a.location, "\r\n \\") {
				t.Errorf("%q leads to %q", p, a.location)
			}
		case a.status == 200:
			if _, ok := rel.files[a.path]; !ok || hidden(a.path) {
				t.Errorf("%q serves %q", p, a.path)
			}
		case a.status != 404:
			t.Errorf("%q: status %d", p, a.status)
		}
	})
}

func FuzzRequestHeader(f *testing.F) {
	f.Add("gzip;q=0.5, br", `"a", W/"b"`)
	f.Add("*;q=0", "*")
	rel := sample()
	h := New(rel, Options{})
	f.Fuzz(func(t *testing.T, accept, match string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header = http.Header{"Accept-Encoding": {accept}, "If-None-Match": {match}}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch w.Code {
		case 304:
			if !strings.Contains(match, "*") && !strings.Contains(match, hashOf(page)[:etagLen]) {
				t.Errorf("not modified for %q", match)
			}
		case 200:
			if decode(t, w) != page {
				t.Errorf("another page for %q", accept)
			}
		default:
			t.Errorf("status %d", w.Code)
		}
	})
}

// nobody takes an answer and keeps its header map.
type nobody struct{ h http.Header }

func (n *nobody) Header() http.Header         { return n.h }
func (n *nobody) WriteHeader(int)             {}
func (n *nobody) Write(p []byte) (int, error) { return len(p), nil }

func BenchmarkServe(b *testing.B) {
	l := sample()
	m := l.Load()
	fast := &fixed{m, map[string]File{}, map[string][]byte{}}
	for p, s := range m.files {
		fast.f[p] = File{Hash: hashOf(s), Size: int64(len(s))}
		fast.b[hashOf(s)] = []byte(s)
	}
	h := New(fast, Options{})
	for _, bm := range []struct {
		name   string
		header http.Header
	}{
		{"plain", nil},
		{"gzip", http.Header{"Accept-Encoding": {"gzip, deflate"}}},
		{"304", http.Header{"Accept-Encoding": {"gzip, deflate"}, "If-None-Match": {etag(hashOf(page), gzipped)}}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/", bytes.NewReader(nil))
			r.Header = bm.header
			w := &nobody{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.h)
				h.ServeHTTP(w, r)
			}
		})
	}
}

// fixed is a release whose hashes are known.
type fixed struct {
	*memory
	f map[string]File
	b map[string][]byte
}

func (x *fixed) Current(context.Context) (Release, error) { return x, nil }
func (x *fixed) Lookup(path string) (File, bool)          { f, ok := x.f[path]; return f, ok }
func (x *fixed) Open(hash string) ([]byte, error)         { return x.b[hash], nil }
