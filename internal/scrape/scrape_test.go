package scrape_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/internal/scrape"
)

const pageURL = "https://www.kelp.example/2025/03/04/tide-tables/"

// facts are the fields a table row speaks of, by their names in JSON.
type facts map[string]any

func extract(t *testing.T, body string, m scrape.Meta) *scrape.Page {
	t.Helper()
	if m.URL == "" {
		m.URL = pageURL
	}
	p, err := scrape.Extract([]byte(body), m)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func document(t *testing.T, p *scrape.Page) map[string]any {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func list(s ...any) []any { return s }

func TestFields(t *testing.T) {
	for _, tt := range []struct {
		name string
		url  string
		body string
		want facts
	}{
		{
			name: "OpenGraph",
			body: `<html lang="en_GB"><head><title>Tide tables | Kelp Weekly</title>
				<meta property="og:title" content="Tide tables by hand - Kelp Weekly"><meta property="og:site_name" content="Kelp Weekly">
				<meta property="og:description" content="short"><meta name="description" content="How we computed a year of tides on paper.">
				<meta property="og:image" content="/img/logo.png"><meta property="og:image" content="/img/tide.jpg">
				<meta property="article:published_time" content="2025-03-04T08:00:00+01:00"><meta property="article:modified_time" content="2025-04-01T08:00:00Z">
				<meta property="article:tag" content="tides"><meta property="article:tag" content="paper">
				<meta name="author" content="Mirembe Auma"></head><body><p>x</p>`,
			want: facts{"title": "Tide tables by hand", "site_name": "Kelp Weekly", "intro": "How we computed a year of tides on paper.", "image": "https://www.kelp.example/img/tide.jpg",
				"published": "2025-03-04T08:00:00+01:00", "modified": "2025-04-01T08:00:00Z", "tags": list("tides", "paper"), "author": "Mirembe Auma", "language": "en-GB", "link": pageURL},
		},
		{
			name: "JSON-LD graph, the author by @id",
			body: `<html><head><script type="application/ld+json">{"@context":"https://schema.org","@graph":[
				{"@type":"WebSite","@id":"#site","name":"Kelp"},
				{"@type":["Article","BlogPosting"],"headline":"Bull kelp","author":{"@id":"#p"},"datePublished":"2025-03-04","dateModified":"2025-05-05","keywords":"algae, sea","image":{"@id":"#i"},"inLanguage":"fr","isPartOf":{"@id":"#site"}},
				{"@type":"Person","@id":"#p","name":"Solveig Aasen"},{"@type":"ImageObject","@id":"#i","url":"https://cdn.example/k.webp"}]}</script></head><body>`,
			want: facts{"title": "Bull kelp", "author": "Solveig Aasen", "published": "2025-03-04", "tags": list("algae", "sea"), "image": "https://cdn.example/k.webp", "language": "fr", "site_name": "Kelp"},
		},
		{
			name: "JSON-LD that is not JSON",
			body: "<html><head><script type='application/ld+json'><!--\n{\"@type\":\"NewsArticle\",\"headline\":\"Line\nbroken\",\"author\":[{\"name\":\"Ann Ro\"},{\"name\":\"Bo Li\"},],}\n--></script></head><body>",
			want: facts{"title": "Line broken", "author": "Ann Ro, Bo Li", "authors": list("Ann Ro", "Bo Li")},
		},
		{
			name: "the node that names the page wins",
			body: `<script type="application/ld+json">[{"@type":"BlogPosting","headline":"Other","url":"/x"},{"@type":"BlogPosting","headline":"This one","mainEntityOfPage":"` + pageURL + `"}]</script>`,
			want: facts{"title": "This one"},
		},
		{
			name: "microdata",
			body: `<body><main itemscope itemtype="https://schema.org/BlogPosting"><h1 itemprop="headline">Sea <em>lettuce</em></h1>
				<span itemprop="author" itemscope itemtype="https://schema.org/Person"><span itemprop="name">Tāne Rua</span></span>
				<time itemprop="datePublished" datetime="2024-02-29T10:00:00Z">Feb 29</time><img itemprop="image" src="a.png"></main>
				<div class="comments"><span itemprop="author">Troll</span></div>`,
			want: facts{"title": "Sea lettuce", "author": "Tāne Rua", "published": "2024-02-29T10:00:00Z", "image": pageURL + "a.png"},
		},
		{
			name: "plain page, everything to be seen only",
			url:  "https://kelp.example/p?id=3",
			body: `<title>Notes on dulse · kelp.example</title><article><h1>Notes on dulse</h1><p class="byline">By <a href="/about">Ione Vale</a> | March 4, 2025</p>
				<p>Text of 2019.</p><p>Filed under <a rel="category tag" href="/c">Notes</a> <a rel="tag" href="/t">dulse</a></p></article>
				<aside class="sidebar"><time datetime="2020-01-01">old</time><a rel="tag">cloud</a></aside>`,
			want: facts{"title": "Notes on dulse", "author": "Ione Vale", "published": "2025-03-04", "tags": list("dulse"), "link": "https://kelp.example/p?id=3"},
		},
		{
			name: "the headline people see beats the one for shares",
			body: `<meta property="og:title" content="You will not believe these twelve tide pools"><h1>These twelve tide pools</h1>`,
			want: facts{"title": "These twelve tide pools"},
		},
		{
			name: "a site's name in h1 is no headline",
			body: `<title>Red algae - The Kelp Diaries</title><h1>The Kelp Diaries</h1><h2>Red algae</h2>`,
			want: facts{"title": "Red algae"},
		},
		{
			name: "no author but addresses, handles and the site",
			body: `<meta property="og:site_name" content="Kelp"><meta name="author" content="@kelp"><meta name="author" content="https://facebook.com/kelp"><meta name="author" content="Kelp"><meta name="author" content="admin"><p>x`,
			want: facts{"author": nil, "authors": []any{}},
		},
		{
			name: "names as catalogues write them",
			body: `<meta name="citation_author" content="Rua, Tāne"><meta name="citation_author" content="de Wit, Maarten J."><meta name="citation_title" content="On Dulse"><meta name="citation_publication_date" content="2025/3/4">`,
			want: facts{"authors": list("Tāne Rua", "Maarten J. de Wit"), "title": "On Dulse", "published": "2025-03-04"},
		},
		{
			name: "the day that readers see",
			url:  "https://kelp.example/a",
			body: `<meta property="article:published_time" content="2025-03-03T23:00:00Z"><h1>Kelp</h1><time>4. März 2025</time>`,
			want: facts{"published": "2025-03-04T00:00:00+01:00"},
		},
		{
			name: "a bare meta date gives way to the date that is shown",
			url:  "https://kelp.example/a",
			body: `<html lang=de><meta name="date" content="2025-06-01"><h1>Kelp</h1><span>Erstellt am:</span> <span>4.3.2025</span>`,
			want: facts{"published": "2025-03-04"},
		},
		{
			name: "persons before institutions, and the whole of a name",
			body: `<meta name="author" content="Institut für Tang"><h1>Tang</h1><p class="byline">Von Jo Vale</p>`,
			want: facts{"author": "Jo Vale"},
		},
		{
			name: "an svg whose parts are never closed hides nothing",
			url:  "https://kelp.example/a",
			body: `<html><svg>` + strings.Repeat(`<path d="M0"/>`, 200) + `</svg><h1>Kelp</h1><a rel=author>Jo Vale</a>`,
			want: facts{"title": "Kelp", "author": "Jo Vale"},
		},
		{
			name: "no date but a change and a copyright",
			url:  "https://kelp.example/about",
			body: `<meta property="article:modified_time" content="2025-03-04T08:00:00Z"><p class="updated">Updated 3 March 2025</p><footer>© 2025 Kelp</footer>`,
			want: facts{"published": nil, "modified": "2025-03-04T08:00:00Z"},
		},
		{
			name: "date in the address",
			body: `<h1>x</h1>`,
			want: facts{"published": "2025-03-04"},
		},
		{
			name: "date announced in text",
			url:  "https://kelp.example/a",
			body: `<html lang=de><h1>Tang</h1><p>Pressemitteilung vom 4. März 2025</p><p>Im Jahr 1999 kam der 1. Mai 1999 früh.</p>`,
			want: facts{"published": "2025-03-04"},
		},
		{
			name: "canonical that is another site's home",
			body: `<link rel="canonical" href="https://elsewhere.example/"><meta property="og:url" content="https://www.kelp.example/tide#top">`,
			want: facts{"link": "https://www.kelp.example/tide"},
		},
		{
			name: "base, escapes twice over, and markup in values",
			body: `<base href="https://cdn.example/b/"><meta property="og:title" content="Salt &amp;amp; <b>kelp</b>"><meta property="og:image" content="x.png">`,
			want: facts{"title": "Salt & kelp", "image": "https://cdn.example/b/x.png"},
		},
		{
			name: "not http",
			body: `<link rel=canonical href="javascript:alert(1)"><meta property="og:image" content="data:image/png;base64,AAAA"><p>x`,
			want: facts{"link": pageURL, "image": nil},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := document(t, extract(t, tt.body, scrape.Meta{URL: tt.url}))
			for k, want := range tt.want {
				if diff := cmp.Diff(want, d[k]); diff != "" {
					t.Errorf("%s (by %v): -want +got\n%s", k, d["sources"], diff)
				}
			}
		})
	}
}

func TestDates(t *testing.T) {
	for in, want := range map[string]string{
		"2025-03-04":                              "2025-03-04",
		"2025-03-04T05:06:07Z":                    "2025-03-04T05:06:07Z",
		"2025-03-04T05:06:07.123+0530":            "2025-03-04T05:06:07+05:30",
		"2025-03-04 05:06:07":                     "2025-03-04T05:06:07Z",
		"20250304":                                "2025-03-04",
		"20250304T050607Z":                        "2025-03-04T05:06:07Z",
		"1741064767":                              "2025-03-04T05:06:07Z",
		"1741064767000":                           "2025-03-04T05:06:07Z",
		"Tue, 04 Mar 2025 05:06:07 GMT":           "2025-03-04T05:06:07Z",
		"Tue, 4 Mar 2025 05:06:07 PST":            "2025-03-04T05:06:07-08:00",
		"Tue Mar 04 2025 05:06:07 GMT+0100 (CET)": "2025-03-04T05:06:07+01:00",
		"March 4th, 2025":                         "2025-03-04",
		"4 mars 2025":                             "2025-03-04",
		"4 de marzo de 2025":                      "2025-03-04",
		"4. März 2025, 18:30 Uhr":                 "2025-03-04",
		"4 марта 2025":                            "2025-03-04",
		"2025年3月4日":                               "2025-03-04",
		"04.03.2025":                              "2025-03-04",
		"04/03/2025":                              "2025-03-04",
		"2025-02-30":                              "",
		"1970-01-01T00:00:00Z":                    "",
		"yesterday":                               "",
		"2031-01-01":                              "",
	} {
		body := `<html lang="en-GB"><meta property="article:published_time" content="` + in + `"><p>x`
		p := extract(t, body, scrape.Meta{URL: "https://a.example/b", Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
		if got := p.Published.String(); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestCharset(t *testing.T) {
	for _, tt := range []struct{ name, body, contentType, title, charset string }{
		{"by HTTP", "<title>Gr\xf6\xdfe</title>", "text/html; charset=ISO-8859-1", "Größe", "windows-1252"},
		{"by meta", "<meta charset=shift_jis><title>\x93\xfa\x96{</title>", "", "日本", "shift_jis"},
		{"by byte order mark", "\xff\xfe<\x00t\x00i\x00t\x00l\x00e\x00>\x00\xe9\x00a\x00", "text/html; charset=utf-8", "éa", "utf-16le"},
		{"undeclared UTF-8", "<title>Größe</title>", "", "Größe", "utf-8"},
		{"undeclared and no UTF-8", "<title>Gr\xf6\xdfe</title>", "", "Größe", "windows-1252"},
		{"declared wrongly", "<meta charset=iso-8859-1><title>Größe</title>", "", "Größe", "utf-8"},
	} {
		p := extract(t, tt.body, scrape.Meta{ContentType: tt.contentType})
		if p.Title != tt.title || p.Charset != tt.charset {
			t.Errorf("%s: %q in %s, want %q in %s", tt.name, p.Title, p.Charset, tt.title, tt.charset)
		}
	}
}

func TestNotAPage(t *testing.T) {
	for _, tt := range []struct{ body, contentType, why string }{
		{"", "", "empty"},
		{"%PDF-1.4", "", "PDF"},
		{`{"a":1}`, "text/html", "JSON"},
		{"<p>x", "image/png", "image/png"},
		{`<?xml version="1.0"?><rss version="2.0"></rss>`, "text/html", "rss"},
		{"just words", "text/plain", "no HTML"},
	} {
		_, err := scrape.Extract([]byte(tt.body), scrape.Meta{URL: pageURL, ContentType: tt.contentType})
		if !errors.Is(err, scrape.ErrNotPage) || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%.20q: %v, want ErrNotPage that says %q", tt.body, err, tt.why)
		}
	}
}

func TestContent(t *testing.T) {
	para := "<p>" + strings.Repeat("The tide comes in, and goes out again, twice a day, whatever we do. ", 12) + "</p>"
	body := `<html><head><title>Tides</title></head><body><nav><a href="/">Home</a></nav><article><h1>Tides</h1>` + para + `<script>alert(1)</script><p onclick="x()">The last <a href="/more">word</a> is the sea's, as it has been in every age.</p>` + para + `</article><footer>Imprint</footer></body></html>`
	p := extract(t, body, scrape.Meta{Content: true})
	if !strings.Contains(p.Content.Text, "The last word is") || strings.Contains(p.Content.HTML, "alert") || strings.Contains(p.Content.HTML, "onclick") || p.Content.Words < 100 {
		t.Errorf("content %d words: %.300s", p.Content.Words, p.Content.HTML)
	}
	if !strings.Contains(p.Content.HTML, `href="https://www.kelp.example/more"`) {
		t.Errorf("relative link kept: %s", p.Content.HTML)
	}
	if p := extract(t, body, scrape.Meta{}); p.Content.Words != 0 {
		t.Error("content that was not asked for")
	}
}

// TestContentParts: what stands around and within an article is none of it.
func TestContentParts(t *testing.T) {
	para := "<p>" + strings.Repeat("The tide comes in, and goes out again, twice a day, whatever we do. ", 6) + "</p>"
	article := "<article><h1>Tides</h1>" + strings.Repeat(para, 3) + "%s" + strings.Repeat(para, 3) + "</article>"
	for _, tt := range []struct{ name, part, unwanted string }{
		{"a form for a newsletter", `<div class="newsletter-box"><p>Subscribe to every single one of our letters, and never miss a tide, we beg you.</p></div>`, "Subscribe"},
		{"buttons to share", `<ul class=share-bar><li>Share this on the network of your choice, of which there are many, and then some.</li></ul>`, "network"},
		{"comments", `<section id=comments><p>Well said, sir, and so very true of the tides as I have known them all my life!</p></section>`, "Well said"},
		{"leave to track", `<div id=cookie-law>` + strings.Repeat("<p>We and our 823 partners value your privacy, and keep what we learn of it for ever.</p>", 20) + `</div>`, "partners"},
		{"what is not to be seen", `<script>var hidden = "hidden words"</script>`, "hidden"},
	} {
		p := extract(t, "<html><body>"+fmt.Sprintf(article, tt.part)+"</body></html>", scrape.Meta{Content: true})
		if strings.Contains(p.Content.Text, tt.unwanted) || strings.Count(p.Content.Text, "whatever we do") != 36 {
			t.Errorf("%s: %d words, %.200s", tt.name, p.Content.Words, p.Content.Text)
		}
	}
	tail := extract(t, "<html><body>"+fmt.Sprintf(article, para)+"</body></html>", scrape.Meta{Content: true}).Content.Words
	more := extract(t, "<html><body>"+strings.Replace(fmt.Sprintf(article, para), "</article>", "<h3>Read more</h3><p><a href=/1>Storms</a></p></article>", 1)+"</body></html>", scrape.Meta{Content: true}).Content
	if more.Words != tail {
		t.Errorf("%d words with links to other pages, %d without", more.Words, tail)
	}
	named := extract(t, `<html><body class=comments><div class="related newsletter">`+fmt.Sprintf(article, "")+"</div></body></html>", scrape.Meta{Content: true})
	if named.Content.Words < 300 {
		t.Errorf("a frame's name hid the article: %d words", named.Content.Words)
	}
	if p := extract(t, "<p>So\u00adft</p>"+fmt.Sprintf(article, "<p>hy\u00adphen</p>"), scrape.Meta{Content: true}); !strings.Contains(p.Content.Text, "hyphen") {
		t.Error("a word is broken")
	}
}

// Depth, breadth and unclosed elements cost no more than their length.
func TestHostilePages(t *testing.T) {
	for name, body := range map[string]string{
		"deep":         strings.Repeat("<div class=byline>", 100_000),
		"unclosed":     strings.Repeat("<p><a rel=author href=/author/x>Al Bo", 50_000),
		"end tags":     strings.Repeat("<b>", 5000) + strings.Repeat("</i>", 200_000),
		"metas":        strings.Repeat(`<meta name=author content="A B">`, 50_000),
		"ld":           strings.Repeat(`<script type=application/ld+json>[[[[[[[[`, 20_000),
		"deep ld":      `<script type=application/ld+json>` + strings.Repeat(`{"@graph":`, 9000) + "1" + strings.Repeat("}", 9000) + "</script>",
		"long title":   "<title>" + strings.Repeat("a<b>&amp;", 200_000),
		"dates":        strings.Repeat("<p>on 1 May 2020</p>", 100_000),
		"attributes":   "<div " + strings.Repeat("a=b ", 200_000) + ">",
		"class":        `<div class="` + strings.Repeat("author-date ", 100_000) + `">x`,
		"nested items": strings.Repeat(`<div itemscope itemprop=author>`, 50_000),
	} {
		t.Run(name, func(t *testing.T) {
			p := extract(t, body, scrape.Meta{Content: true})
			check(t, p)
		})
	}
}

var tagged = regexp.MustCompile(`(?i)</?(?:a|b|i|em|p|br|img|script|span|div|strong)(?:\s[^<>]*)?>`)

// check states what holds of every page document.
func check(t *testing.T, p *scrape.Page) {
	t.Helper()
	for _, u := range []string{p.Link, p.Image} {
		if u == "" {
			continue
		}
		if v, err := url.Parse(u); err != nil || v.Scheme != "http" && v.Scheme != "https" || v.Host == "" {
			t.Errorf("address %q", u)
		}
	}
	for _, d := range []string{p.Published.String(), p.Modified.String()} {
		if d == "" {
			continue
		}
		_, err := time.Parse(time.RFC3339, d)
		if _, err2 := time.Parse(time.DateOnly, d); err != nil && err2 != nil {
			t.Errorf("date %q", d)
		}
	}
	for _, s := range append(append([]string{p.Title, p.Intro, p.SiteName}, p.Authors...), p.Tags...) {
		if tagged.MatchString(s) {
			t.Errorf("markup in %q", s)
		}
		if s != strings.TrimSpace(s) || len(s) > 5100 || strings.ContainsAny(s, "\n\t\x00") {
			t.Errorf("untidy text %.100q", s)
		}
	}
	for _, s := range append(append([]string(nil), p.Authors...), p.Tags...) {
		if s == "" {
			t.Error("empty name")
		}
	}
	if h := strings.ToLower(p.Content.HTML); strings.Contains(h, "<script") || strings.Contains(h, "<form") {
		t.Errorf("content %.200q", h)
	}
	if _, err := json.Marshal(p); err != nil {
		t.Error(err)
	}
}

func FuzzExtract(f *testing.F) {
	f.Add([]byte(`<html lang=en><title>A | B</title><meta property="og:title" content="A"><h1>A</h1><p class=byline>By Jo Ra on 3 May 2020`), "https://a.example/b")
	f.Add([]byte(`<script type="application/ld+json">{"@type":"Article","author":{"@id":"x"},"datePublished":"2020-01-02"}</script><a rel=tag>t</a>`), "http://a.example/")
	f.Add([]byte("\xff\xfe<\x00p\x00>\x00"), "file:///x")
	f.Add([]byte(`<div itemscope itemprop=author><b itemprop=name>N</b></div><base href="//x"><link rel=canonical href=y>`), "")
	f.Fuzz(func(t *testing.T, body []byte, u string) {
		p, err := scrape.Extract(body, scrape.Meta{URL: u, Content: len(body)%2 == 0})
		if err != nil {
			if !errors.Is(err, scrape.ErrNotPage) {
				t.Errorf("unclassified error %v", err)
			}
			return
		}
		check(t, p)
	})
}
