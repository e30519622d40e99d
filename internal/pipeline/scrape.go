package pipeline

import (
	"context"

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
	g := p.gate(p.pages(in.Source.Source))
	defer g.leave()
	page, err := scrape.Fetch(ctx, g, in.Entry.Entry.Link, scrape.FetchOptions{Zone: in.Source.Zone, Content: in.Source.FullText == "page", Now: p.Now()})
	if err != nil {
		return Scraped{}, err
	}
	out.Page = facts(page.Page)
	return out, nil
}

// facts takes from a page what a post needs.
func facts(page *scrape.Page) *content.PageFacts {
	return &content.PageFacts{
		Title: page.Title, Intro: page.Intro, Authors: people(page.Authors), Link: page.Link, Image: page.Image, Tags: page.Tags,
		Language: page.Language, Content: page.Content.HTML, Published: page.Published.UTC(), Updated: page.Modified.UTC(),
	}
}
