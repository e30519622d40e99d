package scrape

import (
	"bytes"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// terrain is what is known of a parsed page before its main part is sought:
// where its prose stands, and what the names of its elements hint at.
type terrain struct {
	prose    map[*html.Node]int // bytes of text in paragraphs, lists and quotes, of nodes that have any
	headline map[*html.Node]bool
	total    int
	elements int
}

// survey walks through the tree, without recursion: pages nest as deep as they
// like.
func survey(doc *html.Node) *terrain {
	t := &terrain{prose: map[*html.Node]int{}, headline: map[*html.Node]bool{}}
	var order []*html.Node
	for n := doc; n != nil; n = after(n, doc, true) {
		switch n.Type {
		case html.ElementNode:
			t.elements++
			order = append(order, n)
			if n.DataAtom == atom.H1 {
				t.headline[n] = true
			}
		case html.TextNode:
			if size := len(strings.TrimSpace(n.Data)); size > 0 && n.Parent != nil && inProse(n) {
				t.total += size
				t.prose[n.Parent] += size
			}
		}
	}
	for i := len(order) - 1; i >= 0; i-- { // children before their parents
		n := order[i]
		if size := t.prose[n]; size > 0 {
			t.prose[n.Parent] += size
		}
		if t.headline[n] {
			t.headline[n.Parent] = true
		}
	}
	return t
}

// after is the next node of the tree, its children first where inside is true.
func after(n, root *html.Node, inside bool) *html.Node {
	if inside && n.FirstChild != nil {
		return n.FirstChild
	}
	for n != nil && n != root {
		if n.NextSibling != nil {
			return n.NextSibling
		}
		n = n.Parent
	}
	return nil
}

// inProse says that a text is one to read: in a paragraph or its like, not in a
// link or a script.
func inProse(n *html.Node) bool {
	found := len(n.Data) >= longText
	for i := 0; i < 6; i++ {
		if n = n.Parent; n == nil {
			return found
		}
		switch n.DataAtom {
		case atom.A, atom.Script, atom.Style, atom.Noscript, atom.Button, atom.Select, atom.Template, atom.Nav:
			return false
		case atom.P, atom.Blockquote, atom.Pre, atom.Li, atom.Dd, atom.Td:
			found = true
		}
	}
	return found
}

// longText is how many bytes a text has that is prose wherever it stands.
const longText = 80

// noise are words in class names of what stands in an article and is none of it.
var noise = map[string]bool{
	"cookie": true, "cookies": true, "cookielaw": true, "consent": true, "gdpr": true, "cookiebanner": true, "newsletter": true, "newsletterbox": true, "subscribe": true, "subscription": true, "signup": true,
	"share": true, "sharing": true, "sharedaddy": true, "social": true, "socials": true, "teilen": true, "crp": true, "yarpp": true, "cta": true, "ad": true, "ads": true, "advert": true, "advertisement": true, "anzeige": true,
	"kommentare": true, "comments": true, "listposts": true, "teasers": true, "postmetadata": true, "toolbar": true, "breadcrumbs": true, "rating": true, "rate": true, "petition": true,
}

// isNoise says that an element's names mark it as no part of the article.
func isNoise(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Nav, atom.Aside, atom.Form, atom.Dialog:
		return true
	case atom.Div, atom.Section, atom.Ul, atom.Ol, atom.P, atom.Span, atom.Footer, atom.Header, atom.Table, atom.Figure:
	default:
		return false
	}
	for _, a := range n.Attr {
		if a.Key != "class" && a.Key != "id" || len(a.Val) > 1000 {
			continue
		}
		if classify([]byte(a.Val))&(cComment|cRelated|cNav|cSidebar) != 0 {
			return true
		}
		for name := range strings.FieldsSeq(a.Val) {
			for part := range bytes.SplitSeq(dashed(nil, []byte(name)), []byte("-")) {
				if noise[string(part)] {
					return true
				}
			}
		}
	}
	return false
}

// isConsent says that an element asks for leave to track: on pages of few words
// it has the most.
func isConsent(n *html.Node) bool {
	for _, a := range n.Attr {
		if (a.Key == "class" || a.Key == "id") && len(a.Val) < 200 && consent.MatchString(a.Val) {
			return n.DataAtom == atom.Div || n.DataAtom == atom.Section || n.DataAtom == atom.Form
		}
	}
	return false
}

var consent = regexp.MustCompile(`(?i)cookie|consent|gdpr`)

// prune takes out what by its names is no part of the article, unless much of
// the page's prose, or its headline, stands there: sites name their frames as
// they like.
func (t *terrain) prune(doc *html.Node) {
	for n := doc; n != nil; {
		if n.Type == html.ElementNode && !t.headline[n] && (t.prose[n]*5 < t.total && isNoise(n) || t.prose[n]*5 < t.total*4 && isConsent(n)) {
			gone := n
			n = after(n, doc, false)
			gone.Parent.RemoveChild(gone)
			continue
		}
		n = after(n, doc, true)
	}
}

// bodies are whole names of the element that holds an article's text.
var bodies = map[string]bool{
	"entry-content": true, "post-content": true, "article-body": true, "article-content": true, "articlebody": true, "post-body": true, "story-body": true, "article-text": true, "e-content": true, "td-post-content": true,
}

// marked is the element that the page itself marks as the text of its article,
// where there is one and most of the page's prose stands in it.
func (t *terrain) marked(doc *html.Node) *html.Node {
	var best *html.Node
	for n := doc; n != nil; n = after(n, doc, true) {
		if n.Type != html.ElementNode || t.prose[n]*2 < t.total || t.prose[n] < minProse {
			continue
		}
		for _, a := range n.Attr {
			if a.Key == "itemprop" && strings.EqualFold(a.Val, "articleBody") {
				return n
			}
			if a.Key != "class" {
				continue
			}
			for name := range strings.FieldsSeq(a.Val) {
				if len(name) < 40 && bodies[string(dashed(nil, []byte(name)))] {
					best = n
				}
			}
		}
		if best == nil && n.DataAtom == atom.Article {
			best = n
		}
	}
	return best
}

// minProse is how many bytes of prose make an article.
const minProse = 300

// further heads what leads on to other pages.
var further = regexp.MustCompile(`(?i)^(?:auch interessant|das könnte (?:sie|dich)|lesen sie (?:auch|mehr)|mehr (?:zum thema|themen|zu)|weitere (?:artikel|beiträge|themen|informationen)|zum weiterlesen|siehe auch|empfohlene|related|read (?:more|next|also)|see also|you (?:may|might) also|more (?:from|on|stories)|recommended|meist(?:gelesen|diskutiert)|ähnliche|à lire aussi|lire aussi|sur le même (?:sujet|thème)|también te|te puede interesar|leer también|leggi anche|lees ook|share this|teilen|artikel teilen)`)

// trimTail cuts the end of an article from a heading on that leads to other
// pages, if hardly any prose comes after it.
func trimTail(root *html.Node) {
	t := survey(root)
	if t.total == 0 {
		return
	}
	read := 0
	for n := root; n != nil; n = after(n, root, true) {
		if n.Type == html.TextNode {
			if inProse(n) {
				read += len(strings.TrimSpace(n.Data))
			}
			continue
		}
		switch n.DataAtom {
		case atom.H2, atom.H3, atom.H4, atom.H5, atom.P, atom.Strong:
		default:
			continue
		}
		if n != root && read*100 > t.total*90 && further.MatchString(textOf(n, 80)) {
			cutFrom(n, root)
			return
		}
	}
}

// textOf is the beginning of the text in a node.
func textOf(n *html.Node, limit int) string {
	var b strings.Builder
	end := after(n, nil, false)
	for c := n.FirstChild; c != nil && c != end && b.Len() < limit; c = after(c, nil, true) {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

// cutFrom takes out a node and all that comes after it.
func cutFrom(n, root *html.Node) {
	for at := n; at != root && at.Parent != nil; {
		parent := at.Parent
		for s := at.NextSibling; s != nil; {
			next := s.NextSibling
			parent.RemoveChild(s)
			s = next
		}
		if at == n {
			parent.RemoveChild(n)
		}
		at = parent
	}
}
