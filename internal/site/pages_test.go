package site

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	xhtml "golang.org/x/net/html"
)

const faqPage = `---
title: "Questions & answers"
menu: 15
menu_title: FAQ
description: What people ask.
---

# One

See [the imprint](../imprint.md#who), [the team](../team.jpg), [all tags](/tags/), <https://example.org/> and www.example.org.[^1]

| a | b |
| - | -:|
| 1 | 2 |

## Größe ~~matters~~

` + "```go\nfunc main() {}\n```" + `

![Us](../img/dot.png)

<div class="own">kept</div>

[^1]: A note.
`

// dot is a picture of 1 by 1.
const dot = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"

func pagesOf(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, body := range files {
		out[name] = &fstest.MapFile{Data: []byte(body)}
	}
	return out
}

func somePages() map[string]string {
	return map[string]string{
		"help/faq.md": faqPage, "imprint.md": "# Who we are\r\n\r\n## Who\r\n\r\nWe.\r\n", "team.jpg": "jpg", "img/dot.png": dot,
		"حول.md": "---\nlang: ar\nnoindex: true\n---\n# حول\n\nنص\n", ".hidden.md": "[x", "help/index.md": "Help\n",
	}
}

func TestOwnPages(t *testing.T) {
	in := sampleInput(30)
	in.Config.URL = "https://news.example.org/planet"
	in.Pages = pagesOf(somePages())
	files, _ := buildSite(t, in)
	faq := files["help/faq/index.html"]
	for _, want := range []string{
		"<title>Questions &amp; answers · ", `<meta name="description" content="What people ask.">`, `<h1>Questions &amp; answers</h1>`,
		`<h2 id="one">One</h2>`, `<a href="/planet/imprint/#who">the imprint</a>`, `<a href="/planet/team.jpg">the team</a>`, `<a href="/planet/tags/">all tags</a>`,
		`<a href="http://www.example.org">`, `<th class="end">b</th>`, `<td class="end">2</td>`, `<h3 id="grosse-matters">Größe <del>matters</del></h3>`,
		`<pre tabindex="0"><code class="language-go">func main() {}`, `<img src="/planet/img/dot.png" alt="Us" width="1" height="1" loading="lazy">`,
		`<div class="own">kept</div>`, `role="doc-endnotes"`, `<a href="/planet/help/faq/" aria-current="page">FAQ</a>`,
	} {
		if !strings.Contains(faq, want) {
			t.Errorf("help/faq lacks %s", want)
		}
	}
	if got := files["imprint/index.html"]; !strings.Contains(got, "<h1>Who we are</h1>") || strings.Count(got, "Who we are</h1>") != 1 || !strings.Contains(got, `<h2 id="who">Who</h2>`) {
		t.Errorf("imprint: %s", got)
	}
	if got := files["حول/index.html"]; !strings.Contains(got, `<article class="page wrap narrow" lang="ar" dir="rtl">`) || !strings.Contains(got, `content="noindex"`) {
		t.Errorf("a page in Arabic: %s", got)
	}
	if got := files["sitemap-pages-1.xml"]; !strings.Contains(got, "https://news.example.org/planet/imprint/") || strings.Contains(got, "%D8%AD") {
		t.Errorf("the sitemap: %s", got)
	}
	home := files["index.html"]
	if !strings.Contains(home, `href="/planet/imprint/">Who we are</a>`) || strings.Index(home, ">FAQ<") > strings.Index(home, ">Tags<") {
		t.Error("the home page lacks links to the pages, or has them at another place")
	}
	if got := files["team.jpg"]; got != "jpg" {
		t.Errorf("team.jpg is %q", got)
	}
	if !strings.Contains(files["search/index.txt"], `"pages":4,"page_buckets":1`) || !strings.Contains(files["search/pages/0.txt"], "\ngrosse ") {
		t.Errorf("the search: %.200s\n%.200s", files["search/index.txt"], files["search/pages/0.txt"])
	}
	for _, p := range []string{"help/faq/index.html", "imprint/index.html", "help/index.html"} {
		doc, err := xhtml.Parse(strings.NewReader(files[p]))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			checkUsable(t, n)
		}
	}
}

// A page about the site takes the place of the theme's.
func TestOwnPageAbout(t *testing.T) {
	in := sampleInput(3)
	in.Pages = pagesOf(map[string]string{"about.md": "# Us\n\nWords.\n"})
	files, _ := buildSite(t, in)
	if got := files["about/index.html"]; !strings.Contains(got, "<h1>Us</h1>") || strings.Contains(files["index.html"], ">Us</a>") {
		t.Errorf("about: %s", got)
	}
}

func TestOwnPageFaults(t *testing.T) {
	for _, tt := range []struct{ name, file, body, want string }{
		{"unknown key", "a.md", "---\ntitle: A\ntitel: B\n---\n", `pages/a.md:3: there is no key "titel"`},
		{"no colon", "a.md", "---\ntitle\n---\n", "pages/a.md:2: a line at the top"},
		{"twice", "a.md", "---\ntitle: a\ntitle: b\n---\n", "pages/a.md:3: title stands there twice"},
		{"menu", "a.md", "---\nmenu: yes\n---\n", "pages/a.md:2: menu is a whole number"},
		{"slug", "a.md", "---\nslug: A B\n---\n", `pages/a.md:2: slug "A B" is no part of an address; write "a-b"`},
		{"lang", "a.md", "---\n\nlang: nowhere-at-all\n---\n", "pages/a.md:3: lang"},
		{"no end", "a.md", "---\ntitle: a\n", "pages/a.md:1: the lines at its top"},
		{"quotation mark", "a.md", "---\ntitle: \"a\n---\n", "pages/a.md:2: the quotation mark"},
		{"link", "a.md", "---\ntitle: a\n---\nText\n\nA [link](b.md).\n", "pages/a.md:6: pages/b.md is not there"},
		{"picture", "a.md", "Text\n\n![x](b.png)\n", "pages/a.md:3: pages/b.png is not there"},
		{"home page", "index.md", "x", "pages/index.md: the home page"},
		{"taken", "tags.md", "x", "pages/tags.md: the site makes /tags"},
		{"taken by slug", "a.md", "---\nslug: posts\n---\n", "pages/a.md: the site makes /posts/"},
		{"taken folder", "posts/a.png", "x", "pages/posts/a.png: the site makes /posts"},
		{"feed", "feed.xml", "x", "pages/feed.xml: the site makes /feed.xml"},
		{"html", "a.html", "x", "pages/a.html: pages/ is for Markdown"},
		{"large", "a.md", strings.Repeat("x", maxPage+1), "pages/a.md: it is larger than 1 MiB"},
		{"bytes", "a.md", "\xff", "pages/a.md: it is not UTF-8"},
	} {
		in := sampleInput(1)
		in.Pages = pagesOf(map[string]string{tt.file: tt.body})
		_, err := Build(t.Context(), in, newTree(nil), nil)
		if err == nil || !errors.Is(err, ErrTheme) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	in := sampleInput(1)
	in.Pages = pagesOf(map[string]string{"a.md": "x", "b.md": "---\nslug: a\n---\n"})
	if _, err := Build(t.Context(), in, newTree(nil), nil); err == nil || !strings.Contains(err.Error(), "as is pages/a.md") {
		t.Errorf("two pages at one address: %v", err)
	}
}

// Whatever was written before, a site with these pages is the same; and a page
// that changes changes only itself and what names it.
func TestOwnPagesByIncrements(t *testing.T) {
	g := rand.New(rand.NewPCG(1, 2))
	memo, blobs := NewCache(), map[string]string{}
	pages := map[string]string{}
	all := somePages()
	names := slices.Sorted(maps.Keys(all))
	for range 25 {
		n := names[g.IntN(len(names))]
		switch _, there := pages[n]; {
		case there && n != "imprint.md" && n != "team.jpg" && n != "img/dot.png" && g.IntN(2) == 0:
			delete(pages, n)
		case there && strings.HasSuffix(n, ".md"):
			pages[n] += "\n\nmore\n"
		default:
			pages[n] = all[n]
			if n == "help/faq.md" {
				for _, k := range []string{"imprint.md", "team.jpg", "img/dot.png"} {
					pages[k] = cmpOr(pages[k], all[k])
				}
			}
		}
		in := sampleInput(20)
		in.Pages = pagesOf(pages)
		want, _ := buildSite(t, in)
		to := newTree(blobs)
		if _, err := Build(t.Context(), in, to, memo); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(to.files, want) {
			t.Fatal("built on what was there, the site is another")
		}
	}
	in := sampleInput(20)
	in.Pages = pagesOf(all)
	if _, err := Build(t.Context(), in, newTree(blobs), memo); err != nil {
		t.Fatal(err)
	}
	all["imprint.md"] += "\n\nOne more line.\n"
	in.Pages = pagesOf(all)
	to := newTree(blobs)
	r, err := Build(t.Context(), in, to, memo)
	if err != nil {
		t.Fatal(err)
	}
	if r.Rendered != 3 { // the page, and what the search knows of pages
		t.Errorf("%d files rendered for a page that changed", r.Rendered)
	}
}

// Whatever a page holds, it is read or refused with its name, and never brings
// down the build.
func FuzzOwnPage(f *testing.F) {
	for _, body := range somePages() {
		f.Add(body)
	}
	f.Add("---\n---\n# x {#main .a}\n\n[^1]\n\n[^1]: [a](<b c>)\n")
	words := &locale{words: map[string]string{"table": "Table"}}
	f.Fuzz(func(t *testing.T, body string) {
		own, err := loadPages(pagesOf(map[string]string{"x.md": body, "y.png": dot}), "en", "/", words)
		var te *TemplateError
		if err != nil {
			if !errors.As(err, &te) || te.File != "x.md" {
				t.Fatalf("unclassified error %v", err)
			}
			return
		}
		if p := own.pages[0]; p.title == "" || p.route == "" || strings.Contains(p.route, "..") {
			t.Fatalf("%+v", p)
		}
	})
}
