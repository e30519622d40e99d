package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

func ruled(redirects, headers string) *live {
	l := &live{}
	l.Store(&memory{id: "r", files: map[string]string{
		"index.html": page, "about/index.html": "<p>About", "404.html": "<p>Not here", "app.html": "<p>App", "de/index.html": "<p>Deutsch",
		"gone.html": "<p>Gone", "assets/x.css": "p{}", "drafts/a.html": "<p>Draft", "_redirects": redirects, "_headers": headers,
	}})
	return l
}

func TestRedirects(t *testing.T) {
	const rules = `
# a comment
/old /about/            # another
/blog/:year/:slug  /posts/:slug?y=:year
/news/*  /archive/:splat  302
/store id=:id  /items/:id
/store  tag=go sort=asc /tags/go
/app/*  /app.html 200
/about/ /app.html 200!
/about  /never
/was/*  /gone.html 410
/nowhere/* /404.html 404
/* /de/:splat 302 Language=de,fr
/vip/* /app.html 200 Cookie=member
/here /there 301 Country=is
/role /x 200! Role=admin
https://www.example.org/* https://example.org/:splat 301!
/out/:x  https://elsewhere.example/:x/y 307
/loop /loop
/proxy/* https://elsewhere.example/:splat 200
/a*b /x
/bad
/worse /x 999
/worst /x 301 Weather=rain
/evil/* /:splat
/shadow /_headers 200
`
	h := New(ruled(rules, ""), Options{CountryHeader: "X-Country"})
	tests := []struct {
		target, location string
		status           int
		body             string
		header           []string
	}{
		{"/old", "/about/", 301, "", nil},
		{"/old/", "/about/", 301, "", nil},
		{"/old?a=b", "/about/?a=b", 301, "", nil},
		{"/blog/2026/a%20b", "/posts/a%20b?y=2026", 301, "", nil},
		{"/blog/2026", "", 404, "Not here", nil},
		{"/news/a/b?x=1", "/archive/a/b?x=1", 302, "", nil},
		{"/news", "/archive/", 302, "", nil},
		{"/store?id=7", "/items/7?id=7", 301, "", nil},
		{"/store?sort=asc&tag=go", "/tags/go?sort=asc&tag=go", 301, "", nil},
		{"/store?tag=go", "", 404, "Not here", nil},
		{"/app/x/y", "", 200, "App", nil},
		{"/about/", "", 200, "App", nil},
		{"/was/here", "", 410, "Gone", nil},
		{"/nowhere/x", "", 404, "Not here", nil},
		{"/x", "/de/x", 302, "", []string{"Accept-Language", "en;q=0.5, de-AT"}},
		{"/x", "", 404, "Not here", []string{"Accept-Language", "en, de;q=0.9"}},
		{"/vip/1", "", 200, "App", []string{"Cookie", "member=1"}},
		{"/vip/1", "", 404, "Not here", nil},
		{"/here", "/there", 301, "", []string{"X-Country", "IS"}},
		{"/here", "", 404, "Not here", nil},
		{"/role", "", 404, "Not here", nil},
		{"/out/a", "https://elsewhere.example/a/y", 307, "", nil},
		{"/loop", "", 404, "Not here", nil},
		{"/proxy/x", "", 404, "Not here", nil},
		{"/evil/%2Fevil.example", "/evil/evil.example", 301, "", nil},
		{"/shadow", "", 404, "Not here", nil},
		{"/", "", 200, "Home", nil},
		{"/_redirects", "", 404, "Not here", nil},
	}
	for _, tt := range tests {
		w := do(h, "GET", tt.target, tt.header...)
		if w.Code != tt.status || w.Header().Get("Location") != tt.location || !strings.Contains(w.Body.String(), tt.body) {
			t.Errorf("GET %s %v: %d %q %.40q, want %d %q %q", tt.target, tt.header, w.Code, w.Header().Get("Location"), w.Body, tt.status, tt.location, tt.body)
		}
	}
	if w := do(h, "GET", "/"); !strings.Contains(strings.Join(w.Header().Values("Vary"), ","), "Accept-Language") {
		t.Errorf("Vary is %q", w.Header().Values("Vary"))
	}
	r := httptest.NewRequest("GET", "https://www.example.org/a?b=c", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if got := w.Header().Get("Location"); got != "https://example.org/a?b=c" {
		t.Errorf("www leads to %q", got)
	}
	_, problems := parseRedirects(rules)
	var lines []int
	for _, p := range problems {
		lines = append(lines, p.Line)
	}
	if !slices.Equal(lines, []int{20, 22, 23, 24}) {
		t.Errorf("problems in lines %v: %v", lines, problems)
	}
}

// What only those see who know the dialect well.
func TestRedirectsInDetail(t *testing.T) {
	const home = "/ => 200 <!doctype html><title>Home"
	tests := []struct {
		name, rules string
		want        []string // "target => status, then location or body"
	}{
		{"a star after text", "/a* /b/:splat", []string{"/a => 301 /b/", "/ax/y => 301 /b/x/y", "/a/y => 301 /b/y"}},
		{"a star in the middle", "/u/*/feed /feeds/:splat", []string{"/u/feed => 301 /feeds/", "/u/a/b/feed/ => 301 /feeds/a/b", "/u/a/b => 404 Not here"}},
		{"no star within text", "/a*b /c", []string{"/axb => 404 Not here", "/a*b => 301 /c"}},
		{"names with dots", "/p/:id.html /q/:id.html", []string{"/p/7 => 301 /q/7"}},
		{"the longest name", "/p/:y/:year /:year/:y", []string{"/p/a/b => 301 /b/a"}},
		{"what is there already", "/* /de/:splat 302\n/de/x /never", []string{"/x => 302 /de/x", "/de/x => 404 Not here", "/dex => 302 /de/dex"}},
		{"the last value of a query", "/s q=:q /f/:q?again=:q", []string{"/s?q=1&q=a%20b => 301 /f/a%20b?again=a+b", "/s => 404 Not here", "/s?q => 404 Not here"}},
		{"semicolons in a query", "/s q=:q /f?x=:q", []string{"/s?q=a;b => 301 /f?x=a%3Bb"}},
		{"no target", "/about/* 200!\n/* /gone.html 410!", []string{"/about/ => 200 About", "/x => 410 Gone"}},
		{"the first counts", "/about/ /one\n/about/ /two 301!", []string{"/about/ => 200 About"}},
		{"roles hide", "/drafts/* 200! Role=editor", []string{"/drafts/a.html => 404 Not here", home}},
		{"roles lead away", "/drafts/* 200! Role=editor\n/drafts/* /login 302!", []string{"/drafts/a.html => 302 /login"}},
		{"a fragment", "/a /b#c", []string{"/a?x=1 => 301 /b?x=1#c"}},
		{"a comment after a hash", "/a#b /c # d\n/e /f", []string{"/e => 301 /f"}},
		{"many exclamation marks", "/about/ /b 302!!", []string{"/about/ => 302 /b"}},
		{"a mark at the beginning", "\ufeff/a /b", []string{"/a => 301 /b"}},
		{"without .html", "", []string{"/gone => 200 Gone", "/404 => 404 Not here"}},
		{"conditions are capitalised", "/a /b 301 language=de", []string{"/a => 404 Not here"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := New(ruled(tt.rules, ""), Options{})
			for _, want := range tt.want {
				target, want, _ := strings.Cut(want, " => ")
				w := do(h, "GET", target)
				got := fmt.Sprintf("%d %s", w.Code, cmp.Or(w.Header().Get("Location"), strings.TrimPrefix(w.Body.String(), "<p>")))
				if !strings.HasPrefix(got, want) {
					t.Errorf("GET %s: %q, want %q", target, got, want)
				}
			}
		})
	}
}

func TestHeaderRules(t *testing.T) {
	h := New(ruled("", `
/*
  X-Site: one
  Content-Length: 3
  Basic-Auth: a:b
/assets/*.css
  Cache-Control: public, max-age=60
  X-Site: two
/about/
  Content-Security-Policy: default-src 'self'
  Set-Cookie: a=1
  Set-Cookie: b=2
  not a header
X-Joined: a
  x-joined: b
/about/*
  X-Deep: yes
/:page/index.html
  X-Page: yes
`), Options{})
	tests := []struct{ target, name, want string }{
		{"/", "X-Site", "one"},
		{"/assets/x.css", "X-Site", "two"}, // the last counts
		{"/ASSETS/X.css", "X-Site", "two"},
		{"/assets/x.css", "Cache-Control", "public, max-age=60"},
		{"/about/", "Content-Security-Policy", "default-src 'self'"},
		{"/about/", "Set-Cookie", "a=1|b=2"},
		{"/", "Content-Security-Policy", DefaultCSP},
		{"/about/index.html", "X-Page", "yes"},
		{"/nowhere", "X-Site", "one"},
		{"/about/", "X-Joined", "a, b"},
		{"/about/team/x", "X-Deep", "yes"},
		{"/aboutx", "X-Deep", ""},
	}
	for _, tt := range tests {
		w := do(h, "GET", tt.target)
		if got := strings.Join(w.Header().Values(tt.name), "|"); got != tt.want {
			t.Errorf("GET %s: %s: %q, want %q", tt.target, tt.name, got, tt.want)
		}
	}
	if _, problems := parseHeaders("X: y\n/a\n  Server: me\n  x\nb\n  Y:\n"); len(problems) != 5 {
		t.Errorf("problems: %v", problems)
	}
}

func TestPasswords(t *testing.T) {
	line, err := HashPassword("ada", "päss")
	if err != nil {
		t.Fatal(err)
	}
	b, err := bcrypt.GenerateFromPassword([]byte("word"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ParsePasswords("# people\n" + line + "\nbo:" + string(b) + "\n")
	if err != nil {
		t.Fatal(err)
	}
	h := New(ruled("", ""), Options{
		Protect: []Protection{{Path: "/drafts/", Realm: "Dr\"afts", Passwords: p}, {Path: "/assets", Passwords: nil}},
		Beside:  map[string]http.Handler{"/drafts/status.json": http.NotFoundHandler(), "/drafts/hook": http.NotFoundHandler()}, Open: []string{"/drafts/hook"},
	})
	tests := []struct {
		target, user, password string
		status                 int
	}{
		{"/", "", "", 200}, {"/drafts/a.html", "", "", 401}, {"/drafts/a.html", "ada", "päss", 200}, {"/drafts/a.html", "ada", "päss", 200},
		{"/drafts/a.html", "ada", "word", 401}, {"/drafts/a.html", "bo", "word", 200}, {"/drafts/a.html", "eve", "word", 401}, {"/drafts/a.html", "ada", "", 401},
		{"/drafts", "", "", 401}, {"//drafts/a.html", "", "", 401}, {"/x/../drafts/a.html", "", "", 401}, {"/draftsman", "", "", 404},
		{"/assets/x.css", "ada", "päss", 401}, {"/drafts/status.json", "", "", 401}, {"/drafts/hook", "", "", 404},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = tt.target
		if tt.user != "" {
			r.SetBasicAuth(tt.user, tt.password)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("GET %s as %q: %d, want %d", tt.target, tt.user, w.Code, tt.status)
		}
		if w.Code == 401 && (w.Header().Get("Www-Authenticate") == "" || w.Header().Get("Cache-Control") != "no-store") {
			t.Errorf("GET %s: headers %v", tt.target, w.Header())
		}
		if w.Code == 200 && tt.user != "" && !strings.HasPrefix(w.Header().Get("Cache-Control"), "private") {
			t.Errorf("GET %s: Cache-Control %q", tt.target, w.Header().Get("Cache-Control"))
		}
	}
	for _, bad := range []string{"", "ada", "ada:secret", "ada:$2y$", "ada:$argon2id$v=19$m=9999999,t=2,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA"} {
		if _, err := ParsePasswords(bad); !errors.Is(err, ErrPasswords) {
			t.Errorf("ParsePasswords(%q): %v", bad, err)
		}
	}
}

func TestNamesAndPreviews(t *testing.T) {
	preview := &memory{id: "older", files: map[string]string{"index.html": "<p>Older"}}
	inner := New(ruled("", ""), Options{Preview: func(_ context.Context, name string) (Release, error) {
		if name != "abcd" {
			return nil, errors.New("no")
		}
		return preview, nil
	}})
	h := Names{First: "news.example.org", Others: []string{"www.example.org"}, Preview: true, HTTPS: true}.Handler(inner)
	tests := []struct {
		host, path, location string
		status               int
		body                 string
	}{
		{"news.example.org", "/", "", 200, "Home"},
		{"NEWS.example.org:8080", "/", "", 200, "Home"},
		{"www.example.org", "/a?b=c", "https://news.example.org/a?b=c", 308, ""},
		{"www.example.org:8443", "/", "https://news.example.org:8443/", 308, ""},
		{"evil.example", "/", "", 421, ""},
		{"127.0.0.1:80", "/", "", 200, "Home"},
		{"abcd--news.example.org", "/", "", 200, "Older"},
		{"nope--news.example.org", "/", "", 404, "no release"},
		{"abcd--evil.example", "/", "", 421, ""},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "http://x"+tt.path, nil)
		r.Host = tt.host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status || w.Header().Get("Location") != tt.location || !strings.Contains(w.Body.String(), tt.body) {
			t.Errorf("%s%s: %d %q %.40q, want %d %q %q", tt.host, tt.path, w.Code, w.Header().Get("Location"), w.Body, tt.status, tt.location, tt.body)
		}
		if tt.body == "Older" && w.Header().Get("X-Robots-Tag") != "noindex" {
			t.Errorf("a preview may be indexed")
		}
	}
}

func TestCombinedLog(t *testing.T) {
	var b strings.Builder
	CombinedLog(&b)(Access{At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Remote: "[::1]:99", Method: "GET", URI: "/a\"\n", Proto: "HTTP/2.0",
		Status: 200, Bytes: 5, Took: time.Millisecond, UserAgent: "x\\y", User: "ada"})
	const want = `::1 - ada [02/Jan/2026:03:04:05 +0000] "GET /a\x22\x0a HTTP/2.0" 200 5 "-" "x\x5cy" 1000` + "\n"
	if b.String() != want {
		t.Errorf("got  %q\nwant %q", b.String(), want)
	}
}

// No rules whatever make the host panic, tell what steers it, or send a reader
// to a place that a browser reads differently.
func FuzzRules(f *testing.F) {
	f.Add("/a/:b/* /c/:b/:splat 301 Language=de", "/*\n X: y", "/a/b/c", "q=1")
	f.Add("/* //evil.example/:splat 302!", "", "//x", "")
	f.Add("/x a=:a /y?b=:a 200!", "/a*b*c\n A: b", "/abbc", "a=%0d")
	f.Fuzz(func(t *testing.T, redirects, headers, path, query string) {
		if strings.ContainsAny(query, "\r\n") {
			return // no request line can hold them
		}
		h := New(ruled(redirects, headers), Options{})
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path, r.URL.RawQuery = path, query
		r.Header.Set("Accept-Language", "de")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		to := w.Header().Get("Location")
		place, _, _ := strings.Cut(to, "?") // a query goes on as the reader sent it
		if strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\r\n") || strings.Contains(place, "\\") {
			t.Errorf("leads to %q", to)
		}
		if w.Code == 200 && redirects != "" && w.Body.String() == redirects {
			t.Errorf("tells its rules")
		}
	})
}
