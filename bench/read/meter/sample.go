package meter

import (
	"bytes"
	"fmt"
	"strings"
)

const paragraph = `<p>The <a href="https://other.example/page?id=%d&amp;utm_source=rss" target="_blank">quick</a> brown fox &mdash; so they <em>say</em> &#8212; jumps over the lazy dog, and does it again for good measure; nobody counts.</p>
<figure class="wp-block"><img src="/images/fox%d.jpg" srcset="/images/fox.jpg 1x, /images/fox2.jpg 2x" width="640" height="480" alt="A fox" class="size-large" /><figcaption>A fox &amp; a dog</figcaption></figure>
<ul><li>one</li><li>two <code>x &lt; y</code></li></ul>
`

// Feed is an RSS feed of about n bytes, its articles whole and in HTML: as
// CDATA, or escaped.
func Feed(n int, cdata bool) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>A weblog</title><link>https://blog.example/</link><description>Notes</description><atom:link href="https://blog.example/feed" rel="self" type="application/rss+xml"/>`)
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	for i := 0; b.Len() < n; i++ {
		var body strings.Builder
		for j := range 6 {
			fmt.Fprintf(&body, paragraph, i, j)
		}
		fmt.Fprintf(&b, `<item><title>Post number %d &amp; more</title><link>https://blog.example/%d/</link><dc:creator><![CDATA[Ann]]></dc:creator><pubDate>Mon, 02 Sep 2024 %02d:30:00 +0000</pubDate><category><![CDATA[Foxes]]></category><category>Dogs</category><guid isPermaLink="false">https://blog.example/?p=%d</guid><description><![CDATA[<p>The quick brown fox</p>]]></description>`, i, i, i%24, i)
		if cdata {
			b.WriteString("<content:encoded><![CDATA[" + body.String() + "]]></content:encoded></item>\n")
		} else {
			b.WriteString("<content:encoded>" + escape.Replace(body.String()) + "</content:encoded></item>\n")
		}
	}
	b.WriteString("</channel></rss>")
	return b.Bytes()
}

// PageURL is where Page stands.
const PageURL = "https://kelp.example.org/2025/sea-lettuce/"

// Page is a web page of about 60 KB as blogs have them: a head full of
// metadata, style, a menu, an article, comments, teasers, scripts.
func Page() []byte {
	var b bytes.Buffer
	b.WriteString(`<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Sea lettuce, slowly | Kelp</title><link rel="canonical" href="` + PageURL + `"><link rel="alternate" type="application/rss+xml" href="/feed/">
<meta name="description" content="A slow look at sea lettuce &amp; its neighbours, with pictures."><meta property="og:title" content="Sea lettuce, slowly"><meta property="og:type" content="article"><meta property="og:image" content="/img/lettuce.jpg"><meta property="og:site_name" content="Kelp">
<meta property="article:published_time" content="2025-03-04T05:06:07+00:00"><meta property="article:modified_time" content="2025-03-06T05:06:07+00:00"><script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"BlogPosting","@id":"` + PageURL + `#a","headline":"Sea lettuce, slowly","author":{"@id":"https://kelp.example.org/#ione"},"datePublished":"2025-03-04T05:06:07+00:00","keywords":["sea","lettuce"]},{"@type":"Person","@id":"https://kelp.example.org/#ione","name":"Ione Vale"},{"@type":"WebSite","name":"Kelp"}]}</script>
<style>` + strings.Repeat(".post .entry-title a:hover{color:#123456;text-decoration:none}\n", 100) + `</style></head><body class="single single-post postid-12 has-sidebar"><header class="site-header"><nav><ul class="menu">`)
	for i := range 90 {
		fmt.Fprintf(&b, `<li id="menu-item-%d" class="menu-item menu-item-type-post_type"><a href="https://kelp.example.org/section/%d/" data-track="nav">Section %d</a></li>`, i, i, i)
	}
	b.WriteString(`</ul></nav></header><main><article class="post hentry"><h1 class="entry-title">Sea lettuce, slowly</h1><p class="entry-meta">By <a rel="author" href="/author/ione/">Ione Vale</a> on <time class="entry-date" datetime="2025-03-04">4 March 2025</time></p>`)
	for i := range 36 {
		fmt.Fprintf(&b, "<p>Paragraph %d. %s</p>\n", i, strings.Repeat("The <em>sea</em> gives, and &amp; takes; <a href=\"/x\">nobody</a> counts. ", 5))
	}
	b.WriteString(`<p class="tags">Tags: <a rel="tag" href="/tag/sea/">sea</a>, <a rel="tag" href="/tag/lettuce/">lettuce</a></p></article><section id="comments"><ol class="commentlist">`)
	for i := range 25 {
		fmt.Fprintf(&b, `<li class="comment"><cite class="fn">Reader %d</cite> <a href="#c%d"><time datetime="2025-03-%02dT10:00">March %d, 2025 at 10:00</time></a><p>Well said, and in so few words too. Thanks for the picture.</p></li>`, i, i, 5+i%20, 5+i%20)
	}
	b.WriteString(`</ol></section></main><aside class="sidebar">`)
	for i := range 40 {
		fmt.Fprintf(&b, `<div class="teaser-card teaser-card--small"><a href="/p/%d"><img loading="lazy" data-src="/t/%d.jpg" alt=""><span class="teaser-title">Another post %d</span></a><time datetime="2024-01-02">2 Jan 2024</time></div>`, i, i, i)
	}
	b.WriteString(`</aside><footer>© 2025 Kelp</footer><script>` + strings.Repeat("window.q=window.q||[];q.push({a:1,b:'x'});", 100) + `</script></body></html>`)
	return b.Bytes()
}
