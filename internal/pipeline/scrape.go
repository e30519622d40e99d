package pipeline

import (
	"context"
	"time"

	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/scrape"
)

// ScrapeInput is one new entry.
type ScrapeInput struct {
	Source Ask               `json:"source"`
	Entry  content.Candidate `json:"entry"`
}

// Scraped is an entry with what its page told. Where the page could not be
// read the workflow leaves Page out and says why.
type Scraped struct {
	Entry content.Candidate  `json:"entry"`
	Page  *content.PageFacts `json:"page,omitempty"`
	Error string             `json:"error,omitempty"`
}

func (p *Pipeline) scrapePost(ctx context.Context, _ engine.Task, in ScrapeInput) (Scraped, error) {
	out := Scraped{Entry: in.Entry}
	if in.Entry.Merge != "" || in.Entry.Entry.Link == "" {
		return out, nil // another source has brought it, or there is no page to ask
	}
	g := &gate{Getter: p.Settings().Web, tokens: p.parse}
	defer g.leave()
	page, _, err := scrape.Fetch(ctx, g, in.Entry.Entry.Link, in.Source.Zone, scrape.Meta{Content: in.Source.FullText == "page"})
	if err != nil {
		return Scraped{}, err
	}
	out.Page = facts(page)
	return out, nil
}

// facts takes from a page what a post needs.
func facts(page *scrape.Page) *content.PageFacts {
	f := &content.PageFacts{
		Title: page.Title, Intro: page.Intro, Link: page.Link, Image: page.Image, Tags: page.Tags,
		Language: page.Language, Content: page.Content.HTML,
		Published: pageTime(page.Published), Updated: pageTime(page.Modified),
	}
	f.Authors = people(page.Authors)
	return f
}

// pageTime reads a page's time: RFC 3339, or a day alone.
func pageTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
