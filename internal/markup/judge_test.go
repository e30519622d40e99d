package markup

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// TestJudge reads what the sanitiser made of each attack as a page would that
// takes it in, writes it out again and takes it in again: three times, in each
// of the places where markup has changed its meaning on the way. Nothing that
// runs or loads may appear at any time, and no visible text may be gone.
func TestJudge(t *testing.T) {
	all := attacks()
	if len(all) < 500 {
		t.Errorf("only %d attacks", len(all))
	}
	for _, v := range all {
		out := Sanitize(v, base)
		if again := Sanitize(out, base); again != out {
			t.Errorf("not idempotent:\n in     %q\n first  %q\n second %q", v, out, again)
		}
		for _, c := range contexts {
			judge(t, v, out, c)
		}
		if manyReadings(v) {
			continue
		}
		if in, kept := letters(visible(t, v)), letters(visible(t, out)); !within(in, kept) {
			t.Errorf("text lost:\n in   %q\n out  %q\n from %q\n to   %q", v, out, in, kept)
		}
	}
}

// manyReadings says that what of an attack is text depends on the reader: on
// scripts being off, on frames being known, on style being of SVG, on CDATA.
func manyReadings(v string) bool {
	v = strings.ToLower(v)
	if strings.Contains(v, "<style") && strings.Contains(v, "<!--") { // a comment within SVG, raw text without
		return true
	}
	return strings.Contains(v, "<noscript") || strings.Contains(v, "<iframe") || strings.Contains(v, "<![cdata[") || strings.Contains(v, "<noembed") || strings.Contains(v, "<noframes")
}

var contexts = []atom.Atom{atom.Div, atom.Template, atom.Svg, atom.Math, atom.Select, atom.Table, atom.Noscript}

// judge parses and writes out three times.
func judge(t *testing.T, src, out string, context atom.Atom) {
	now := out
	for round := 1; round <= 3; round++ {
		nodes := fragment(t, now, context)
		var b bytes.Buffer
		for _, n := range nodes {
			if why := dangerous(n); why != "" {
				t.Errorf("%s, round %d: %s\n in  %q\n out %q\n now %q", context, round, why, src, out, now)
				return
			}
			if err := html.Render(&b, n); err != nil {
				return // a tree that cannot be written, as of void elements within SVG, goes no further
			}
		}
		now = b.String()
	}
}

func fragment(t *testing.T, s string, context atom.Atom) []*html.Node {
	t.Helper()
	parent := &html.Node{Type: html.ElementNode, Data: context.String(), DataAtom: context}
	if context == atom.Svg || context == atom.Math {
		parent.Namespace = context.String()
	}
	nodes, err := html.ParseFragment(strings.NewReader(s), parent)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return nodes
}

var (
	runs  = set(`script style iframe frame frameset object embed applet base meta link form input button select textarea isindex keygen template noscript xmp plaintext title noembed noframes animate animatemotion animatetransform set use foreignobject feimage image portal slot`)
	loads = set(`href src srcset cite longdesc poster data action formaction background dynsrc lowsrc ping manifest archive classid codebase icon profile usemap xlink:href from to by values`)
)

// dangerous says what of a tree could run, load, deceive or shadow a name.
func dangerous(n *html.Node) string {
	if n.Type == html.ElementNode {
		if runs[strings.ToLower(n.Data)] {
			return "element " + n.Data
		}
		for _, a := range n.Attr {
			k := strings.ToLower(a.Key)
			if a.Namespace != "" {
				k = a.Namespace + ":" + k
			}
			if why := dangerousAttr(n.Data, k, a.Val); why != "" {
				return fmt.Sprintf("%s: %s=%q on %s", why, k, a.Val, n.Data)
			}
		}
	}
	if n.Type == html.CommentNode && n.Data != "" {
		return "comment " + n.Data
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if why := dangerous(c); why != "" {
			return why
		}
	}
	return ""
}

func dangerousAttr(element, key, val string) string {
	// as browsers read an address: without white space and control characters
	v := strings.ToLower(strings.Map(func(r rune) rune {
		if r <= ' ' || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, val))
	switch {
	case strings.HasPrefix(key, "on") || strings.Contains(key, ":on"):
		return "handler"
	case key == "id" || key == "name" && element != "map" || key == "form" || key == "is" || key == "slot" || key == "srcdoc" || key == "http-equiv" || key == "autofocus" || key == "contenteditable" || key == "popover" || key == "popovertarget":
		return "shadows or acts"
	case key == "style":
		if strings.ContainsAny(v, `\@{}<>`) || strings.Contains(v, "url") || strings.Contains(v, "expression") || strings.Contains(v, "behavior") || strings.Contains(v, "-moz-binding") || strings.Contains(v, "position:") || strings.Contains(v, "/*") {
			return "style"
		}
	case key == "srcset":
		for part := range strings.SplitSeq(val, ", ") {
			if !fetchable(strings.ToLower(strings.TrimSpace(part))) {
				return "address"
			}
		}
	case key == "usemap":
		if v != "" && v[0] != '#' {
			return "address"
		}
	case loads[key]:
		if v != "" && !fetchable(v) && (key != "href" || !strings.HasPrefix(v, "mailto:")) && (element != "img" || !strings.HasPrefix(v, "data:image/") || strings.HasPrefix(v, "data:image/svg")) {
			return "address"
		}
	case strings.Contains(v, "url("):
		return "paint"
	}
	return ""
}

func fetchable(v string) bool {
	return strings.HasPrefix(v, "http://") || strings.HasPrefix(v, "https://")
}

// visible is the text that a browser with scripts off shows of a fragment.
func visible(t *testing.T, s string) string {
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			switch n.Data {
			case "script", "style", "template", "iframe", "noembed", "noframes", "object", "title", "audio", "video", "datalist", "noscript":
				return
			}
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	for _, n := range fragment(t, s, atom.Div) {
		walk(n)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || r == '\uFFFD' || r == '\uFEFF' {
			return -1
		}
		return r
	}, b.String())
}
