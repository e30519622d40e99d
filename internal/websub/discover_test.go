package websub_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/websub"
)

func TestDiscover(t *testing.T) {
	const at = "https://a.example/blog/feed"
	hub, self := "https://hub.example/", "https://a.example/feed"
	doc := []coranto.Link{{Rel: "alternate", Href: "https://a.example/"}, {Rel: "hub", Href: "https://doc.example/hub"}, {Rel: "self", Href: "https://a.example/doc"}}
	tests := []struct {
		name   string
		header []string
		links  []coranto.Link
		want   websub.Found
	}{
		{"nothing", nil, nil, websub.Found{}},
		{"the document", nil, doc, websub.Found{Hubs: []string{"https://doc.example/hub"}, Topic: "https://a.example/doc"}},
		{"the header before the document", []string{`<https://hub.example/>; rel="hub"`, `<https://a.example/feed>; rel="self"`}, doc, websub.Found{Hubs: []string{hub}, Topic: self, Header: true}},
		{"in one header", []string{`<https://hub.example/>; rel=hub, <https://a.example/feed>; rel=self`}, nil, websub.Found{Hubs: []string{hub}, Topic: self, Header: true}},
		{"several relations, any case, other parameters", []string{`<https://hub.example/>; title="a, b; c=\"d\""; REL="Alternate HUB" , </feed>;rel='x';rel="self"`}, nil, websub.Found{Hubs: []string{hub}, Header: true}},
		{"relative", []string{`</hub>; rel=hub, <../feed>; rel=self`}, nil, websub.Found{Hubs: []string{"https://a.example/hub"}, Topic: self, Header: true}},
		{"self in the header, hub in the document", []string{`<https://a.example/feed>; rel=self`}, doc, websub.Found{Hubs: []string{"https://doc.example/hub"}, Topic: self}},
		{"a link of something else", []string{`<https://hub.example/>; rel=hub; anchor="/other"`}, nil, websub.Found{}},
		{"https first, each once, four at most", nil, []coranto.Link{{Rel: "hub", Href: "http://1.example/"}, {Rel: "hub", Href: "https://2.example/"}, {Rel: "hub", Href: "https://2.example/"},
			{Rel: "hub", Href: "https://3.example/"}, {Rel: "hub", Href: "https://4.example/"}, {Rel: "hub", Href: "https://5.example/"}},
			websub.Found{Hubs: []string{"https://2.example/", "https://3.example/", "https://4.example/", "https://5.example/"}}},
		{"no address of the web", []string{`<javascript:alert(1)>; rel=hub, <ftp://a.example/>; rel=hub, <https://user:pw@a.example/>; rel=hub, <https://` + strings.Repeat("a", 3000) + `.example/>; rel=hub`}, nil, websub.Found{}},
		{"broken headers", []string{`<https://hub.example/; rel=hub`, `rel=hub`, `<>; rel=hub`, `;;;`, `<https://x.example/> rel=hub, <https://hub.example/>; rel=hub`}, nil, websub.Found{Hubs: []string{at, hub}, Header: true}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, websub.Discover(tt.header, at, tt.links)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// FuzzDiscover: whatever a server sends, what is found are at most a few
// addresses of the web without credentials, and writing them as a header again
// finds the same.
func FuzzDiscover(f *testing.F) {
	for _, s := range []string{`<https://hub.example/>; rel="hub", </feed>; rel=self`, `<a>;rel="hub self";x="\"",<b`, `<https://[::1]:8080/é>; rel=hub`, `<http://a.example/%zz>;rel=hub`, `<//<ed>; rel=self`} {
		f.Add(s, "https://a.example/feed")
	}
	f.Fuzz(func(t *testing.T, header, base string) {
		found := websub.Discover([]string{header}, base, nil)
		var again []string
		for i, u := range append([]string{found.Topic}, found.Hubs...) {
			if i == 0 && u == "" {
				continue
			}
			p, err := url.Parse(u)
			if err != nil || p.Scheme != "http" && p.Scheme != "https" || p.Host == "" || p.User != nil || len(u) > 2048 || strings.ContainsAny(u, "<> \n\"") {
				t.Fatalf("%q: found %q, %v", header, u, err)
			}
			rel := "hub"
			if i == 0 {
				rel = "self"
			}
			again = append(again, "<"+u+">; rel="+rel)
		}
		if len(found.Hubs) > 4 {
			t.Fatalf("%d hubs", len(found.Hubs))
		}
		if diff := cmp.Diff(found, websub.Discover(again, "", nil)); diff != "" {
			t.Fatalf("%q, and again (-first +again):\n%s", header, diff)
		}
	})
}
