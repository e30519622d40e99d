package pipeline_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/egress"
)

// hostile is a web in which nearly everybody means harm. Each case has a host
// of its own; canary is a place nobody may touch.
type hostile struct {
	t       *testing.T
	cases   map[string]http.HandlerFunc // by the first label of the host
	port    string
	canary  string // port
	touched atomic.Int64
	done    chan struct{}
	lookups sync.Map // host → *atomic.Int64
}

const rssHead = `<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>`

func rss(items string) string { return rssHead + items + "</channel></rss>" }

func item(id, title, link string) string {
	return fmt.Sprintf("<item><guid>%s</guid><title>%s</title><link>%s</link></item>", id, title, link)
}

// say answers with a feed.
func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/rss+xml")
		_, _ = io.WriteString(w, text)
	}
}

// raw writes bytes to the socket, whatever HTTP wants.
func raw(do func(c net.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		do(c)
	}
}

func write(text string) http.HandlerFunc {
	return raw(func(c net.Conn) { _, _ = io.WriteString(c, text) })
}

func to(location string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Location"] = []string{location}
		w.WriteHeader(http.StatusFound)
	}
}

// forever writes the same again and again, until the other side is gone.
func (h *hostile) forever(head, again string, pause time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/rss+xml")
		_, err := io.WriteString(w, head)
		if pause == 0 {
			again = strings.Repeat(again, 1+(64<<10)/len(again))
		}
		for err == nil {
			if _, err = io.WriteString(w, again); err == nil && pause > 0 {
				_ = http.NewResponseController(w).Flush()
				select {
				case <-time.After(pause):
				case <-r.Context().Done():
					return
				case <-h.done:
					return
				}
			}
		}
	}
}

// packed answers with what make writes, 64 MiB of blanks inside.
func packed(encoding string, wrap ...func(io.Writer) io.WriteCloser) http.HandlerFunc {
	var b bytes.Buffer
	var out io.Writer = &b
	var closers []io.Closer
	for _, f := range wrap {
		z := f(out)
		closers = append(closers, z)
		out = z
	}
	_, _ = io.WriteString(out, rssHead)
	blanks := bytes.Repeat([]byte(" "), 1<<20)
	for range 64 {
		_, _ = out.Write(blanks)
	}
	for _, c := range slices.Backward(closers) {
		c.Close()
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", encoding)
		_, _ = w.Write(b.Bytes())
	}
}

func gz(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
func br(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 5) }
func zs(w io.Writer) io.WriteCloser {
	z, _ := zstd.NewWriter(w)
	return z
}

// spellings of 127.0.0.2, where the canary sits, and of ::1.
var spellings = []string{"127.0.0.2", "2130706434", "0x7f000002", "0177.0.0.2", "127.2", "0x7f.2", "[::ffff:127.0.0.2]", "１２７.0.0.2", "127.0.0.2.",
	"[::1]", "[64:ff9b::7f00:2]", "[2002:7f00:2::]", "inside.test", "localhost"}

func (h *hostile) build() {
	good := func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := strings.Cut(r.Host, ".")
		switch {
		case r.URL.Path == "/feed":
			say(rss(item("1", "First of "+host, h.url(host, "/1"))+item("2", "Second of "+host, h.url(host, "/2"))))(w, r)
		case r.URL.Path == "/robots.txt":
			http.NotFound(w, r)
		default:
			fmt.Fprintf(w, "<!doctype html><title>x</title><meta name=description content='The page of %s'>", host)
		}
	}
	for i := range 8 {
		h.cases[fmt.Sprintf("good%d", i)] = good
	}
	c := h.cases
	// The connection.
	c["silent"] = func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-h.done:
		}
	}
	c["loris"] = h.forever(rssHead, "x", 20*time.Millisecond)
	c["lorishead"] = raw(func(c net.Conn) {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for i := 0; err == nil; i++ {
			time.Sleep(20 * time.Millisecond)
			_, err = fmt.Fprintf(c, "X-%d: x\r\n", i)
		}
	})
	c["endless"] = h.forever(rssHead, item("x", "endless", "/x"), 0)
	c["endlessword"] = h.forever("", "x", 0)
	c["endlessheader"] = raw(func(c net.Conn) {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for err == nil {
			_, err = io.WriteString(c, "X: "+strings.Repeat("y", 8000)+"\r\n")
		}
	})
	c["endlesscontinue"] = raw(func(c net.Conn) {
		var err error
		for err == nil {
			_, err = io.WriteString(c, "HTTP/1.1 103 Early Hints\r\n\r\n")
		}
	})
	c["manychunks"] = raw(func(c net.Conn) {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for w := bufio.NewWriterSize(c, 64<<10); err == nil; {
			_, err = w.WriteString("1;" + strings.Repeat("x", 200) + "\r\nx\r\n")
		}
	})
	c["endlesschunk"] = raw(func(c net.Conn) {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;")
		for err == nil {
			_, err = io.WriteString(c, strings.Repeat("x", 8000))
		}
	})
	c["trailers"] = raw(func(c net.Conn) {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5\r\n<rss>\r\n0\r\n")
		for err == nil {
			_, err = io.WriteString(c, "X: "+strings.Repeat("y", 8000)+"\r\n")
		}
	})
	c["headers"] = raw(func(c net.Conn) {
		w := bufio.NewWriter(c)
		fmt.Fprint(w, "HTTP/1.1 200 OK\r\n")
		for i := range 50_000 {
			fmt.Fprintf(w, "X-%d: y\r\n", i)
		}
		fmt.Fprint(w, "\r\n"+rssHead)
		_ = w.Flush()
	})
	c["switch"] = write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nxxxxx")
	c["biglength"] = write("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n" + rss(item("1", "Big", "/1")))
	c["overlength"] = write("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n" + rss(item("1", "Big", "/1")))
	c["longetag"] = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"`+strings.Repeat("e", 100_000)+`"`)
		w.Header().Set("Last-Modified", strings.Repeat("m", 50_000))
		say(rss(item("1", "Etag", "/1")))(w, r)
	}
	c["reset"] = raw(func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) })
	c["halfway"] = write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + rssHead + item("1", "Half", "/1"))
	c["nothttp"] = write("220 mail.example ESMTP\r\n")
	c["badstatus"] = write("HTTP/1.1 99999 What\r\n\r\n")
	c["badchunks"] = write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss \r\nZZZ\r\nnope")
	c["hugechunk"] = write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + rssHead)
	c["smuggle"] = write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 20\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
	c["nolength"] = write("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx")
	c["empty"] = say("")
	c["unasked"] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }
	c["partial"] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusPartialContent) }
	c["later"] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "99999999999999999999")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	// The encoding.
	c["gzipbomb"] = packed("gzip", gz)
	c["brbomb"] = packed("br", br)
	c["zstdbomb"] = packed("zstd", zs)
	c["gzipgzip"] = packed("gzip, gzip", gz, gz)
	c["mixed"] = packed("br, gzip", gz, br)
	c["lies"] = packed("br", gz)
	c["deflatebomb"] = packed("deflate", func(w io.Writer) io.WriteCloser { z, _ := flate.NewWriter(w, 9); return z })
	c["layers"] = packed("gzip, gzip, gzip, gzip, gzip", gz)
	c["notgzip"] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff})
	}
	c["strange"] = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "x-invented")
		say(rss(item("1", "Strange", "/1")))(w, r)
	}
	// Redirects.
	c["selfish"] = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusMovedPermanently)
	}
	c["tick"], c["tock"] = to(h.url("tock", "/feed")), to(h.url("tick", "/feed"))
	c["faraway"] = to("http://good0.test/" + strings.Repeat("x", 100_000))
	var hop atomic.Int64
	c["further"] = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, fmt.Sprintf("/feed?%d", hop.Add(1)), http.StatusFound)
	}
	for name, goal := range map[string]string{"file": "file:///etc/passwd", "script": "javascript:alert(1)", "gopher": "gopher://127.0.0.2:" + h.canary + "/_GET", "nourl": "http://[", "split": "/a\r\nX-Evil: 1", "user": "http://good0.test@127.0.0.2:" + h.canary + "/"} {
		c["to-"+name] = to(goal)
	}
	for i, s := range spellings {
		address := fmt.Sprintf("http://%s:%s/%d", s, h.canary, i)
		c[fmt.Sprintf("spell%d", i)] = to(address)
		c[fmt.Sprintf("link%d", i)] = say(rss(item("1", "Link to "+s, address)))
		c[fmt.Sprintf("page%d", i)] = func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/feed" {
				say(rss(item("1", "A page that leads astray", "http://"+r.Host+"/page")))(w, r)
				return
			}
			to(address)(w, r)
		}
	}
	c["rebind"] = say(rss(item("1", "Rebound", h.url("rebind", "/page"))))
	c["mapped"] = func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "<sitemapindex><sitemap><loc>http://127.0.0.2:"+h.canary+"/</loc></sitemap><sitemap><loc>"+h.url("mapped", "/feed")+"</loc></sitemap></sitemapindex>")
	}
	// The document.
	inside := "http://127.0.0.2:" + h.canary + "/xxe"
	c["xxe"] = say(`<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b SYSTEM "` + inside + `"><!ENTITY % c SYSTEM "` + inside + `">%c;]>` +
		`<rss version="2.0"><channel><title>&a;</title>` + item("1", "X &a; &b; Y", "/1") + "</channel></rss>")
	c["dtd"] = say(`<?xml version="1.0"?><!DOCTYPE rss SYSTEM "` + inside + `"><?xml-stylesheet href="` + inside + `"?>` + `<rss version="2.0" xmlns:xi="http://www.w3.org/2001/XInclude"><channel><title>T</title><xi:include href="` + inside + `"/></channel></rss>`)
	laughs := `<!ENTITY l0 "ha">`
	for i := range 20 {
		laughs += fmt.Sprintf(`<!ENTITY l%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&l%d;", i), 10))
	}
	c["laughs"] = say(`<!DOCTYPE rss [` + laughs + `]><rss version="2.0"><channel><title>&l20;</title>` + item("1", "&l20;", "/1") + "</channel></rss>")
	c["quadratic"] = say(`<!DOCTYPE rss [<!ENTITY a "` + strings.Repeat("a", 50_000) + `">]><rss version="2.0"><channel>` + item("1", strings.Repeat("&a;", 50_000), "/1") + "</channel></rss>")
	c["deep"] = say(rssHead + strings.Repeat("<a>", 300_000))
	c["deepjson"] = say(`{"version":"https://jsonfeed.org/version/1.1","title":` + strings.Repeat("[", 500_000))
	c["deephtml"] = say(rss("<item><guid>1</guid><description><![CDATA[" + strings.Repeat("<div><b>", 100_000) + "]]></description></item>"))
	c["many"] = say(rss(strings.Repeat("<item/>", 300_000)))
	c["manyids"] = func(w http.ResponseWriter, r *http.Request) {
		var b strings.Builder
		for i := range 20_000 {
			fmt.Fprintf(&b, "<item><guid>%d</guid></item>", i)
		}
		say(rss(b.String()))(w, r)
	}
	c["attributes"] = say("<rss " + strings.Repeat(`a="b" `, 200_000) + "><channel/></rss>")
	c["longtitle"] = say(rss(item("1", strings.Repeat("long ", 600_000), "/1")))
	c["longlink"] = say(rss(item("1", "Long", "http://good0.test/"+strings.Repeat("x", 2_000_000))))
	c["nul"] = say(rss(item("\x00\x01", "N\x00U\x1bL\ufffe", "/\x00")))
	c["utf16"] = say("\xff\xfe" + strings.Repeat("\x00\xd8", 100_000))
	c["utf7"] = say(`<?xml version="1.0" encoding="utf-7"?>` + rss(item("1", "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "/1")))
	c["binary"] = say(strings.Repeat("\x7fELF\x02\x01\x01\x00", 1000))
	c["lines"] = say(rss(item("1&#13;&#10;Run: forged", "Title&#10;&#10;Run: forged&#10;Source: good0", "/1&#13;&#10;Host: x")))
	xss := `&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&lt;a href="javascript:alert(1)"&gt;x&lt;/a&gt;&lt;svg/onload=alert(1)&gt;`
	c["xss"] = say(rss("<item><guid>1</guid><title>" + xss + "</title><link>javascript:alert(1)</link><author>" + xss + "</author><category>" + xss + "</category><description>" + xss + "</description><enclosure url='javascript:alert(1)' type='image/png'/></item>"))
	// The page behind a good entry.
	c["badpage"] = func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/feed":
			say(rss(item("1", "Bad page", h.url("badpage", "/deep"))+item("2", "Endless page", h.url("badpage", "/endless"))))(w, r)
		case r.URL.Path == "/deep":
			_, _ = io.WriteString(w, "<html>"+strings.Repeat("<div>", 400_000))
		case r.URL.Path == "/endless":
			h.forever("<html><title>", "x", 0)(w, r)
		default:
			http.NotFound(w, r)
		}
	}
	c["badrobots"] = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/feed" {
			say(rss(item("1", "Endless robots", h.url("badrobots", "/1"))))(w, r)
			return
		}
		h.forever("User-agent: *\n", "Allow: /"+strings.Repeat("*a", 500)+"\n", 0)(w, r)
	}
	c["robotsaway"] = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/feed" {
			say(rss(item("1", "Robots elsewhere", h.url("robotsaway", "/1"))))(w, r)
			return
		}
		to(inside+r.URL.Path)(w, r)
	}
	c["hubs"] = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Link", "<"+inside+">; rel=hub")
		w.Header().Add("Link", "<"+inside+">; rel=self")
		w.Header().Set("Content-Location", inside)
		w.Header().Set("Refresh", "0; url="+inside)
		say(`<feed xmlns="http://www.w3.org/2005/Atom" xml:base="`+inside+`"><link rel="hub" href=""/><link rel="self" href="x"/><link rel="next" href="y"/><icon>z</icon>`+
			`<title>H</title><entry><id>1</id><title>Hub</title><link href="/entry"/><link rel="enclosure" type="image/png" href="e.png"/></entry></feed>`)(w, r)
	}
	c["pointers"] = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/feed" {
			say(rss(item("1", "A page that points inside", h.url("pointers", "/1"))))(w, r)
			return
		}
		_, _ = io.WriteString(w, strings.ReplaceAll(`<base href="@"><meta property="og:image" content="@"><meta property="og:url" content="@"><link rel=canonical href="@"><link rel=amphtml href="@"><meta http-equiv=refresh content="0;url=@"><title>x</title>`, "@", inside))
	}
	c["indexes"] = func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "<sitemapindex>"+strings.Repeat("<sitemap><loc>"+h.url("indexes", fmt.Sprint("/", hop.Add(1)))+"</loc></sitemap>", 5000)+"</sitemapindex>")
	}
	c["discover"] = say("<html><head>" + strings.Repeat(`<link rel=alternate type="application/rss+xml" href="`+inside+`">`, 20_000))
	c["listing"] = say("<html>" + strings.Repeat("<div class=h-entry><p class='p-name e-content'>", 100_000))
}

func (h *hostile) url(name, path string) string { return "http://" + name + ".test:" + h.port + path }

// lookup puts all names on the test's own server, but for those that lie.
func (h *hostile) lookup(_ context.Context, host string) ([]netip.Addr, error) {
	here, inside := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")
	n, _ := h.lookups.LoadOrStore(host, new(atomic.Int64))
	switch {
	case host == "inside.test":
		return []netip.Addr{inside}, nil
	case host == "localhost":
		return []netip.Addr{netip.IPv6Loopback(), inside}, nil
	case host == "rebind.test":
		if n.(*atomic.Int64).Add(1) > 1 {
			return []netip.Addr{inside}, nil
		}
		return []netip.Addr{inside, here}, nil
	}
	return []netip.Addr{here}, nil
}

func newHostile(t *testing.T) *hostile {
	t.Helper()
	h := &hostile{t: t, cases: map[string]http.HandlerFunc{}, done: make(chan struct{})}
	trap, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skipf("this system has one loopback address only: %v", err)
	}
	_, h.canary, _ = net.SplitHostPort(trap.Addr().String())
	traps := []net.Listener{trap}
	if l, err := net.Listen("tcp", "[::1]:"+h.canary); err == nil {
		traps = append(traps, l)
	}
	var wg sync.WaitGroup
	for _, l := range traps {
		wg.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				h.touched.Add(1)
				c.Close()
			}
		})
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := strings.Cut(r.Host, ".")
		if do := h.cases[name]; do != nil {
			do(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	_, h.port, _ = net.SplitHostPort(s.Listener.Addr().String())
	t.Cleanup(func() {
		close(h.done)
		s.CloseClientConnections()
		s.Close()
		for _, l := range traps {
			l.Close()
		}
		wg.Wait()
	})
	h.build()
	return h
}

// tlsFaults are servers whose TLS is wrong, by name.
func (h *hostile) tlsFaults() map[string]string {
	out := map[string]string{}
	self := httptest.NewUnstartedServer(say(rss(item("1", "Signed by nobody", "/1"))))
	self.Config.ErrorLog = log.New(io.Discard, "", 0)
	self.StartTLS()
	h.t.Cleanup(self.Close)
	out["tls-unknown"] = "https://tls-unknown.test" + self.URL[strings.LastIndexByte(self.URL, ':'):] + "/feed"
	out["tls-none"] = "https://good0.test:" + h.port + "/feed?tls"
	old := httptest.NewUnstartedServer(say(""))
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11}
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.StartTLS()
	h.t.Cleanup(old.Close)
	out["tls-old"] = "https://tls-old.test" + old.URL[strings.LastIndexByte(old.URL, ':'):] + "/feed"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	done := make(chan struct{})
	h.t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = bufio.NewReader(c).ReadByte()
			_, _ = c.Write(bytes.Repeat([]byte{22, 3, 3, 255, 255}, 1000))
			c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	out["tls-garbage"] = "https://tls-garbage.test:" + port + "/feed"
	return out
}

// heap is what is held now.
func heap() uint64 {
	runtime.GC()
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// peak watches heap and stacks until told to stop.
func peak() (stop func() uint64) {
	var most uint64
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(s)
			most = max(most, s[0].Value.Uint64()+s[1].Value.Uint64())
			select {
			case <-tick.C:
			case <-end:
				return
			}
		}
	}()
	return func() uint64 { close(end); <-ended; return most }
}

// TestHostileWeb runs the real workflow over sources that nearly all mean harm.
func TestHostileWeb(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for time-outs")
	}
	h := newHostile(t)
	var sources []coranto.Source
	add := func(id, url string) { sources = append(sources, coranto.Source{ID: id, URL: url, FullText: "feed"}) }
	for name := range h.cases {
		add(name, h.url(name, "/feed"))
	}
	for name, url := range h.tlsFaults() {
		add(name, url)
	}
	for i, s := range spellings {
		add(fmt.Sprintf("direct%d", i), "http://"+s+":"+h.canary+"/feed")
	}
	for i, s := range []string{"file:///etc/passwd", "http://good0.test:25/", "http://good0.test:0/", "http:///feed", "http://nowhere", "data:text/xml,<rss/>"} {
		add(fmt.Sprintf("address%d", i), s)
	}
	slices.SortFunc(sources, func(a, b coranto.Source) int { return strings.Compare(a.ID, b.ID) })
	for i, s := range sources {
		switch s.ID {
		case "mapped", "indexes":
			sources[i].Scrape = &coranto.Recipe{Type: coranto.RecipeSitemap}
		case "listing":
			sources[i].Scrape = &coranto.Recipe{Type: coranto.RecipeHFeed}
		}
	}
	t.Logf("%d sources", len(sources))
	r := newRig(t, egress.Options{
		Timeout: 5 * time.Second, MaxBody: 4 << 20, MaxWait: -1, PerHost: egress.PerHost{Gap: egress.NoGap}, MaxPerAddress: 64, MaxConcurrent: 64, Lookup: h.lookup,
		Zones: []egress.Zone{{Name: egress.DefaultZone, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}},
	}, sources)
	defer debug.SetGCPercent(debug.SetGCPercent(50)) // as the program does
	before := heap()
	stop := peak()
	sum := r.run()
	most := stop() - min(before, 64<<20) // what the test's own servers hold
	t.Logf("%d failed, the heap held %d MiB", len(sum.Failed), most>>20)

	if n := h.touched.Load(); n != 0 {
		t.Errorf("the canary was touched %d times", n)
	}
	if most > 256<<20 {
		t.Errorf("the heap held %d MiB", most>>20)
	}
	bySource := map[string][]coranto.Post{}
	vector := regexp.MustCompile(`(?i)<script|onerror=|onload=|javascript:|root:x:0`)
	for _, p := range r.posts() {
		bySource[p.Source] = append(bySource[p.Source], p)
		for _, s := range []string{p.Content, p.Link, p.Image} {
			if m := vector.FindString(s); m != "" {
				t.Errorf("%s: %q got through", p.Source, m)
			}
		}
		if strings.Contains(p.Title+p.Intro, "root:x:0") || strings.ContainsAny(p.Title+p.Author+p.Link, "\r\n\x00") {
			t.Errorf("%s: %q, %q", p.Source, p.Title, p.Link)
		}
		if len(p.Title) > 2000 || len(p.Intro) > 4000 {
			t.Errorf("%s: a title of %d and an intro of %d bytes", p.Source, len(p.Title), len(p.Intro))
		}
	}
	for i := range 8 {
		name := fmt.Sprintf("good%d", i)
		var got []string
		for _, p := range bySource[name] {
			got = append(got, p.Title+": "+p.Intro)
		}
		slices.Sort(got)
		want := []string{"First of " + name + ": The page of " + name, "Second of " + name + ": The page of " + name}
		if !slices.Equal(got, want) {
			t.Errorf("%s brought %q", name, got)
		}
	}
	failed := map[string]string{}
	for _, f := range append(slices.Clone(sum.Failed), sum.Held...) {
		failed[f.Source] = f.Error
		if f.Error == "Coranto.Internal" || strings.HasPrefix(f.Error, "States.") || f.Error == "" {
			t.Errorf("%s failed without a name: %s %s", f.Source, f.Error, f.Cause)
		}
	}
	for name, want := range map[string]string{"silent": "Fetch.Timeout", "lorishead": "Fetch.Timeout", "reset": "Fetch.Temporary", "later": "Fetch.Held", "selfish": "Fetch.Redirects",
		"tick": "Fetch.Redirects", "faraway": "Fetch.Redirects", "to-file": "Egress.Scheme", "to-script": "Egress.Scheme", "to-gopher": "Egress.Scheme", "binary": "Feed.NotFeed", "empty": "Feed.NotFeed",
		"tls-unknown": "Fetch.TLS", "tls-none": "Fetch.TLS", "tls-old": "Fetch.TLS", "tls-garbage": "Fetch.TLS", "layers": "Fetch.Body", "strange": "Fetch.Body", "address0": "Egress.Scheme", "address1": "Egress.Denied"} {
		if failed[name] != want {
			t.Errorf("%s failed with %q, want %q", name, failed[name], want)
		}
	}
	for i := range spellings {
		for _, kind := range []string{"spell", "direct"} {
			if name := fmt.Sprintf("%s%d", kind, i); failed[name] != "Egress.Denied" {
				t.Errorf("%s (%s) failed with %q, want Egress.Denied", name, spellings[i], failed[name])
			}
		}
		if name := fmt.Sprintf("link%d", i); len(bySource[name]) != 1 {
			t.Errorf("%s brought %d posts: its words are the feed's own", name, len(bySource[name]))
		}
	}
}
