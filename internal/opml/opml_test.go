package opml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
)

func TestParse(t *testing.T) {
	src := func(url, title string, tags ...string) coranto.Source {
		return coranto.Source{URL: url, Title: title, Tags: tags}
	}
	tests := []struct {
		name, in string
		want     Outline
	}{
		{"a reader's export", `<?xml version="1.0" encoding="UTF-8"?>
			<opml version="1.0"><head><title>Subscriptions of
			 me</title></head><body>
			<outline text="Tech" title="Tech">
			  <outline type="rss" text="A &amp; B" title="A &amp; B" xmlUrl="https://a.example/feed?x=1&amp;y=2" htmlUrl="https://a.example/"/>
			  <outline text="Go"><outline type="rss" text="G" xmlUrl="https://g.example/"></outline></outline>
			</outline>
			<outline type="rss" text="Z" xmlUrl="https://z.example/" category="/Boston/Weather,/Harvard,news"/>
			</body></opml>`,
			Outline{Title: "Subscriptions of me", Sources: []coranto.Source{
				{URL: "https://a.example/feed?x=1&y=2", Title: "A & B", Site: "https://a.example/", Tags: []string{"Tech"}},
				src("https://g.example/", "G", "Tech", "Go"), src("https://z.example/", "Z", "Boston/Weather", "Harvard", "news")}}},
		{"any case, bare ampersands, entities", `<OPML><BODY><OUTLINE TYPE="RSS" TEXT="Caf&eacute; &nbsp; x" XMLURL="https://a.example/?a=1&copy=2&b=3" HTMLURL='https://a.example' /></BODY></OPML>`,
			Outline{Sources: []coranto.Source{{URL: "https://a.example/?a=1&copy=2&b=3", Title: "Café x", Site: "https://a.example"}}}},
		{"without frame", `<outline xmlUrl=https://a.example/ text=a>`, Outline{Sources: []coranto.Source{src("https://a.example/", "a")}}},
		{"cut off", `<opml><body><outline text="F"><outline xmlUrl="https://a.example/"/><outline xmlUrl="https://b.exam`,
			Outline{Sources: []coranto.Source{src("https://a.example/", "", "F")}, Notes: []string{"the list ends before </opml>: it may have been cut off"}}},
		{"in two folders", `<opml><outline text="F"><outline xmlUrl="https://a.example/"/></outline><outline text="G"><outline xmlUrl="https://a.example/"/></outline></opml>`,
			Outline{Sources: []coranto.Source{src("https://a.example/", "", "F", "G")}}},
		{"junk", `<opml><outline text="Empty"/><outline type="link" text="Page" url="https://a.example/"/><outline type="rss" text="None"/>
			<outline text="File" xmlUrl="file:///etc/passwd"/><outline text="Login" xmlUrl="https://me:pw@a.example/"/><outline text="Feed" xmlUrl="feed://a.example/x"/></opml>`,
			Outline{Sources: []coranto.Source{src("http://a.example/x", "Feed")}, Skipped: []string{
				"line 1: Empty: an empty folder", "line 1: Page: it has no address of a feed (xmlUrl)", "line 1: None: it has no address of a feed (xmlUrl)",
				`line 2: File: "file:///etc/passwd" is not an address of the web`, "line 2: Login: its address has a user and a password in it"}}},
		{"Latin-1", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><opml><outline text=\"Caf\xe9\" xmlUrl=\"https://a.example/\"/></opml>", Outline{Sources: []coranto.Source{src("https://a.example/", "Café")}}},
		{"undeclared", "<opml><outline text=\"\x93Caf\xe9\x94\" xmlUrl=\"https://a.example/\"/></opml>", Outline{Sources: []coranto.Source{src("https://a.example/", "“Café”")}}},
		{"wrongly declared", `<?xml version="1.0" encoding="ISO-8859-1"?><opml><head><title>` + strings.Repeat("x", 1100) + `</title></head><outline text="Café" xmlUrl="https://a.example/"/></opml>`,
			Outline{Title: strings.Repeat("x", 1100), Sources: []coranto.Source{src("https://a.example/", "Café")}}},
		{"byte order mark", "\ufeff<opml><outline text=\"é\" xmlUrl=\"https://a.example/\"/></opml>", Outline{Sources: []coranto.Source{src("https://a.example/", "é")}}},
		{"UTF-16", wide("<opml><outline text=\"é日\" xmlUrl=\"https://a.example/\"/></opml>"), Outline{Sources: []coranto.Source{src("https://a.example/", "é日")}}},
		{"nothing in it", "<opml></opml>", Outline{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	for _, in := range []string{"", "{}", "<html><body>no</body></html>", strings.Repeat(" ", maxBytes+1)} {
		if _, err := Parse([]byte(in)); !errors.Is(err, ErrNotOPML) {
			t.Errorf("Parse(%.20q) = %v", in, err)
		}
	}
}

func wide(s string) string {
	b := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func TestManyJunkEntries(t *testing.T) {
	out, err := Parse([]byte(strings.Repeat(`<outline text="x"/>`, 5000) + strings.Repeat("<outline>", 100_000)))
	if err != nil || len(out.Skipped) != maxSkipped {
		t.Errorf("%d skipped, %v", len(out.Skipped), err)
	}
}

var sources = []coranto.Source{
	{ID: "a", URL: "https://a.example/feed?x=1&y=<2>", Kind: "blog"},
	{ID: "alice", URL: "https://alice.example/", Title: "Alice's \"Blog\" &amp;", Site: "https://alice.example/home", Kind: "video", Tags: []string{"go", "C++ & co"},
		Author: "Alice <a@b>", Language: "de-CH", Zone: "office", FullText: "page", Every: "48h0m0s", Paused: true,
		Include: &coranto.Filter{Title: `/a"b|<c>/`, Tags: []string{"x", "y"}}, Exclude: &coranto.Filter{URL: "/sponsored/", Language: []string{"en"}}},
	{ID: "odd", URL: "https://odd.example/", Title: "two\nlines\t\"x\"  y ", Tags: []string{"a,b", "/c/", " d "}, Retired: true},
	{ID: "scraped", URL: "https://s.example/news", Scrape: &coranto.Recipe{Item: "article > h2", Link: "a@href"}, Limit: 7, Robots: coranto.RobotsIgnore, Moderate: coranto.ModerateApprove},
	{ID: "same-address", URL: "https://odd.example/", Tags: []string{"x"}},
}

func TestRoundTrip(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "My <list> & more", sources); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("not XML: %v\n%s", err, b.String())
		}
	}
	got, err := Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Outline{Title: "My <list> & more", Sources: sources}, got); d != "" {
		t.Errorf("(-written +read):\n%s\n%s", d, b.String())
	}
	if b.Reset(); Write(&b, "", nil) != nil {
		t.Error("an empty list")
	}
	if got, err := Parse(b.Bytes()); err != nil || len(got.Sources) != 0 {
		t.Errorf("an empty list: %+v, %v", got, err)
	}
}

// What was read and is written reads the same; sources have an address.
func FuzzParse(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, "x", sources); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`<opml><outline text="F"><outline xmlUrl="https://a.example/"/></outline></opml>`))
	f.Add([]byte(wide(`<opml><outline xmlUrl="https://a.example/"/></opml>`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := Parse(data)
		if err != nil {
			if !errors.Is(err, ErrNotOPML) {
				t.Fatalf("unclassified error %v", err)
			}
			return
		}
		for i := range out.Sources {
			s := &out.Sources[i]
			if !strings.HasPrefix(strings.ToLower(s.URL), "http") {
				t.Errorf("address %q", s.URL)
			}
			if strings.TrimSpace(s.ID) == "" {
				s.ID = "x"
			}
		}
		if !slices.ContainsFunc(out.Sources, func(s coranto.Source) bool { return !clear(s) }) {
			var b bytes.Buffer
			if err := Write(&b, out.Title, out.Sources); err != nil {
				t.Fatal(err)
			}
			again, err := Parse(b.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(out.Sources, again.Sources); d != "" {
				t.Errorf("(-read +again):\n%s\n%s", d, b.String())
			}
		}
	})
}

// clear reports that XML can say everything in s.
func clear(s coranto.Source) bool {
	texts := []string{s.ID, s.URL, s.Title, s.Site, s.Kind, s.Author, s.Language, s.Zone, s.FullText, s.Every}
	texts = append(texts, s.Tags...)
	for _, f := range []*coranto.Filter{s.Include, s.Exclude} {
		if f != nil {
			return false // JSON folds what is not UTF-8 and knows empty lists
		}
	}
	if s.Tags != nil && len(s.Tags) == 0 {
		return false
	}
	return !slices.ContainsFunc(texts, func(t string) bool { return escaper.Replace(t) != escape(t) })
}
