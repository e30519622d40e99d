package feed

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiscover(t *testing.T) {
	tests := []struct {
		name, page string
		want       []string
	}{
		{"link", `<link rel="alternate" type="application/atom+xml" href="/atom.xml" title="A">`, []string{"https://e.example/atom.xml"}},
		{"any order, quotes and case", `<LINK HREF='f' TYPE=Application/RSS+XML REL='home Alternate'>`, []string{"https://e.example/blog/f"}},
		{"base", `<base href="https://cdn.example/x/"><link rel=alternate type=application/feed+json href=f.json>`, []string{"https://cdn.example/x/f.json"}},
		{"feed relation", `<link rel="feed" href="/f">`, []string{"https://e.example/f"}},
		{"comments last", `<link rel=alternate type=application/rss+xml title="Blog &raquo; Comments Feed" href=/comments/feed/><link rel=alternate type=application/rss+xml title="Go" href=/category/go/feed/><link rel=alternate type=application/rss+xml title="Blog &raquo; Feed" href=/feed/>`,
			[]string{"https://e.example/feed/", "https://e.example/category/go/feed/", "https://e.example/comments/feed/"}},
		{"no feeds", `<link rel=alternate type="application/json+oembed" href=/o><link rel=alternate type=application/json href=/wp-json/x><link rel=stylesheet href=/feed><link rel=alternate hreflang=de href=/de/><a href=/feedback>feedback</a>`, nil},
		{"xml by its address", `<link rel=alternate type=text/xml href=/rss.xml>`, []string{"https://e.example/rss.xml"}},
		{"anchors", `<a href="/about">About</a><a href="/index.xml"><img alt=RSS></a><a href="/x?format=rss">x</a><a href="/subscribe">RSS</a><a href="feed:https://e.example/other.rss">y</a>`,
			[]string{"https://e.example/index.xml", "https://e.example/x?format=rss", "https://e.example/other.rss", "https://e.example/subscribe"}},
		{"links before anchors, each once", `<a href="/feed">RSS</a><link rel=alternate type=application/rss+xml href=/feed><a href="https://other.example/feed">RSS</a>`,
			[]string{"https://e.example/feed", "https://other.example/feed"}},
		{"the reader's language", `<html lang=de><link rel=alternate hreflang=en type=application/rss+xml href=/en.xml><link rel=alternate hreflang=de-AT type=application/rss+xml href=/de.xml>`,
			[]string{"https://e.example/de.xml", "https://e.example/en.xml"}},
		{"no script", `<link rel=alternate type=application/rss+xml href="javascript:x"><!-- <link rel=alternate type=application/rss+xml href=/c> --><script>"<a href='/feed'>"</script>`, nil},
	}
	for _, tt := range tests {
		var got []string
		for _, c := range Discover([]byte(tt.page), Meta{URL: "https://e.example/blog/"}) {
			got = append(got, c.URL)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tt.name, diff)
		}
	}
}
