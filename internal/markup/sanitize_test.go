package markup

import (
	"net/url"
	"testing"
)

var base = func() *url.URL { u, _ := url.Parse("https://e.example/blog/post?x=1"); return u }()

func TestSanitize(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"text", "Tom & Jerry < 3 &amp; &lt;b&gt; &copy; &#146;", "Tom &amp; Jerry &lt; 3 &amp; &lt;b&gt; © ’"},
		{"paragraphs", "<p>a<p>b<ul><li>1<li>2</ul>c", "<p>a</p><p>b</p><ul><li>1</li><li>2</li></ul>c"},
		{"mis-nested", "<b><i>x</b>y</i>", "<b><i>x</i></b>y"},
		{"table", "<table><tr><td>1<td>2<tr><td>3</table>", "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>"},
		{"table in a cell", "<table><tr><td><table><tr><td>x</table>y</td></tr></table>", "<table><tr><td><table><tr><td>x</td></tr></table>y</td></tr></table>"},
		{"cell end does not leave the cell", "<div><table><tr><td></div>x</table></div>", "<div><table><tr><td>x</td></tr></table></div>"},
		{"script", "a<script>alert(1)</script>b<SCRIPT src=x></SCRIPT >c", "abc"},
		{"script unclosed", "a<script>alert(1)", "a"},
		{"style", "a<style>p{}</style>b", "ab"},
		{"comment", "a<!-- <b> -->b<!-->c<!--->d<!-- x --!>e<!-- x", "abcde"},
		{"iframe unclosed", "a<iframe src=//x>b <b>c</b>", "ab <b>c</b>"},
		{"object unclosed", "a<object data=x>b", "ab"},
		{"noscript", "<noscript>a<p>b</noscript>", "a<p>b</p>"},
		{"textarea", "<form>a<textarea><b>x</textarea><input value=1></form>", "a&lt;b&gt;x"},
		{"textarea unclosed", "a<textarea><b>x", "a&lt;b&gt;x"},
		{"xmp unclosed", "a<xmp><b>x", "a&lt;b&gt;x"},
		{"frame whose end stands in an attribute", `<iframe><a title="</iframe><img src=x onerror=y()>">b`, `<img src="https://e.example/blog/x" loading="lazy">"&gt;b`},
		{"html in a style of svg", `<svg><style>a{}<p>b`, `<svg></svg><p>b</p>`},
		{"style of svg", `<svg><style><![CDATA[a>b{}]]></style><path/></svg>c`, `<svg><path></path></svg>c`},
		{"style in a place of html in svg", `<svg><desc><style>a<p>b</style></desc></svg>c`, `<svg><desc></desc></svg>c`},
		{"cdata of svg", `<svg><text><![CDATA[a<b>c]]></text></svg>`, `<svg><text>a&lt;b&gt;c</text></svg>`},
		{"textarea out of svg", `<svg></p><textarea><title></textarea>a`, `<svg></svg><p></p>&lt;title&gt;a`},
		{"link", `<a href="/x" onclick=evil() id=a class=b>x</a>`, `<a href="https://e.example/x" rel="noopener">x</a>`},
		{"link rel", `<a rel="tag opener" href=x>x</a>`, `<a href="https://e.example/blog/x" rel="tag noopener">x</a>`},
		{"tracking", `<a href="http://a.example/?id=3&amp;utm_source=rss#c">x</a>`, `<a href="http://a.example/?id=3#c" rel="noopener">x</a>`},
		{"javascript", `<a href="javascript:alert(1)">x</a><a href=" java	script:x">y</a><a href="&#106;avascript&colon;x">z</a><a href="data:text/html,x">w</a>`, `<a>x</a><a>y</a><a>z</a><a>w</a>`},
		{"javascript behind a space", "<a href='\u2028javascript:alert(1)'>x</a><a href='&nbsp;https://a.example/\u200b'>y</a>", `<a>x</a><a href="https://a.example/" rel="noopener">y</a>`},
		{"mailto", `<a href="mailto:a@b.example?subject=x y">x</a>`, `<a href="mailto:a@b.example?subject=x%20y" rel="noopener">x</a>`},
		{"image", `<img src=a.png alt="a<b" onerror=x width=10>`, `<img src="https://e.example/blog/a.png" alt="a&lt;b" width="10" loading="lazy">`},
		{"pixel", `<img src=a.png width=1 height=1><img src=a.png style="width:1px; height: 0px">x`, `x`},
		{"tracker", `<img src="http://feeds.feedburner.com/~r/x/~4/y"/>x`, `x`},
		{"lazy", `<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-src="/real.jpg">`, `<img src="https://e.example/real.jpg" loading="lazy">`},
		{"lazy with noscript", `<img data-src="/r.jpg"><noscript><img src="/r.jpg"></noscript>`, `<img src="https://e.example/r.jpg" loading="lazy">`},
		{"srcset", `<img srcset="a.jpg 1x, javascript:x 2x, b.jpg 2x">`, `<img src="https://e.example/blog/a.jpg" srcset="https://e.example/blog/a.jpg 1x, https://e.example/blog/b.jpg 2x" loading="lazy">`},
		{"svg data", `<img src="data:image/svg+xml,<svg onload=x>">`, `<img loading="lazy">`},
		{"style kept", `<p style="color: red; position:fixed; width: 10px">x`, `<p style="color: red; width: 10px;">x</p>`},
		{"style dropped", `<p style="background: url(javascript:x)">x<p style="width: expression(x)">y<p style="color: r\65 d">z`, `<p>x</p><p>y</p><p>z</p>`},
		{"code", `<pre><code class="hljs language-Go x">a &lt; b</code></pre>`, `<pre><code class="language-go">a &lt; b</code></pre>`},
		{"svg", `<svg viewBox="0 0 1 1" onload=x><script>x</script><path d="M0"/><a xlink:href="javascript:x"><text>t</text></a><style/>u</svg>`, `<svg viewBox="0 0 1 1"><path d="M0"></path><a><text>t</text></a>u</svg>`},
		{"html leaves svg", `<svg><g><p>x</p></g></svg>`, `<svg><g></g></svg><p>x</p>`},
		{"math", `<math><mi>x</mi><annotation-xml encoding="text/html"><style></style></annotation-xml></math>`, `<math><mi>x</mi></math>`},
		{"media", `<video src="/v.mp4" autoplay onplay=x>t</video>`, `<video src="https://e.example/v.mp4" controls="">t</video>`},
		{"cdata", `a<![CDATA[b <i>c</i>]]>d]]>`, `ab <i>c</i>d]]&gt;`},
		{"cut tag", `a<a href="x`, `a`},
		{"duplicate attribute", `<a href="/1" href="javascript:x">x</a>`, `<a href="https://e.example/1" rel="noopener">x</a>`},
		{"nul", "a\x00<scr\x00ipt>b</script>", "ab"},
	}
	for _, tt := range tests {
		got := Sanitize(tt.in, base)
		if got != tt.want {
			t.Errorf("%s:\n in   %s\n got  %s\n want %s", tt.name, tt.in, got, tt.want)
		}
		if again := Sanitize(got, base); again != got {
			t.Errorf("%s: not idempotent:\n first  %s\n second %s", tt.name, got, again)
		}
	}
}

func TestText(t *testing.T) {
	tests := []struct{ in, want string }{
		{"<p>a  b</p><p>c</p>", "a b c"},
		{"a<br>b<script>x</script>&nbsp;&amp;", "a b &"},
		{"1 < 2 & 3", "1 < 2 & 3"},
		{"&lt;b&gt;", "<b>"},
		{"", ""},
		{"<b>bo</b>ld", "bold"},
	}
	for _, tt := range tests {
		if got := Text(tt.in); got != tt.want {
			t.Errorf("Text(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
