package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/feed/listing"
	"github.com/coranto/coranto/internal/robots"
)

// Offer is a way to follow a site that has no feed.
type Offer struct {
	URL     string `json:"url"`
	Scrape  string `json:"scrape"` // type of the recipe
	Entries int    `json:"entries"`
}

// NoFeedError says that an address leads to no feed, and how the site may be
// followed nevertheless.
type NoFeedError struct {
	URL    string
	Offers []Offer
	Err    error
}

func (e *NoFeedError) Error() string {
	var b strings.Builder
	b.WriteString(e.Err.Error())
	for _, o := range e.Offers {
		fmt.Fprintf(&b, "\nhint: its %s has %d entries: coranto add %s --scrape %s", o.Scrape, o.Entries, o.URL, o.Scrape)
	}
	return b.String()
}

func (e *NoFeedError) Unwrap() error { return e.Err }

// keeping remembers the pages that were read, for a second look.
type keeping struct {
	feed.Getter
	last *egress.Response
}

func (k *keeping) Get(ctx context.Context, r egress.Request) (*egress.Response, error) {
	res, err := k.Getter.Get(ctx, r)
	if err == nil && k.last == nil {
		k.last = res
	}
	return res, err
}

// offers looks for other ways where a page leads to no feed. It asks for
// robots.txt and a sitemap or two, each once.
func offers(ctx context.Context, web feed.Getter, page *egress.Response, zone string) []Offer {
	var out []Offer
	m := feed.Meta{URL: page.URL, ContentType: page.Header.Get("Content-Type"), SummaryOnly: true}
	for _, f := range listing.Find(page.Body, m) {
		out = append(out, Offer{page.URL, f.Type, f.Entries})
	}
	at, err := url.Parse(page.URL)
	if err != nil {
		return out
	}
	root := at.Scheme + "://" + at.Host
	maps := []string{root + "/sitemap.xml"}
	if res, err := web.Get(ctx, egress.Request{URL: root + "/robots.txt", Zone: zone}); err == nil && res.Status == http.StatusOK {
		if named := robots.Sitemaps(res.Body); len(named) > 0 {
			maps = named[:min(len(named), 2)]
		}
	}
	for _, u := range maps {
		src := coranto.Source{URL: u, Zone: zone, Scrape: &coranto.Recipe{Type: coranto.RecipeSitemap}}
		res, err := listing.Fetch(ctx, web, src, feed.Validators{}, feed.Options{})
		if err == nil && res.Document != nil && len(res.Document.Entries) > 0 {
			out = append(out, Offer{u, coranto.RecipeSitemap, len(res.Document.Entries)})
		}
	}
	return out
}

// discoverOrOffer is discover, with other ways in the error.
func discoverOrOffer(ctx context.Context, web feed.Getter, address, zone string) (found, error) {
	k := &keeping{Getter: web}
	f, err := discover(ctx, k, address, zone)
	if !errors.Is(err, feed.ErrNotFeed) || k.last == nil {
		return f, err
	}
	if list := offers(ctx, web, k.last, zone); len(list) > 0 {
		return f, &NoFeedError{URL: address, Offers: list, Err: err}
	}
	return f, err
}

// Auto stands for whatever type of recipe finds something.
const Auto = "auto"

// readListing reads a page or sitemap in the place of a feed.
func readListing(ctx context.Context, web feed.Getter, address, zone, kind string) (found, error) {
	recipe := coranto.Recipe{Type: kind}
	if kind == Auto {
		recipe.Type = ""
	}
	src := coranto.Source{URL: address, Zone: zone, Scrape: &recipe}
	if listing.IsPage(&recipe) {
		if err := robots.NewCache(nil, nil).Check(ctx, web, address, zone); err != nil {
			return found{}, err
		}
	}
	res, err := listing.Fetch(ctx, web, src, feed.Validators{}, feed.Options{})
	switch {
	case err != nil:
		return found{}, err
	case res.Gone:
		return found{}, fmt.Errorf("%s is gone for good (410) (hint: ask its owner for the new address)", address)
	}
	return found{url: cmp.Or(res.Permanent, address), doc: res.Document}, nil
}
