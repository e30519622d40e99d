package feed_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/feed/listing"
)

// TestHubs: every format tells its hubs and its own address.
func TestHubs(t *testing.T) {
	type found struct{ Hubs, Selfs []string }
	want := found{[]string{"https://hub.example/"}, []string{"https://a.example/feed"}}
	tests := []struct{ name, text string }{
		{"atom", `<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><link rel="hub" href="https://hub.example/"/><link rel="self" href="/feed"/></feed>`},
		{"rss", `<rss version="2.0" xmlns:a="http://www.w3.org/2005/Atom"><channel><title>A</title><link>https://a.example/</link><a:link rel="self" href="https://a.example/feed"/><a:link rel="hub" href="https://hub.example/"/></channel></rss>`},
		{"json", `{"version":"https://jsonfeed.org/version/1.1","title":"A","feed_url":"https://a.example/feed","hubs":[{"type":"rssCloud","url":"https://cloud.example/"},{"type":"WebSub","url":"https://hub.example/"},7],"items":[]}`},
		{"page", `<html><head><title>A</title><link rel="hub" href="https://hub.example/"><link rel="alternate SELF" href="/feed"></head><body class="h-feed"><link rel="hub" href="https://mallory.example/"><p class="h-entry"><a class="u-url p-name" href="/1">One</a></p></body></html>`},
	}
	for _, tt := range tests {
		var doc *feed.Document
		var err error
		if m := (feed.Meta{URL: "https://a.example/x"}); tt.name == "page" {
			doc, err = listing.Read([]byte(tt.text), coranto.Recipe{Type: coranto.RecipeHFeed}, m)
		} else {
			doc, err = feed.Parse([]byte(tt.text), m)
		}
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got := found{Hubs: doc.Feed.Hubs}
		for _, l := range doc.Feed.Links {
			switch l.Rel {
			case "hub":
				got.Hubs = append(got.Hubs, l.Href)
			case "self":
				got.Selfs = append(got.Selfs, l.Href)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
