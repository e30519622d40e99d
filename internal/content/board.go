package content

import (
	"slices"

	"github.com/coranto/coranto"
)

// board is an index with changes laid over it: posts being added, and names
// that posts there are get. All decisions of identity are made on it, both
// before scraping and at the commit. Numbers from ix.count on are added posts.
type board struct {
	ix    *index
	seed  *seed
	added []*coranto.Post
	extra map[int]*touch
	order []int // of extra, as they came
	names map[uint64][]int
}

// touch is what a post there is gets.
type touch struct {
	keys     []string
	also     []coranto.Also
	revision *Revision
	whole    *coranto.Post // replaces it
	remove   bool
}

func newBoard(ix *index, s *seed) *board {
	return &board{ix: ix, seed: s, extra: map[int]*touch{}, names: map[uint64][]int{}}
}

// each tells the posts that have a name, until told to stop.
func (b *board) each(domain byte, text string, tell func(n int) bool) {
	h := b.seed.hash(domain, text)
	more := true
	b.ix.each(h, func(n int) bool {
		more = b.gone(n) || tell(n)
		return more
	})
	if !more {
		return
	}
	for _, n := range b.names[h] {
		if !b.gone(n) && !tell(n) {
			return
		}
	}
}

func (b *board) gone(n int) bool {
	t := b.extra[n]
	return t != nil && t.remove
}

// find is the first post that has a name; -1: none.
func (b *board) find(domain byte, text string) int {
	found := -1
	b.each(domain, text, func(n int) bool {
		if found < 0 || n < found {
			found = n
		}
		return true
	})
	return found
}

// isAdded reports whether a number is of a post not yet in git.
func (b *board) isAdded(n int) bool { return n >= b.ix.count }

func (b *board) post(n int) *coranto.Post { return b.added[n-b.ix.count] }

func (b *board) id(n int) string {
	if b.isAdded(n) {
		return b.post(n).ID
	}
	return b.ix.fact(n).id
}

// source is the one that announced the post first.
func (b *board) source(n int) string {
	if b.isAdded(n) {
		return b.post(n).Source
	}
	return b.ix.list[b.ix.owner[n]]
}

// carries reports whether a source has announced the post.
func (b *board) carries(n int, source string) bool {
	if b.isAdded(n) {
		p := b.post(n)
		return p.Source == source || slices.ContainsFunc(p.Also, func(a coranto.Also) bool { return a.Source == source })
	}
	if b.ix.carries(n, source) {
		return true
	}
	t := b.extra[n]
	return t != nil && slices.ContainsFunc(t.also, func(a coranto.Also) bool { return a.Source == source })
}

// byID reports whether a source knows the post by an id of its own. Where it
// cannot be told, it is assumed: that never joins what is apart.
func (b *board) byID(n int, source string) bool {
	if b.isAdded(n) {
		return slices.ContainsFunc(b.post(n).Keys, func(k string) bool {
			p, _ := parseKey(k)
			return p.form == formID && p.source == source
		})
	}
	return b.source(n) != source || b.ix.fact(n).flags&flagID != 0
}

// add lays a new post on the board.
func (b *board) add(p *coranto.Post) int {
	n := b.ix.count + len(b.added)
	b.added = append(b.added, p)
	if p.ID != "" {
		b.name(n, inIDs, p.ID)
	}
	eachName(p, func(domain byte, text string) { b.name(n, domain, text) })
	return n
}

func (b *board) name(n int, domain byte, text string) {
	h := b.seed.hash(domain, text)
	if !slices.Contains(b.names[h], n) {
		b.names[h] = append(b.names[h], n)
	}
}

// touched is what the post n gets.
func (b *board) touched(n int) *touch {
	t := b.extra[n]
	if t == nil {
		t = &touch{}
		b.extra[n] = t
		b.order = append(b.order, n)
	}
	return t
}

// addKey gives the post a key that nobody has; it reports whether it did.
func (b *board) addKey(n int, key string) bool {
	if key == "" || b.find(inKeys, key) >= 0 {
		return false
	}
	if b.isAdded(n) {
		b.post(n).Keys = append(b.post(n).Keys, key)
	} else {
		t := b.touched(n)
		t.keys = append(t.keys, key)
	}
	b.nameKey(n, key)
	return true
}

func (b *board) nameKey(n int, key string) {
	eachName(&coranto.Post{Keys: []string{key}}, func(domain byte, text string) { b.name(n, domain, text) })
}

// addAlso notes another source of the post; it reports whether that is news.
func (b *board) addAlso(n int, a coranto.Also) bool {
	if b.carries(n, a.Source) {
		return false
	}
	if b.isAdded(n) {
		b.post(n).Also = append(b.post(n).Also, a)
	} else {
		t := b.touched(n)
		t.also = append(t.also, a)
	}
	if c := CanonicalLink(a.Link); c != "" {
		b.name(n, inCanon, c)
	}
	return true
}

// own finds the post that an announcement of the same source is; -1: none.
// Within a source the feed's id decides; another id with the same link and the
// same title is the same post too, since ids get regenerated; without an id the
// link decides, without a link title and day. Alone says that no other entry of
// the document has the link.
func (b *board) own(source string, a announced, alone bool) int {
	if a.id != "" {
		if n := b.find(inKeys, idKey(source, a.id)); n >= 0 {
			return n
		}
	}
	if a.link == "" {
		if a.id == "" && a.title != "" {
			return b.find(inKeys, a.titleKey(source))
		}
		return -1
	}
	if n := b.find(inKeys, a.linkKey(source)); n >= 0 {
		return n
	}
	if a.id == "" {
		return b.find(inLinks, linkKey(source, a.link))
	}
	if !alone {
		return -1
	}
	// The source has begun to give ids: what it announced by link alone is known by it.
	found := -1
	b.each(inLinks, linkKey(source, a.link), func(n int) bool {
		if !b.byID(n, source) {
			found = n
		}
		return found < 0
	})
	return found
}

// maxShared bounds how many posts of one link are looked at; more are no one article.
const maxShared = 64

// across finds the post of another source that is the same article by its
// canonical link; -1: none. Where several posts of one source share the link,
// it names no one article, and nothing is joined.
func (b *board) across(source, title string, links []string) int {
	for _, link := range links {
		var with []int
		b.each(inCanon, link, func(n int) bool {
			if !slices.Contains(with, n) {
				with = append(with, n)
			}
			return len(with) <= maxShared
		})
		if len(with) == 0 {
			continue
		}
		slices.Sort(with)
		if len(with) > maxShared || slices.ContainsFunc(with, func(n int) bool { return b.carries(n, source) }) {
			return -1
		}
		if n := b.oneOf(with, title); n >= 0 || len(with) > 1 {
			return n
		}
	}
	return -1
}

// oneOf chooses among posts that share a link: the first, unless one source
// has several. Posts from before there were sources are told apart by title.
func (b *board) oneOf(with []int, title string) int {
	if len(with) == 1 {
		return with[0]
	}
	first := -1
	seen := map[string]bool{}
	for _, n := range with {
		s := b.source(n)
		if s == "" && !b.isAdded(n) {
			if b.ix.fact(n).title != b.seed.hash(inTitles, sameTitle(title)) {
				continue
			}
		}
		if seen[s] {
			return -1
		}
		seen[s] = true
		if first < 0 {
			first = n
		}
	}
	return first
}

// canons are the canonical links of a post, each once.
func canons(p *coranto.Post) []string {
	var list []string
	eachName(p, func(domain byte, text string) {
		if domain == inCanon && !slices.Contains(list, text) {
			list = append(list, text)
		}
	})
	return list
}
