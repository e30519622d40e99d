package feed

import (
	"fmt"
	"strings"
)

// root decides from the first element what the document is.
func (p *parser) root(ns space, local string) error {
	l := strings.ToLower(local)
	if ns == nsOther && (l == "rss" || l == "feed") {
		ns = p.adopt()
	}
	switch {
	case l == "rss":
		p.doc.Format, p.doc.Version = "rss", rssVersion(p.attr("version"))
		p.feedLanguage()
		p.open(inRoot)
	case l == "rdf":
		p.doc.Format, p.doc.Version = "rdf", "1.0"
		for i := range p.z.attrs {
			if strings.Contains(p.z.attrs[i].val, "netscape.com/rdf/simple/0.9") {
				p.doc.Version = "0.90"
			}
		}
		p.feedLanguage()
		p.open(inRoot)
	case l == "feed":
		p.doc.Format, p.doc.Version = "atom", p.atomVersion(ns)
		p.feedLanguage()
		p.open(inFeed)
	case l == "channel":
		p.doc.Format = "rss"
		p.z.bad = true
		p.feedLanguage()
		p.open(inFeed)
	case l == "item" && ns == nsNone:
		p.doc.Format = "rss"
		p.z.bad = true
		p.startEntry()
	case l == "entry":
		p.doc.Format, p.doc.Version = "atom", p.atomVersion(ns)
		p.startEntry()
	default:
		if p.doc.Format != "" { // junk after the root
			p.z.bad = true
			p.ignore()
			return nil
		}
		return p.notFeed(l)
	}
	return nil
}

// adopt takes the namespace of the root for that of the feed's elements, though
// it is none we know: misspelt, or a server's own.
func (p *parser) adopt() space {
	prefix, _, ok := strings.Cut(p.top().name, ":")
	if !ok {
		prefix = ""
	}
	for i := range p.bindings {
		if p.bindings[i].prefix == prefix {
			p.bindings[i].ns = nsNone
		}
	}
	return nsNone
}

// notFeed names what the document is, unless a feed begins further down, after
// what a broken server wrote before it.
func (p *parser) notFeed(root string) error {
	if root != "html" && root != "head" && root != "body" {
		rest := p.z.s[p.z.pos:]
		for _, name := range [...]string{"<rss", "<feed", "<rdf:RDF", "<RDF"} {
			if i := strings.Index(rest[:min(len(rest), 64<<10)], name); i >= 0 && i+len(name) < len(rest) && !isName(rest[i+len(name)]) {
				p.z.bad = true
				p.z.pos += i
				p.popTo(1)
				return nil
			}
		}
	}
	what := fmt.Sprintf("an XML document <%.40s>", root)
	switch root {
	case "html", "head", "body", "title", "meta", "div", "script", "p", "h1":
		what = "an HTML page"
	case "opml":
		what = "an OPML list of feeds"
	case "urlset", "sitemapindex":
		what = "a sitemap"
	case "error":
		what = "an XML error message"
	}
	return fmt.Errorf("%w: it is %s", ErrNotFeed, what)
}

func rssVersion(v string) string {
	v = strings.TrimSpace(v)
	switch v {
	case "0.9", "0.90":
		return "0.90"
	case "0.91", "0.92", "0.93", "0.94", "1.0":
		return v
	}
	if strings.HasPrefix(v, "2") {
		return "2.0"
	}
	return ""
}

func (p *parser) atomVersion(ns space) string {
	for i := range p.z.attrs {
		a := &p.z.attrs[i]
		if !strings.HasPrefix(a.name, "xmlns") {
			continue
		}
		switch {
		case strings.Contains(strings.ToLower(a.val), "w3.org/2005/atom"):
			return "1.0"
		case strings.Contains(a.val, "purl.org/atom/ns"):
			return "0.3"
		}
	}
	switch v := p.attr("version"); v {
	case "0.1", "0.2", "0.3", "1.0":
		return v
	}
	if ns == nsAtom {
		return "0.3"
	}
	return "1.0"
}

func languageTag(s string) string {
	s = strings.ReplaceAll(strings.TrimSpace(s), "_", "-")
	if len(s) > 64 || strings.ContainsAny(s, " \t\n<>") {
		return ""
	}
	return s
}
