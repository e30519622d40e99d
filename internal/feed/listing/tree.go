package listing

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// each tells the elements below n in document order, n first; what is below an
// element that tell refuses is left out.
func each(n *html.Node, tell func(*html.Node) bool) {
	at := n
	for at != nil {
		down := true
		if at.Type == html.ElementNode {
			down = tell(at)
		}
		if down && at.FirstChild != nil {
			at = at.FirstChild
			continue
		}
		for at != n && at.NextSibling == nil {
			at = at.Parent
		}
		if at == n {
			return
		}
		at = at.NextSibling
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name && a.Namespace == "" })
}

// words are the members of an attribute that is a list.
func words(n *html.Node, name string) []string { return strings.Fields(attr(n, name)) }

// silent are elements whose text nobody sees.
func silent(n *html.Node) bool {
	switch n.Data {
	case "script", "style", "template", "noscript", "svg":
		return true
	}
	return hasAttr(n, "hidden")
}

// inline are elements that do not part words.
func inline(n *html.Node) bool {
	switch n.Data {
	case "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr", "font":
		return true
	}
	return false
}

// text is what one reads of n, blanks joined, at most maxText bytes.
func text(n *html.Node) string {
	var b strings.Builder
	blank := false
	write := func(s string) {
		for _, r := range s {
			if r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' || r == '\u00a0' {
				blank = b.Len() > 0
				continue
			}
			if blank {
				b.WriteByte(' ')
				blank = false
			}
			b.WriteRune(r)
		}
	}
	at := n
	for at != nil && b.Len() < maxText {
		down := true
		switch at.Type {
		case html.TextNode:
			write(at.Data)
		case html.ElementNode:
			down = !silent(at) || at == n
			if !inline(at) {
				blank = b.Len() > 0
			}
		}
		if down && at.FirstChild != nil {
			at = at.FirstChild
			continue
		}
		for at != n && at.NextSibling == nil {
			at = at.Parent
			if at.Type == html.ElementNode && !inline(at) {
				blank = b.Len() > 0
			}
		}
		if at == n {
			break
		}
		at = at.NextSibling
	}
	return clip(b.String())
}

// picture is the address an img has, wherever scripts are told to find it.
func picture(n *html.Node) string {
	for _, name := range []string{"data-src", "data-lazy-src", "data-original", "src"} {
		if v := attr(n, name); v != "" && !strings.HasPrefix(v, "data:") {
			return v
		}
	}
	for _, name := range []string{"data-srcset", "srcset"} {
		if v := strings.Fields(attr(n, name)); len(v) > 0 {
			return strings.TrimSuffix(v[0], ",")
		}
	}
	return ""
}

// value is what an element says without being asked for an attribute.
func value(n *html.Node) string {
	switch n.Data {
	case "time", "ins", "del":
		if v := attr(n, "datetime"); v != "" {
			return v
		}
	case "meta":
		return attr(n, "content")
	case "data", "input":
		return attr(n, "value")
	case "abbr":
		if v := attr(n, "title"); v != "" {
			return v
		}
	}
	return text(n)
}
