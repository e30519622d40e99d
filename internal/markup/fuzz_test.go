package markup

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

var seeds = []string{
	`<p>a<b>c</p><img src=x onerror=alert(1)>`, `<svg><style><img src="</style><script>x</script>">`, `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<a href="jav&#x09;ascript:alert(1)">x</a>`, `<iframe src=x>text <b>after`, `<object>x<param></object>`,
	`<![CDATA[x]]>y]]>`, `<!--><script>x</script>-->`, `<table><tr><td><svg><p>x</td>y</table>`, `<img srcset="a, b 2x, c 3q">`, `<form><input name=x>y</form>`,
	`<img src=a width=1 height=1>`, `<p style="color:red;background:url(x)">`, `<textarea></p><b>`, `<xmp><b></xmp>`, `<a href="http://[::1]:80/?a=&copy=1">`, `&lt;b&#0;&#x80;&notit;&`,
	"<\x00p>\xff\xfe", `<select><option>a<option>b</select>`, `</br></p><br></br>`, `<svg><a xlink:href="javascript:x"><foreignObject><iframe>`, `<p/><div/><x:script>`,
}

// FuzzSanitize: what comes out is unchanged by a second pass; wherever a page
// puts it a browser finds nothing that runs and no address but those allowed; no
// visible text is lost.
func FuzzSanitize(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(checkSanitize)
}

// FuzzSanitizeTags is FuzzSanitize over what HTML is made of: each byte is a piece.
func FuzzSanitizeTags(f *testing.F) {
	f.Add([]byte("abcdefghijklmnopqrstuvwxyz0123456789"))
	f.Add([]byte{1, 5, 9, 40, 41, 42, 80, 81, 7, 3})
	f.Fuzz(func(t *testing.T, pick []byte) {
		var b strings.Builder
		for _, c := range pick[:min(len(pick), 200)] {
			b.WriteString(pieces[int(c)%len(pieces)])
		}
		checkSanitize(t, b.String())
	})
}

var pieces = func() []string {
	var list []string
	for _, tag := range []string{"p", "div", "b", "a href=x", "table", "tr", "td", "tbody", "ul", "li", "dl", "dt", "dd", "svg", "g", "path", "math", "mi", "annotation", "pre",
		"code class=language-x", "img src=a.png", "br", "h1", "blockquote", "figure", "caption", "colgroup", "select", "option", "textarea", "xmp", "title", "style", "script",
		"noscript", "iframe", "object", "template", "video", "foreignobject", "form", "span style='color:red'", "ruby", "rt", "center", "image", "x-y", "details", "summary"} {
		name, _, _ := strings.Cut(tag, " ")
		list = append(list, "<"+tag+">", "</"+name+">")
	}
	return append(list, "x", " ", "<", ">", "&", "&lt;", "&amp;lt;", "&#0;", "\r", "\n", "<!--", "-->", "<![CDATA[", "]]>", "\"", "'", "=", "<br/", "<svg/>", "<p/>", "<g/>",
		"<script/>", "é", "\u00a0", "&nbsp", "<a", " href=javascript:x", "<img src=x width=1 height=1>", "<img data-src=y>", "<!doctype html>", "</")
}()

func checkSanitize(t *testing.T, src string) {
	out := Sanitize(src, base)
	if !utf8.ValidString(out) {
		t.Fatalf("not UTF-8: %q", out)
	}
	if again := Sanitize(out, base); again != out {
		t.Fatalf("not idempotent:\n in     %q\n first  %q\n second %q", src, out, again)
	}
	for _, context := range []atom.Atom{atom.Div, atom.Table, atom.Td, atom.Svg, atom.Math, atom.Select, atom.Template, atom.Textarea, atom.Style} {
		parent := &html.Node{Type: html.ElementNode, Data: context.String(), DataAtom: context}
		if context == atom.Svg || context == atom.Math {
			parent.Namespace = context.String()
		}
		nodes, err := html.ParseFragment(strings.NewReader(out), parent)
		if err != nil {
			continue // too deep for the library
		}
		for _, n := range nodes {
			safe(t, src, out, n)
		}
	}
	if in, kept := letters(Text(strings.ToValidUTF8(src, "\uFFFD"))), letters(Text(out)); !within(in, kept) {
		t.Fatalf("text lost:\n in   %q\n out  %q\n from %q\n to   %q", src, out, in, kept)
	}
	src = strings.ToValidUTF8(src, "\uFFFD")
	if _, err := fragmentOf(src); err == nil && !manyReadings(src) {
		if in, kept := letters(visible(t, src)), letters(visible(t, out)); !within(in, kept) {
			t.Fatalf("text that a browser shows is lost:\n in   %q\n out  %q\n from %q\n to   %q", src, out, in, kept)
		}
	}
}

// within reports whether the characters of a stand in b, in their order.
func within(a, b string) bool {
	for _, r := range b {
		if c, n := utf8.DecodeRuneInString(a); n > 0 && c == r {
			a = a[n:]
		}
	}
	return a == ""
}

func letters(s string) string { return strings.ReplaceAll(s, " ", "") }

func safe(t *testing.T, src, out string, n *html.Node) {
	if n.Type == html.ElementNode {
		if tags[n.Data] == nil && tags[strings.ToLower(n.Data)] == nil && n.Data != "tbody" {
			t.Fatalf("element %s from\n in  %q\n out %q", n.Data, src, out)
		}
		for _, a := range n.Attr {
			key := a.Key
			if a.Namespace != "" {
				key = a.Namespace + ":" + a.Key
			}
			v := strings.ToLower(a.Val)
			switch {
			case strings.HasPrefix(key, "on"), key == "id", key == "srcdoc", key == "formaction", key == "ping":
				t.Fatalf("attribute %s from\n in  %q\n out %q", key, src, out)
			case key == "href", key == "src", key == "cite", key == "longdesc", key == "poster", key == "xlink:href":
				if v != "" && !strings.HasPrefix(v, "http://") && !strings.HasPrefix(v, "https://") &&
					!(key == "href" && strings.HasPrefix(v, "mailto:")) && !(n.Data == "img" && strings.HasPrefix(v, "data:image/")) {
					t.Fatalf("address %q from\n in  %q\n out %q", a.Val, src, out)
				}
			case key == "style":
				if strings.Contains(v, "url") || strings.Contains(v, "expression") || strings.Contains(v, "\\") {
					t.Fatalf("style %q from\n in  %q\n out %q", a.Val, src, out)
				}
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		safe(t, src, out, c)
	}
}

// FuzzText: plain text is collapsed and UTF-8; an excerpt is no longer than asked.
func FuzzText(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, 20)
	}
	f.Fuzz(func(t *testing.T, src string, n int) {
		for _, s := range []string{Text(src), TextOfField(src), TextPrefix(src, 10)} {
			if !utf8.ValidString(s) || Collapse(s) != s {
				t.Fatalf("not plain: %q from %q", s, src)
			}
			if !strings.HasPrefix(letters(Text(src)), letters(TextPrefix(src, 10))) {
				t.Fatalf("prefix %q is not of %q", TextPrefix(src, 10), Text(src))
			}
			if n = n & 0xFF; utf8.RuneCountInString(Excerpt(s, n)) > n {
				t.Fatalf("excerpt of %d: %q", n, Excerpt(s, n))
			}
		}
		if Text(Escape(src)) != Collapse(src) && utf8.ValidString(src) {
			t.Fatalf("Text(Escape(%q)) = %q", src, Text(Escape(src)))
		}
	})
}

// FuzzResolve: an address is http(s) or nothing, and stays as it is when
// resolved or stripped again.
func FuzzResolve(f *testing.F) {
	for _, s := range []string{"http://a.example/?utm_source=x&y=1#utm_x=1", "//h/p", "../../x", "?q", "#f", "javascript:x", "http:\\\\evil/", "HTTPS://A/%zz", "a b", "data:x", "x:y", "1:2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		u := StripTracking(Resolve(base, ref))
		if u != "" && !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
			t.Fatalf("Resolve(%q) = %q", ref, u)
		}
		if again := StripTracking(Resolve(base, u)); u != "" && again != u {
			t.Fatalf("%q resolved to %q, then to %q", ref, u, again)
		}
		if strings.ContainsAny(u, " \t\n\r\"<>`\x00") {
			t.Fatalf("Resolve(%q) = %q", ref, u)
		}
	})
}
