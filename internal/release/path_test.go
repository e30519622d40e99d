package release

import "testing"

// TestTypeOf: a feed reader that goes by the type must not be told another format.
func TestTypeOf(t *testing.T) {
	for path, want := range map[string]string{
		"feed.xml": "application/atom+xml; charset=utf-8", "tags/go/feed.xml": "application/atom+xml; charset=utf-8",
		"rss.xml": "application/rss+xml; charset=utf-8", "feed.json": "application/feed+json; charset=utf-8",
		"opml.xml": "text/x-opml; charset=utf-8", "sitemap.xml": "application/xml; charset=utf-8",
		"A.HTML": "text/html; charset=utf-8", "no-extension": "application/octet-stream",
	} {
		if got := TypeOf(path); got != want {
			t.Errorf("TypeOf(%q) = %q, want %q", path, got, want)
		}
	}
}
