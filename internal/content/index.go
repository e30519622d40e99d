package content

// index finds posts by hash over all shards of a snapshot. A number names a
// post: its place in the concatenation of the shards' posts.
type index struct {
	shards []loaded
	first  []int // number of each shard's first post
	count  int
	newest int64             // the latest first_seen, seconds; 0: none
	names  map[string]uint32 // sources of all shards
	list   []string
	owner  []uint32 // post → source

	// An open table from hash to a chain of posts: several may share a link.
	slots []slot
	next  []link
	mask  uint64
}

// loaded is a shard's facts and where they came from.
type loaded struct {
	path string
	blob string
	*facts
	names []uint32 // its sources as numbers of the index
}

type slot struct {
	hash uint64
	head int32 // in next; 0: empty
}

type link struct {
	post int32
	next int32
}

// newIndex joins shards; a later one's post with an ID that is taken is counted
// but not found by it.
func newIndex(shards []loaded) *index {
	ix := &index{shards: shards, names: map[string]uint32{}, next: make([]link, 1)}
	total := 0
	for i := range shards {
		total += len(shards[i].hashes)
	}
	size := 1024
	for size < total*3/2 {
		size *= 2
	}
	ix.slots, ix.mask = make([]slot, size), uint64(size-1)
	ix.next = make([]link, 1, total+1)
	for i := range shards {
		ix.load(&shards[i])
	}
	return ix
}

func (ix *index) load(l *loaded) {
	l.names = make([]uint32, len(l.sources))
	for i, s := range l.sources {
		l.names[i] = ix.source(s)
	}
	ix.first = append(ix.first, ix.count)
	for i := range l.posts {
		p := &l.posts[i]
		for _, h := range l.hashes[p.from:p.to] {
			ix.put(h, ix.count+i)
		}
		ix.owner = append(ix.owner, l.names[p.source])
	}
	ix.count += len(l.posts)
	ix.newest = max(ix.newest, l.newest)
}

func (ix *index) source(name string) uint32 {
	n, ok := ix.names[name]
	if !ok {
		n = uint32(len(ix.list))
		ix.names[name] = n
		ix.list = append(ix.list, name)
	}
	return n
}

func (ix *index) put(h uint64, post int) {
	at := h & ix.mask
	for ix.slots[at].head != 0 && ix.slots[at].hash != h {
		at = (at + 1) & ix.mask
	}
	ix.next = append(ix.next, link{int32(post), ix.slots[at].head})
	ix.slots[at] = slot{h, int32(len(ix.next) - 1)}
}

// each tells the posts under a hash, latest first, until told to stop.
func (ix *index) each(h uint64, tell func(post int) bool) {
	at := h & ix.mask
	for ix.slots[at].head != 0 {
		if ix.slots[at].hash == h {
			for n := ix.slots[at].head; n != 0; n = ix.next[n].next {
				if !tell(int(ix.next[n].post)) {
					return
				}
			}
			return
		}
		at = (at + 1) & ix.mask
	}
}

// lookup is the first post under a hash; -1: none.
func (ix *index) lookup(h uint64) int {
	found := -1
	ix.each(h, func(p int) bool { found = p; return true })
	return found
}

// where finds the shard of a post and its place there.
func (ix *index) where(post int) (shard, at int) {
	lo, hi := 0, len(ix.first)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; ix.first[mid] <= post {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo, post - ix.first[lo]
}

func (ix *index) fact(post int) *fact {
	s, at := ix.where(post)
	return &ix.shards[s].posts[at]
}

// carries reports whether a source has announced a post.
func (ix *index) carries(post int, source string) bool {
	n, ok := ix.names[source]
	if !ok {
		return false
	}
	if ix.owner[post] == n {
		return true
	}
	s, at := ix.where(post)
	l := &ix.shards[s]
	for _, a := range l.posts[at].also {
		if l.names[a] == n {
			return true
		}
	}
	return false
}
