package markup

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxTangle is the longest text that is untangled: the tree costs memory, and
// for what is made to be slow, time. Longer ones are read as if there were no
// svg or math.
const maxTangle = 128 << 10

// untangle writes a text anew in which svg or math meets elements of raw text
// (style, title, textarea …) or CDATA. There the same bytes are text or markup
// depending on where in the tree they stand, which a reading by tags does not
// know. What it returns has no such element any more and means what the tree
// says; what frames hide stays.
//
// It is false where no tree is to be had.
func untangle(src string) (string, bool) {
	if len(src) > maxTangle {
		return "", false
	}
	nodes, err := fragmentOf(src)
	if err != nil {
		return "", false // nested too deep
	}
	var u untangler
	for _, n := range nodes {
		u.node(n, 0)
	}
	return u.b.String(), true
}

func fragmentOf(src string) ([]*html.Node, error) {
	return html.ParseFragmentWithOptions(strings.NewReader(src), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}, html.ParseOptionEnableScripting(false))
}

type untangler struct{ b strings.Builder }

func (u *untangler) node(n *html.Node, depth int) {
	if n.Type == html.TextNode {
		u.b.WriteString(html.EscapeString(n.Data))
		return
	}
	if n.Type != html.ElementNode {
		return
	}
	name := strings.ToLower(n.Data)
	switch name {
	case "script", "style":
		return
	case "iframe", "noembed", "noframes":
		if n.Namespace == "" {
			u.frame(n, depth)
			return
		}
	}
	t := tags[name]
	if n.Namespace != "" && t != nil && t.flags&(inSVG|inMath|isAnchor) == 0 {
		t = nil // bears the name only
	}
	if t != nil {
		u.start(n, name)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		u.node(c, depth)
	}
	if t != nil && t.flags&void == 0 {
		u.b.WriteString("</" + name + ">")
	}
}

func (u *untangler) start(n *html.Node, name string) {
	u.b.WriteString("<" + name)
	for _, a := range n.Attr {
		key := a.Key
		if a.Namespace != "" {
			key = a.Namespace + ":" + key
		}
		if attributes[lower(key)] == 0 && !strings.HasPrefix(key, "data-") || strings.ContainsAny(key, "\"'<>/= \t\n\f\r") {
			continue
		}
		u.b.WriteString(" " + key + `="` + html.EscapeString(a.Val) + `"`)
	}
	u.b.WriteByte('>')
}

// frame writes what stands in a frame, read as a text of its own.
func (u *untangler) frame(n *html.Node, depth int) {
	for c := n.FirstChild; c != nil && depth < 4; c = c.NextSibling {
		nodes, err := fragmentOf(c.Data)
		if err != nil {
			continue
		}
		for _, in := range nodes {
			u.node(in, depth+1)
		}
	}
}
