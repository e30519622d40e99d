package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/feed/listing"
	"github.com/coranto/coranto/internal/websub"
)

// FetchInput names the source to ask.
type FetchInput struct {
	Source Ask `json:"source"`
}

// Fetched is what a source answered.
type Fetched struct {
	Outcome Outcome         `json:"outcome"`
	Count   int             `json:"count"`             // entries to be matched
	Entries []coranto.Entry `json:"entries,omitempty"` // in the order of the document, filters applied
}

// Outcome is what there is to remember of an answer, once its posts are durable.
type Outcome struct {
	At          time.Time          `json:"at"`
	Status      int                `json:"status,omitempty"`
	NotModified bool               `json:"not_modified,omitempty"`
	Validators  catalog.Validators `json:"validators,omitzero"`
	Entries     int                `json:"entries,omitempty"`
	Filtered    int                `json:"filtered,omitempty"` // entries the filters dropped
	Malformed   bool               `json:"malformed,omitempty"`
	Identity    string             `json:"identity,omitempty"`
	Title       string             `json:"title,omitempty"`
	Site        string             `json:"site,omitempty"`
	Format      string             `json:"format,omitempty"`
	Authors     []coranto.Person   `json:"authors,omitempty"` // of the feed: of entries whose author nobody else names
	PostGap     time.Duration      `json:"post_gap,omitempty"`
	MaxAge      time.Duration      `json:"max_age,omitempty"`
	TTL         time.Duration      `json:"ttl,omitempty"`
	Permanent   string             `json:"permanent,omitempty"`
	Gone        bool               `json:"gone,omitempty"`
	Held        time.Time          `json:"held,omitzero"`
	Error       string             `json:"error,omitempty"`
	Message     string             `json:"message,omitempty"`
	Bytes       int64              `json:"bytes,omitempty"`
	Asked       time.Time          `json:"asked,omitzero"` // exactly when
	Hubs        *catalog.Hubs      `json:"hubs,omitempty"` // nil: not told anew
}

func (p *Pipeline) fetchFeed(ctx context.Context, t engine.Task, in FetchInput) (Fetched, error) {
	ask, asked := in.Source, p.Now().UTC()
	now := asked.Truncate(time.Second)
	src := ask.Source
	src.URL = ask.Address
	v := feed.Validators(ask.Validators)
	g := p.gate(p.documents(src))
	res, err := listing.Fetch(ctx, g, src, v, feed.Options{SummaryOnly: src.FullText != "feed"})
	g.leave()
	out := Outcome{At: now, Status: res.Status, NotModified: res.NotModified, MaxAge: res.MaxAge,
		Permanent: res.Permanent, Gone: res.Gone, Bytes: res.Bytes, Asked: asked,
		Validators: catalog.Validators(res.Validators)}
	if h, ok := errors.AsType[*egress.HeldError](err); ok {
		// Not a failure: the server said when, and that is when it is asked.
		out.Held, out.Error, out.Message = h.Until, "Fetch.Held", h.Error()
		return Fetched{Outcome: out}, nil
	}
	if err != nil {
		return Fetched{}, err
	}
	if out.Gone {
		out.Error, out.Message = "Fetch.Gone", src.URL+" is gone for good (410)"
		return Fetched{Outcome: out}, nil
	}
	if res.NotModified {
		// The Link header may tell without the document; without it all is as it was.
		if f := websub.Discover(res.Links, res.FinalURL, nil); f.Header && f.Topic != "" {
			out.Hubs = hubs(f)
		}
		return Fetched{Outcome: out}, nil
	}
	doc := res.Document
	out.Hubs = hubs(websub.Discover(res.Links, res.FinalURL, hubLinks(doc)))
	out.Entries, out.Malformed = len(doc.Entries), doc.Malformed
	out.Title, out.Site, out.Format = doc.Feed.Title, doc.Feed.Link, doc.Format
	out.Identity, out.Authors = identity(doc), doc.Feed.Authors
	inherit(doc)
	out.PostGap, out.TTL = feed.Gap(doc.Entries), doc.Feed.Every()
	kept, err := filter(src, doc)
	if err != nil {
		return Fetched{}, err
	}
	out.Filtered = out.Entries - len(kept)
	return Fetched{Outcome: out, Count: len(kept), Entries: kept}, nil
}

func hubs(f websub.Found) *catalog.Hubs {
	if len(f.Hubs) == 0 {
		return &catalog.Hubs{}
	}
	return &catalog.Hubs{Names: f.Hubs, Topic: f.Topic, Header: f.Header}
}

// hubLinks are the links of a document in which its hubs may be.
func hubLinks(doc *feed.Document) []coranto.Link {
	links := doc.Feed.Links
	for _, h := range doc.Feed.Hubs {
		links = append(links[:len(links):len(links)], coranto.Link{Rel: "hub", Href: h})
	}
	return links
}

// largeBodies is how many large bodies are in memory at a time: those that are
// read, and those that wait to be parsed.
const largeBodies = 3

// gate lets through as many answers as there are tokens, until leave: the body
// and what is parsed of it are the memory of a run. Large bodies wait before
// they are read.
type gate struct {
	Getter
	tokens, large chan struct{}
	inside, big   bool
}

// gate makes one for a task that asks g.
func (p *Pipeline) gate(g Getter) *gate {
	return &gate{Getter: g, tokens: p.parse, large: p.large}
}

func (g *gate) Get(ctx context.Context, r egress.Request) (*egress.Response, error) {
	if !g.inside { // who is inside waits for nobody, or two could wait for each other
		r.Grow = g.grow
	}
	res, err := g.Getter.Get(ctx, r)
	if err != nil || g.inside {
		return res, err
	}
	select {
	case g.tokens <- struct{}{}:
		g.inside = true
		return res, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (g *gate) grow(ctx context.Context) error {
	if g.big {
		return nil
	}
	select {
	case g.large <- struct{}{}:
		g.big = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) leave() {
	if g.inside {
		<-g.tokens
		g.inside = false
	}
	if g.big {
		<-g.large
		g.big = false
	}
}

// inherit gives entries without an author the feed's, where the format says so
// (RFC 4287 4.2.1; JSON Feed 1.1, "authors"). An RSS channel's editor is only
// the last resort, see commitPosts.
func inherit(doc *feed.Document) {
	if doc.Format != "atom" && doc.Format != "json" || len(doc.Feed.Authors) == 0 {
		return
	}
	for i := range doc.Entries {
		if e := &doc.Entries[i]; len(e.Authors) == 0 && e.Source == nil {
			e.Authors = doc.Feed.Authors
		}
	}
}

// identity tells feeds apart when an address leads somewhere else: the feed's
// own id, else its title and site.
func identity(doc *feed.Document) string {
	if doc.Feed.ID != "" {
		return doc.Feed.ID
	}
	return doc.Feed.Title + " " + doc.Feed.Link
}
