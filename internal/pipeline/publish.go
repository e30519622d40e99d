package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/moderation"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/site"
)

// BuildInput asks for a build of the branch's head.
type BuildInput struct {
	Force bool `json:"force,omitempty"` // past the guards
}

// Built is a release that is ready to go live.
type Built struct {
	Release string      `json:"release"`
	Commit  string      `json:"commit"`
	New     bool        `json:"new"` // its files differ from every release before
	Report  site.Report `json:"report"`
	Want    string      `json:"want"` // Wanted when it was built
}

// FactPublished is the name of the fact that holds Wanted of the last release
// made live, and its ID.
const FactPublished = "published"

// Wanted names what the site should show: content, configuration, theme,
// generator, the pictures there are and the embargoes that are over. A site is published when
// FactPublished holds the same.
func Wanted(ctx context.Context, set *Settings, pictures Pictures, commit string, embargoes int) (string, error) {
	n := 0
	if pictures != nil && set.Pictures {
		var err error
		if n, err = pictures.Count(ctx); err != nil {
			return "", err
		}
	}
	want := fmt.Sprintf("%s %s %d", commit, set.Hash, n)
	if embargoes > 0 { // the one thing that time alone changes
		want += fmt.Sprintf(" %d", embargoes)
	}
	return want, nil
}

func (p *Pipeline) buildSite(ctx context.Context, t engine.Task, in BuildInput) (Built, error) {
	set := p.Settings()
	begin := func(commit string) (*release.Build, error) {
		return p.Releases.Begin(release.Meta{Commit: commit, Run: string(t.Execution), Config: set.Hash, Generator: "coranto " + set.Version})
	}
	if by := set.Builder; by != nil {
		return p.buildOwn(ctx, t, by, in, begin)
	}
	p.standing.mu.Lock()
	defer p.standing.mu.Unlock()
	p.standing.open(p)
	if !in.Force {
		if built, ok, err := p.extendSite(ctx, set, begin); ok || err != nil {
			return built, err
		}
	}
	return p.buildWhole(ctx, set, in, begin)
}

type beginner func(commit string) (*release.Build, error)

// buildOwn lets the site's own generator build.
func (p *Pipeline) buildOwn(ctx context.Context, t engine.Task, by *Builder, in BuildInput, begin beginner) (Built, error) {
	snap, err := p.Content.Snapshot(ctx)
	if err != nil {
		return Built{}, err
	}
	_, want, err := p.siteInput(ctx, p.Settings(), snap)
	if err != nil {
		return Built{}, err
	}
	b, err := begin(snap.Commit())
	if err != nil {
		return Built{}, err
	}
	defer b.Abort()
	report, err := p.buildForeign(ctx, t, by, snap.Commit(), b)
	if err == nil && !in.Force {
		err = p.guardForeign(report, b.Has, p.Settings().MaxRemoved)
	}
	if err != nil {
		return Built{}, err
	}
	r, err := b.Finish(ctx)
	return Built{Release: r.ID, Commit: snap.Commit(), New: r.New, Report: report, Want: want}, err
}

// buildWhole builds of all posts.
func (p *Pipeline) buildWhole(ctx context.Context, set *Settings, in BuildInput, begin beginner) (Built, error) {
	snap, err := p.Content.Snapshot(ctx)
	if err != nil {
		return Built{}, err
	}
	input, want, err := p.siteInput(ctx, set, snap)
	if err != nil {
		return Built{}, err
	}
	b, err := begin(snap.Commit())
	if err != nil {
		return Built{}, err
	}
	defer b.Abort()
	to := p.standing.begin(p, b)
	whole := false
	defer func() {
		if !whole {
			// What is remembered of the site and of the release are two halves:
			// after a failure between them they do not fit.
			p.standing.forget()
		}
	}()
	report, _, err := p.standing.site.Build(ctx, input, to, to)
	if err != nil {
		return Built{}, err
	}
	if err := to.pictures(ctx, p, input.Images); err != nil {
		return Built{}, err
	}
	if !in.Force && !to.part { // a build in part takes nothing away
		if err := p.guard(input.Posts, to.pages, set.MaxRemoved); err != nil {
			return Built{}, err
		}
	}
	r, err := b.Finish(ctx)
	if err != nil {
		return Built{}, err
	}
	p.standing.end(ctx, p, b.Manifest(), to, input.Images)
	p.keepSite(ctx, set, snap, input, r.ID)
	whole = true
	return Built{Release: r.ID, Commit: snap.Commit(), New: r.New, Report: report, Want: want}, nil
}

// siteInput is what a build depends on, and its name.
func (p *Pipeline) siteInput(ctx context.Context, set *Settings, snap *content.Snapshot) (in site.Input, want string, err error) {
	posts, err := snap.Posts(ctx)
	if err != nil {
		return in, "", err
	}
	decided, err := p.Decisions(ctx, snap)
	if err != nil {
		return in, "", err
	}
	now := p.Now()
	shown := decided.Apply(posts, moderationRules(set, now))
	if want, err = Wanted(ctx, set, p.Pictures, snap.Commit(), decided.Over(now)); err != nil {
		return in, "", err
	}
	in, err = p.siteFrame(ctx, set, snap.Commit(), shown)
	return in, want, err
}

// siteFrame is what a build depends on besides the posts, which are those of
// shown.
func (p *Pipeline) siteFrame(ctx context.Context, set *Settings, commit string, shown moderation.Applied) (site.Input, error) {
	states, err := p.Catalog.States(ctx)
	if err != nil {
		return site.Input{}, err
	}
	in := site.Input{Config: set.Site, Posts: shown.Posts, Sources: slices.Clone(set.Sources), Theme: set.Theme, Pages: set.Pages, Version: set.Version, Commit: commit,
		Settings: set.Hash + " " + shown.Sum, Deleted: shown.Deleted, Pinned: shown.Pinned}
	NameSources(in.Sources, states)
	if p.Pictures != nil && set.Pictures {
		in.Images, err = p.Pictures.Ready(ctx)
	}
	return in, err
}

// NameSources fills in what the configuration leaves to the feeds.
func NameSources(sources []coranto.Source, states map[string]catalog.State) {
	for i := range sources {
		src := &sources[i]
		if src.Title == "" {
			src.Title = states[src.ID].Title
		}
		if src.Title == "" {
			src.Title = src.ID // it has never answered; its keeper knows it by this
		}
		if src.Site == "" {
			src.Site = states[src.ID].Site
		}
	}
}

// live finds the hash of a file of the current release.
func (p *Pipeline) live(path string) (string, bool) {
	m, err := p.Releases.Current()
	if err != nil {
		return "", false
	}
	f, ok := m.Lookup(path)
	return f.Hash, ok
}

// guard refuses a site that lost more of its posts than people take away by
// intent: hiding a post is intent, a post that is no longer there may be none.
func (p *Pipeline) guard(posts []coranto.Post, pages map[string]bool, limit float64) error {
	old, err := p.Releases.Current()
	if errors.Is(err, release.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	return Guard(old, posts, pages, limit)
}

// Guard is what the guard says of a site with the given pages and posts that
// would take the place of a release.
func Guard(old *release.Manifest, posts []coranto.Post, pages map[string]bool, limit float64) error {
	return lost(func(yield func(string) bool) {
		for f := range old.All() {
			if !yield(f.Path) {
				return
			}
		}
	}, posts, pages, limit)
}

// lost is an error where too many of the pages that there were are not among
// those that there are.
func lost(old iter.Seq[string], posts []coranto.Post, pages map[string]bool, limit float64) error {
	hidden := map[string]bool{}
	for i := range posts {
		if posts[i].Hidden {
			hidden[posts[i].ID] = true
		}
	}
	var had, lost int
	for path := range old {
		id, ok := postOf(path)
		if !ok {
			continue
		}
		had++
		if !pages[path] && !hidden[id] {
			lost++
		}
	}
	if lost == 0 || float64(lost) <= limit*float64(had) {
		return nil
	}
	return fmt.Errorf("%w: the build would drop %d of %d posts, guards.max_removed is %.4g%%; the old release stays (coranto build --force publishes it all the same)", ErrGuard, lost, had, limit*100)
}

// postOf finds the ID of the post whose page a path is.
func postOf(path string) (string, bool) {
	id, ok := strings.CutPrefix(path, "posts/")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(id, "/index.html")
}

func (p *Pipeline) activateRelease(ctx context.Context, _ engine.Task, in Built) (Built, error) {
	if err := p.Releases.Activate(ctx, in.Release); err != nil {
		return Built{}, err
	}
	if err := p.Catalog.SetFact(ctx, FactPublished, in.Want); err != nil {
		return Built{}, err
	}
	if keep := p.Settings().Keep; keep > 0 {
		// What no release names is found by reading them all: seldom, then.
		if n, err := p.Releases.Count(); err != nil || n < 2*keep {
			return in, nil
		}
		if _, err := p.Releases.GC(ctx, keep); err != nil {
			p.Log.WarnContext(ctx, "old releases were not removed", KeyError, err)
		}
	}
	return in, nil
}

// sink hands the files of a build to a release.
type sink struct {
	build *release.Build
	pages map[string]bool // posts' pages

	standing *standing
	memo     *remember
	load     func() (release.Memo, error) // nil: has been
	part     bool                         // only what differs is named
}

var _ site.Based = (*sink)(nil)

func (s *sink) note(path string) {
	if _, ok := postOf(path); ok {
		s.pages[path] = true
	}
}

func (s *sink) Put(path string, body []byte) (string, error) {
	s.note(path)
	return s.build.Put(path, body)
}

func (s *sink) Reuse(path, hash string) error {
	s.note(path)
	err := s.build.Reuse(path, hash)
	if errors.Is(err, release.ErrNotFound) {
		return fmt.Errorf("%w: %w", site.ErrGone, err)
	}
	return err
}

// remember is a memo that keeps what this build used and forgets the rest.
type remember struct {
	old  release.Memo
	used release.Memo
	sets int
}

var _ site.Memo = (*remember)(nil)

func newRemember(old release.Memo) *remember {
	return &remember{old: old, used: make(release.Memo, len(old))}
}

func (r *remember) Get(key [32]byte) (string, bool) {
	hash, ok := r.used[key]
	if !ok {
		if hash, ok = r.old[key]; ok {
			r.used[key] = hash
		}
	}
	return hash, ok
}

func (r *remember) Set(key [32]byte, hash string) {
	r.used[key] = hash
	r.sets++
}
