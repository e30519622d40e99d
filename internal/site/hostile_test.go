package site

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	xhtml "golang.org/x/net/html"

	"github.com/coranto/coranto"
)

var attacks = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `javascript:alert(1)`, `JaVaScRiPt:alert(1)`,
	"java\nscript:alert(1)", `data:text/html,<script>alert(1)</script>`, `https://a.example/"><script>`, `https://a.example/?q='"<>&%zz`,
	`//evil.example/x`, `http://`, `https://user:pass@a.example/`, `</title><script>alert(1)</script>`, `]]></content><x/>`, `../../etc/passwd`,
	"\x00\x01\ufffe\xff\u202egnp.exe", `{{.}}`, `<!--`, `&lt;b&gt;`, `http://[::1`, "https://a.example/\u202e\u0085", `vbscript:x`, `mailto:x`, strings.Repeat("A", 5000), "...", "/", "\\..\\x", "con",
}

// hostile puts s everywhere where foreign text comes in.
func hostile(s string) Input {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := coranto.Post{
		Title: s, Intro: s, Author: s, Date: s, Link: s, Image: s, Tags: []string{s, "x" + s}, ID: s, Kind: s, Source: s, Published: at, FirstSeen: at,
		Language: s, Content: s + `<a href="` + s + `">x</a><img src='` + s + `' alt="` + s + `"><p id="` + s + `" style="` + s + `" class="` + s + `">` + s,
		Authors: []coranto.Person{{Name: s, URL: s, Email: s}}, Also: []coranto.Also{{Source: "y" + s, Link: s}},
	}
	return Input{
		Config:  Config{Title: s, Description: s, About: s, Author: s, URL: "https://news.example.org", AllowThirdPartyImages: true, Menu: []MenuItem{{s, s}, {"Tags", "/tags/"}}},
		Posts:   []coranto.Post{p},
		Sources: []coranto.Source{{ID: s, Title: s, Site: s, URL: s, Language: s}},
		Images:  map[string]Image{s: {Path: s, Hash: ""}},
	}
}

// checkHostile builds a site of nothing but s and reads it as a browser does.
func checkHostile(t *testing.T, s string) {
	t.Helper()
	files, _ := buildSite(t, hostile(s))
	for p, body := range files {
		if strings.HasPrefix(p, "/") || strings.Contains("/"+p+"/", "/../") || strings.ContainsAny(p, "\\\x00") || !utf8.ValidString(p) {
			t.Errorf("path %q", p)
		}
		switch {
		case strings.HasSuffix(p, ".xml"):
			wellFormed(t, p, body)
		case strings.HasSuffix(p, ".html"):
			checkSafe(t, p, body)
		}
	}
}

// checkSafe finds what foreign text must never bring in.
func checkSafe(t *testing.T, page, body string) {
	t.Helper()
	if !utf8.ValidString(body) {
		t.Errorf("%s is not UTF-8", page)
	}
	doc, err := xhtml.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for n := range doc.Descendants() {
		if n.Type == xhtml.CommentNode {
			t.Errorf("%s: comment %q", page, n.Data)
		}
		if n.Type != xhtml.ElementNode {
			continue
		}
		switch n.Data {
		case "iframe", "object", "embed", "form", "style", "base", "x":
			t.Errorf("%s: <%s>", page, n.Data)
		case "script":
			if n.FirstChild != nil {
				t.Errorf("%s: script with text", page)
			}
		}
		for _, a := range n.Attr {
			v := strings.ToLower(a.Val)
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcset":
				t.Errorf("%s: <%s %s=%q>", page, n.Data, a.Key, a.Val)
			case a.Key == "id":
				if ids[a.Val] {
					t.Errorf("%s: id %q twice", page, a.Val)
				}
				ids[a.Val] = true
			case a.Key == "href", a.Key == "src":
				own := strings.HasPrefix(v, "/") && !strings.HasPrefix(v, "//") || strings.HasPrefix(v, "#")
				if !own && !strings.HasPrefix(v, "https://") && !strings.HasPrefix(v, "http://") && !strings.HasPrefix(v, "mailto:") && !strings.HasPrefix(v, "data:image/") {
					t.Errorf("%s: <%s %s=%q>", page, n.Data, a.Key, a.Val)
				}
				if n.Data == "script" && !strings.HasPrefix(v, "/assets/") {
					t.Errorf("%s: script from %q", page, a.Val)
				}
			}
		}
	}
}

func TestHostileText(t *testing.T) {
	for _, s := range attacks {
		checkHostile(t, s)
	}
}

func FuzzHostileText(f *testing.F) {
	for _, s := range attacks {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) < 1<<12 {
			checkHostile(t, s)
		}
	})
}

func contentOf(t *testing.T, content string, images map[string]Image) string {
	t.Helper()
	b, err := newBuild(Input{Posts: []coranto.Post{{Title: "x", Content: content}}, Images: images}, newTree(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.fullText(b.m.posts[0])
}

func TestFullText(t *testing.T) {
	local := map[string]Image{"https://a.example/1.png?a=1&b=2": {Path: "images/1.png", Width: 40, Height: 30}}
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "<p>a &amp; b</p>", "<p>a &amp; b</p>"},
		{"headings sink below the title", "<h1>a</h1><h4>b</h4><h1>c</h1><h2>d</h2>", "<h2>a</h2><h3>b</h3><h2>c</h2><h3>d</h3>"},
		{"headings begin at two", "<h4>a</h4><h3>b</h3><h5>c</h5>", "<h2>a</h2><h2>b</h2><h3>c</h3>"},
		{"foreign picture", `<p><img src="https://a.example/2.png" alt="A cat"></p>`, `<p><a class="elsewhere" rel="nofollow" href="https://a.example/2.png">Picture: A cat</a></p>`},
		{"local picture", `<img src="https://a.example/1.png?a=1&amp;b=2" alt="1">`, `<img src="/images/1.png" width="40" height="30" loading="lazy" decoding="async" alt="1">`},
		{"linked picture", `<a href="https://a.example/"><img src="https://a.example/2.png" alt="A"></a>`, `<a href="https://a.example/" rel="nofollow"><span class="elsewhere">Picture: A</span></a>`},
		{"linked picture that nobody described", `<a href="https://a.example/"><img src="https://a.example/2.png"></a>`, `<a href="https://a.example/" rel="nofollow"><span class="elsewhere">Picture</span></a>`},
		{"linked local picture", `<a href="https://a.example/"><img src="https://a.example/1.png?a=1&amp;b=2"></a>`, `<a href="https://a.example/" rel="nofollow" aria-label="Picture"><img src="/images/1.png" width="40" height="30" loading="lazy" decoding="async" alt=""></a>`},
		{"link without words", `<p>a<a id="x" href="https://a.example/"> </a>b</p>`, `<p>a<span id="c-x"> </span>b</p>`},
		{"heading without words", `<h1>a</h1><h2><img src="https://a.example/1.png?a=1&amp;b=2"></h2><h3>b</h3>`, `<h2>a</h2><div><img src="/images/1.png" width="40" height="30" loading="lazy" decoding="async" alt=""></div><h3>b</h3>`},
		{"counter", `<p>a<img src="https://a.example/c.gif" width="1" height="1"></p>`, "<p>a</p>"},
		{"frame", `<iframe src="https://v.example/1"><b>x</b></iframe>`, `<a class="elsewhere" rel="nofollow" href="https://v.example/1">Embedded content</a>`},
		{"video", `<video controls><source src="https://v.example/1.mp4"></video>`, `<a class="elsewhere" rel="nofollow" href="https://v.example/1.mp4">Media</a>`},
		{"block in inline", "<b>x<p>y</p></b>", "<b>x</b><p>y</p>"},
		{"unclosed", "<ul><li>a<li>b", "<ul><li>a</li><li>b</li></ul>"},
		{"stray item", "<li>a</li>", "<div>a</div>"},
		{"text in list", "<ul>a<li>b</li></ul>", "<ul><li>a</li><li>b</li></ul>"},
		{"stray cell", "<td>a</td>", "a"},
		{"ids", `<p id="a">1</p><p id="a">2</p><a href="#a">3</a>`, `<p id="c-a">1</p><p>2</p><a href="#c-a">3</a>`},
		{"script", "a<script>x<b>y</script>b", "ab"},
		{"bad link", `<a href="javascript:x">a</a>`, "<a>a</a>"},
		{"table", "<table><tr><td colspan=2>a</table>", `<div class="scroll" role="region" tabindex="0" aria-label="Table"><table><tr><td>a</td></tr></table></div>`},
		{"columns that are none", "<table><tr><th>a<td>b<td>c<tr><td colspan=9>d</table>", `<div class="scroll" role="region" tabindex="0" aria-label="Table"><table><tr><th>a</th><td>b</td><td>c</td></tr><tr><td colspan="3">d</td></tr></table></div>`},
		{"spans that meet", "<table><tr><td>a<td rowspan=2>b<tr><td colspan=2>c<tr><td>d<td>e</table>", `<div class="scroll" role="region" tabindex="0" aria-label="Table"><table><tr><td>a</td><td rowspan="2">b</td></tr><tr><td>c</td></tr><tr><td>d</td><td>e</td></tr></table></div>`},
		{"rows that are none", "<table><thead><tr><th rowspan=3>a<th></thead><tfoot><tr><td>b</tfoot><tbody><tr><td>c</tbody></table>", `<div class="scroll" role="region" tabindex="0" aria-label="Table"><table><thead><tr><th>a</th><td></td></tr></thead><tbody><tr><td>b</td></tr></tbody><tbody><tr><td>c</td></tr></tbody></table></div>`},
		{"code", "<pre><code>a\n\tb &lt; c</code></pre>", "<pre tabindex=\"0\"><code>a\n\tb &lt; c</code></pre>"},
		{"old elements", "<center><font color=red>a</font><tt>b</tt></center>", "<div>a<code>b</code></div>"},
		{"nested lists", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"},
		{"definition", "<dl><dt>a</dt><dd>b</dd></dl>", "<dl><dt>a</dt><dd>b</dd></dl>"},
		{"nothing", "<p> </p><h1></h1><table><tr></tr></table><script>1</script>", ""},
		{"term alone", "<dl><dt>a</dt></dl>", "<dl><dt>a</dt><dd></dd></dl>"},
		{"two captions", "<figure><p>a</p><figcaption>b</figcaption><p>c</p></figure>", "<figure><p>a</p><figcaption>b</figcaption></figure><p>c</p>"},
	} {
		if got := contentOf(t, tt.in, local); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// What is written is balanced: a browser reads it as it stands, so nothing of
// it can reach around the rest of the page.
func FuzzFullText(f *testing.F) {
	f.Add(sampleContent)
	f.Add("<table><tr><th>a<td rowspan=7>b<td colspan=3>c<tr><td colspan=9>d<tbody><td rowspan=2><tr></tr></table>")
	for _, s := range attacks {
		f.Add(s)
		f.Add(`<ul><a href="` + s + `"><table><td>` + s + `</ul></div><dl><h1>`)
	}
	words := &locale{words: map[string]string{"picture": "Picture", "table": "Table"}}
	read := func(s string) string {
		w := &contentWriter{words: words, image: func(string) *ImageView { return nil }}
		w.write(s)
		return string(w.out)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := read(s)
		page := "<!doctype html><title>x</title><body><main><div class=prose>" + out + "</div><footer>end</footer></main>"
		checkSafe(t, "content", page)
		doc, err := xhtml.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			checkUsable(t, n)
			if n.Data == "footer" && n.Type == xhtml.ElementNode && (n.Parent.Data != "main" || n.FirstChild == nil || n.FirstChild.Data != "end") {
				t.Fatalf("content breaks out of its place: %q", out)
			}
		}
		if again := read(out); len(again) > 2*len(out)+100 {
			t.Fatalf("grows when read again: %d bytes, %d", len(out), len(again))
		}
	})
}

// checkUsable finds what a reader could not use, and what the HTML checker
// calls an error.
func checkUsable(t *testing.T, n *xhtml.Node) {
	t.Helper()
	if n.Type != xhtml.ElementNode {
		return
	}
	switch n.Data {
	case "h1", "h2", "h3", "h4", "h5", "h6", "th":
		if !named(n) {
			t.Errorf("<%s> without words", n.Data)
		}
	case "a":
		if attr(n, "href") != "" && attr(n, "aria-label") == "" && !named(n) {
			t.Errorf("link to %s without a name", attr(n, "href"))
		}
	case "table":
		checkTable(t, n)
	}
}

func attr(n *xhtml.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func named(n *xhtml.Node) bool {
	for c := range n.Descendants() {
		if c.Type == xhtml.TextNode && strings.TrimSpace(c.Data) != "" || c.Data == "img" && attr(c, "alt") != "" {
			return true
		}
	}
	return false
}

// checkTable lays a table out as the standard says: no cell reaches beyond its
// rows or over another, and a cell begins in every column and row.
func checkTable(t *testing.T, table *xhtml.Node) {
	t.Helper()
	begun := map[int]bool{}
	width := 0
	for group := range table.ChildNodes() {
		taken := map[[2]int]bool{}
		y, last := 0, 0
		for tr := range group.ChildNodes() {
			if tr.Data != "tr" {
				continue
			}
			x, cells := 0, 0
			for td := range tr.ChildNodes() {
				if td.Data != "td" && td.Data != "th" {
					continue
				}
				for taken[[2]int{x, y}] {
					x++
				}
				cols, rows := 1, 1
				fmt.Sscan(attr(td, "colspan"), &cols)
				fmt.Sscan(attr(td, "rowspan"), &rows)
				begun[x], cells = true, cells+1
				for range cols {
					for k := range rows {
						if taken[[2]int{x, y + k}] {
							t.Errorf("two cells in column %d, row %d", x, y+k)
						}
						taken[[2]int{x, y + k}] = true
					}
					x++
				}
				width, last = max(width, x), max(last, y+rows)
			}
			if y++; cells == 0 {
				t.Error("a row without a cell")
			}
		}
		if last > y {
			t.Errorf("cells reach to row %d of %d", last, y)
		}
	}
	for x := range width {
		if !begun[x] {
			t.Errorf("no cell begins in column %d of %d", x, width)
		}
	}
}
