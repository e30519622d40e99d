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
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/moderation"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/robots"
	"github.com/coranto/coranto/internal/site"
)

// PlanOptions say what is planned.
type PlanOptions struct {
	Only  []string // only these sources
	Due   bool     // only those whose time has come
	Pages bool     // the pages of new posts are asked too, so that their words are those of a run
	Bare  bool     // the site is not compared
}

// Planned is what a run would do, if it began now.
type Planned struct {
	Sources []PlannedSource `json:"sources"`
	Posts   []PlannedPost   `json:"posts"`
	Pages   PlannedPages    `json:"pages"`
}

// PlannedSource is a source of a run.
type PlannedSource struct {
	ID      string         `json:"id"`
	URL     string         `json:"url"`
	Asked   bool           `json:"asked"`
	Why     string         `json:"why,omitempty"` // why it is not asked, or what is wrong
	Error   string         `json:"error,omitempty"`
	Moved   string         `json:"moved,omitempty"`
	New     int            `json:"new"`
	Merged  int            `json:"merged"`
	Known   int            `json:"known"`
	Revised int            `json:"revised"` // posts that get a later wording
	Same    bool           `json:"unchanged"`
	Health  catalog.Health `json:"health"`           // now
	Becomes catalog.Health `json:"becomes"`          // after the run
	Next    time.Time      `json:"next,omitzero"`    // when it would be due again
	Use     string         `json:"use,omitempty"`    // where it would be asked from then on
	Closed  int            `json:"closed,omitempty"` // with Pages: pages that could not be read
}

// PlannedPost is a post that a run would add or change.
type PlannedPost struct {
	PostLine
	Change  string          `json:"change"` // new, merged (another source announces it too), revised
	Merged  bool            `json:"merged,omitempty"`
	Backlog bool            `json:"backlog,omitempty"`
	Into    string          `json:"into,omitempty"` // the post it joins
	Fields  []PlannedChange `json:"fields,omitempty"`
}

// PlannedChange is a value of a post that would differ.
type PlannedChange struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Changes of a post.
const (
	PostNew     = "new"
	PostMerged  = "merged"
	PostRevised = "revised"
)

// PlannedPages is the difference from the site that is live, by path.
type PlannedPages struct {
	Added   []string `json:"added"`
	Changed []string `json:"changed"`
	Removed []string `json:"removed"`
	Same    int      `json:"same"`
	Why     string   `json:"why,omitempty"` // why nothing is told of them
}

// planAtOnce is how many sources are asked at once; the manners of each host
// are kept besides.
const planAtOnce = 32

// Plan tells what a run would change: whom it would ask, what would come of
// it, and which pages would differ from those that are live. It writes nothing;
// unless Pages is set, pages of new posts are not asked for, so their words may
// still change.
func Plan(ctx context.Context, dir string, po PlanOptions, o Options) (Planned, error) {
	o.defaults()
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
	web, err := v.client(v.config, o)
	if err != nil {
		return Planned{}, err
	}
	defer web.Close()
	p := &planner{view: v, web: web, o: po}
	if p.anew, err = p.rolledBack(ctx); err != nil {
		return Planned{}, err
	}
	p.ask(ctx)
	if err := ctx.Err(); err != nil {
		return Planned{}, err
	}
	if err := p.posts(ctx); err != nil {
		return Planned{}, err
	}
	if po.Bare {
		p.out.Pages = PlannedPages{Added: []string{}, Changed: []string{}, Removed: []string{}, Why: "it is not to be published"}
		return p.out, nil
	}
	_, err = p.pages(ctx, o.Version)
	return p.out, err
}

type planner struct {
	*view
	web     feed.Getter
	o       PlanOptions
	anew    bool // every source would be read anew
	out     Planned
	new     []coranto.Post
	changed map[string]coranto.Post // by ID, as they would be

	found []*pipeline.Preview // by source, nil: not asked or failed
	told  []map[string]*content.PageFacts
	built compare
}

// rolledBack reports whether a run would find that posts were taken away behind
// its back.
func (p *planner) rolledBack(ctx context.Context) (bool, error) {
	if p.catalog == nil {
		return false, nil
	}
	return pipeline.RolledBack(ctx, p.catalog, p.snap, p.contains)
}

// ask asks the sources that a run would ask.
func (p *planner) ask(ctx context.Context) {
	n := len(p.config.Sources)
	p.out.Sources, p.found, p.told = make([]PlannedSource, n), make([]*pipeline.Preview, n), make([]map[string]*content.PageFacts, n)
	said := robots.NewCache(nil, func() time.Time { return p.now })
	var all sync.WaitGroup
	slots := make(chan struct{}, planAtOnce)
	for i, src := range p.config.Sources {
		x := &p.out.Sources[i]
		x.ID, x.URL, x.Health = src.ID, src.URL, p.states[src.ID].Health(src, p.now)
		x.Becomes = x.Health
		if x.Why = p.notAsked(src); x.Why != "" {
			continue
		}
		x.Asked = true
		all.Add(1)
		go func() {
			defer all.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			p.found[i] = p.one(ctx, src, said, x)
			if p.o.Pages && p.found[i] != nil {
				p.told[i] = p.read(ctx, src, said, p.found[i], x)
			}
		}()
	}
	all.Wait()
}

// notAsked says why a run would not ask a source.
func (p *planner) notAsked(src coranto.Source) string {
	s := p.states[src.ID]
	named := slices.Contains(p.o.Only, src.ID)
	switch h := s.Health(src, p.now); {
	case len(p.o.Only) > 0 && !named:
		return "not chosen"
	case h == catalog.Retired, h == catalog.Paused, h == catalog.Held, h == catalog.Gone && !named:
		return string(h)
	case p.o.Due && !named && !s.Due(p.now, p.every(src), catalog.DefaultBounds):
		return "not due before " + s.Next.Format(time.RFC3339)
	}
	return ""
}

func (p *planner) one(ctx context.Context, src coranto.Source, said *robots.Cache, x *PlannedSource) *pipeline.Preview {
	state := p.states[src.ID]
	ask, s := pipeline.AskOf(src, state, p.config.TagMap)
	src.URL = ask.Address
	deps := pipeline.PreviewDeps{Web: p.web, Snapshot: p.snap, Identity: ask.Identity, Now: p.now}
	if src.Scrape != nil {
		deps.Pages = func(ctx context.Context, url, zone string) error { return said.Check(ctx, p.web, url, zone) }
	}
	if !p.anew {
		deps.Validators = feed.Validators(ask.Validators)
	}
	found, err := pipeline.PreviewOf(ctx, src, deps)
	if ctx.Err() != nil {
		return nil
	}
	x.after(p, src, s, found, err)
	if err != nil {
		return nil
	}
	x.Same, x.Moved = found.Unchanged, found.Permanent
	x.New, x.Merged, x.Known = found.Counts[pipeline.VerdictNew], found.Counts[pipeline.VerdictMerged], found.Counts[pipeline.VerdictKnown]
	return found
}

// after tells how the source would stand after the run.
func (x *PlannedSource) after(p *planner, src coranto.Source, s catalog.State, found *pipeline.Preview, err error) {
	o := catalog.Outcome{At: p.now}
	held, isHeld := errors.AsType[*egress.HeldError](err)
	switch {
	case isHeld:
		o.Held, o.Error, o.Message = held.Until, "Fetch.Held", held.Error()
		x.Why = held.Error()
	case err != nil:
		x.Error, x.Why = pipeline.KindOf(err).Name, err.Error()
		o.Error, o.Message = x.Error, x.Why
	case found.Gone:
		x.Error, x.Why = "Fetch.Gone", "it is gone for good (410)"
		o.Gone, o.Error, o.Message = true, x.Error, x.Why
	default:
		o = found.Outcome
	}
	if s.URL == "" {
		s.URL = p.configured(src.ID)
	}
	was := s.Use
	after := s.After(o, p.every(src), catalog.DefaultBounds)
	src.URL = s.URL
	x.Becomes, x.Next = after.Health(src, p.now), after.Next
	if after.Use != was {
		x.Use = after.Address()
	}
}

func (p *planner) configured(id string) string {
	src, _ := p.config.Source(id)
	return src.URL
}

// every is the fixed interval of a source, 0 for the adaptive one.
func (v *view) every(src coranto.Source) time.Duration {
	if d, err := time.ParseDuration(src.Every); err == nil && src.Every != "" {
		return d
	}
	return v.config.Fetch.Every
}

// read asks the pages of what is new.
func (p *planner) read(ctx context.Context, src coranto.Source, said *robots.Cache, found *pipeline.Preview, x *PlannedSource) map[string]*content.PageFacts {
	out := map[string]*content.PageFacts{}
	for _, c := range found.Matched.New {
		link := c.Entry.Link
		if link == "" || c.Merge != "" || ctx.Err() != nil {
			continue
		}
		facts, err := pipeline.ReadPage(ctx, p.web, said, src, link, p.now)
		if err != nil {
			x.Closed++
			continue
		}
		out[link] = facts
	}
	return out
}

// posts makes of what is new what the commit would.
func (p *planner) posts(ctx context.Context) error {
	first := p.now.UTC().Truncate(time.Second)
	with := content.Assembly{FirstSeen: first, Location: p.config.Site.Timezone, TagMap: p.config.TagMap}
	batch := content.Batch{Run: "plan", FirstSeen: first}
	p.out.Posts = []PlannedPost{}
	for i := range p.config.Sources {
		if p.found[i] == nil {
			continue
		}
		posts, changes := p.found[i].Drafts(with, p.told[i])
		batch.Posts, batch.Changes = append(batch.Posts, posts...), append(batch.Changes, changes...)
	}
	plan, err := p.snap.Plan(ctx, batch)
	if err != nil {
		return err
	}
	p.new, p.changed = plan.Added, map[string]coranto.Post{}
	rules := p.rules()
	for i := range p.new {
		p.out.Posts = append(p.out.Posts, PlannedPost{PostLine: lineOf(p.post(&p.new[i], rules)), Change: PostNew, Backlog: p.new[i].Backlog})
	}
	for _, post := range plan.Changed {
		p.changed[post.ID] = post
	}
	if len(p.changed) == 0 {
		return nil
	}
	old, err := p.snap.Posts(ctx)
	if err != nil {
		return err
	}
	for i := range old {
		if now, ok := p.changed[old[i].ID]; ok {
			p.differs(&old[i], &now, rules)
		}
	}
	return nil
}

// differs tells of a post that is there and would change. One more key is
// nobody's business.
func (p *planner) differs(was, now *coranto.Post, rules moderation.Rules) {
	x := PlannedPost{PostLine: lineOf(p.post(now, rules))}
	field := func(name, old, new string) {
		if old != new {
			x.Fields = append(x.Fields, PlannedChange{name, old, new})
		}
	}
	field("title", was.Title, now.Title)
	field("intro", was.Intro, now.Intro)
	field("updated", stamp(was.Updated), stamp(now.Updated))
	if len(x.Fields) > 0 {
		x.Change = PostRevised
		p.count(now.Source, func(s *PlannedSource) { s.Revised++ })
	}
	if also := alsoOf(now); also != alsoOf(was) {
		field("also", alsoOf(was), also)
		if x.Change == "" {
			x.Change, x.Merged, x.Into = PostMerged, true, now.ID
		}
	}
	if x.Change != "" {
		p.out.Posts = append(p.out.Posts, x)
	}
}

func (p *planner) count(source string, add func(*PlannedSource)) {
	for i := range p.out.Sources {
		if p.out.Sources[i].ID == source {
			add(&p.out.Sources[i])
		}
	}
}

func alsoOf(p *coranto.Post) string {
	var out []string
	for _, a := range p.Also {
		out = append(out, a.Source)
	}
	return strings.Join(out, ", ")
}

// pages builds the site that would come of it, into nothing, and compares. A
// guard's or the theme's refusal is returned besides.
func (p *planner) pages(ctx context.Context, version string) (refused error, err error) {
	if len(p.config.Build.Command) > 0 {
		p.out.Pages = PlannedPages{Added: []string{}, Changed: []string{}, Removed: []string{}, Why: "the site is built by build.command, which is not run to look"}
		return nil, nil
	}
	posts, err := p.snap.Posts(ctx)
	if err != nil {
		return nil, err
	}
	all := append(slices.Clone(posts), p.new...)
	for i := range all {
		if now, ok := p.changed[all[i].ID]; ok {
			all[i] = now
		}
	}
	slices.SortStableFunc(all, func(a, b coranto.Post) int { return a.Compare(&b) })
	in, err := p.siteInput(all)
	if err != nil {
		return nil, err
	}
	for i := range p.out.Sources { // what a source that never answered is called
		if f := p.found; f != nil && f[i] != nil && f[i].Title != "" && in.Sources[i].Title == in.Sources[i].ID {
			in.Sources[i].Title = f[i].Title
		}
	}
	in.Version = version
	if p.db != nil && p.config.Images.Mode == "cache" {
		if pics, err := openPictures(ctx, p.db, func() time.Time { return p.now }); err == nil {
			if in.Images, err = pics.Ready(ctx); err != nil {
				return nil, err
			}
		}
	}
	to := compare{files: map[string]string{}, sizes: map[string]int64{}}
	if _, err := site.Build(ctx, in, to, nil); err != nil {
		return nil, err
	}
	p.built = to
	var live *release.Manifest
	if p.releases != nil {
		if live, err = p.releases.Current(); err != nil && !errors.Is(err, release.ErrNone) {
			return nil, err
		}
	}
	p.out.Pages = to.against(live)
	if live == nil {
		return nil, nil
	}
	pages := make(map[string]bool, len(to.files))
	for path := range to.files {
		pages[path] = true
	}
	return pipeline.Guard(live, in.Posts, pages, p.config.Guards.MaxRemoved), nil
}

// compare is a site.Sink that keeps the hash of each file.
type compare struct {
	files map[string]string
	sizes map[string]int64
}

func (c compare) Put(path string, body []byte) (string, error) {
	sum := sha256.Sum256(body)
	c.files[path], c.sizes[path] = hex.EncodeToString(sum[:]), int64(len(body))
	return c.files[path], nil
}

func (compare) Reuse(string, string) error { return site.ErrGone }

// against lists how the files differ from those that are live. Pictures are put
// by the publishing alone, so what is below images/ is left out.
func (c compare) against(live *release.Manifest) PlannedPages {
	p := PlannedPages{Added: []string{}, Changed: []string{}, Removed: []string{}}
	was := map[string]string{}
	if live != nil {
		for f := range live.All() {
			was[f.Path] = f.Hash
		}
	}
	for path, hash := range c.files {
		switch old, ok := was[path]; {
		case !ok:
			p.Added = append(p.Added, path)
		case old != hash:
			p.Changed = append(p.Changed, path)
		default:
			p.Same++
		}
	}
	for path := range was {
		if _, ok := c.files[path]; !ok && !strings.HasPrefix(path, "images/") {
			p.Removed = append(p.Removed, path)
		}
	}
	slices.Sort(p.Added)
	slices.Sort(p.Changed)
	slices.Sort(p.Removed)
	return p
}
