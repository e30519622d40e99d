package content

import (
	"fmt"
	"slices"
	"time"

	"github.com/coranto/coranto"
)

// newest is how many posts of a new source also enter the home page.
const newest = 3

// plan is what a batch changes on a board: deciding, without writing.
type plan struct {
	*board
	first   time.Time
	in      *time.Location
	added   []int          // new posts
	merged  []int          // posts that another source announced too
	keyed   []int          // posts that get a key only
	revised []int          // posts with a later wording
	due     bool           // there is something that cannot wait for the next commit
	paths   map[int]string // where a new post is to go, if not by the template
}

func newPlan(sn *Snapshot, first time.Time) *plan {
	return &plan{board: newBoard(sn.ix, sn.store.seed), first: first.UTC().Truncate(time.Second), in: sn.store.location, paths: map[int]string{}}
}

// next is the first second after all that is there: what a new post bears at
// the earliest. Lists are in the order of first_seen, so one that came before
// posts that are there would move them (a clock that was set back, a long run
// beside a quick one). At the very second of another run, the published days
// would decide, and move them too.
func (p *plan) next() time.Time {
	if p.ix.newest == 0 {
		return time.Time{}
	}
	return time.Unix(p.ix.newest+1, 0).UTC()
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// batch takes in a whole batch.
func (p *plan) batch(b Batch) {
	p.first = later(p.first, p.next())
	shared := map[string]int{} // source and canonical link → posts of the batch
	for i := range b.Posts {
		for _, l := range canons(&b.Posts[i]) {
			shared[b.Posts[i].Source+" "+l]++
		}
	}
	fresh := map[string][]int{}
	var sources []string
	for i := range b.Posts {
		post := p.ready(b.Posts[i])
		links := slices.DeleteFunc(canons(&post), func(l string) bool { return shared[post.Source+" "+l] > 1 })
		if n := p.take(post, links); n >= 0 {
			if fresh[post.Source] == nil {
				sources = append(sources, post.Source)
			}
			fresh[post.Source] = append(fresh[post.Source], n)
		}
	}
	for _, c := range b.Changes {
		p.changeBy(c)
	}
	for _, s := range sources {
		p.backlog(s, fresh[s])
	}
}

// ready makes a post of the batch what is kept.
func (p *plan) ready(post coranto.Post) coranto.Post {
	post.Keys = slices.Clone(post.Keys)
	post.Also = slices.Clone(post.Also)
	if post.FirstSeen.IsZero() {
		post.FirstSeen = p.first
	}
	post.FirstSeen = later(post.FirstSeen.UTC().Truncate(time.Second), p.next())
	if at := clamp(post.Published, post.FirstSeen); !at.Equal(post.Published) {
		post.Published = at
		post.Date = at.In(p.in).Format(coranto.DateLayout)
	}
	post.Updated = clamp(post.Updated, post.FirstSeen)
	if post.Tags == nil {
		post.Tags = []string{}
	}
	return post
}

// take joins the post to the one it is, or adds it and returns its number.
func (p *plan) take(post coranto.Post, links []string) int {
	if n := p.known(&post); n >= 0 {
		if p.addKeys(n, post.Keys) {
			p.note(&p.keyed, n)
			p.due = true
		}
		return -1
	}
	if n := p.across(post.Source, post.Title, links); n >= 0 {
		p.join(n, &post)
		return -1
	}
	if post.ID == "" || p.find(inIDs, post.ID) >= 0 {
		post.ID = newID(post.Title, post.Keys[0], func(id string) bool { return p.find(inIDs, id) >= 0 })
	}
	n := p.add(&post)
	p.added = append(p.added, n)
	return n
}

// known finds the post by what the batch's post has been announced under.
// Somebody else may have committed it since it was matched.
func (p *plan) known(post *coranto.Post) int {
	var a announced
	for _, k := range post.Keys {
		if n := p.find(inKeys, k); n >= 0 {
			return n
		}
		if part, _ := parseKey(k); part.source == post.Source {
			switch part.form {
			case formID:
				a.id = part.value
			case formLink:
				a.link = part.value
			}
		}
	}
	if a.id == "" && a.link != "" {
		return p.find(inLinks, linkKey(post.Source, a.link))
	}
	return -1
}

// join makes the post one with another source's.
func (p *plan) join(n int, post *coranto.Post) {
	p.addKeys(n, post.Keys)
	p.addAlso(n, coranto.Also{Source: post.Source, Link: post.Link})
	for _, a := range post.Also {
		p.addAlso(n, a)
	}
	p.note(&p.merged, n)
	p.due = true
}

func (p *plan) addKeys(n int, keys []string) bool {
	any := false
	for _, k := range keys {
		any = p.addKey(n, k) || any
	}
	return any
}

// note lists a post that is in git already, once.
func (p *plan) note(list *[]int, n int) {
	if !slices.Contains(*list, n) && (!p.isAdded(n) || list == &p.merged) {
		*list = append(*list, n)
	}
}

// changeBy applies what a known entry adds to its post.
func (p *plan) changeBy(c Change) {
	n := p.find(inIDs, c.Post)
	for _, k := range c.Keys {
		if n >= 0 {
			break
		}
		n = p.find(inKeys, k)
	}
	if n < 0 {
		return // taken out by its keeper meanwhile
	}
	if p.addKeys(n, c.Keys) {
		p.note(&p.keyed, n)
		p.due = p.due || !p.restless(n, c.Keys)
	}
	if c.Revision == nil || p.isAdded(n) || p.source(n) != c.Source {
		return
	}
	r := *c.Revision
	if r.Updated = clamp(r.Updated, p.first); r.Title != "" && clock(r.Updated) > p.ix.fact(n).told {
		p.touched(n).revision = &r
		p.note(&p.revised, n)
		p.due = true
	}
}

// restless reports whether the keys are yet more of what the post's source tells
// anew all the time. Such a source would make every run a commit.
func (p *plan) restless(n int, keys []string) bool {
	if p.isAdded(n) {
		return false
	}
	f := p.ix.fact(n)
	enough := uint8(2 * (1 + len(f.also)))
	return !slices.ContainsFunc(keys, func(k string) bool {
		part, _ := parseKey(k)
		switch part.form {
		case formID:
			return f.ids < enough
		case formLink:
			return f.urls < enough
		}
		return true
	})
}

// backlog marks what was old already when its source joined a living site.
func (p *plan) backlog(source string, posts []int) {
	if _, here := p.ix.names[source]; here || p.ix.count == 0 {
		return
	}
	slices.SortStableFunc(posts, func(a, b int) int { return p.post(b).Published.Compare(p.post(a).Published) })
	for i, n := range posts {
		if i >= newest {
			p.post(n).Backlog = true
		}
	}
}

// idle reports whether nothing needs a commit; keys that can wait are noted by
// the next that is made.
func (p *plan) idle() bool { return len(p.added) == 0 && !p.due }

func (p *plan) empty() bool { return len(p.added) == 0 && len(p.order) == 0 }

// apply makes the post that is in git what the board says.
func (t *touch) apply(p *coranto.Post) {
	if t.whole != nil {
		*p = *t.whole
	}
	complete(p)
	for _, k := range t.keys {
		if !slices.Contains(p.Keys, k) {
			p.Keys = append(p.Keys, k)
		}
	}
	for _, a := range t.also {
		if !slices.ContainsFunc(p.Also, func(b coranto.Also) bool { return b.Source == a.Source }) {
			p.Also = append(p.Also, a)
		}
	}
	if r := t.revision; r != nil {
		p.Title, p.Updated = r.Title, r.Updated
		if r.Intro != "" {
			p.Intro = r.Intro
		}
	}
}

// file is what one shard gets.
type file struct {
	replace map[int][]byte // by place in the shard; nil: removed
	posts   []*coranto.Post
}

// files sorts the changes by file. Read decodes a post that is in git.
func (p *plan) files(path func(*coranto.Post) string, read func(shard, at int) (coranto.Post, error)) (map[string]*file, error) {
	out := map[string]*file{}
	at := func(path string) *file {
		if out[path] == nil {
			out[path] = &file{replace: map[int][]byte{}}
		}
		return out[path]
	}
	for _, n := range p.order {
		s, i := p.ix.where(n)
		t := p.extra[n]
		if t.remove {
			at(p.ix.shards[s].path).replace[i] = nil
			continue
		}
		post, err := read(s, i)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.ix.shards[s].path, err)
		}
		t.apply(&post)
		at(p.ix.shards[s].path).replace[i] = appendPost(nil, &post)
	}
	for _, n := range p.added {
		post := p.post(n)
		to := p.paths[n]
		if to == "" {
			to = path(post)
		}
		f := at(to)
		f.posts = append(f.posts, post)
	}
	for _, f := range out {
		slices.SortStableFunc(f.posts, (*coranto.Post).Compare)
	}
	return out, nil
}
