package feed

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
)

// sampleFeed is an RSS feed of about n bytes with articles in HTML.
func sampleFeed(n int, cdata bool) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>A weblog</title><link>https://blog.example/</link><description>Notes</description><atom:link href="https://blog.example/feed" rel="self" type="application/rss+xml"/>`)
	para := `<p>The <a href="https://other.example/page?id=3&amp;utm_source=rss" target="_blank">quick</a> brown fox &mdash; so they <em>say</em> &#8212; jumps over the lazy dog, and does it again for good measure; nobody counts.</p>
<figure class="wp-block"><img src="/images/fox.jpg" srcset="/images/fox.jpg 1x, /images/fox2.jpg 2x" width="640" height="480" alt="A fox" class="size-large" /><figcaption>A fox &amp; a dog</figcaption></figure>
<ul><li>one</li><li>two <code>x &lt; y</code></li></ul>
`
	for i := 0; b.Len() < n; i++ {
		body := strings.Repeat(para, 6)
		fmt.Fprintf(&b, `<item><title>Post number %d &amp; more</title><link>https://blog.example/%d/</link><dc:creator><![CDATA[Ann]]></dc:creator><pubDate>Mon, 02 Sep 2024 %02d:30:00 +0000</pubDate><category><![CDATA[Foxes]]></category><category>Dogs</category><guid isPermaLink="false">https://blog.example/?p=%d</guid><description><![CDATA[<p>The quick brown fox</p>]]></description>`, i, i, i%24, i)
		if cdata {
			b.WriteString("<content:encoded><![CDATA[" + body + "]]></content:encoded></item>\n")
		} else {
			b.WriteString("<content:encoded>" + strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(body) + "</content:encoded></item>\n")
		}
	}
	b.WriteString("</channel></rss>")
	return b.Bytes()
}

func BenchmarkParse(b *testing.B) {
	for _, cdata := range []bool{true, false} {
		body := sampleFeed(1<<20, cdata)
		kind := map[bool]string{true: "cdata", false: "escaped"}[cdata]
		b.Run(kind+"/tokens-of-encoding-xml", func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				d := xml.NewDecoder(bytes.NewReader(body))
				for {
					if _, err := d.RawToken(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		for _, m := range []struct {
			name string
			meta Meta
		}{{"unsanitised", Meta{Unsanitised: true}}, {"summary-only", Meta{SummaryOnly: true}}, {"sanitised", Meta{}}} {
			m.meta.URL = "https://blog.example/feed"
			b.Run(kind+"/"+m.name, func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := Parse(body, m.meta); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
