package scrape_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/coranto/coranto/internal/scrape"
)

// realistic is a page of some 60 KB: a head as blogs have it, a menu, an
// article, teasers and scripts.
func realistic() []byte {
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sea lettuce, slowly | Kelp</title>
<meta name="description" content="A slow look at sea lettuce."><meta property="og:title" content="Sea lettuce, slowly"><meta property="og:image" content="/i.jpg"><meta property="og:site_name" content="Kelp">
<meta property="article:published_time" content="2025-03-04T05:06:07Z"><script type="application/ld+json">{"@context":"https://schema.org","@type":"BlogPosting","headline":"Sea lettuce, slowly","author":{"@type":"Person","name":"Ione Vale"},"datePublished":"2025-03-04T05:06:07Z"}</script>
<style>` + strings.Repeat(".post .entry-title a:hover{color:#123456;text-decoration:none}\n", 100) + `</style></head><body class="single post has-sidebar"><nav><ul class="menu">`)
	for i := range 120 {
		fmt.Fprintf(&b, `<li id="menu-item-%d" class="menu-item menu-item-type-post_type"><a href="https://kelp.example/section/%d/" data-track="nav">Section %d</a></li>`, i, i, i)
	}
	b.WriteString(`</ul></nav><main><article class="post hentry"><h1 class="entry-title">Sea lettuce, slowly</h1><p class="entry-meta">By <a rel="author" href="/author/ione">Ione Vale</a></p>`)
	for i := range 40 {
		fmt.Fprintf(&b, "<p>Paragraph %d. %s</p>\n", i, strings.Repeat("The <em>sea</em> gives, and &amp; takes; <a href=\"/x\">nobody</a> counts. ", 5))
	}
	b.WriteString(`<p>Tags: <a rel="tag" href="/t/sea">sea</a></p></article></main><aside class="sidebar">`)
	for i := range 60 {
		fmt.Fprintf(&b, `<div class="teaser-card teaser-card--small"><a href="/p/%d"><img loading="lazy" data-src="/t/%d.jpg" alt=""><span class="teaser-title">Another post %d</span></a><time datetime="2024-01-02">2 Jan 2024</time></div>`, i, i, i)
	}
	b.WriteString(`</aside><script>` + strings.Repeat("window.q=window.q||[];q.push({a:1,b:'x'});", 100) + `</script></body></html>`)
	return []byte(b.String())
}

func BenchmarkExtract(b *testing.B) {
	body := realistic()
	for _, content := range []bool{false, true} {
		b.Run(fmt.Sprintf("content=%t", content), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := scrape.Extract(body, scrape.Meta{URL: "https://kelp.example/p/1", Content: content}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
