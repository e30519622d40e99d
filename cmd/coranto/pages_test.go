package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	xhtml "golang.org/x/net/html"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/sampleweb"
	"github.com/coranto/coranto/internal/site"
)

// pageSite is a site whose pages are looked at.
type pageSite struct {
	Name  string   `json:"name"` // "bodies-river"
	Base  string   `json:"base"` // "http://127.0.0.1:1234"
	Files string   `json:"files"`
	Pages []string `json:"pages"` // paths of all pages
	Look  []string `json:"look"`  // those that a checker looks at closely
	Score []string `json:"score"` // those that are scored
}

// TestPages builds sites of every sort in both themes, as a program would, and
// lets the checkers of scripts/e2e-pages loose on what is served: the HTML
// checker of the W3C on every page, a browser that reports every request and
// every breach of the policy, axe and Lighthouse.
func TestPages(t *testing.T) {
	tools := os.Getenv("CORANTO_PAGES")
	if tools == "" {
		t.Skip("needs Java, Node and Chromium; scripts/e2e-pages runs it")
	}
	var sites []pageSite
	for _, theme := range site.Themes() {
		for _, mk := range []func(*testing.T, string) pageSite{courierPages, bodiesPages, arabicPages, onePage, emptyPages} {
			sites = append(sites, mk(t, theme))
		}
	}
	job := filepath.Join(t.TempDir(), "sites.json")
	body, err := json.Marshal(sites)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(job, body, 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(tools, "check.mjs"), job)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("pages: %v; what is wrong with which page is told above", err)
	}
}

// courierPages is what the demo shows: English blogs with pictures.
func courierPages(t *testing.T, theme string) pageSite {
	web, err := sampleweb.Start(t.Context(), sampleweb.Options{Sources: 6, PostsPer: 9, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(web.Close)
	var b strings.Builder
	fmt.Fprintf(&b, "site: {title: The Courier, description: Six invented blogs., per_page: 10, theme: %s}\nimages: cache\nsources:\n", theme)
	for i, s := range web.Sources() {
		full := ""
		if i%2 == 0 {
			full = ", full_text: feed"
		}
		fmt.Fprintf(&b, "  - {id: %s, url: %q%s}\n", s.ID, s.FeedURL, full)
	}
	s := servePages(t, "courier-"+theme, b.String(), "conduct.md", conductPage, "help/imprint.md", "# Imprint\n\n## Who\n\nThe friends of the courier keep this site.\n")
	s.Score = slices.DeleteFunc(slices.Clone(s.Look), func(p string) bool {
		return p != "/" && !strings.HasPrefix(p, "/posts/") && p != "/search/" && p != "/404.html" && (!strings.HasPrefix(p, "/tags/") || p == "/tags/")
	})
	return s
}

// conductPage is a page of the keeper's own with one of everything.
const conductPage = "---\ntitle: Conduct\nmenu: 25\n---\n\n# Be kind\n\nSee [the imprint](help/imprint.md#who) and <https://example.org/>.[^1] ~~No.~~\n\n" +
	"| a | b |\n|:-:|--:|\n| 1 | 2 |\n\n| c |\n|---|\n| 3 |\n\n```go\nfunc main() {}\n```\n\n    code\n\n- one\n  1. two\n\n> three\n\n#### Four\n\nTerm\n: Meaning\n\n<details><summary>More</summary>Words</details>\n\n[^1]: A note.\n"

// bodiesPages is a German site of posts with pageBodies.
func bodiesPages(t *testing.T, theme string) pageSite {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Bodies &amp; souls</title><link>https://bodies.example/</link>`)
	for i, p := range pageBodies {
		fmt.Fprintf(&b, "<item><guid isPermaLink=\"false\">b%d</guid><title>%s</title><link>https://bodies.example/%d</link><pubDate>%s</pubDate><category>Bodies</category><category>Überraschungen &amp; mehr %d</category><content:encoded><![CDATA[%s]]></content:encoded></item>",
			i, html.EscapeString(html.EscapeString(p.title)), i, time.Date(2026, 3, 1, i, 0, 0, 0, time.UTC).Format(time.RFC1123Z), i%3, strings.ReplaceAll(strings.ReplaceAll(p.body, "]]>", "]]&gt;"), "\x00", ""))
	}
	b.WriteString("</channel></rss>")
	feed := serveFeed(t, "application/rss+xml", b.String())
	s := servePages(t, "bodies-"+theme, fmt.Sprintf(`site: {title: Körper, description: Nachrichten aus dem Schraubenwörterbuch, language: de, per_page: 8, theme: %s}
images: none
sources:
  - {id: bodies, url: %q, full_text: feed}
`, theme, feed))
	for _, p := range s.Pages {
		if strings.HasPrefix(p, "/posts/") { // every body is of its own kind
			s.Look = append(s.Look, p)
		}
	}
	slices.Sort(s.Look)
	s.Look = slices.Compact(s.Look)
	return s
}

// arabicPages is a site from right to left whose posts tell little of themselves.
func arabicPages(t *testing.T, theme string) pageSite {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ar"><title>مدونة الاختبار</title><id>urn:x</id><updated>2026-01-01T00:00:00Z</updated><link href="https://arabic.example/"/>`)
	for i := range 12 {
		fmt.Fprintf(&b, `<entry><id>urn:x:%d</id><title>تدوينة رقم %d عن أشياء كثيرة ومتنوعة</title><link href="https://arabic.example/%d"/><content type="html">&lt;p&gt;نص قصير مع كلمة English و code.&lt;/p&gt;&lt;ol&gt;&lt;li&gt;واحد&lt;/li&gt;&lt;/ol&gt;&lt;blockquote&gt;اقتباس&lt;/blockquote&gt;</content></entry>`, i, i, i)
	}
	b.WriteString("</feed>")
	feed := serveFeed(t, "application/atom+xml", b.String())
	return servePages(t, "arabic-"+theme, fmt.Sprintf("site: {title: كوكب الاختبار, description: أخبار من كل مكان, language: ar, per_page: 5, theme: %s}\nimages: none\nsources:\n  - {id: a, url: %q, full_text: feed}\n", theme, feed))
}

func onePage(t *testing.T, theme string) pageSite {
	feed := serveFeed(t, "application/feed+json", `{"version":"https://jsonfeed.org/version/1.1","title":"One","items":[{"id":"1","content_text":"No title, no link, no date."}]}`)
	return servePages(t, "one-"+theme, fmt.Sprintf("site: {title: One, theme: %s}\nsources:\n  - {id: one, url: %q, full_text: feed}\n", theme, feed))
}

func emptyPages(t *testing.T, theme string) pageSite {
	return servePages(t, "empty-"+theme, fmt.Sprintf("site: {title: Nothing yet, theme: %s}\nsources: []\n", theme))
}

func serveFeed(t *testing.T, kind, body string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/feed" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", kind+"; charset=utf-8")
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/feed"
}

// servePages makes the site that yaml describes, with pages of its keeper's by
// name and text, serves it as the program does, and reads every page there is.
func servePages(t *testing.T, name, yaml string, own ...string) pageSite {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := pageSite{Name: name, Base: "http://" + l.Addr().String(), Files: filepath.Join(t.TempDir(), name)}
	root := t.TempDir()
	t.Setenv("CORANTO_TRUST_DIR", filepath.Join(root, "trusted"))
	dir := filepath.Join(root, "site")
	yaml = strings.Replace(yaml, "site: {", "site: {url: \""+s.Base+"\", ", 1) +
		"fetch: {timeout: 5s, zone: loopback, per_host: {gap: 0s}}\nzones: {loopback: {allow: [127.0.0.0/8]}}\n"
	if _, err := app.Init(t.Context(), dir, []byte(yaml), app.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Trust(dir, false); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(own); i += 2 {
		file := filepath.Join(dir, "pages", filepath.FromSlash(own[i]))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(own[i+1]), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	a, err := app.Open(context.Background(), dir, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	if _, err := a.Run(t.Context(), pipeline.DueInput{}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time with the pictures
		if _, err := a.Publish(t.Context(), app.PublishOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	server := &http.Server{Handler: a.Handler(), ReadHeaderTimeout: time.Minute}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	w := &pageWalk{t: t, site: &s, seen: map[string]bool{}, ids: map[string]map[string]bool{}, wants: map[string]string{}}
	w.walk("/", "/404.html")
	s.choose()
	return s
}

// choose takes a page of each kind.
func (s *pageSite) choose() {
	kinds := map[string]bool{}
	for _, p := range s.Pages {
		parts := strings.Split(strings.Trim(p, "/"), "/")
		kind := fmt.Sprint(parts[0], len(parts), strings.Contains(p, "/page/"))
		if len(parts) > 1 && parts[0] == "archive" {
			kind = "month"
		}
		if !kinds[kind] {
			kinds[kind] = true
			s.Look = append(s.Look, p)
		}
	}
}

// pageWalk follows every link of a site.
type pageWalk struct {
	t     *testing.T
	site  *pageSite
	seen  map[string]bool
	ids   map[string]map[string]bool // of each page
	wants map[string]string          // "/page/#id" → a page that links there
	queue []string
}

func (w *pageWalk) walk(from ...string) {
	for _, p := range from {
		w.add(p)
	}
	for i := 0; i < len(w.queue); i++ {
		w.read(w.queue[i])
	}
	for want, from := range w.wants {
		path, id, _ := strings.Cut(want, "#")
		if ids, ok := w.ids[path]; ok && !ids[id] {
			w.t.Errorf("%s: %s links to %s, where no element has this id", w.site.Name, from, want)
		}
	}
	slices.Sort(w.site.Pages)
}

func (w *pageWalk) add(path string) {
	if !w.seen[path] {
		w.seen[path] = true
		w.queue = append(w.queue, path)
	}
}

func (w *pageWalk) read(path string) {
	res, err := http.Get(w.site.Base + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		w.t.Errorf("%s: %s answers %d", w.site.Name, path, res.StatusCode)
	}
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		return
	}
	var text strings.Builder
	doc, err := xhtml.Parse(io.TeeReader(res.Body, &text))
	if err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(w.site.Files, filepath.FromSlash(path))
	if strings.HasSuffix(path, "/") {
		file = filepath.Join(file, "index.html")
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o666); err != nil {
		w.t.Fatal(err)
	}
	w.site.Pages = append(w.site.Pages, path)
	w.links(path, doc)
}

// links takes what a page leads to, and what may lead to its parts.
func (w *pageWalk) links(path string, doc *xhtml.Node) {
	at, err := url.Parse(w.site.Base + path)
	if err != nil {
		w.t.Fatal(err)
	}
	w.ids[path] = map[string]bool{}
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			switch a.Key {
			case "id":
				w.ids[path][a.Val] = true
			case "href", "src":
				u, err := at.Parse(a.Val)
				if err != nil || "http://"+u.Host != w.site.Base {
					continue
				}
				if u.Fragment != "" {
					w.wants[u.Path+"#"+u.Fragment] = path
				}
				w.add(u.EscapedPath())
			case "srcset":
				for c := range strings.SplitSeq(a.Val, ",") {
					if f := strings.Fields(c); len(f) > 0 && strings.HasPrefix(f[0], "/") {
						w.add(f[0])
					}
				}
			}
		}
	}
}
