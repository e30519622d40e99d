package opml

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
)

func TestSettingsOfOtherReaders(t *testing.T) {
	tests := []struct {
		name, attrs string
		want        coranto.Source
		notes       []string
	}{
		{"nothing", `description="x" created="y"`, coranto.Source{}, nil},
		{"FreshRSS full text", `frss:cssFullContent="article .body" frss:cssContentFilter=".ad"`, coranto.Source{FullText: "page"}, []string{"article .body", "csscontentfilter"}},
		{"FreshRSS filters", `frss:filtersActionRead="intitle:ads&#10;intitle:/spon.or/i"`, coranto.Source{Exclude: &coranto.Filter{Title: "/(?i)ads|spon.or/"}}, []string{"exclude:"}},
		{"FreshRSS mixed filters", `frss:filtersActionRead="intitle:ads&#10;author:Bob"`, coranto.Source{}, []string{"cannot be said"}},
		{"FreshRSS words", `frss:filtersActionRead="sponsored"`, coranto.Source{}, []string{"no counterpart"}},
		{"FreshRSS interval", `frss:ttl="7200"`, coranto.Source{Every: "2h0m0s"}, nil},
		{"FreshRSS muted", `frss:ttl="-7200"`, coranto.Source{Every: "2h0m0s", Paused: true}, nil},
		{"FreshRSS scraped", `type="HTML+XPath" frss:xPathItem="//article" frss:CURLOPT_COOKIE="a=b"`, coranto.Source{Paused: true}, []string{"scrape:", "curlopt_cookie"}},
		{"FreshRSS priority", `frss:priority="hidden"`, coranto.Source{}, []string{"priority"}},
		{"Miniflux", `crawler="true" disabled="1" userAgent="x"`, coranto.Source{FullText: "page", Paused: true}, []string{"useragent"}},
		{"Miniflux block", `blocklistRules="(?i)ads"`, coranto.Source{Exclude: &coranto.Filter{Title: "/(?i)ads/"}}, []string{"for titles"}},
		{"Miniflux keep", `miniflux:keepFilterEntryRules="EntryURL=/blog/"`, coranto.Source{Include: &coranto.Filter{URL: "//blog//"}}, nil},
	}
	for _, tt := range tests {
		got, err := Parse([]byte(`<opml><body><outline text="A" xmlUrl="https://a.example/" ` + tt.attrs + `/></body></opml>`))
		if err != nil {
			t.Fatal(err)
		}
		tt.want.URL, tt.want.Title = "https://a.example/", "A"
		if d := cmp.Diff([]coranto.Source{tt.want}, got.Sources); d != "" {
			t.Errorf("%s: (-want +got):\n%s", tt.name, d)
		}
		if len(got.Notes) != len(tt.notes) {
			t.Errorf("%s: notes %q", tt.name, got.Notes)
		}
		for i, n := range tt.notes {
			if i < len(got.Notes) && !strings.Contains(strings.Join(got.Notes, "\n"), n) {
				t.Errorf("%s: no note of %q: %q", tt.name, n, got.Notes)
			}
		}
	}
}
