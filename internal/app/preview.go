package app

import (
	"cmp"
	"context"
	"strings"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/robots"
)

// TestOptions say how a source is tried.
type TestOptions struct {
	Zone   string
	Scrape string          // type of a recipe, or Auto; empty: what the source says
	Recipe *coranto.Recipe // selectors to try; nil: none
	Limit  int
	Pages  bool // also ask what robots.txt says of new entries' pages
}

// TestSource tells what a source, by ID or address, would yield now and why. It
// writes nothing, and works beside a running serve.
func TestSource(ctx context.Context, dir, name string, t TestOptions, o Options) (*pipeline.Preview, error) {
	o.defaults()
	d, err := openDirectory(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	defer d.close()
	sourceDefaults(d.config)
	src, err := d.sourceNamed(name)
	if err != nil {
		return nil, err
	}
	src.Zone = cmp.Or(t.Zone, src.Zone, d.config.Fetch.Zone)
	if t.Limit > 0 {
		src.Limit = t.Limit
	}
	switch {
	case t.Recipe != nil && t.Recipe.Item != "":
		src.Scrape = t.Recipe
	case t.Scrape == Auto:
		src.Scrape = &coranto.Recipe{}
	case t.Scrape != "":
		src.Scrape = &coranto.Recipe{Type: t.Scrape}
	}
	snap, err := d.content.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	deps := pipeline.PreviewDeps{Web: d.web, Snapshot: snap}
	if t.Pages {
		cache := robots.NewCache(nil, o.Now)
		deps.Pages = func(ctx context.Context, url, zone string) error { return cache.Check(ctx, d.web, url, zone) }
	}
	return pipeline.PreviewOf(ctx, src, deps)
}

// sourceNamed finds a source by ID or address; an address that is none yet is
// tried as if it were.
func (d *directory) sourceNamed(name string) (coranto.Source, error) {
	for _, s := range d.config.Sources {
		if s.ID == name || s.URL == name {
			return s, nil
		}
	}
	if !strings.ContainsAny(name, ".:/") {
		return coranto.Source{}, noSource(d.config, name)
	}
	address, err := webAddress(name)
	if err != nil {
		return coranto.Source{}, err
	}
	if id := d.sourceOf(address); id != "" {
		return d.sourceNamed(id)
	}
	id := newID(d.config.Sources, found{url: address, doc: &feed.Document{}})
	return coranto.Source{ID: id, URL: address, Kind: "blog"}, nil
}
