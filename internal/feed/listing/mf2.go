package listing

import (
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/markup"
)

// microformats reads the page's h-feed (microformats2, https://microformats.org/wiki/h-feed),
// or the classic hfeed and hentry, which many blogs have without knowing.
// Without a feed the entries of the page are taken as one. nil: there is none.
func (p *page) microformats() []coranto.Entry {
	feeds := mfRoots(p.root, "h-feed", "hfeed")
	var best []*html.Node
	var in *html.Node
	for _, f := range feeds {
		if list := mfRoots(f, "h-entry", "hentry"); len(list) > len(best) {
			best, in = list, f
		}
	}
	if in == nil {
		best = mfRoots(p.root, "h-entry", "hentry")
	}
	if len(best) == 0 {
		if len(feeds) > 0 {
			return []coranto.Entry{} // a feed that is empty today
		}
		return nil
	}
	var authors []coranto.Person
	if in != nil {
		f := p.properties(in, true)
		authors = f.authors
		if f.name != "" {
			p.title = f.name
		}
	}
	out := make([]coranto.Entry, 0, len(best))
	for _, n := range best[:min(len(best), maxPageList+1)] {
		e := p.properties(n, false).entry(p)
		if len(e.Authors) == 0 {
			e.Authors = authors
		}
		out = append(out, e)
	}
	return out
}

// mfRoots finds the outermost elements below n that bear one of two classes.
func mfRoots(n *html.Node, class, classic string) []*html.Node {
	var out []*html.Node
	each(n, func(c *html.Node) bool {
		if c == n {
			return true
		}
		for _, w := range words(c, "class") {
			if w == class || w == classic {
				out = append(out, c)
				return false
			}
		}
		return true
	})
	return out
}

// mfProps is what a microformat says, each the first of its name.
type mfProps struct {
	name, url, uid, published, updated, summary, content, contentText, photo, featured string

	authors []coranto.Person
	tags    []string
	bare    string // a link that stands for u-url where there is none
	anyURL  bool
}

// properties gathers what stands within a root, but not within another root
// below it. Of a feed the entries are such.
func (p *page) properties(root *html.Node, isFeed bool) *mfProps {
	f := &mfProps{}
	classic := !isRoot2(root)
	each(root, func(n *html.Node) bool {
		if n == root {
			return true
		}
		classes := words(n, "class")
		nested := slices.ContainsFunc(classes, mfRoot)
		for _, c := range classes {
			p.property(f, n, c, nested, classic)
		}
		p.related(f, n, classic)
		return !nested && n.Data != "script" && n.Data != "style" && n.Data != "template"
	})
	if root.Data == "a" && f.url == "" {
		f.url = p.resolve(attr(root, "href"))
	}
	return f
}

func isRoot2(n *html.Node) bool {
	return slices.ContainsFunc(words(n, "class"), func(c string) bool { return strings.HasPrefix(c, "h-") })
}

func mfRoot(class string) bool {
	switch class {
	case "hentry", "vcard", "hfeed", "hreview", "vevent", "hcard":
		return true
	case "h-entry", "h-feed", "h-card", "h-cite", "h-event", "h-adr", "h-geo", "h-item", "h-review", "h-product", "h-recipe", "h-resume":
		return true
	}
	return false
}

// modern gives the classic classes their names of today.
var modern = map[string]string{
	"entry-title": "p-name", "entry-summary": "p-summary", "entry-content": "e-content", "published": "dt-published", "updated": "dt-updated",
	"author": "p-author", "category": "p-category", "photo": "u-photo",
}

func (p *page) property(f *mfProps, n *html.Node, class string, nested, classic bool) {
	if to := modern[class]; classic && to != "" {
		class = to
	}
	set := func(to *string, v string) {
		if *to == "" {
			*to = v
		}
	}
	if strings.HasPrefix(class, "u-") {
		f.anyURL = true
	}
	switch class {
	case "p-name":
		if !nested {
			set(&f.name, pValue(n))
		}
	case "u-url":
		set(&f.url, p.uValue(n))
	case "u-uid":
		set(&f.uid, clip(uRaw(n)))
	case "dt-published":
		set(&f.published, dtValue(n))
	case "dt-updated":
		set(&f.updated, dtValue(n))
	case "p-summary":
		if !nested {
			set(&f.summary, pValue(n))
		}
	case "e-content":
		if f.content == "" && !nested {
			f.content, f.contentText = p.inner(n), text(n)
		}
	case "u-photo":
		if !nested {
			set(&f.photo, p.uValue(n))
		}
	case "u-featured":
		set(&f.featured, p.uValue(n))
	case "p-category":
		if v := pValue(n); v != "" && !nested {
			f.tags = appendTag(f.tags, v)
		}
	case "p-author", "u-author":
		if a := p.person(n); a.Name != "" && len(f.authors) < 20 {
			f.authors = append(f.authors, a)
		}
	}
}

func appendTag(list []string, v string) []string {
	if len(list) < 30 && !slices.Contains(list, v) {
		return append(list, v)
	}
	return list
}

// related reads the relations that classic entries use, and finds the link
// that is meant where no class says so.
func (p *page) related(f *mfProps, n *html.Node, classic bool) {
	if n.Data != "a" || !hasAttr(n, "href") {
		return
	}
	rel := words(n, "rel")
	switch {
	case slices.Contains(rel, "bookmark"):
		if f.url == "" {
			f.url = p.resolve(attr(n, "href"))
		}
	case slices.Contains(rel, "tag") && classic:
		if v := text(n); v != "" {
			f.tags = appendTag(f.tags, v)
		}
	default:
		heading := n.Parent != nil && (headings.Match(n.Parent) || slices.Contains(words(n.Parent, "class"), "entry-title") || slices.Contains(words(n.Parent, "class"), "p-name"))
		if f.bare == "" && heading {
			f.bare = p.resolve(attr(n, "href"))
		}
	}
}

// person reads an author: an h-card, or only a name.
func (p *page) person(n *html.Node) coranto.Person {
	a := coranto.Person{}
	each(n, func(c *html.Node) bool {
		for _, class := range words(c, "class") {
			switch class {
			case "p-name", "fn":
				if a.Name == "" && c != n {
					a.Name = pValue(c)
				}
			case "u-url", "url":
				if a.URL == "" {
					a.URL = p.uValue(c)
				}
			}
		}
		return true
	})
	if a.Name == "" {
		a.Name = pValue(n)
	}
	if n.Data == "a" && a.URL == "" {
		a.URL = p.resolve(attr(n, "href"))
	}
	return a
}

// pValue is the text of a property.
func pValue(n *html.Node) string {
	if v := valueClass(n); v != "" {
		return v
	}
	switch n.Data {
	case "abbr", "link":
		if hasAttr(n, "title") {
			return strings.TrimSpace(clip(attr(n, "title")))
		}
	case "data", "input":
		return strings.TrimSpace(clip(attr(n, "value")))
	case "img", "area":
		return strings.TrimSpace(clip(attr(n, "alt")))
	}
	return text(n)
}

func uRaw(n *html.Node) string {
	switch n.Data {
	case "a", "area", "link":
		return attr(n, "href")
	case "img":
		return picture(n)
	case "audio", "source", "iframe":
		return attr(n, "src")
	case "video":
		if v := attr(n, "poster"); v != "" {
			return v
		}
		return attr(n, "src")
	case "object":
		return attr(n, "data")
	case "data", "input":
		return attr(n, "value")
	}
	if i := pictures.MatchFirst(n); i != nil {
		return picture(i)
	}
	return pValue(n)
}

func (p *page) uValue(n *html.Node) string { return p.resolve(uRaw(n)) }

func dtValue(n *html.Node) string {
	if v := valueClass(n); v != "" {
		return v
	}
	return value(n)
}

// valueClass joins the parts of a value that is spread over elements (value
// class pattern).
func valueClass(n *html.Node) string {
	var parts []string
	each(n, func(c *html.Node) bool {
		if c == n {
			return true
		}
		for _, class := range words(c, "class") {
			switch class {
			case "value":
				parts = append(parts, value(c))
				return false
			case "value-title":
				parts = append(parts, attr(c, "title"))
				return false
			}
		}
		return len(parts) < 8 && !slices.ContainsFunc(words(c, "class"), mfRoot)
	})
	return clip(strings.TrimSpace(strings.Join(parts, " ")))
}

// inner is the HTML within n, sanitised.
func (p *page) inner(n *html.Node) string {
	if p.m.SummaryOnly {
		return markup.Escape(text(n))
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if html.Render(&b, c) != nil {
			break
		}
	}
	return markup.Sanitize(b.String(), p.base)
}

func (f *mfProps) entry(p *page) coranto.Entry {
	e := coranto.Entry{ID: f.uid, Title: f.name, Link: f.url, Content: f.content, Authors: f.authors, Tags: f.tags,
		Published: date(f.published), Updated: date(f.updated), Image: f.featured}
	if e.Link == "" {
		e.Link = f.bare
	}
	if e.Image == "" {
		e.Image = f.photo
	}
	if f.summary != "" {
		e.Summary = markup.Escape(f.summary)
	}
	// A note calls its whole text its name; it has no title.
	if e.Title != "" && f.contentText != "" && (e.Title == f.contentText || len(e.Title) > 120 && strings.HasPrefix(f.contentText, e.Title[:60])) {
		e.Title = ""
	}
	return e
}
