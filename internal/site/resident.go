package site

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"

	"github.com/coranto/coranto"
)

// Resident builds one site again and again, and keeps between builds what was
// derived of the posts, the fingerprint of every file and the cards that are
// likely to be shown again. It is for a process that stays: three new posts
// among ten thousand then cost what three posts cost. Its output is that of
// Build, byte for byte. One build at a time.
type Resident struct {
	last *build

	kept    *ledger // what Open has found, until it is built upon
	dir     string  // of the ledger; "": none is kept
	journal journal // what Keep has to write
}

// NewResident returns one that has built nothing yet.
func NewResident() *Resident { return &Resident{} }

// maxKeptCards bounds the memory that rendered cards take, about 1.5 KB each:
// the newest stay, since those are in the heads of lists.
const maxKeptCards = 20_000

// Based is a Sink that can begin with the files of the last build that it was
// given by a Resident and that succeeded.
type Based interface {
	Sink
	// Base makes it begin so. Only what differs is handed over then. An error
	// means that it cannot, and every file is handed over.
	Base() error
	// Remove takes away a file that it has begun with.
	Remove(path string)
	// Has reports whether it has begun with a file.
	Has(path string) bool
}

// Build is as the function Build, with one more answer: whether only what
// differs from the last successful build was handed to the sink. It does so
// only where the sink is Based and Input.Settings is given.
func (r *Resident) Build(ctx context.Context, in Input, sink Sink, memo Memo) (Report, bool, error) {
	r.kept = nil
	if based, ok := sink.(Based); ok && r.last != nil {
		b := r.last
		r.last = nil // a build that fails half way leaves nothing to rely upon
		if b.m.ledger == nil && b.extend(in) && based.Base() == nil {
			b.sink, b.memo = sink, memo
			report, err := b.run(ctx)
			if err == nil {
				r.keep(b)
			}
			return report, true, err
		}
	}
	r.last = nil
	b, err := newBuild(in, sink, memo)
	if err != nil {
		return Report{}, false, err
	}
	b.keys = map[string][32]byte{}
	b.placed = map[string]bool{}
	report, err := b.run(ctx)
	if err == nil {
		r.keep(b)
	}
	return report, false, err
}

// Delta is what is different since the last build: posts that come after all
// others, and posts that are told anew at their place. Nothing else is.
type Delta struct {
	Added   []coranto.Post // sorted
	Changed []coranto.Post
}

// Extend is Build where the difference from the last successful build is known:
// in.Posts is not looked at, and what Build would read of all posts is not
// touched. It reports false where it cannot: then the sink may have been given
// files that are of no use, and Build has to begin with another one.
func (r *Resident) Extend(ctx context.Context, in Input, d Delta, sink Based) (Report, bool, error) {
	if !r.Fits(in) {
		return Report{}, false, nil
	}
	b := r.last
	if r.kept != nil {
		b = r.recall(in)
	}
	r.last, r.kept = nil, nil
	if b == nil {
		return Report{}, false, nil
	}
	in.Posts = nil
	c := b.newChange(len(d.Added))
	if !b.take(c, d, in.Pinned) {
		return Report{}, false, nil
	}
	b.in = in
	b.append(c, d.Added)
	if !b.sameFrame(c) || sink.Base() != nil {
		return Report{}, false, nil
	}
	b.sink, b.memo = sink, nil
	report, err := b.run(ctx)
	if errors.Is(err, errLedger) {
		return Report{}, false, nil
	}
	if err == nil {
		r.keep(b)
	}
	return report, err == nil, err
}

// Fits reports whether in differs from the input of the last build in posts
// alone, so that Extend may do; it changes nothing.
func (r *Resident) Fits(in Input) bool {
	if r.kept != nil {
		return r.kept.fits(in)
	}
	b := r.last
	return b != nil && len(b.placed) == 0 && b.sameSettings(in) && sameImages(in.Images, b.m.images)
}

// take derives anew what has been told anew; false: the place of a post is
// another, or it cannot be found.
func (b *build) take(c *change, d Delta, pinned map[string]bool) bool {
	for k := range d.Changed {
		q := &d.Changed[k]
		i := b.m.find(q)
		if i < 0 || pinned[q.ID] {
			return false
		}
		p := b.m.post(i)
		if b.m.fault != nil || !samePlace(p.Post, q) {
			return false
		}
		if p.Post = q; !c.posts[i] {
			c.posts[i] = true
			c.list = append(c.list, i)
		}
	}
	slices.Sort(c.list)
	if n := len(b.m.posts); n > 0 && len(d.Added) > 0 && b.m.post(int32(n-1)).Compare(&d.Added[0]) >= 0 {
		return false
	}
	for k := range d.Added {
		if k > 0 && d.Added[k-1].Compare(&d.Added[k]) >= 0 || b.m.find(&d.Added[k]) >= 0 {
			return false
		}
	}
	was := c.list
	c.list = nil
	for _, i := range was {
		if !b.renew(c, i) {
			return false
		}
	}
	return b.m.fault == nil
}

// keep remembers a build that succeeded.
func (r *Resident) keep(b *build) {
	r.journal.note(b)
	for i := range b.m.posts[:max(0, len(b.m.posts)-maxKeptCards)] {
		if p := b.m.posts[i]; p != nil && (p.view != nil || p.atom != nil) {
			p.view, p.card, p.atom = nil, nil, nil
		}
	}
	b.sink, b.memo, b.ctx, b.change = nil, nil, nil, nil
	r.last = b
}

// change is what differs between the last build of a Resident and the next.
type change struct {
	fresh  int            // posts that are new, at the end
	before int            // posts there were
	posts  []bool         // by index: new, or other than before
	list   []int32        // those, in order
	groups map[*group]int // whose list is touched, with the slots it had
	front  int            // slots that the home page had
}

// touched reports whether a list may differ, and how many slots it had.
func (c *change) touched(g *group) (before int, ok bool) {
	if c == nil || g == nil {
		return 0, true
	}
	before, ok = c.groups[g]
	return before, ok
}

func (c *change) touch(g *group) {
	if g == nil {
		return
	}
	if _, ok := c.groups[g]; !ok {
		c.groups[g] = len(g.posts)
	}
}

// any reports whether one of the posts is new or other than before.
func (c *change) any(posts []int32) bool {
	for _, i := range posts {
		if c.posts[i] {
			return true
		}
	}
	return false
}

func (b *build) newChange(fresh int) *change {
	n := len(b.m.posts)
	return &change{fresh: fresh, before: n, posts: make([]bool, n+fresh), groups: map[*group]int{}, front: len(b.m.front)}
}

// sameSettings reports whether all is the same but posts and pictures.
func (b *build) sameSettings(in Input) bool {
	return in.Settings != "" && in.searchFirst == b.in.searchFirst && in.Settings == b.in.Settings && in.Version == b.in.Version &&
		reflect.DeepEqual(in.Config, b.in.Config) && slices.EqualFunc(in.Sources, b.in.Sources, sameSource) &&
		maps.Equal(in.SourceTitles, b.in.SourceTitles)
}

// extend makes b the build of in where that differs from what b was built of by
// posts at the end, by words of posts and by pictures that have come. It reports
// false, and b is of no use any more, where more than that is different.
func (b *build) extend(in Input) bool {
	n := len(b.m.posts)
	if !b.sameSettings(in) || len(in.Posts) < n {
		return false
	}
	c := b.newChange(len(in.Posts) - n)
	if !slices.IsSortedFunc(in.Posts[max(0, n-1):], func(p, q coranto.Post) int { return p.Compare(&q) }) {
		return false
	}
	for i := range n {
		p, q := b.m.posts[i].Post, &in.Posts[i]
		if samePost(p, q) {
			continue
		}
		if in.Pinned[p.ID] {
			return false // it stands on the home page too
		}
		if !samePlace(p, q) {
			return false
		}
		c.posts[i] = true
	}
	images := !sameMap(in.Images, b.m.images)
	b.in, b.m.images = in, in.Images
	for i := range n {
		b.m.posts[i].Post = &in.Posts[i]
	}
	for i := range n {
		p := b.m.posts[i]
		if !c.posts[i] && (!images || p.Image == "" && p.Content == "" || maps.EqualFunc(localImages(p.Post, in.Images), p.images, Image.equal)) {
			continue
		}
		if !b.renew(c, int32(i)) {
			return false
		}
	}
	b.append(c, in.Posts[n:])
	return b.sameFrame(c)
}

// renew derives anew what belongs to a post that is other than before; false: a
// file may have to go.
func (b *build) renew(c *change, i int32) bool {
	p := b.m.post(i)
	was := p.images
	b.m.finish(p)
	for a, img := range was {
		if !p.images[a].equal(img) {
			return false
		}
	}
	p.view, p.card, p.atom = nil, nil, nil
	c.posts[i] = true
	c.list = append(c.list, i)
	for _, g := range p.groups() {
		c.touch(g)
	}
	return true
}

// append puts the new posts into the model.
func (b *build) append(c *change, posts []coranto.Post) {
	b.m.add(posts)
	for i := c.before; i < len(b.m.posts); i++ {
		c.posts[i] = true
		c.list = append(c.list, int32(i))
		for _, g := range b.m.posts[i].groups() {
			if _, ok := c.groups[g]; !ok {
				c.groups[g], _ = slices.BinarySearch(g.posts, int32(c.before))
			}
		}
	}
}

// groups returns all lists that a post is in but the home page.
func (p *post) groups() []*group {
	out := make([]*group, 0, 3+len(p.also)+len(p.tags)+len(p.authors))
	if p.kind != nil && !p.Backlog {
		out = append(out, p.kind)
	}
	if p.source != nil {
		out = append(out, p.source.group)
	}
	for _, s := range p.also {
		out = append(out, s.group)
	}
	out = append(append(out, p.tags...), p.authors...)
	if p.month != nil {
		out = append(out, p.month)
	}
	return out
}

// sameFrame reports whether what stands on every page is as it was, and
// readies b for the next run.
func (b *build) sameFrame(c *change) bool {
	was := b.site
	b.site.Nav, b.site.Kinds, b.site.HasPosts = nil, nil, false
	b.navigate()
	if !reflect.DeepEqual(was, b.site) {
		return false
	}
	b.change = c
	b.deleted = nil
	b.done = map[string]bool{}
	for _, f := range b.theme.files {
		b.done[f.path] = true
	}
	b.report = Report{Files: b.report.Files, Pages: b.report.Pages, Posts: b.report.Posts}
	b.report.Reused = b.report.Files
	return true
}

// samePost reports whether two posts are the same in all that a site shows.
// Strings that are one in memory cost nothing to compare.
func samePost(p, q *coranto.Post) bool {
	return samePlace(p, q) && p.Title == q.Title && p.Intro == q.Intro && p.Link == q.Link && p.Image == q.Image &&
		p.Language == q.Language && p.Content == q.Content && p.Updated.Equal(q.Updated) && p.Published.Equal(q.Published)
}

// samePlace reports whether two posts stand in the same lists, at the same
// place and under the same address.
func samePlace(p, q *coranto.Post) bool {
	return p.ID == q.ID && p.Hidden == q.Hidden && p.Backlog == q.Backlog && p.Kind == q.Kind && p.Source == q.Source &&
		p.Author == q.Author && p.Date == q.Date && p.FirstSeen.Equal(q.FirstSeen) && p.Published.Equal(q.Published) &&
		(fitID(p.ID) || p.Title == q.Title && p.Link == q.Link) &&
		slices.Equal(p.Tags, q.Tags) && slices.Equal(p.Authors, q.Authors) && slices.Equal(p.Also, q.Also)
}

func sameSource(a, b coranto.Source) bool {
	return a.ID == b.ID && a.URL == b.URL && a.Site == b.Site && a.Title == b.Title && a.Language == b.Language &&
		a.Paused == b.Paused && a.Retired == b.Retired
}

// sameImages reports whether two sets of pictures are the same.
func sameImages(a, b map[string]Image) bool {
	return sameMap(a, b) || maps.EqualFunc(a, b, Image.equal)
}

// sameMap reports whether two maps are one.
func sameMap(a, b map[string]Image) bool {
	return len(a) == len(b) && reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}
