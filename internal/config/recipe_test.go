package config

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
)

func TestRecipes(t *testing.T) {
	c, err := Parse(FileName, []byte(`sources:
  - {id: a, url: https://a.example/, scrape: h-feed}
  - {id: b, url: https://b.example/, scrape: auto}
  - {id: c, url: https://c.example/sitemap.xml, scrape: {type: sitemap}, limit: 20, robots: ignore}
  - {id: d, scrape: {url: https://d.example/, item: li, id: .@data-id, tags: .tag}}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []coranto.Source{
		{ID: "a", URL: "https://a.example/", Kind: "blog", Scrape: &coranto.Recipe{Type: "h-feed"}},
		{ID: "b", URL: "https://b.example/", Kind: "blog", Scrape: &coranto.Recipe{}},
		{ID: "c", URL: "https://c.example/sitemap.xml", Kind: "blog", Scrape: &coranto.Recipe{Type: "sitemap"}, Limit: 20, Robots: "ignore"},
		{ID: "d", URL: "https://d.example/", Kind: "blog", Scrape: &coranto.Recipe{Item: "li", ID: ".@data-id", Tags: ".tag"}},
	}
	if d := cmp.Diff(want, c.Sources); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestRecipeFaults(t *testing.T) {
	for text, want := range map[string]string{
		"scrape: rss":                                `"rss" is not known`,
		"scrape: css":                                `"css" is not known`,
		"scrape: {item: 'li['}":                      "is not a CSS selector",
		"scrape: {item: li, link: 'a >@href'}":       "is not a CSS selector",
		"scrape: {title: h2}":                        "lacks item",
		"scrape: {type: css}":                        "lacks item",
		"scrape: {type: sitemap, item: li}":          "selectors belong to type css",
		"limit: 0":                                   "limit",
		"robots: never":                              "robots",
		"scrape: {url: https://b.example/, item: a}": "two addresses",
	} {
		_, err := Parse(FileName, []byte("sources:\n  - {url: https://a.example/, "+text+"}\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestZoneKeys(t *testing.T) {
	c, err := Parse(FileName, []byte("fetch: {robots: ignore}\nzones:\n  office: {allow: [10.0.0.0/8], dns: 10.0.0.53, ca: ca.pem, per_host: {gap: 0s, parallel: 4}, robots: ignore}\n  lab: {dns: '[fd00::1]:5353'}\n"))
	if err != nil {
		t.Fatal(err)
	}
	office, lab := c.Zones[1], c.Zones[0]
	if office.DNS != netip.MustParseAddrPort("10.0.0.53:53") || lab.DNS != netip.MustParseAddrPort("[fd00::1]:5353") {
		t.Errorf("dns = %v, %v", office.DNS, lab.DNS)
	}
	if office.CA != "ca.pem" || office.Robots != coranto.RobotsIgnore || c.Fetch.Robots != coranto.RobotsIgnore {
		t.Errorf("office = %+v", office)
	}
	if got, want := office.PerHost, (PerHost{Parallel: 4, Gap: 0 * time.Second, GapSet: true}); got != want {
		t.Errorf("per_host = %+v, want %+v", got, want)
	}
	if _, err := Parse(FileName, []byte("zones: {a: {dns: resolver.example}}")); err == nil || !strings.Contains(err.Error(), "not the address of a resolver") {
		t.Errorf("a name as dns: %v", err)
	}
}

func TestAddSourceWithRecipe(t *testing.T) {
	out, err := AddSource([]byte("sources:\n  - https://a.example/feed\n"), SourceEdit{ID: "b-example", URL: "https://b.example/", Scrape: "h-feed"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "scrape: h-feed"; !strings.Contains(string(out), want) {
		t.Errorf("no %q in\n%s", want, out)
	}
}
