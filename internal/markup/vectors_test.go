package markup

import "testing"

// vectors are ways to run script or reach out that have worked somewhere.
var vectors = []string{
	`<img src=x onerror=alert(1)//`, `<img """><script>alert(1)</script>">`, `<img src="javascript:alert(1)">`, `<img dynsrc="javascript:x" lowsrc="javascript:x">`,
	`<svg/onload=alert(1)>`, `<svg><animate xlink:href=#x attributeName=href values=javascript:alert(1) /><a id=x><text>x</text></a>`, `<svg><set attributeName=onload to=alert(1)>`,
	`<svg><use href="data:image/svg+xml,<svg id='x'><script>x</script></svg>#x">`, `<svg><a xlink:href="java&#115;cript:x">x</a>`, `<svg><script>x</script>`, `<svg><script href=x />text`,
	`<svg><foreignObject><body onload=x>`, `<svg><style>@import'x'</style>`, `<svg><p><style><g title="</style><img src=1 onerror=x>">`, `<svg></p><style><a id="</style><img src=1 onerror=x>">`,
	`<math><maction actiontype="statusline#http://x" xlink:href="javascript:x">x</maction></math>`, `<math href="javascript:x">x</math>`, `<math><mi xlink:href="data:x,y">`,
	`<form><math><mtext></form><form><mglyph><style></math><img src onerror=x>`, `<math><annotation-xml encoding="text/html"><script>x</script></annotation-xml></math>`,
	`<noscript><p title="</noscript><img src=x onerror=x>">`, `<template><script>x</script></template>`, `<xmp><p title="</xmp><svg/onload=x>">`, `<title><img title="</title><img src onerror=x>">`,
	`<textarea></textarea><img src onerror=x></textarea>`, `<iframe srcdoc="<script>x</script>">`, `<iframe><img title="</iframe><img src onerror=x>">`, `<object data="javascript:x"><embed src=x>`,
	`<a href="&#x6A;&#x61;vascript:x">x</a>`, `<a href="&#0000106avascript:x">x</a>`, "<a href=\"java\nscript:x\">x</a>", "<a href=\"\x01javascript:x\">x</a>", "<a href=\"\u00a0javascript:x\">x</a>",
	`<a href="JaVaScRiPt:x">x</a>`, `<a href="vbscript:x">x</a>`, `<a href="livescript:x">x</a>`, `<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>`, `<a href="blob:x">x</a>`, `<a href="file:///x">x</a>`,
	`<a href="javascript&colon;x">x</a>`, `<a href="javascript&#58x">x</a>`, `<a href="&NewLine;java&Tab;script:x">x</a>`, `<a href="//evil.example" target="x" ping="//evil.example">x</a>`, `<a href='x' style='background:url("javascript:x")'>x</a>`,
	`<p style="width:expression(alert(1))">x`, `<p style="width:exp/**/ression(x)">x`, `<p style="behavior:url(x)">x`, `<p style="-moz-binding:url(x)">x`, `<p style="background:\75rl(x)">x`, `<p style="position:fixed;top:0;left:0;width:100%;height:100%">x`,
	`<p style="font-family:'foo&#x7d;} * {color:red'">x`, `<p style="color:red;/*">x`, `<base href="javascript:x//">`, `<meta http-equiv=refresh content="0;url=javascript:x">`, `<link rel=stylesheet href=x>`, `<link rel=import href=x>`,
	`<body onload=x>`, `<body background="javascript:x">`, `<table background="javascript:x"><td background="x">`, `<input type=image src=x onerror=x>`, `<button formaction="javascript:x">x`, `<form action="javascript:x"><input type=submit>`,
	`<isindex action="javascript:x">`, `<video><source onerror=x src=x></video>`, `<video poster="javascript:x" onloadstart=x></video>`, `<audio src="javascript:x" autoplay>`, `<details open ontoggle=x>`, `<marquee onstart=x>`, `<select autofocus onfocus=x>`,
	`<keygen autofocus onfocus=x>`, `<bgsound src="javascript:x">`, `<layer src=x>`, `<frameset><frame src="javascript:x">`, `<embed src="data:image/svg+xml;base64,x">`, `<scr<script>ipt>alert(1)</scr</script>ipt>`, `<<script>x//<</script>`, `<script<b>x</script>`,
	`<script/src=x>`, `<script src=x async`, `<SCRIPT>x</SCRIPT >`, `<!--><script>x</script>-->`, `<!--[if IE]><script>x</script><![endif]-->`, `<![CDATA[<script>x</script>]]>`, `<?xml version="1.0"?><script>x</script>`, `<%<!--'%><script>x</script -->`,
	`</p/onmouseover=x>`, `<x onclick=x>x`, `<p onclick
=x>`, `<p/onclick=x>`, `<p "onclick=x" onclick='x'>`, `<p =onclick=x onclick=x>`, "<p\x0conclick=x>", `<img src='a' alt="` + "`" + `><script>x</script>">`, `<img alt="<x" title="/><img src onerror=x>">`, `<img srcset="x 1x, javascript:x 2x" sizes=x>`,
	`<a id=__proto__ name=cookie>x</a><img name=getElementById>`, `<form id=a><input name=attributes></form>`, `<map name=x><area href="javascript:x"></map>`, `<a href="https://a.example/" rel="opener" target="_blank">x</a>`, `<a href="mailto:x@y.example?body=<script>">x</a>`,
	`<p>&lt;script>x&lt;/script></p>`, `&lt;img src=x onerror=x&gt;`, `<p title="&quot;><script>x</script>">x`, `<svg><desc><![CDATA[</desc><script>x</script>]]></svg>`, `<svg><title><![CDATA[</title><script>x</script>]]>`, `<math><!--</math><img src onerror=x>-->`,
	`<table><caption><svg><title><style><img src onerror=x></style></title></svg></caption>`, `<font face="` + "`" + `onmouseover=x">x</font>`, `<img src="data:image/svg+xml,<svg onload=x>">`, `<img src="data:text/html,x">`, `<img src="data:image/png;base64,iVBOR'><script>">`,
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		checkSanitize(t, v)
		checkSanitize(t, "before <b>"+v+"</b> after")
	}
}

// TestLinear: what would take a quadratic sanitiser hours ends.
func TestLinear(t *testing.T) {
	for _, unit := range append([]string{"<b>", "</b>", "<p>", "<a href=x>", "<textarea>", "<xmp>", "<title>", "<script>", "<!--", "<![CDATA[", "<a b='", "<svg>", "<svg><p>", "<table><tr><td>", "<li>", "<ul><li>", "&", "<", "</", "<a a a a", "<img srcset='a, b'>", "x "}, vectors...) {
		src := ""
		for len(src) < 1<<17 {
			src += unit + src
		}
		if out := Sanitize(src, base); len(out) > 64*len(src) {
			t.Errorf("%q: %d bytes became %d", unit, len(src), len(out))
		}
		Text(src)
		TextOfField(src)
	}
}

func TestStripTracking(t *testing.T) {
	tests := []struct{ in, want string }{
		{"https://a.example/?utm_source=x&id=1&utm_medium=y", "https://a.example/?id=1"},
		{"https://a.example/?utm_source=x", "https://a.example/"},
		{"https://a.example/?fbclid=x#top", "https://a.example/#top"},
		{"https://a.example/#utm_source=x", "https://a.example/"},
		{"https://a.example/#a=b", "https://a.example/#a=b"},
		{"https://a.example/?b=%2F&&a=1&amp;utm_campaign=z", "https://a.example/?b=%2F&&a=1"},
		{"https://a.example/?utility=1", "https://a.example/?utility=1"},
		{"https://a.example/?UTM_Source=1&q", "https://a.example/?q"},
		{"https://a.example/?", "https://a.example/?"},
		{"not an address", "not an address"},
	}
	for _, tt := range tests {
		if got := StripTracking(tt.in); got != tt.want {
			t.Errorf("StripTracking(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestResolve(t *testing.T) {
	tests := []struct{ in, want string }{
		{"a", "https://e.example/blog/a"}, {"../a/./b", "https://e.example/a/b"}, {"/a/../..", "https://e.example/"}, {"?q=1", "https://e.example/blog/post?q=1"},
		{"#f", "https://e.example/blog/post?x=1#f"}, {"", "https://e.example/blog/post?x=1"}, {"//h.example/p", "https://h.example/p"}, {`\\h.example\p`, `https://h.example/p`},
		{" http://h.example/a b ", "http://h.example/a%20b"}, {"HTTP://h.example/ä?ö=ü", "http://h.example/%C3%A4?%C3%B6=%C3%BC"}, {"http://h.example/%zz", "http://h.example/%zz"},
		{"http:/h.example", "http://h.example"}, {"http://", ""}, {"http://a b/", ""}, {"http://:80/", ""}, {"ftp://h.example/", ""}, {"javascript:x", ""}, {"mailto:a@b.example", ""},
		{"http://müller.example/", "http://müller.example/"}, {"a:b/c", ""}, {"1:2", "https://e.example/blog/1:2"}, {"./a:b", "https://e.example/blog/a:b"},
	}
	for _, tt := range tests {
		if got := Resolve(base, tt.in); got != tt.want {
			t.Errorf("Resolve(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
	if got := Resolve(nil, "a"); got != "" {
		t.Errorf("without a base: %q", got)
	}
}

func TestExcerpt(t *testing.T) {
	tests := []struct {
		in   string
		max  int
		want string
	}{
		{"Short.", 20, "Short."},
		{"One sentence here. Another one that is cut.", 25, "One sentence here."},
		{"No. 5 is alive, says Dr. Who to the whole world", 30, "No. 5 is alive, says Dr. Who…"},
		{"No. But a long sentence follows here", 20, "No. But a long…"},
		{"Many words without any end at all", 16, "Many words…"},
		{"Onewordthatislongerthanallowed", 10, "Onewordth…"},
		{"日本語の文章。二つ目の文章はここで切れます。", 10, "日本語の文章。"},
		{"日本語の文章には空白がありません", 8, "日本語の文章に…"},
		{"x", 0, ""}, {"", 5, ""}, {"  a \n b ", 9, "a b"},
	}
	for _, tt := range tests {
		if got := Excerpt(tt.in, tt.max); got != tt.want {
			t.Errorf("Excerpt(%q, %d) = %q, want %q", tt.in, tt.max, got, tt.want)
		}
	}
}

func TestTextOfField(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Tom &amp; Jerry", "Tom & Jerry"}, {"<b>Bold</b> move", "Bold move"}, {"The <b> element", "The <b> element"}, {"vector<int> and list<int>", "vector<int> and list<int>"},
		{"a < b & c > d", "a < b & c > d"}, {"x <y", "x <y"}, {"one<br>two", "one two"}, {"<img src=x> pic", "pic"}, {"Using &lt;b&gt;", "Using <b>"},
		{"<i>Map</i><String> &amp; co", "Map<String> & co"},
		{"<b>x</b><svg/onload=y()>", "x"}, {"gpj.\u202eexe", "gpj.exe"},
	}
	for _, tt := range tests {
		if got := TextOfField(tt.in); got != tt.want {
			t.Errorf("TextOfField(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

const article = `<p>The <a href="https://other.example/page?id=3&amp;utm_source=rss" target="_blank">quick</a> brown fox &mdash; so they <em>say</em> &#8212; jumps over the lazy dog, and does it again for good measure; nobody counts.</p>
<figure class="wp-block"><img src="/images/fox.jpg" srcset="/images/fox.jpg 1x, /images/fox2.jpg 2x" width="640" height="480" alt="A fox" class="size-large" /><figcaption>A fox &amp; a dog</figcaption></figure>
<ul><li>one</li><li>two <code>x &lt; y</code></li></ul>
`

func BenchmarkSanitize(b *testing.B) {
	b.SetBytes(int64(len(article)))
	b.ReportAllocs()
	for b.Loop() {
		Sanitize(article, base)
	}
}

func BenchmarkText(b *testing.B) {
	b.SetBytes(int64(len(article)))
	b.ReportAllocs()
	for b.Loop() {
		Text(article)
	}
}
