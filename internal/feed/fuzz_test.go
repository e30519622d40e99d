package feed

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/markup"
)

var feedSeeds = []string{
	"<rss version='2.0'><channel><title>T</title><item><title>a &amp; b</title><link>/x</link><guid>http://a.example/1</guid><description><![CDATA[<p>x]]></description></item></channel></rss>",
	"<feed xmlns='http://www.w3.org/2005/Atom' xml:base='http://a.example/' xml:lang='de'><title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>a<b>c</b></div></title><entry><id>1</id><link href='x'/><updated>2024-01-02T03:04:05Z</updated><content type='html'>&lt;img src=y></content></entry></feed>",
	"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel/><item rdf:about='http://a.example/'><dc:date>2024</dc:date></item></rdf:RDF>",
	`{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[{"id":1,"content_html":"<b>x","tags":["a"],"authors":[{"name":"A"}],},]`,
	"<!DOCTYPE r [<!ENTITY a '&b;&b;'><!ENTITY b '&a;'>]><rss><channel><item><title>&a;</title>", "<html><body>x", "<rss><channel><item><title>a<item><title>b</titel><link>http://x/",
	"\x00<\x00?\x00x", "<rss><channel><item><description><p>a<br>b</item><item><media:group><media:content url='x' type='video/x'/></media:group>",
	"<feed><entry><author><name>x</name><uri>mailto:a@b.c</uri></author><summary mode='base64'>PGI+</summary><category term='x'/><source><title>t",
}

// FuzzParse: whatever comes in, the only error is ErrNotFeed, and a document
// keeps what the package promises of it.
func FuzzParse(f *testing.F) {
	for _, s := range feedSeeds {
		f.Add([]byte(s), "application/xml")
	}
	f.Add([]byte("<rss>"), "\x84ChArset=")
	f.Add([]byte("<rss><channel><title>\x82\xb1</title>"), "text/xml; charset=shift_jis")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		m := Meta{URL: "https://e.example/feed", ContentType: contentType, MaxEntries: 20}
		doc, err := Parse(body, m)
		if err != nil {
			if !errors.Is(err, ErrNotFeed) {
				t.Fatalf("unclassified error %v", err)
			}
			return
		}
		check(t, doc)
		m.SummaryOnly = true
		short, err := Parse(body, m)
		if err != nil || len(short.Entries) != len(doc.Entries) || short.Dropped != doc.Dropped {
			t.Fatalf("SummaryOnly: %d entries, not %d (%v)", len(short.Entries), len(doc.Entries), err)
		}
		for i, e := range short.Entries {
			if e.Content != "" || strings.Contains(e.Summary, "<") || e.ID != doc.Entries[i].ID || e.Link != doc.Entries[i].Link {
				t.Fatalf("SummaryOnly: %+v", e)
			}
		}
	})
}

// FuzzParsePieces is FuzzParse over what feeds are made of: each byte is a piece.
func FuzzParsePieces(f *testing.F) {
	f.Add([]byte("abcdefghijklmnopqrstuvwxyz0123456789"))
	f.Add([]byte{0, 2, 4, 9, 60, 5, 6, 61, 7, 3, 1})
	f.Fuzz(func(t *testing.T, pick []byte) {
		var b strings.Builder
		for _, c := range pick[:min(len(pick), 200)] {
			b.WriteString(feedPieces[int(c)%len(feedPieces)])
		}
		doc, err := Parse([]byte(b.String()), Meta{URL: "https://e.example/feed", MaxEntries: 20})
		if err == nil {
			check(t, doc)
		} else if !errors.Is(err, ErrNotFeed) {
			t.Fatalf("unclassified error %v", err)
		}
	})
}

var feedPieces = func() []string {
	var list []string
	for _, tag := range []string{"rss version='2.0'", "channel", "item", "feed xmlns='http://www.w3.org/2005/Atom' xml:base='/b/'", "entry xml:lang='de'", "title", "title type='xhtml'", "title type='html'", "link", "guid",
		"description", "content:encoded", "content type='xhtml'", "content type='a/b'", "summary mode='base64'", "author", "name", "uri", "dc:creator", "category term='x'", "category", "itunes:category text='y'", "media:group",
		"media:content url='m' type='video/x'", "source", "source url='s'", "image", "url", "pubDate", "dc:date", "div xmlns='http://www.w3.org/1999/xhtml'", "p", "svg", "unknown", "x:y xmlns:x='z'", "rdf:RDF", "html"} {
		name, _, _ := strings.Cut(tag, " ")
		list = append(list, "<"+tag+">", "</"+name+">")
	}
	return append(list, "text", "2024-01-02", "http://a.example/1", "a@b.example (A)", "&amp;lt;b&gt;x&lt;/b>", "<![CDATA[<p>c", "]]>", "<link href='l' rel='self'/>", "<enclosure url='e' type='image/x'/>", "<br/>", "&nbsp;", "&#128;", "&", "<",
		"<!--", "-->", "<?x?>", "\x01", "\xe9", "é", "<a b='", "'>", "<!DOCTYPE x [<!ENTITY e '<b>&e;'>]>", "&e;", "<itunes:image href='i'/>", "PGI+eA==", " ", "{", "\"items\":[")
}()

func check(t *testing.T, doc *Document) {
	t.Helper()
	if len(doc.Entries) > 20 || doc.Dropped > 0 && len(doc.Entries) < 20 {
		t.Fatalf("%d entries, %d dropped", len(doc.Entries), doc.Dropped)
	}
	if doc.Encoding == "" || doc.Encoding != strings.ToLower(doc.Encoding) {
		t.Fatalf("encoding %q", doc.Encoding)
	}
	b, err := json.Marshal(doc)
	if err != nil || !utf8.Valid(b) {
		t.Fatalf("not to be written as JSON: %v", err)
	}
	var back Document
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatalf("not to be read back: %v", err)
	}
	if again, _ := json.Marshal(&back); string(again) != string(b) {
		t.Fatalf("JSON changes on the way:\n%s\n%s", b, again)
	}
	addresses(t, doc.Feed.Link, doc.Feed.FeedURL, doc.Feed.Image, doc.Feed.Icon)
	plainTexts(t, doc.Feed.Title, doc.Feed.Description, doc.Feed.Rights)
	for _, e := range doc.Entries {
		addresses(t, e.Link, e.Image, e.Comments)
		plainTexts(t, e.Title, e.Rights)
		plainTexts(t, e.Tags...)
		for _, l := range e.Links {
			addresses(t, l.Href)
		}
		for _, x := range e.Enclosures {
			addresses(t, x.URL)
		}
		for _, p := range append(append([]coranto.Person{}, e.Authors...), e.Contributors...) {
			plainTexts(t, p.Name)
			addresses(t, strings.Replace(p.URL, "mailto:", "http://", 1))
		}
		for _, h := range []string{e.Summary, e.Content} {
			if again := strings.TrimSpace(markup.Sanitize(h, nil)); again != h {
				t.Fatalf("not sanitised:\n%q\n%q", h, again)
			}
		}
		for _, at := range []time.Time{e.Published, e.Updated} {
			if at.Location() != time.UTC || at.Nanosecond() != 0 {
				t.Fatalf("time %v", at)
			}
		}
	}
}

func addresses(t *testing.T, list ...string) {
	t.Helper()
	for _, s := range list {
		if s == "" {
			continue
		}
		if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") || strings.ContainsAny(s, " \t\r\n\"<>\x00") {
			t.Fatalf("address %q", s)
		}
	}
}

func plainTexts(t *testing.T, list ...string) {
	t.Helper()
	for _, s := range list {
		if markup.Collapse(s) != s {
			t.Fatalf("not plain text: %q", s)
		}
	}
}

// FuzzDate: a date that is read is whole, in UTC, of a sane year, and reads the
// same when it is written in the forms feeds use.
func FuzzDate(f *testing.F) {
	for _, tt := range dates {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := ParseDate(s)
		if !ok {
			return
		}
		if at.Location() != time.UTC || at.Nanosecond() != 0 || at.Year() < 999 || at.Year() > 10000 {
			t.Fatalf("ParseDate(%q) = %v", s, at)
		}
		if at.Year() < 1000 || at.Year() > 9999 {
			return // moved there by its zone
		}
		for _, layout := range []string{time.RFC3339, time.RFC1123Z, time.RFC1123, time.ANSIC, time.DateTime, "Monday, 2 January 2006 15:04:05 MST"} {
			if again, ok := ParseDate(at.Format(layout)); !ok || !again.Equal(at) {
				t.Fatalf("%q is %v; written %q it is %v", s, at, at.Format(layout), again)
			}
		}
	})
}

// FuzzDiscover: candidates are absolute, differ, and stand in order.
func FuzzDiscover(f *testing.F) {
	f.Add([]byte(`<base href=/b/><link rel="alternate" type="application/rss+xml" href="f"><a href="/feed">RSS</a>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		list := Discover(body, Meta{URL: "https://e.example/"})
		seen := map[string]bool{}
		for i, c := range list {
			addresses(t, c.URL)
			if c.URL == "" || seen[c.URL] || i > 0 && c.Rank < list[i-1].Rank || len(list) > maxCandidates {
				t.Fatalf("%+v", list)
			}
			seen[c.URL] = true
		}
	})
}
