package site

import (
	"fmt"
	"slices"
	"strconv"
)

// Where lists the paths of a site that show a post: its own page, the pages of
// lists that it stands on, and the feeds. It renders nothing. A hidden post is
// nowhere.
func Where(in Input, id string) ([]string, error) {
	b, err := newBuild(in, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("find the pages of %s: %w", id, err)
	}
	i := slices.IndexFunc(b.m.posts, func(p *post) bool { return p.ID == id })
	if i < 0 || b.m.posts[i].Hidden {
		return []string{}, nil
	}
	p := b.m.posts[i]
	w := &where{build: b, i: int32(i), paths: []string{"posts/" + p.id + "/"}}
	if !p.Backlog {
		w.list("", b.m.front, in.Pinned[p.ID])
	}
	for _, g := range p.groups() {
		w.list(g.dir+"/", g.posts, false)
	}
	if p.Backlog && in.Pinned[p.ID] {
		w.add("")
	}
	for _, f := range []string{pathAtom, pathRSS, pathJSON} {
		w.feed(f, b.m.front, b.feedItems)
	}
	lists := append(slices.Clone(p.tags), p.source.lists()...)
	for _, s := range p.also {
		lists = append(lists, s.group)
	}
	for _, g := range lists {
		w.feed(g.dir+"/"+pathAtom, g.posts, min(b.feedItems, listFeedItems))
	}
	return w.paths, nil
}

// lists is the list of a source, if there is one.
func (s *source) lists() []*group {
	if s == nil {
		return nil
	}
	return []*group{s.group}
}

type where struct {
	*build
	i     int32
	paths []string
}

func (w *where) add(path string) {
	if !slices.Contains(w.paths, path) {
		w.paths = append(w.paths, path)
	}
}

// list adds the pages of a list that have the post.
func (w *where) list(dir string, posts []int32, pinned bool) {
	at, ok := slices.BinarySearch(posts, w.i)
	if !ok {
		return
	}
	sealed := max(0, len(posts)/w.per-1)
	if pinned || at >= sealed*w.per {
		w.add(dir)
	}
	if at < sealed*w.per {
		w.add(dir + "page/" + strconv.Itoa(at/w.per+1) + "/")
	}
}

func (w *where) feed(path string, posts []int32, n int) {
	if slices.Contains(w.newest(posts, n), w.i) {
		w.add(path)
	}
}
