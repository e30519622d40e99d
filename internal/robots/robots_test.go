package robots_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/robots"
)

func TestAllowed(t *testing.T) {
	tests := []struct {
		name, file, path string
		want             bool
	}{
		{"empty", "", "/x", true},
		{"all closed", "User-agent: *\nDisallow: /", "/x", false},
		{"the file itself", "User-agent: *\nDisallow: /", "/robots.txt", true},
		{"nothing closed", "User-agent: *\nDisallow:", "/x", true},
		{"prefix", "User-agent: *\nDisallow: /a", "/abc", false},
		{"not a prefix", "User-agent: *\nDisallow: /a/", "/a", true},
		{"case counts", "User-agent: *\nDisallow: /A", "/a", true},
		{"the longest wins", "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c", "/a/b/x", true},
		{"and again", "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c", "/a/b/c", false},
		{"of equals the one that allows", "User-agent: *\nDisallow: /a\nAllow: /a", "/a", true},
		{"order does not count", "User-agent: *\nAllow: /a/b\nDisallow: /a", "/a/b", true},
		{"a group for us", "User-agent: *\nDisallow: /\n\nUser-agent: Coranto\nDisallow: /b", "/a", true},
		{"and only that", "User-agent: *\nDisallow: /a\n\nUser-agent: Coranto\nDisallow: /b", "/a", true},
		{"with a version", "User-agent: coranto/1.0\nDisallow: /", "/a", false},
		{"not a longer name", "User-agent: coranto-news\nDisallow: /", "/a", true},
		{"not a shorter one", "User-agent: cor\nDisallow: /", "/a", true},
		{"groups for us are one", "User-agent: coranto\nDisallow: /a\nUser-agent: x\nDisallow: /b\nUser-agent: CORANTO\nDisallow: /c", "/c", false},
		{"several agents share a group", "User-agent: x\nUser-agent: coranto\nDisallow: /a", "/a", false},
		{"an empty group for us", "User-agent: *\nDisallow: /\nUser-agent: coranto", "/a", true},
		{"other lines do not end the agents", "User-agent: coranto\nCrawl-delay: 5\nUser-agent: x\nDisallow: /a", "/a", false},
		{"rules before any agent", "Disallow: /\nUser-agent: *\nDisallow: /b", "/a", true},
		{"comments", "User-agent: * # all\nDisallow: /a # not this", "/a", false},
		{"carriage returns", "User-agent: *\rDisallow: /a\rDisallow: /b", "/b", false},
		{"a byte order mark", "\ufeffUser-agent: *\nDisallow: /a", "/a", false},
		{"star", "User-agent: *\nDisallow: /*.pdf", "/a/b.pdf?x", false},
		{"star and end", "User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf?x", true},
		{"star and end, matching", "User-agent: *\nDisallow: /*.pdf$", "/a.pdf.pdf", false},
		{"end", "User-agent: *\nDisallow: /$", "/", false},
		{"end, not matching", "User-agent: *\nDisallow: /$", "/a", true},
		{"many stars", "User-agent: *\nDisallow: /*a*b*c", "/xxaxxbxx", true},
		{"the query counts", "User-agent: *\nDisallow: /*?", "/a?b", false},
		{"escapes, as they are written", "User-agent: *\nDisallow: /foo/bar?baz=http://foo.bar", "/foo/bar?baz=http%3A%2F%2Ffoo.bar", true},
		{"unreserved escapes", "User-agent: *\nDisallow: /foo/bar/%62%61%7A", "/foo/bar/baz", false},
		{"letters beyond ASCII", "User-agent: *\nDisallow: /ツ", "/%e3%83%84", false},
		{"misspelt", "user agent: *\ndissalow: /a", "/a", false},
		{"no slash", "User-agent: *\nDisallow: a", "/a", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := url.Parse("https://v.example" + tt.path)
			if err != nil {
				t.Fatal(err)
			}
			got, rule := robots.Parse([]byte(tt.file), "coranto").Allowed(u)
			if got != tt.want {
				t.Errorf("Allowed(%s) = %t by %q, want %t", tt.path, got, rule, tt.want)
			}
		})
	}
}

// web answers robots.txt, and counts.
type web struct {
	mu     sync.Mutex
	status int
	body   string
	err    error
	asked  int
	cond   int
}

func (w *web) Get(_ context.Context, r egress.Request) (*egress.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	time.Sleep(time.Second)
	if r.ETag != "" {
		w.cond++
		return &egress.Response{Status: 304, Header: http.Header{}}, nil
	}
	return &egress.Response{Status: w.status, Body: []byte(w.body), Header: http.Header{"Etag": {`"1"`}}}, w.err
}

func TestCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &web{status: 200, body: "User-agent: *\nDisallow: /private/"}
		c := robots.NewCache(nil, nil)
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				if err := c.Check(t.Context(), w, fmt.Sprintf("https://v.example/%d", i), ""); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if w.asked != 1 {
			t.Errorf("asked %d times for 50 pages", w.asked)
		}
		err := c.Check(t.Context(), w, "https://user:secret@V.example/private/x", "")
		if d, ok := errors.AsType[*robots.DisallowedError](err); !ok || d.Rule != "Disallow: /private/" || strings.Contains(err.Error(), "secret") {
			t.Errorf("a closed page: %v", err)
		}
		saved := c.Changed()
		if len(saved) != 1 || len(c.Changed()) != 0 {
			t.Errorf("saved %v", saved)
		}
		// Another process, a day later.
		time.Sleep(25 * time.Hour)
		c = robots.NewCache(saved, nil)
		if err := c.Check(t.Context(), w, "https://v.example/private/x", ""); err == nil {
			t.Error("what was saved is forgotten")
		}
		if w.asked != 2 || w.cond != 1 {
			t.Errorf("asked %d times, %d conditional", w.asked, w.cond)
		}
	})
}

func TestUnreachable(t *testing.T) {
	tests := []struct {
		name string
		web  *web
		open bool
	}{
		{"missing", &web{status: 404}, true},
		{"forbidden", &web{status: 403}, true},
		{"broken", &web{status: 500}, false},
		{"overburdened", &web{status: 429}, false},
		{"reset", &web{err: egress.ErrConnection}, false},
		{"too many redirects", &web{err: egress.ErrRedirects}, true},
		{"not in the zone", &web{err: egress.ErrDenied}, true},
		{"no page of ours", &web{status: 200, body: "<html>hello"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := robots.NewCache(nil, nil)
				for range 2 {
					if err := c.Check(t.Context(), tt.web, "https://v.example/x", ""); (err == nil) != tt.open {
						t.Errorf("Check = %v", err)
					}
				}
				if tt.web.asked != 1 {
					t.Errorf("asked %d times", tt.web.asked)
				}
				time.Sleep(11 * time.Minute)
				tt.web.status, tt.web.err = 200, nil
				if err := c.Check(t.Context(), tt.web, "https://v.example/x", ""); err != nil {
					t.Errorf("later: %v", err)
				}
			})
		})
	}
}

func TestUnreachableLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &web{status: 200, body: "User-agent: *\nDisallow: /b"}
		c := robots.NewCache(nil, nil)
		if err := c.Check(t.Context(), w, "https://v.example/a", ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(25 * time.Hour)
		// It fails now: what it said holds on.
		broken := &failing{}
		if err := c.Check(t.Context(), broken, "https://v.example/a", ""); err != nil {
			t.Errorf("an open page: %v", err)
		}
		if err := c.Check(t.Context(), broken, "https://v.example/b", ""); err == nil {
			t.Error("a closed page passes")
		}
	})
}

type failing struct{}

func (*failing) Get(context.Context, egress.Request) (*egress.Response, error) {
	return nil, egress.ErrConnection
}

func TestGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := robots.NewCache(nil, nil)
	if err := c.Check(ctx, &failing{}, "https://v.example/a", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("Check = %v", err)
	}
	if len(c.Changed()) != 0 {
		t.Error("a request that was given up is remembered")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("User-agent: *\nDisallow: /a*b$\nAllow: /%61%zz"), "/axb")
	f.Add([]byte("User-agent: coranto\nDisallow: /\r\rallow:*"), "/?q=*")
	f.Fuzz(func(t *testing.T, file []byte, path string) {
		u, err := url.Parse("https://v.example/" + path)
		if err != nil {
			return
		}
		r := robots.Parse(file, "coranto")
		got, rule := r.Allowed(u)
		if !got && rule == "" {
			t.Error("closed by no rule")
		}
		if got != mustSame(t, r, u) {
			t.Errorf("%q: what is saved says otherwise of %s", file, u)
		}
	})
}
