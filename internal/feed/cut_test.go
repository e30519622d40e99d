package feed

import (
	"strings"
	"testing"
)

// TestCut: wherever a document ends, what is read of it is what the whole says.
// Half an address would be another post.
func TestCut(t *testing.T) {
	for name, doc := range map[string]string{
		"rss": `<rss version="2.0"><channel><title>T</title>
<item><title>One &amp; only</title><link>https://a.example/1</link><guid>urn:1</guid><pubDate>Mon, 14 Sep 2020 10:00:00 GMT</pubDate><description>First</description></item>
<item><title>Two</title><link>https://a.example/22</link><guid>urn:22</guid><pubDate>Tue, 15 Sep 2020 10:00:00 GMT</pubDate><description>Second</description></item>
</channel></rss>`,
		"rdf": `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<item rdf:about="urn:1"><title>One &amp; only</title><link>https://a.example/1</link></item>
<item rdf:about="urn:22"><title>Two</title><link><![CDATA[https://a.example/22]]></link></item></rdf:RDF>`,
		"atom": `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>
<entry><title>One &amp; only</title><id>urn:1</id><link href="https://a.example/1"/><updated>2020-09-14T10:00:00Z</updated></entry>
<entry><title>Two</title><id>urn:22</id><link href="https://a.example/22"/><updated>2020-09-15T10:00:00Z</updated></entry></feed>`,
		"json": `{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [
{"id": "urn:1", "url": "https://a.example/1", "title": "One & only", "content_text": "First", "tags": ["a"]},
{"id": "urn:22", "url": "https://a.example/22", "title": "Two", "content_text": "Second", "tags": ["b"]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := strings.Index(doc, "https://a.example/1") + 30; n <= len(doc); n++ {
				got, err := Parse([]byte(doc[:n]), Meta{URL: "https://a.example/feed"})
				if err != nil {
					t.Fatalf("%d bytes: %v", n, err)
				}
				for i, e := range got.Entries {
					link, id := []string{"https://a.example/1", "https://a.example/22"}[i], []string{"urn:1", "urn:22"}[i]
					if i > 0 && e.Link != link || e.ID != "" && e.ID != id {
						t.Errorf("%q: entry %d has link %q and id %q", doc[max(0, n-40):n], i, e.Link, e.ID)
					}
					if day := []int{14, 15}[i]; !e.Published.IsZero() && e.Published.Day() != day {
						t.Errorf("%q: entry %d is of %v", doc[max(0, n-40):n], i, e.Published)
					}
				}
			}
			got, err := Parse([]byte(doc), Meta{URL: "https://a.example/feed"})
			if err != nil || len(got.Entries) != 2 || got.Cut {
				t.Errorf("the whole: %+v, %v", got, err)
			}
		})
	}
}
