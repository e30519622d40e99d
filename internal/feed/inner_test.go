package feed

import "testing"

func TestMend(t *testing.T) {
	const rss = `<rss version="2.0"><channel><item>`
	for _, tt := range []struct{ name, in, title, content string }{
		{"numeric references", "<title>don&#146;t &#x96; stop&#133;</title>", "don’t – stop…", ""},
		{"in HTML", "<description>&#147;so&#148; &amp;#151; <![CDATA[&#8212; &#151;]]></description>", "", "“so” — — —"},
		{"characters", "<title>don\u0092t \u00a9 €</title>", "don’t © €", ""},
		{"doubly encoded", "<title>a &#226;&#128;&#166; b</title>", "a … b", ""},
		{"undefined", "<title>a&#129;b</title>", "ab", ""},
		{"no control", "<title>\u00a0© Â</title>", "© Â", ""},
	} {
		d, err := Parse([]byte(rss+tt.in+"</item></channel></rss>"), Meta{})
		if err != nil || len(d.Entries) != 1 {
			t.Fatalf("%s: %v, %+v", tt.name, err, d)
		}
		if e := d.Entries[0]; e.Title != tt.title || e.Summary != tt.content {
			t.Errorf("%s: title %q, summary %q, want %q, %q", tt.name, e.Title, e.Summary, tt.title, tt.content)
		}
	}
}

// TestUnknownRoot: the root's own namespace is the feed's, whatever it is called.
func TestUnknownRoot(t *testing.T) {
	for _, in := range []string{
		`<rss version="2.0" xmlns="urn:unknown"><channel><title>T</title><item><title>I</title></item></channel></rss>`,
		`<x:rss version="2.0" xmlns:x="urn:unknown"><x:channel><x:title>T</x:title><x:item><x:title>I</x:title></x:item></x:channel></x:rss>`,
		`<feed xmlns="http://www.w3.org/2055/Atom"><title>T</title><entry><title>I</title></entry></feed>`,
		`<feed xmlns="urn:unknown" xmlns:o="urn:other"><o:title>no</o:title><title>T</title><entry><o:title>no</o:title><title>I</title></entry></feed>`,
	} {
		d, err := Parse([]byte(in), Meta{})
		if err != nil || d.Feed.Title != "T" || len(d.Entries) != 1 || d.Entries[0].Title != "I" {
			t.Errorf("%s\nread as %+v, %v", in, d, err)
		}
	}
}
