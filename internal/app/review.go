package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/git"
	"github.com/coranto/coranto/internal/moderation"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/robots"
)

// ReviewOptions say what is reviewed.
type ReviewOptions struct {
	Base string // revision to compare with; empty: found from the CI's environment, or the main branch
	All  bool   // read every source
}

// Reviewed is what a change of the configuration would lead to.
type Reviewed struct {
	Valid   Validated        `json:"valid"`
	Base    string           `json:"base,omitempty"` // what it was compared with; empty: nothing
	Sources []ReviewedSource `json:"sources"`        // those that the change touches
	Removed []string         `json:"removed"`        // IDs that are no longer in the file
	Notes   []string         `json:"notes,omitempty"`
}

// ReviewedSource is a source that is new or changed, as it answers now.
type ReviewedSource struct {
	ID      string            `json:"id"`
	URL     string            `json:"url"`
	Line    int               `json:"line"` // in coranto.yaml
	Change  string            `json:"change"`
	Format  string            `json:"format,omitempty"`
	Title   string            `json:"title,omitempty"`
	Counts  map[string]int    `json:"counts,omitempty"`
	Faults  []Remark          `json:"faults"`
	New     []coranto.Entry   `json:"new"` // the newest that would be published
	Preview *pipeline.Preview `json:"-"`
}

// Remark is what is wrong with a source.
type Remark struct {
	Level Level  `json:"level"` // warning or broken
	About string `json:"about"` // reading, dates, ids, charset, size, duplicates, robots, filters
	Text  string `json:"text"`
}

// Broken reports whether the change must not be merged as it is.
func (r Reviewed) Broken() bool {
	for _, s := range r.Sources {
		for _, f := range s.Faults {
			if f.Level == Broken {
				return true
			}
		}
	}
	return false
}

// Review checks the configuration in the working tree against that of the base,
// and reads the sources that differ. It is for CI: a detached, shallow checkout
// will do, nothing is written, and only what changed is asked.
func Review(ctx context.Context, dir string, ro ReviewOptions, o Options) (Reviewed, error) {
	o.defaults()
	res := Reviewed{Sources: []ReviewedSource{}, Removed: []string{}}
	var err error
	if res.Valid, err = Validate(ctx, dir); err != nil {
		return res, err
	}
	r, err := openReview(ctx, dir, o)
	if err != nil {
		return res, err
	}
	defer r.close()
	if b, err := os.ReadFile(filepath.Join(r.Dir, moderation.FileName)); err == nil {
		if _, err := moderation.Parse(moderation.FileName, b); err != nil {
			return res, &notValid{err}
		}
	}
	before, base, err := r.before(ctx, ro.Base)
	if err != nil {
		return res, err
	}
	res.Base = base
	if before == nil && !ro.All {
		res.Notes = append(res.Notes, "there is nothing to compare with, so every source is read (hint: fetch the target branch, or --base REV)")
	}
	sourceDefaults(r.config)
	for _, src := range r.config.Sources {
		change := changeOf(before, src)
		if change == "" && ro.All && src.Active() {
			change = "unchanged"
		}
		if change != "" {
			res.Sources = append(res.Sources, r.review(ctx, src, change))
		}
	}
	for _, s := range sourcesOf(before) {
		if _, ok := r.config.Source(s.ID); !ok {
			res.Removed = append(res.Removed, s.ID)
		}
	}
	return res, ctx.Err()
}

func sourcesOf(c *config.Config) []coranto.Source {
	if c == nil {
		return nil
	}
	return c.Sources
}

// changeOf says how a source differs from the base; "": not, or it is not asked.
func changeOf(before *config.Config, src coranto.Source) string {
	if !src.Active() {
		return ""
	}
	if before == nil {
		return "new"
	}
	was, ok := before.Source(src.ID)
	switch {
	case !ok:
		return "new"
	case was.URL != src.URL:
		return "moved from " + was.URL
	case !was.Active():
		return "resumed"
	case !reflect.DeepEqual(was, src):
		return "changed"
	}
	return ""
}

// reviewer is a checkout that is looked at.
type reviewer struct {
	*directory
	snap  *content.Snapshot
	pages func(ctx context.Context, url, zone string) error
	now   time.Time

	trusted bool // zones of the configuration are in effect
}

func openReview(ctx context.Context, dir string, o Options) (*reviewer, error) {
	d, err := openCheckout(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	r := &reviewer{directory: d, now: o.Now()}
	if r.trusted, err = d.Layout.trusted(d.config); err != nil {
		d.close()
		return nil, err
	}
	if r.snap, err = d.content.SnapshotAt(ctx, "HEAD"); err != nil {
		d.close()
		return nil, fmt.Errorf("read the content of HEAD: %w", err)
	}
	cache := robots.NewCache(nil, o.Now)
	r.pages = func(ctx context.Context, url, zone string) error { return cache.Check(ctx, d.web, url, zone) }
	return r, nil
}

// before is the configuration of the base; nil where there is none.
func (r *reviewer) before(ctx context.Context, rev string) (*config.Config, string, error) {
	asked := rev != ""
	for _, rev := range baseRevs(rev, r.config.Branch) {
		id, err := r.repo.Resolve(ctx, rev)
		if errors.Is(err, git.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		head, err := r.repo.Resolve(ctx, "HEAD")
		if err != nil {
			return nil, "", err
		}
		if base, err := r.repo.MergeBase(ctx, head, id); err == nil && base != "" {
			id = base
		}
		if id == head && !asked {
			// On the main branch itself: what the last commit changed.
			if parent, err := r.repo.Resolve(ctx, "HEAD^"); err == nil {
				id = parent
			}
		}
		data, err := r.repo.ReadFile(ctx, id, config.FileName)
		if err != nil {
			return nil, string(id), nil // the file is new
		}
		cfg, err := config.Parse(config.FileName, data)
		if err != nil {
			return nil, string(id), nil // it could not be read then: all is new
		}
		sourceDefaults(cfg)
		return cfg, string(id), nil
	}
	if asked {
		return nil, "", fmt.Errorf("%s is no revision of this checkout (hint: git fetch origin %s)", rev, strings.TrimPrefix(rev, "origin/"))
	}
	return nil, "", nil
}

// baseRevs are the revisions that may be the base, the best first.
func baseRevs(rev, branch string) []string {
	if rev != "" {
		return []string{rev}
	}
	var out []string
	add := func(revs ...string) { out = append(out, revs...) }
	if b := os.Getenv("CI_MERGE_REQUEST_DIFF_BASE_SHA"); b != "" { // GitLab
		add(b)
	}
	for _, name := range []string{os.Getenv("GITHUB_BASE_REF"), os.Getenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"), branch, "main", "master"} {
		if name != "" {
			add("origin/"+name, name)
		}
	}
	return out
}

// sizeLimit is the size of a feed above which its owner should be asked to show
// fewer entries.
const sizeLimit = 2 << 20

func (r *reviewer) review(ctx context.Context, src coranto.Source, change string) ReviewedSource {
	x := ReviewedSource{ID: src.ID, URL: src.URL, Line: r.config.SourceLine(src.ID), Change: change, Faults: []Remark{}, New: []coranto.Entry{}, Counts: map[string]int{}}
	remark := func(level Level, about, format string, args ...any) {
		x.Faults = append(x.Faults, Remark{level, about, fmt.Sprintf(format, args...)})
	}
	p, err := pipeline.PreviewOf(ctx, src, pipeline.PreviewDeps{Web: r.web, Snapshot: r.snap, Pages: r.pages})
	if err != nil {
		text := err.Error()
		if hint := hintOnly(err); hint != "" {
			text += " (hint: " + hint + ")"
		}
		level := Broken
		if errors.Is(err, egress.ErrDenied) && src.Zone != "" && !r.trusted {
			level, text = Warning, "it is not read here: its zone "+src.Zone+" is not trusted on this machine (as in every checkout of CI)"
		}
		remark(level, "reading", "%s", text)
		return x
	}
	x.Preview, x.Format, x.Title = p, p.Format, p.Title
	for v, n := range p.Counts {
		x.Counts[string(v)] = n
	}
	if p.Gone {
		remark(Broken, "reading", "it is gone for good (410)")
		return x
	}
	r.lint(p, remark)
	for _, e := range p.Entries {
		if e.Verdict == pipeline.VerdictNew {
			x.New = append(x.New, e.Entry)
		}
	}
	x.New = newest(x.New, 10)
	return x
}

// lint looks at what came for what makes trouble later.
func (r *reviewer) lint(p *pipeline.Preview, remark func(Level, string, string, ...any)) {
	undated, future, nameless, odd, closed := 0, 0, 0, 0, ""
	ids := map[string]bool{}
	twice := 0
	for _, e := range p.Entries {
		if e.Entry.Published.IsZero() {
			undated++
		}
		if e.Entry.Published.After(r.now.Add(24 * time.Hour)) {
			future++
		}
		if e.Entry.ID == "" {
			nameless++
		} else if ids[e.Entry.ID] {
			twice++
		}
		ids[e.Entry.ID] = true
		if strings.ContainsRune(e.Entry.Title, '\uFFFD') {
			odd++
		}
		if e.Robots != "" {
			closed = e.Robots
		}
	}
	n := len(p.Entries)
	switch {
	case n == 0:
		remark(Warning, "reading", "it has no entries")
	case p.Counts[pipeline.VerdictFiltered] == n:
		remark(Warning, "filters", "include:, exclude: and limit: drop all of its %d entries", n)
	}
	if p.Permanent != "" {
		remark(Warning, "reading", "it has moved for good: write %s", p.Permanent)
	}
	if p.Malformed {
		remark(Warning, "reading", "the document is damaged; what can be read is")
	}
	if undated > 0 {
		remark(Warning, "dates", "%d of %d entries have no date: they are dated by their page, or not at all", undated, n)
	}
	if future > 0 {
		remark(Warning, "dates", "%d entries are dated in the future: they are clamped to the time they are first seen", future)
	}
	if nameless > 0 {
		remark(Warning, "ids", "%d of %d entries have no id: their links decide what is new", nameless, n)
	}
	if twice > 0 {
		remark(Warning, "ids", "%d ids are borne by several entries", twice)
	}
	if odd > 0 {
		remark(Warning, "charset", "%d titles have characters that cannot be read: the declared charset is wrong", odd)
	}
	if p.Truncated {
		remark(Broken, "size", "it is larger than fetch.max_body: only its begin is read")
	} else if p.Bytes > sizeLimit {
		remark(Warning, "size", "it has %.1f MB, each time it is read", float64(p.Bytes)/(1<<20))
	}
	if m := p.Counts[pipeline.VerdictMerged]; m > 0 {
		remark(Warning, "duplicates", "%d of %d entries are here already through other sources: they are merged", m, n)
	}
	if closed != "" {
		remark(Warning, "robots", "%s: such posts are made of the feed's own words", closed)
	}
}
