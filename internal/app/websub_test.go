package app_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/app"
)

// blog is a source that names a hub, and the hub.
type blog struct {
	t      *testing.T
	server *httptest.Server

	mu       sync.Mutex
	posts    []string
	asked    int        // for the feed
	form     url.Values // the subscription
	requests []string   // modes that the hub was asked for
	told     []string   // feeds that were announced to it
	deaf     bool       // it takes no announcements
}

func newBlog(t *testing.T) *blog {
	b := &blog{t: t, posts: []string{"First"}}
	mux := http.NewServeMux()
	mux.HandleFunc("/feed", b.feed)
	mux.HandleFunc("/hub", b.hub)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<title>A page</title>") })
	b.server = httptest.NewServer(mux)
	t.Cleanup(b.server.Close)
	return b
}

func (b *blog) feed(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	w.Header().Set("Link", fmt.Sprintf(`<%s/hub>; rel="hub", <%s/feed>; rel="self"`, b.server.URL, b.server.URL))
	_, _ = io.WriteString(w, b.document())
}

func (b *blog) document() string {
	var s strings.Builder
	s.WriteString(`<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title><id>urn:blog</id>`)
	for i, title := range b.posts {
		fmt.Fprintf(&s, `<entry><id>urn:%d</id><title>%s</title><link href="%s/%d"/><published>2026-03-0%dT10:00:00Z</published></entry>`, i, title, b.server.URL, i, i+1)
	}
	s.WriteString("</feed>")
	return s.String()
}

func (b *blog) hub(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	b.mu.Lock()
	defer b.mu.Unlock()
	mode := r.PostForm.Get("hub.mode")
	b.requests = append(b.requests, mode)
	if mode == "publish" {
		if b.deaf {
			http.Error(w, "not today", http.StatusServiceUnavailable)
			return
		}
		b.told = append(b.told, r.PostForm["hub.url"]...)
		w.WriteHeader(204)
		return
	}
	form := r.PostForm
	go func() {
		q := url.Values{"hub.mode": {mode}, "hub.topic": {form.Get("hub.topic")}, "hub.challenge": {"prove it"}, "hub.lease_seconds": {"86400"}}
		res, err := http.Get(form.Get("hub.callback") + "?" + q.Encode())
		if err != nil {
			return
		}
		defer res.Body.Close()
		if body, _ := io.ReadAll(res.Body); string(body) == "prove it" {
			b.mu.Lock()
			b.form = form
			b.mu.Unlock()
		}
	}()
	w.WriteHeader(http.StatusAccepted)
}

// verified is the subscription, nil while there is none.
func (b *blog) verified() url.Values {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.form
}

func (b *blog) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

// post writes a post, and lets the hub tell of it.
func (b *blog) post(title string, secret string) int {
	b.t.Helper()
	b.mu.Lock()
	if title != "" {
		b.posts = append(b.posts, title)
	}
	body, form := b.document(), b.form
	b.mu.Unlock()
	if secret == "" {
		secret = form.Get("hub.secret")
	}
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(body))
	r, err := http.NewRequest(http.MethodPost, form.Get("hub.callback"), strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/atom+xml")
	r.Header.Set("X-Hub-Signature", "sha256="+hex.EncodeToString(m.Sum(nil)))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

// planet is a served site that follows a blog.
type planet struct {
	t   *testing.T
	dir string
	l   net.Listener
	url string
	end func()
}

func newPlanet(t *testing.T, b *blog, more string) *planet {
	root := t.TempDir()
	t.Setenv("CORANTO_TRUST_DIR", filepath.Join(root, "trusted"))
	p := &planet{t: t, dir: filepath.Join(root, "site")}
	p.listen("127.0.0.1:0")
	p.url = "http://" + p.l.Addr().String()
	text := fmt.Sprintf("site: {title: Planet, url: %q, hub: %q}\nschedule: rate(12 hours)\nfetch: {zone: loopback, per_host: {gap: 0s}%s}\nimages: none\n"+
		"zones: {loopback: {allow: [127.0.0.0/8]}}\nsources:\n  - {id: blog, url: %q}\n", p.url, b.server.URL+"/hub", more, b.server.URL+"/feed")
	if _, err := app.Init(t.Context(), p.dir, []byte(text), app.Options{}); err != nil {
		t.Fatal(err)
	}
	p.trust()
	return p
}

func (p *planet) trust() {
	p.t.Helper()
	if _, err := app.Trust(p.dir, false); err != nil {
		p.t.Fatal(err)
	}
}

func (p *planet) listen(addr string) {
	p.t.Helper()
	var err error
	if p.l, err = net.Listen("tcp", addr); err != nil {
		p.t.Fatal(err)
	}
}

// serve serves until the function that it returns is called.
func (p *planet) serve() {
	p.t.Helper()
	a, err := app.Open(p.t.Context(), p.dir, app.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(p.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx, p.l, app.ServeOptions{}) }()
	once := sync.OnceFunc(func() {
		stop()
		if err := <-ended; err != nil {
			p.t.Errorf("serve: %v", err)
		}
		if err := a.Close(); err != nil {
			p.t.Errorf("close: %v", err)
		}
	})
	p.end = once
	p.t.Cleanup(once)
}

func (p *planet) change(old, new string) {
	p.t.Helper()
	name := filepath.Join(p.dir, "coranto.yaml")
	b, err := os.ReadFile(name)
	if err != nil || !strings.Contains(string(b), old) {
		p.t.Fatalf("%s in %s: %v", old, b, err)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(b), old, new, 1)), 0o666); err != nil {
		p.t.Fatal(err)
	}
}

// TestWebSub: a hub tells of a post, and the site shows it although nobody would
// have asked for hours; so it does after a restart; and what nobody has signed
// changes nothing.
func TestWebSub(t *testing.T) {
	b := newBlog(t)
	p := newPlanet(t, b, "")
	p.serve()
	until(t, "the first post is live", func() bool { return strings.Contains(get(t, p.url+"/"), "First") })
	until(t, "the hub has verified us", func() bool { return b.verified() != nil })
	until(t, "status counts it", func() bool {
		st, err := app.StatusOf(t.Context(), p.dir, app.Options{})
		return err == nil && st.WebSub != nil && st.WebSub.Verified == 1
	})
	until(t, "the source is asked more seldom", func() bool {
		x, err := app.ShowSource(t.Context(), p.dir, "blog", app.Options{})
		return err == nil && x.Subscription != nil && strings.Contains(x.Hub, "tells of new posts") && strings.Contains(x.Next, "a hub tells")
	})
	if form := b.verified(); form.Get("hub.topic") != b.server.URL+"/feed" || !strings.HasPrefix(form.Get("hub.callback"), p.url+"/-/websub/") {
		t.Errorf("subscribed with %v", form)
	}
	if n := b.count(); n != 1 {
		t.Fatalf("the feed was asked for %d times", n)
	}
	if got := b.post("", "not the secret"); got != 202 {
		t.Errorf("a forged message: %d, want 202", got)
	}
	if got := b.post("Second", ""); got != 202 {
		t.Fatalf("the message: %d", got)
	}
	until(t, "the second post is live", func() bool { return strings.Contains(get(t, p.url+"/"), "Second") })
	if n := b.count(); n != 2 {
		t.Errorf("the feed was asked for %d times, want twice: a forged message is none", n)
	}

	p.end()
	p.listen(strings.TrimPrefix(p.url, "http://"))
	p.serve()
	if got := b.post("Third", ""); got != 202 {
		t.Fatalf("after a restart: %d", got)
	}
	until(t, "the third post is live", func() bool { return strings.Contains(get(t, p.url+"/"), "Third") })

	p.change("id: blog,", "id: blog, paused: true,")
	p.trust()
	until(t, "the subscription is given back", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return strings.Contains(strings.Join(b.requests, " "), "unsubscribe")
	})
	until(t, "it is over", func() bool { return b.post("", "") == 410 })
}

// TestWebSubIsDurable: a message that was taken is acted upon by the next
// process, though this one never comes to it.
func TestWebSubIsDurable(t *testing.T) {
	b := newBlog(t)
	p := newPlanet(t, b, "")
	p.serve()
	until(t, "the hub has verified us", func() bool { return b.verified() != nil })
	until(t, "the first post is live", func() bool { return strings.Contains(get(t, p.url+"/"), "First") })
	p.end()
	// A process that only hosts: nothing runs.
	p.listen(strings.TrimPrefix(p.url, "http://"))
	a, err := app.Open(t.Context(), p.dir, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	hosting := &http.Server{Handler: a.Handler()}
	go func() { _ = hosting.Serve(p.l) }()
	if got := b.post("Second", ""); got != 202 {
		t.Fatalf("the message: %d", got)
	}
	_ = hosting.Close()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if n := b.count(); n != 1 {
		t.Fatalf("the feed was asked for %d times", n)
	}
	p.listen(strings.TrimPrefix(p.url, "http://"))
	p.serve()
	until(t, "the second post is live", func() bool { return strings.Contains(get(t, p.url+"/"), "Second") })
}

// TestWebSubOff: nobody is asked for a subscription where the file says so.
func TestWebSubOff(t *testing.T) {
	b := newBlog(t)
	p := newPlanet(t, b, ", websub: off")
	p.serve()
	until(t, "the first post is live", func() bool { return strings.Contains(get(t, p.url+"/"), "First") })
	until(t, "the hub of the site has been told", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.told) == 3
	})
	x, err := app.ShowSource(t.Context(), p.dir, "blog", app.Options{})
	if err != nil || !strings.Contains(x.Hub, "websub is off") {
		t.Errorf("%q, %v", x.Hub, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if got := strings.Join(b.requests, " "); strings.Contains(got, "subscribe") {
		t.Errorf("the hub was asked to %s", got)
	}
}

// TestHubIsTold: the feeds name the hub in their headers, each that has changed
// is announced once, and one that cannot be is announced later.
func TestHubIsTold(t *testing.T) {
	b := newBlog(t)
	b.deaf = true
	p := newPlanet(t, b, ", websub: off")
	p.serve()
	until(t, "status tells that the hub was not told", func() bool {
		st, err := app.StatusOf(t.Context(), p.dir, app.Options{})
		return err == nil && st.Untold != nil && strings.Contains(st.Untold.Error, "answers 503")
	})
	p.end()
	b.mu.Lock()
	b.deaf = false
	b.mu.Unlock()
	later := app.Options{Now: hours(2)}
	a, err := app.Open(t.Context(), p.dir, later)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if n, err := a.Announce(t.Context()); n != 3 || err != nil {
		t.Errorf("told later: %d, %v", n, err)
	}
	if n, err := a.Announce(t.Context()); n != 0 || err != nil {
		t.Errorf("told again: %d, %v", n, err)
	}
	if st, err := a.Status(t.Context()); err != nil || st.Untold != nil {
		t.Errorf("%+v, %v", st.Untold, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if got := strings.Join(b.told, " "); got != p.url+"/feed.xml "+p.url+"/rss.xml "+p.url+"/feed.json" {
		t.Errorf("told of %s", got)
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, p.url+"/feed.xml", nil))
	if got := strings.Join(w.Header().Values("Link"), ", "); w.Code != 200 || got != fmt.Sprintf(`<%s/hub>; rel="hub", <%s/feed.xml>; rel="self"`, b.server.URL, p.url) {
		t.Errorf("%d, Link: %s", w.Code, got)
	}
	for _, part := range []string{`rel="hub"`, `rel="self"`} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("the feed has no link with %s", part)
		}
	}
}

// hours is a clock that is ahead.
func hours(n int) func() time.Time {
	return func() time.Time { return time.Now().Add(time.Duration(n) * time.Hour) }
}
