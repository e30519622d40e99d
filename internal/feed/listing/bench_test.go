package listing_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/feed/listing"
)

// page has n entries in all the ways there are.
func page(n int) []byte {
	var b strings.Builder
	b.WriteString(head + `<script type="application/ld+json">{"@type":"ItemList","itemListElement":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"@type":"ListItem","url":"/%d","name":"Entry %d"}`, i, i)
	}
	b.WriteString("]}</script>")
	for i := range n {
		fmt.Fprintf(&b, `<article class="h-entry card"><h2 class=p-name><a class=u-url href="/%d">Entry %d</a></h2><time class=dt-published datetime=2024-01-02>2 Jan</time><div class=e-content><p>Some <b>words</b> of it.</div></article>`, i, i)
	}
	return []byte(b.String())
}

var recipes = map[string]coranto.Recipe{
	"css": {Item: ".card", Title: "h2", Link: "a@href", Date: "time"}, "h-feed": {Type: "h-feed"}, "json-ld": {Type: "json-ld"},
}

func BenchmarkRead(b *testing.B) {
	body := page(200)
	for name, r := range recipes {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := listing.Read(body, r, feed.Meta{URL: "https://v.example/"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSitemap(b *testing.B) {
	body := []byte("<urlset>" + strings.Repeat("<url><loc>https://v.example/some/page</loc><lastmod>2024-01-01T00:00:00Z</lastmod></url>", 10_000) + "</urlset>")
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := listing.ParseSitemap(body, feed.Meta{}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestHostilePages: pages are read in time linear in their size, or this never ends.
func TestHostilePages(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("<p class='p-name'>", 100_000),
		strings.Repeat("<div class=h-entry><span class='p-author h-card'>", 50_000),
		strings.Repeat("<i class='p-name p-author u-url dt-published e-content p-category'>", 30_000),
		"<div class=h-feed>" + strings.Repeat("<div class=h-entry></div>", 100_000),
		"<div class=h-entry>" + strings.Repeat("<a class=p-author href=x>", 100_000),
		"<div class=h-entry>" + strings.Repeat("<b class=p-category>x</b>", 100_000),
		"<script type=application/ld+json>" + strings.Repeat("[", 500_000),
		"<script type=application/ld+json>" + strings.Repeat(`{"@graph":[`, 5000) + "1" + strings.Repeat("]}", 5000) + "</script>",
		"<time class=card>" + strings.Repeat("1 jan ", 300_000),
		strings.Repeat("<table><tr><td>", 50_000),
		strings.Repeat("<a href=x><b>", 100_000),
	} {
		for _, r := range recipes {
			_, _ = listing.Read([]byte(head+s), r, feed.Meta{URL: "https://v.example/"})
		}
	}
	for _, s := range []string{strings.Repeat("<url>", 1_000_000), strings.Repeat("<url><loc>", 500_000), "<urlset " + strings.Repeat("a='b' ", 500_000), "<urlset><url><loc>" + strings.Repeat("x", 8_000_000), "<urlset>" + strings.Repeat("&amp;", 1_000_000)} {
		_, _ = listing.ParseSitemap([]byte("<urlset>"+s), feed.Meta{})
	}
}
