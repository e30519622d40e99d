package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/site"
)

// PlanOptions say what is planned.
type PlanOptions struct {
	Only []string // only these sources
	Due  bool     // only those whose time has come
}

// Planned is what a run would do, if it began now.
type Planned struct {
	Sources []PlannedSource `json:"sources"`
	Posts   []PlannedPost   `json:"posts"`
	Pages   PlannedPages    `json:"pages"`
}

// PlannedSource is a source of a run.
type PlannedSource struct {
	ID     string `json:"id"`
	URL    string `json:"url"`
	Asked  bool   `json:"asked"`
	Why    string `json:"why,omitempty"` // why it is not asked, or what is wrong
	Error  string `json:"error,omitempty"`
	Moved  string `json:"moved,omitempty"`
	New    int    `json:"new"`
	Merged int    `json:"merged"`
	Known  int    `json:"known"`
	Same   bool   `json:"unchanged"`
}

// PlannedPost is a post that a run would add, or another source would join.
type PlannedPost struct {
	PostLine
	Merged  bool   `json:"merged,omitempty"`
	Backlog bool   `json:"backlog,omitempty"`
	Into    string `json:"into,omitempty"` // the post it joins
}

// PlannedPages is the difference from the site that is live, by path.
type PlannedPages struct {
	Added   []string `json:"added"`
	Changed []string `json:"changed"`
	Removed []string `json:"removed"`
	Same    int      `json:"same"`
}

// planAtOnce is how many sources are asked at once; the manners of each host
// are kept besides.
const planAtOnce = 32

// Plan tells what a run would change: whom it would ask, what would come of
// it, and which pages would differ from those that are live. It writes nothing;
// pages of new posts are not asked for, so their words may still change.
func Plan(ctx context.Context, dir string, po PlanOptions, o Options) (Planned, error) {
	o.defaults()
	d, err := openDirectory(ctx, dir, o)
	if err != nil {
		return Planned{}, err
	}
	defer d.close()
	v, err := openView(ctx, dir, o)
	if err != nil {
		return Planned{}, err
	}
	defer v.close()
	sourceDefaults(v.config)
	for _, id := range po.Only {
		if _, ok := v.config.Source(id); !ok {
			return Planned{}, noSource(v.config, id)
		}
	}
	p := &planner{view: v, web: d.web, o: po}
	p.ask(ctx)
	if err := ctx.Err(); err != nil {
		return Planned{}, err
	}
	p.posts()
	return p.out, p.pages(ctx, o.Version)
}

type planner struct {
	*view
	web feed.Getter
	o   PlanOptions
	out Planned
	new []coranto.Post

	found []*pipeline.Preview // by source, nil: not asked or failed
}

// ask asks the sources that a run would ask.
func (p *planner) ask(ctx context.Context) {
	n := len(p.config.Sources)
	p.out.Sources, p.found = make([]PlannedSource, n), make([]*pipeline.Preview, n)
	var all sync.WaitGroup
	slots := make(chan struct{}, planAtOnce)
	for i, src := range p.config.Sources {
		x := &p.out.Sources[i]
		x.ID, x.URL = src.ID, src.URL
		if x.Why = p.notAsked(src); x.Why != "" {
			continue
		}
		x.Asked = true
		all.Add(1)
		go func() {
			defer all.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			p.found[i] = p.one(ctx, src, x)
		}()
	}
	all.Wait()
}

// notAsked says why a run would not ask a source.
func (p *planner) notAsked(src coranto.Source) string {
	s := p.states[src.ID]
	chosen := len(p.o.Only) == 0 || slices.Contains(p.o.Only, src.ID)
	switch h := s.Health(src, p.now); {
	case !chosen:
		return "not chosen"
	case h == catalog.Retired, h == catalog.Paused, h == catalog.Gone, h == catalog.Held:
		return string(h)
	case p.o.Due && len(p.o.Only) == 0 && s.URL == src.URL && s.Next.After(p.now):
		return "not due before " + s.Next.Format(time.RFC3339)
	}
	return ""
}

func (p *planner) one(ctx context.Context, src coranto.Source, x *PlannedSource) *pipeline.Preview {
	s := p.states[src.ID]
	deps := pipeline.PreviewDeps{Web: p.web, Snapshot: p.snap}
	if a := s.Address(); a != "" {
		src.URL = a
		deps.Validators = feed.Validators{URL: s.Validators.URL, ETag: s.Validators.ETag, LastModified: s.Validators.LastModified, BodyHash: s.Validators.BodyHash, Bearer: s.Validators.Bearer}
	}
	found, err := pipeline.PreviewOf(ctx, src, deps)
	if err != nil {
		x.Error, x.Why = pipeline.KindOf(err).Name, err.Error()
		return nil
	}
	x.Same, x.Moved = found.Unchanged, found.Permanent
	x.New, x.Merged, x.Known = found.Counts[pipeline.VerdictNew], found.Counts[pipeline.VerdictMerged], found.Counts[pipeline.VerdictKnown]
	if found.Gone {
		x.Error, x.Why = "Fetch.Gone", "it is gone for good (410)"
	}
	return found
}

// posts makes of what is new what the commit would.
func (p *planner) posts() {
	first := p.now.UTC().Truncate(time.Second)
	with := content.Assembly{FirstSeen: first, Location: p.config.Site.Timezone, TagMap: p.config.TagMap}
	batch := content.Batch{Run: "plan", FirstSeen: first}
	p.out.Posts = []PlannedPost{}
	for i, src := range p.config.Sources {
		if p.found[i] == nil {
			continue
		}
		for _, e := range p.found[i].Entries {
			if e.Verdict != pipeline.VerdictNew && e.Verdict != pipeline.VerdictMerged {
				continue
			}
			post := content.Assemble(src, content.Candidate{Source: src.ID, Entry: e.Entry, Keys: e.Keys, Merge: e.Post}, nil, with)
			if len(post.Keys) == 0 {
				continue
			}
			post.Queued = src.Moderate == coranto.ModerateApprove
			batch.Posts = append(batch.Posts, post)
			if e.Verdict == pipeline.VerdictMerged {
				p.out.Posts = append(p.out.Posts, PlannedPost{PostLine: lineOf(Post{Post: post}), Merged: true, Into: e.Post})
			}
		}
	}
	p.new = p.snap.Plan(batch).Added
	rules := p.rules()
	for i := range p.new {
		p.out.Posts = append(p.out.Posts, PlannedPost{PostLine: lineOf(p.post(&p.new[i], rules)), Backlog: p.new[i].Backlog})
	}
}

// pages builds the site that would come of it, into nothing, and compares.
func (p *planner) pages(ctx context.Context, version string) error {
	posts, err := p.snap.Posts(ctx)
	if err != nil {
		return err
	}
	all := append(slices.Clone(posts), p.new...)
	slices.SortStableFunc(all, func(a, b coranto.Post) int { return a.Compare(&b) })
	in, err := p.siteInput(all)
	if err != nil {
		return err
	}
	in.Version = version
	if p.db != nil && p.config.Images.Mode == "cache" {
		if pics, err := openPictures(ctx, p.db, func() time.Time { return p.now }); err == nil {
			if in.Images, err = pics.Ready(ctx); err != nil {
				return err
			}
		}
	}
	to := compare{files: map[string]string{}}
	if _, err := site.Build(ctx, in, to, nil); err != nil {
		return err
	}
	live := map[string]string{}
	if p.releases != nil {
		m, err := p.releases.Current()
		if err != nil && !errors.Is(err, release.ErrNone) {
			return err
		}
		if err == nil {
			for f := range m.All() {
				live[f.Path] = f.Hash
			}
		}
	}
	p.out.Pages = to.against(live)
	return nil
}

// compare is a site.Sink that keeps the hash of each file.
type compare struct{ files map[string]string }

func (c compare) Put(path string, body []byte) (string, error) {
	sum := sha256.Sum256(body)
	c.files[path] = hex.EncodeToString(sum[:])
	return c.files[path], nil
}

func (compare) Reuse(string, string) error { return site.ErrGone }

// against lists how the files differ from those that are live. Pictures are put
// by the publishing alone, so what is below images/ is left out.
func (c compare) against(live map[string]string) PlannedPages {
	p := PlannedPages{Added: []string{}, Changed: []string{}, Removed: []string{}}
	for path, hash := range c.files {
		switch was, ok := live[path]; {
		case !ok:
			p.Added = append(p.Added, path)
		case was != hash:
			p.Changed = append(p.Changed, path)
		default:
			p.Same++
		}
	}
	for path := range live {
		if _, ok := c.files[path]; !ok && !strings.HasPrefix(path, "images/") {
			p.Removed = append(p.Removed, path)
		}
	}
	slices.Sort(p.Added)
	slices.Sort(p.Changed)
	slices.Sort(p.Removed)
	return p
}
