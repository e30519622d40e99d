package host

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The pairs that are compared, and how many may differ though nobody can say
// why: none. What is known to differ is in docs/hosting.md, and in reasons.
const (
	netlifyFiles    = 10_000
	netlifyRequests = 10 // of each file
)

type netlifyRequest struct {
	Scheme  string            `json:"scheme"`
	Host    string            `json:"host"`
	Path    string            `json:"path"` // not escaped
	Query   string            `json:"query"`
	Headers map[string]string `json:"headers"`
	Cookies map[string]string `json:"cookies"`
}

type netlifyAnswer struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Status int    `json:"status"`
	Force  bool   `json:"force"`
	Barred bool   `json:"barred"`
}

// TestRedirectsAsNetlify compares what our rules say with what Netlify's own
// matcher says, on rules and requests made at random. It needs node, and in
// NETLIFY_REDIRECTOR the folder where npm has put netlify-redirector:
// scripts/e2e-hosting sees to both.
func TestRedirectsAsNetlify(t *testing.T) {
	ask := startNetlify(t, "testdata/netlify.mjs")
	g := generator{rand.New(rand.NewPCG(netlifySeed(), 7))}
	reasons, told, pairs, hits := map[string]int{}, 0, 0, 0
	for range netlifyFiles {
		text := g.file()
		var asks []netlifyRequest
		for range netlifyRequests {
			asks = append(asks, g.request(text))
		}
		var theirs []netlifyAnswer
		ask(map[string]any{"rules": text, "requests": asks}, &theirs)
		m := &manner{}
		var problems []Problem
		m.rules, problems = parseRedirects(text)
		for i, q := range asks {
			pairs++
			ours := m.toNetlify(q)
			if theirs[i].Status != 0 {
				hits++
			}
			if ours == theirs[i].comparable() {
				continue
			}
			why := m.differs(text, problems, q)
			reasons[why]++
			if why == "" && told < 20 {
				told++
				t.Errorf("%s\nasked %+v\nours   %+v\ntheirs %+v", text, q, ours, theirs[i].comparable())
			}
		}
	}
	t.Logf("%d pairs, %d of which a rule is about; they differ in:", pairs, hits)
	for _, why := range slices.Sorted(maps.Keys(reasons)) {
		t.Logf("%6d  %s", reasons[why], why)
	}
}

// startNetlify runs a script that asks what Netlify has made, a line for a line.
func startNetlify(t *testing.T, script string) (ask func(question, answer any)) {
	t.Helper()
	if os.Getenv("NETLIFY_REDIRECTOR") == "" {
		t.Skip("NETLIFY_REDIRECTOR names no folder with npm packages of Netlify; scripts/e2e-hosting installs them")
	}
	cmd := exec.CommandContext(t.Context(), "node", script)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	write, read := json.NewEncoder(in), json.NewDecoder(bufio.NewReaderSize(out, 1<<20))
	return func(question, answer any) {
		t.Helper()
		if err := errors.Join(write.Encode(question), read.Decode(answer)); err != nil {
			t.Fatal(err)
		}
	}
}

// netlifySeed is another one every time NETLIFY_SEED says another.
func netlifySeed() (seed uint64) {
	_, _ = fmt.Sscan(cmp.Or(os.Getenv("NETLIFY_SEED"), "20260"), &seed)
	return seed
}

// toNetlify is what our rules say, in the words of the other.
func (m *manner) toNetlify(q netlifyRequest) netlifyAnswer {
	if _, ok := clean(q.Path); !ok {
		return netlifyAnswer{}
	}
	got := m.match(&asked{scheme: q.Scheme, host: q.Host, path: q.Path, parts: strings.Split(q.Path[1:], "/"), rawQuery: q.Query,
		country: strings.ToLower(q.Headers["X-Country"]), language: strings.ToLower(q.Headers["X-Language"]), cookie: func(name string) string { return q.Cookies[name] }}, 0)
	if got.barred || got.rule == nil {
		return netlifyAnswer{Barred: got.barred}
	}
	return netlifyAnswer{To: got.rule.leads(got.vars, ""), Status: got.rule.status, Force: got.rule.force}.comparable()
}

// comparable leaves out what says nothing of where a reader is led: the other
// matcher escapes what stood in a query only.
func (a netlifyAnswer) comparable() netlifyAnswer {
	a.From = ""
	if s, err := url.PathUnescape(a.To); err == nil {
		a.To = s
	}
	a.To = strings.ReplaceAll(a.To, "+", " ")
	return a
}

// differs gives the reason of a difference, "" where there is none.
func (m *manner) differs(text string, problems []Problem, q netlifyRequest) string {
	for _, p := range problems {
		line := strings.Split(text, "\n")[p.Line-1]
		switch {
		case strings.Contains(p.Why, "status to answer with") && len(words(line)) > 2:
			return "a status that HTTP does not have, or that is no answer to a reader"
		case strings.Contains(p.Why, "another server"):
			return "200 to another server: this host fetches nothing for readers"
		case strings.Contains(p.Why, "https://"):
			return "a target //host"
		}
	}
	switch {
	case strings.Contains(text, "%"):
		return "an escaped path in a rule is the same as one that is not"
	case strings.HasSuffix(q.Query, "&"):
		return "a query that ends in &"
	}
	for _, r := range m.rules {
		names := r.from.names
		for _, s := range r.from.segments {
			if s.name {
				names = append(names, s.text)
			}
		}
		for i, a := range names {
			if i > 0 && a == "splat" && slices.Contains(names[:i], a) && r.from.re != nil {
				return "of two asterisks it cannot be said which takes how much"
			}
			for _, b := range names {
				if a != b && strings.HasPrefix(b, a) {
					return "of :id and :idx the longer name is meant by :idx"
				}
			}
		}
		if r.withinHost == q.Host && r.withinHost != "" && strings.HasPrefix(q.Path, r.within) {
			return "a rule that names its own host leads nobody in circles"
		}
		if rest, ok := strings.CutPrefix(q.Path, r.within); ok && r.within != "" && rest != "" && rest[0] != '/' {
			return "of /* /de/:splat, /design does not lie below /de"
		}
	}
	return ""
}

type generator struct{ *rand.Rand }

func pick[T any](g generator, list ...T) T { return list[g.IntN(len(list))] }

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g generator) word() string {
	return pick(g, "a", "b", "c", "blog", "news", "old", "x.html", "2026", "bound", "boundary", "ü", "a-b", "a+b", "(x)", "a=b", "~me")
}

func (g generator) file() string {
	var b strings.Builder
	for range 1 + g.IntN(5) {
		b.WriteString(g.line() + "\n")
	}
	return b.String()
}

func (g generator) line() string {
	if g.chance(4) {
		return pick(g, "", "# /a /b", "   ", "/a", "a /b", "/a b", "/a /b c", "/a /b 301x", "/a /b Language=de", "/a /b 301 302", "/a /b 301 Weather=rain",
			"/a /b 301 country=de", "/a 301", "/:x 200", "https://example.org /b", "/a x= /b", "/a x /b", "/a /b !", "=> /a", "/a -> /b", "/a /b 301 Language=", "/a ftp://b.example/x")
	}
	gap := func() string { return pick(g, " ", " ", " ", "  ", "\t", " \t ") }
	from, names := g.from()
	line := from
	if g.chance(15) {
		for range 1 + g.IntN(2) {
			key := pick(g, "id", "q", "page")
			line += gap() + key + "=" + pick(g, ":id", ":q", ":v", "1", "go", "a,b")
			names = append(names, "id", "q", "v")
		}
	}
	if !(strings.HasSuffix(from, "/*") && g.chance(5)) {
		line += gap() + g.to(names)
	} else {
		return line + gap() + pick(g, "200", "200!") + g.conditions(gap)
	}
	if g.chance(60) {
		line += gap() + pick(g, "301", "302", "302", "307", "308", "200", "200", "404", "410", "401") + pick(g, "", "", "!") + g.conditions(gap)
	} else if g.chance(2) {
		line += gap() + pick(g, "999", "0", "304", "100", "+301", "0301", "302!!")
	}
	return pick(g, "", "", "", "", " ") + line + pick(g, "", "", "", " ", " # why", "\t#", "\r")
}

func (g generator) from() (from string, names []string) {
	if g.chance(8) {
		from = pick(g, "https://", "http://") + pick(g, "example.org", "www.example.org")
	}
	n := g.IntN(4)
	for i := range n {
		switch g.IntN(10) {
		case 0, 1, 2:
			name := pick(g, "id", "x", "year", "slug", "x-y", "splat")
			if g.chance(2) {
				name = "idx"
			}
			from, names = from+"/:"+name, append(names, name)
		case 3:
			if i < n-1 && g.chance(30) {
				from, names = from+"/*", append(names, "splat")
			} else {
				from += "/" + g.word()
			}
		default:
			from += "/" + g.word()
		}
	}
	switch g.IntN(12) {
	case 0, 1, 2, 3:
		return from + "/*", append(names, "splat")
	case 4:
		return from + "/", names
	case 5:
		if n > 0 && g.chance(30) {
			return from + "*", append(names, "splat")
		}
	case 6:
		if g.chance(30) {
			return from + pick(g, "/a*b", "/%C3%BC", "/a%20b", "/:", "/a:b", "/a.b"), names
		}
	}
	if strings.Count(from, "/") == 0 || strings.HasSuffix(from, ".org") {
		from += "/"
	}
	return from, names
}

func (g generator) to(names []string) (to string) {
	if g.chance(15) {
		to = pick(g, "https://", "http://") + pick(g, "example.org", "other.example")
		if g.chance(10) {
			return to
		}
	}
	part := func() string {
		if len(names) > 0 && g.chance(60) {
			return ":" + pick(g, names...)
		}
		if g.chance(5) {
			return ":unknown"
		}
		return g.word()
	}
	for range 1 + g.IntN(3) {
		to += "/" + part()
	}
	if g.chance(10) {
		to += pick(g, "/", ".html", "/")
	}
	if g.chance(8) {
		to += "?" + pick(g, "id", "v") + "=" + part()
	}
	if g.chance(4) {
		to += "#" + part()
	}
	return to
}

func (g generator) conditions(gap func() string) (s string) {
	if !g.chance(30) {
		return ""
	}
	for range 1 + g.IntN(2) {
		s += gap() + pick(g, "Language=de", "Language=en,fr", "Language=de-AT", "Language=EN", "Country=de", "Country=us,AT", "Cookie=member", "Cookie=a,b", "Role=editor", "Role=a,b")
	}
	return s
}

// request is made of the rules, so that most of them are about something.
func (g generator) request(text string) netlifyRequest {
	q := netlifyRequest{Scheme: pick(g, "https", "https", "http"), Host: pick(g, "example.org", "example.org", "www.example.org"), Headers: map[string]string{}, Cookies: map[string]string{}}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	f := words(pick(g, lines...))
	if len(f) == 0 || g.chance(10) || !strings.Contains(f[0], "/") {
		f = []string{"/" + g.word()}
	}
	path := f[0]
	if len(f) > 1 && g.chance(10) && strings.HasPrefix(f[1], "/") {
		path, _, _ = strings.Cut(strings.ReplaceAll(f[1], "#", "?"), "?") // who is where a rule leads
	}
	if i := strings.Index(path, "://"); i >= 0 {
		if g.chance(70) {
			q.Scheme, q.Host, _ = strings.Cut(path, "://")
			q.Host, _, _ = strings.Cut(q.Host, "/")
		}
		_, path, _ = strings.Cut(path[i+3:], "/")
		path = "/" + path
	}
	parts := strings.Split(path[1:], "/")
	for i, p := range parts {
		switch {
		case strings.HasPrefix(p, ":") && len(p) > 1 || g.chance(8):
			parts[i] = g.word()
		case strings.HasSuffix(p, "*"):
			parts[i] = strings.TrimSuffix(p, "*") + pick(g, "", g.word(), g.word()+"/"+g.word(), g.word()+"/")
		}
	}
	q.Path = "/" + strings.Join(parts, "/")
	if g.chance(10) {
		q.Path += pick(g, "/", "/"+g.word(), "x")
	}
	if key, ok := clean(q.Path); ok {
		q.Path = key // the host sends readers there first
	}
	for range g.IntN(3) {
		q.Query += "&" + pick(g, "id", "q", "page", "z") + pick(g, "=1", "=go", "=a%20b", "=a+b", "=%C3%BC", "=a,b", "=", "", "=a=b", "=a%2Fb", "=x;y=1")
	}
	q.Query = strings.TrimPrefix(q.Query, "&")
	if g.chance(60) {
		q.Headers["X-Language"] = pick(g, "de", "en", "en-GB", "de-AT", "fr")
	}
	if g.chance(60) {
		q.Headers["X-Country"] = pick(g, "DE", "us", "at", "FR")
	}
	if g.chance(40) {
		q.Cookies[pick(g, "member", "a", "b", "z")] = pick(g, "1", "1", "")
	}
	return q
}

// String is for what the test tells.
func (q netlifyRequest) String() string {
	return fmt.Sprintf("%s://%s%s?%s %v %v", q.Scheme, q.Host, q.Path, q.Query, q.Headers, q.Cookies)
}

// TestHeadersAsNetlify does the same with _headers.
func TestHeadersAsNetlify(t *testing.T) {
	ask := startNetlify(t, "testdata/netlify-headers.mjs")
	g := generator{rand.New(rand.NewPCG(netlifySeed(), 8))}
	pairs, hits, bounds, told := 0, 0, 0, 0
	for range 2000 {
		text := g.headers()
		var paths []string
		for range netlifyRequests {
			paths = append(paths, g.path(text))
		}
		var theirs []map[string]string
		ask(map[string]any{"text": text, "paths": paths}, &theirs)
		m := &manner{}
		m.headers, _ = parseHeaders(text)
		for i, path := range paths {
			pairs++
			hits += min(1, len(theirs[i]))
			hd, ours := http.Header{}, map[string]string{}
			m.decorate(hd, path)
			for k, v := range hd {
				ours[strings.ToLower(k)] = strings.Join(v, ", ")
			}
			switch {
			case maps.Equal(ours, theirs[i]):
			case strings.Contains(text, "/*"):
				bounds++ // there, /a/* is also about /ab
			case told < 20:
				told++
				t.Errorf("%s\nasked %s\nours   %v\ntheirs %v", text, path, ours, theirs[i])
			}
		}
	}
	t.Logf("%d pairs, %d with headers; in %d /a/* is also about /ab there", pairs, hits, bounds)
}

func (g generator) headers() string {
	var b strings.Builder
	for range 1 + g.IntN(4) {
		for range 1 + g.IntN(3) {
			b.WriteString("/" + pick(g, "a", "b", "blog", ":x", "News", "*", "*", "im*", "a*z"))
		}
		b.WriteString(pick(g, "", "", "/", " ", "\r") + "\n")
		for range 1 + g.IntN(3) {
			b.WriteString(pick(g, "", " ", "  ", "\t") + pick(g, "X-A", "x-b", "X-C") + pick(g, ": ", ":", " : ") + pick(g, "one", "two", "a: b", "max-age=3, public") + pick(g, "", " ") + "\n")
		}
		b.WriteString(pick(g, "", "", "# why\n", "\n", "no header\n"))
	}
	return b.String()
}

func (g generator) path(text string) string {
	var rules []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "/") {
			rules = append(rules, line)
		}
	}
	parts := strings.Split(strings.TrimSuffix(pick(g, rules...), "/")[1:], "/")
	for i, p := range parts {
		switch {
		case p[0] == ':', g.chance(8):
			parts[i] = pick(g, "a", "b", "blog", "q")
		case p == "*":
			parts[i] = pick(g, "", "a", "a/b")
		default:
			parts[i] = strings.ReplaceAll(p, "*", pick(g, "", "x", "x/y"))
		}
		if g.chance(10) {
			parts[i] = strings.ToUpper(parts[i])
		}
	}
	path, _ := clean("/" + strings.Join(parts, "/") + pick(g, "", "", "/", "x"))
	return path
}
