package planets

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
)

const venus = `# A planet, as they have been kept since 2004
[Planet]
name = Planet Example
link = https://planet.example/
owner_name = Ada
feed_timeout: 20
new_feed_items = 10
template_files = index.html.tmpl
  atom.xml.tmpl

[DEFAULT]
facewidth = 64
base = https://blogs.example

[index.html.tmpl]
items_per_page = 30

[https://alice.example/feed.atom]
name = Alice
 Liddell
face = alice.png
exclude = (?i)sponsored|advert

[%(base)s/x]
name = no feed

[https://bob.example/rss]   ; the comment
name: Bob&#39;s = blog ; inline
filter = (?i)python

[https://lists.example/opml.xml]
content_type = opml

[ftp://carol.example/]
name = Carol

[https://bob.example/rss]
language = de_AT
`

func TestVenus(t *testing.T) {
	got, err := Parse([]byte(venus))
	if err != nil {
		t.Fatal(err)
	}
	want := []coranto.Source{
		{URL: "https://alice.example/feed.atom", Title: "Alice Liddell", Exclude: &coranto.Filter{Title: "/(?i)sponsored|advert/"}},
		{URL: "https://bob.example/rss", Title: "Bob's = blog", Language: "de-AT"},
	}
	if d := cmp.Diff(want, got.Sources); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got.Format != Venus || got.Title != "Planet Example" {
		t.Errorf("format %q, title %q", got.Format, got.Title)
	}
	notes := strings.Join(got.Notes, "\n")
	for _, want := range []string{"set site.title", "owner_name = Ada: set site.author", "new_feed_items = 10: has no counterpart", "Alice Liddell: face",
		"Bob&#39;s = blog: filter", "[index.html.tmpl]", "[https://bob.example/rss] is there already, in line 27"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note of %q in:\n%s", want, notes)
		}
	}
	if len(got.Skipped) != 2 || !strings.Contains(got.Skipped[0], "reading list") {
		t.Errorf("skipped %q", got.Skipped)
	}
}

func TestPluto(t *testing.T) {
	const ini = "title = Planet Ruby\nurl = https://planet.example\n\n[ruby_flow]\n  title  = Ruby Flow\n  link   = http://rubyflow.example\n  feed   = http://feeds.example/Rubyflow?format=xml\n  author = Ann\n  avatar = ann.png\n  location = en\n\n[nofeed]\n  title = x\n  link = http://nofeed.example\n"
	const yml = "title: Planet Ruby\nfeeds:\n  - ruby_flow\n  - missing\nruby_flow:\n  title: Ruby Flow\n  url: http://rubyflow.example\n  feed_url: http://feeds.example/Rubyflow?format=xml\n  author: Ann\n  location: en\n"
	want := []coranto.Source{{ID: "ruby-flow", URL: "http://feeds.example/Rubyflow?format=xml", Title: "Ruby Flow", Site: "http://rubyflow.example", Author: "Ann", Language: "en"}}
	for name, text := range map[string]string{"ini": ini, "yaml": yml} {
		got, err := Parse([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(want, got.Sources); d != "" {
			t.Errorf("%s: (-want +got):\n%s", name, d)
		}
		if got.Format != Pluto || got.Title != "Planet Ruby" || len(got.Skipped) != 1 {
			t.Errorf("%s: %q, %q, skipped %q", name, got.Format, got.Title, got.Skipped)
		}
	}
}

func TestOsmosfeed(t *testing.T) {
	got, err := Parse([]byte("cacheUrl: https://x.example/cache.json\nsiteTitle: News\ntimezone: Asia/Tokyo\nsources:\n  - href: https://a.example/feed\n  - href: https://b.example/feed\n    title: B\n    color: red\n  - href: /relative\n"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]coranto.Source{{URL: "https://a.example/feed"}, {URL: "https://b.example/feed", Title: "B"}}, got.Sources); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got.Title != "News" || len(got.Skipped) != 1 || len(got.Notes) != 4 {
		t.Errorf("%q, skipped %q, notes %q", got.Title, got.Skipped, got.Notes)
	}
}

func TestPlain(t *testing.T) {
	got, err := Parse([]byte("# mine\nhttps://a.example/feed Alice's blog\n\nhttps://b.example/feed\nnonsense\n"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]coranto.Source{{URL: "https://a.example/feed", Title: "Alice's blog"}, {URL: "https://b.example/feed"}}, got.Sources); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if len(got.Skipped) != 1 {
		t.Errorf("skipped %q", got.Skipped)
	}
}

func TestUnknown(t *testing.T) {
	for _, in := range []string{"", "# nothing\n", "{}", "a: b\n", "<html>", "[section]\nx = y\n", "\x00\x01", strings.Repeat(" ", maxBytes+1)} {
		if _, err := Parse([]byte(in)); err != nil && !errors.Is(err, ErrUnknown) {
			t.Errorf("Parse(%.20q) = %v", in, err)
		}
	}
}

// Sources have an address of the web, each once; errors are of one kind.
func FuzzParse(f *testing.F) {
	f.Add([]byte(venus))
	f.Add([]byte("sources:\n- href: https://a.example/\n"))
	f.Add([]byte("feeds: [a]\na: {feed: https://a.example/}\n"))
	f.Add([]byte("https://a.example/ x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := Parse(data)
		if err != nil {
			if !errors.Is(err, ErrUnknown) {
				t.Fatalf("unclassified error %v", err)
			}
			return
		}
		seen := map[string]bool{}
		for _, s := range list.Sources {
			if wrong(s.URL) != "" || seen[s.URL] {
				t.Errorf("address %q", s.URL)
			}
			seen[s.URL] = true
			if strings.ContainsAny(s.Title, "\n\t") || strings.Trim(s.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
				t.Errorf("title %q, id %q", s.Title, s.ID)
			}
		}
	})
}
