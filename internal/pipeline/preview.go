package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/feed/listing"
	"github.com/coranto/coranto/internal/robots"
	"github.com/coranto/coranto/internal/scrape"
)

// Preview is what a source would yield now, and why.
type Preview struct {
	Source    coranto.Source   `json:"source"`
	Status    int              `json:"status"`
	FinalURL  string           `json:"final_url,omitempty"` // where redirects led
	Format    string           `json:"format"`
	Version   string           `json:"version,omitempty"`
	Title     string           `json:"title,omitempty"`
	Malformed bool             `json:"malformed,omitempty"`
	Truncated bool             `json:"truncated,omitempty"`
	Bytes     int64            `json:"bytes,omitempty"`     // over the wire
	Beyond    int              `json:"beyond,omitempty"`    // entries beyond what is read of one document
	Unchanged bool             `json:"unchanged,omitempty"` // since Validators became current
	Gone      bool             `json:"gone,omitempty"`
	Permanent string           `json:"permanent,omitempty"` // where permanent redirects lead
	Validated bool             `json:"validated"`           // the next request can be conditional
	MaxAge    string           `json:"max_age,omitempty"`
	Counts    map[Verdict]int  `json:"counts"`
	Entries   []PreviewedEntry `json:"entries"`

	// Matched is the same for a commit that is planned, Authors whom the feed
	// names for entries whose author nobody else does, Outcome what there would
	// be to remember.
	Matched content.Matched  `json:"-"`
	Authors []coranto.Person `json:"-"`
	Outcome catalog.Outcome  `json:"-"`
}

// PreviewedEntry is one entry and what would become of it.
type PreviewedEntry struct {
	Verdict Verdict       `json:"verdict"`
	Why     string        `json:"why,omitempty"`
	Post    string        `json:"post,omitempty"` // ID of the post it is, or will join
	Keys    []string      `json:"keys,omitempty"` // those it would be known by
	Robots  string        `json:"robots,omitempty"`
	Entry   coranto.Entry `json:"entry"`
}

// Verdict says what would become of an entry.
type Verdict string

// The verdicts.
const (
	VerdictNew      Verdict = "new"
	VerdictKnown    Verdict = "known"    // a post already
	VerdictMerged   Verdict = "merged"   // another source has it: the post gets an "also"
	VerdictFiltered Verdict = "filtered" // by include, exclude or limit
	VerdictSame     Verdict = "same"     // as an entry before it in the document
	VerdictDropped  Verdict = "dropped"  // can become no post
)

// PreviewDeps is what a preview is made with; nothing of it is changed.
type PreviewDeps struct {
	Web      Getter
	Snapshot *content.Snapshot
	Pages    func(ctx context.Context, url, zone string) error // what robots.txt says of a page; nil: it is not asked

	// Validators make the request conditional; the zero value does not.
	Validators feed.Validators
	// Identity is what the source's feed called itself; where another answers of
	// which no entry is known, that is ErrIdentity. "" asks for nothing.
	Identity string
	Now      time.Time
}

// PreviewOf asks a source and tells what a run would make of
// its answer. It writes nothing. Errors are those of coranto:fetchFeed.
func PreviewOf(ctx context.Context, src coranto.Source, d PreviewDeps) (*Preview, error) {
	if d.Pages != nil && listing.IsPage(src.Scrape) && src.Robots != coranto.RobotsIgnore {
		if err := d.Pages(ctx, src.URL, src.Zone); err != nil {
			return nil, err
		}
	}
	res, err := listing.Fetch(ctx, d.Web, src, d.Validators, feed.Options{SummaryOnly: src.FullText != "feed"})
	if err != nil {
		return nil, err
	}
	p := &Preview{Source: src, Status: res.Status, Validated: res.Validators.ETag != "" || res.Validators.LastModified != "", Truncated: res.Truncated, Bytes: res.Bytes,
		Counts: map[Verdict]int{}, Entries: []PreviewedEntry{}}
	if res.MaxAge > 0 {
		p.MaxAge = res.MaxAge.String()
	}
	if res.FinalURL != src.URL {
		p.FinalURL = res.FinalURL
	}
	p.Unchanged, p.Gone, p.Permanent = res.NotModified, res.Gone, res.Permanent
	p.Outcome = catalog.Outcome{At: d.Now, NotModified: res.NotModified, Validators: catalog.Validators(res.Validators), MaxAge: res.MaxAge,
		Permanent: res.Permanent, Gone: res.Gone}
	if res.Gone || res.NotModified {
		return p, nil
	}
	doc := res.Document
	p.Format, p.Version, p.Title, p.Malformed, p.Beyond = doc.Format, doc.Version, doc.Feed.Title, doc.Malformed, doc.Dropped
	inherit(doc)
	p.Authors = doc.Feed.Authors
	o := &p.Outcome
	o.Entries, o.Title, o.Site, o.Format, o.Identity = len(doc.Entries), doc.Feed.Title, doc.Feed.Link, doc.Format, identity(doc)
	o.PostGap, o.TTL = feed.Gap(doc.Entries), doc.Feed.Every()
	why, err := filtered(src, doc)
	if err != nil {
		return nil, err
	}
	var kept []coranto.Entry
	for i := range doc.Entries {
		if why[i] == "" {
			kept = append(kept, doc.Entries[i])
		}
	}
	fates := d.Snapshot.Explain(src, kept)
	p.Matched = d.Snapshot.Match(src, kept)
	if err := stranger(Ask{Source: src, Identity: d.Identity}, Outcome{Identity: o.Identity}, p.Matched, d.Snapshot); err != nil {
		return nil, err
	}
	o.New = len(p.Matched.New)
	if d.Identity != "" && o.Identity != d.Identity && p.Matched.Known == 0 && o.New == 0 {
		o.Identity, o.Permanent = "", "" // a feed without entries proves nothing
	}
	for i, e := range doc.Entries {
		x := PreviewedEntry{Entry: e, Verdict: VerdictFiltered, Why: why[i]}
		if why[i] == "" {
			x.fate(fates[0])
			fates = fates[1:]
		}
		if x.Verdict == VerdictNew && e.Link != "" && d.Pages != nil && src.Robots != coranto.RobotsIgnore {
			if err := d.Pages(ctx, e.Link, src.Zone); disallowed(err) {
				x.Robots = err.Error()
			} else if _, held := errors.AsType[*egress.HeldError](err); err != nil && !held {
				return nil, err
			}
		}
		p.Counts[x.Verdict]++
		p.Entries = append(p.Entries, x)
	}
	return p, nil
}

// Drafts are what a commit would get of a source: the posts that are new, or
// join another source's, and what is told of those that are known. pages holds
// what the pages of new entries told, by link; of the others the feed's own
// words are taken.
func (p *Preview) Drafts(with content.Assembly, pages map[string]*content.PageFacts) ([]coranto.Post, []content.Change) {
	var posts []coranto.Post
	for _, c := range p.Matched.New {
		post := content.Assemble(p.Source, c, pages[c.Entry.Link], with)
		if post.Author == "" {
			post.Author = names(p.Authors)
		}
		queue(p.Source, &post)
		posts = append(posts, post)
	}
	return posts, withoutRevisions(p.Source, p.Matched.Changes)
}

// ReadPage asks a page as coranto:scrapePost does. said is what robots.txt files
// say.
func ReadPage(ctx context.Context, web Getter, said *robots.Cache, src coranto.Source, link string, now time.Time) (*content.PageFacts, error) {
	if src.Robots != coranto.RobotsIgnore {
		web = robotsGetter{web, said, src.Zone}
	}
	page, err := scrape.Fetch(ctx, web, link, scrape.FetchOptions{Zone: src.Zone, Content: src.FullText == "page", Now: now})
	if err != nil {
		return nil, err
	}
	return facts(page.Page), nil
}

func (x *PreviewedEntry) fate(f content.Fate) {
	x.Post, x.Keys, x.Why = f.Post, f.Keys, f.Why
	switch {
	case f.Known:
		x.Verdict = VerdictKnown
	case f.Repeats:
		x.Verdict = VerdictSame
	case f.Post != "":
		x.Verdict = VerdictMerged
	case f.Why != "":
		x.Verdict = VerdictDropped
	default:
		x.Verdict = VerdictNew
	}
}
