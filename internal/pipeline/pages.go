package pipeline

import (
	"context"
	"errors"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/feed/listing"
	"github.com/coranto/coranto/internal/robots"
)

// pages asks for pages, which robots.txt has a say about; feeds are made to be
// asked for. Every hop of a redirect is looked at.
func (p *Pipeline) pages(src coranto.Source) Getter {
	web := p.Settings().Web
	if p.Robots == nil || src.Robots == coranto.RobotsIgnore {
		return web
	}
	return robotsGetter{web, p.Robots, src.Zone}
}

// documents asks for what a source is read from: a feed, or a page in its
// place.
func (p *Pipeline) documents(src coranto.Source) Getter {
	if listing.IsPage(src.Scrape) {
		return p.pages(src)
	}
	return p.Settings().Web
}

type robotsGetter struct {
	web   Getter
	cache *robots.Cache
	zone  string
}

func (g robotsGetter) Get(ctx context.Context, r egress.Request) (*egress.Response, error) {
	check := func(ctx context.Context, url string) error { return g.cache.Check(ctx, g.web, url, g.zone) }
	if err := check(ctx, r.URL); err != nil {
		return nil, err
	}
	r.Permit, r.Gap = check, g.cache.Delay(r.URL, g.zone)
	return g.web.Get(ctx, r)
}

func disallowed(err error) bool {
	_, ok := errors.AsType[*robots.DisallowedError](err)
	return ok
}
