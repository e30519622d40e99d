package content

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"

	"github.com/coranto/coranto"
)

// facts are what matching needs to know of a shard's posts: little enough that
// 100,000 posts load in a few milliseconds. They are derived from the shard's
// bytes alone, and cached under its blob's name.
//
// Keys are kept as hashes under a secret seed: nobody can make a feed whose
// keys collide with another's.
type facts struct {
	posts    []fact
	hashes   []uint64 // of all posts, see fact.from
	sources  []string
	warnings []string
	newest   int64 // the latest first_seen told, seconds; 0: none
}

// fact is one post's.
type fact struct {
	id        string
	title     uint64 // hash of the title, as titles are compared
	told      int64  // when it was last revised, else published; seconds, 0: unknown
	source    uint32 // in facts.sources
	also      []uint32
	from, to  uint32 // its hashes in facts.hashes, to is after the last
	ids, urls uint8  // keys with a feed's id, with a link
	flags     uint8
}

const (
	flagID = 1 << iota // its own source has announced it under an id
	flagBacklog
)

// Domains of hashes: the same text means other things in each.
const (
	inKeys   = 'k' // a whole key
	inLinks  = 'l' // a link within a source, whatever the title
	inCanon  = 'c' // a canonical link, whatever the source
	inIDs    = 'i' // a post's ID
	inTitles = 't' // a title as titles are compared
)

// seed makes hashes nobody can foresee.
type seed [16]byte

func (s *seed) hash(domain byte, text string) uint64 {
	var buf [256]byte
	b := append(append(buf[:0], s[:]...), domain)
	b = append(b, text...)
	h := sha256.Sum256(b)
	return binary.LittleEndian.Uint64(h[:])
}

// factsOf derives a shard's facts.
func factsOf(sh *shard, s *seed) (*facts, error) {
	f := &facts{}
	names := map[string]uint32{}
	number := func(source string) uint32 {
		n, ok := names[source]
		if !ok {
			n = uint32(len(f.sources))
			names[source] = n
			f.sources = append(f.sources, source)
		}
		return n
	}
	if sh.nested {
		f.warnings = append(f.warnings, sh.path+": arrays within the array were flattened; the next post that is written there leaves them so")
	}
	for i := range sh.spans {
		p, err := sh.post(i)
		if err != nil {
			return nil, err
		}
		f.newest = max(f.newest, clock(p.FirstSeen)) // as told: what complete makes of a date is no place in a list that we gave
		complete(&p)
		f.add(&p, s, number)
	}
	return f, nil
}

func (f *facts) add(p *coranto.Post, s *seed, number func(string) uint32) {
	x := fact{id: p.ID, title: s.hash(inTitles, sameTitle(p.Title)), source: number(p.Source), from: uint32(len(f.hashes))}
	if x.told = clock(p.Updated); x.told == 0 {
		x.told = clock(p.Published)
	}
	for _, a := range p.Also {
		if n := number(a.Source); n != x.source && !slices.Contains(x.also, n) {
			x.also = append(x.also, n)
		}
	}
	if p.Backlog {
		x.flags |= flagBacklog
	}
	ids, urls, withID := countKeys(p)
	x.ids, x.urls = uint8(min(ids, 255)), uint8(min(urls, 255))
	if withID {
		x.flags |= flagID
	}
	f.hashes = append(f.hashes, s.hash(inIDs, p.ID))
	eachName(p, func(domain byte, text string) {
		if h := s.hash(domain, text); !slices.Contains(f.hashes[x.from:], h) {
			f.hashes = append(f.hashes, h)
		}
	})
	x.to = uint32(len(f.hashes))
	f.posts = append(f.posts, x)
}

// countKeys tells how many keys of each form a post has, and whether its own
// source knows it by an id.
func countKeys(p *coranto.Post) (ids, urls int, withID bool) {
	for _, k := range p.Keys {
		switch part, _ := parseKey(k); part.form {
		case formID:
			ids++
			withID = withID || part.source == p.Source
		case formLink:
			urls++
		}
	}
	return ids, urls, withID
}

// eachName tells every name, besides its ID, by which a post can be found.
func eachName(p *coranto.Post, tell func(domain byte, text string)) {
	canon := func(link string) {
		if link != "" {
			tell(inCanon, link)
		}
	}
	for _, k := range p.Keys {
		tell(inKeys, k)
		if part, ok := parseKey(k); ok && part.form == formLink {
			tell(inLinks, linkKey(part.source, part.value))
			canon(part.canonical())
		}
	}
	canon(CanonicalLink(p.Link))
	for _, a := range p.Also {
		canon(CanonicalLink(a.Link))
	}
}

const factsMagic = "coranto facts 2\n"

// encode writes facts for the cache.
func (f *facts) encode(s *seed) []byte {
	b := append([]byte(factsMagic), s[:]...)
	le := binary.LittleEndian
	texts := func(list []string) {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, t := range list {
			b = append(binary.AppendUvarint(b, uint64(len(t))), t...)
		}
	}
	texts(f.sources)
	texts(f.warnings)
	b = binary.AppendVarint(b, f.newest)
	b = binary.AppendUvarint(b, uint64(len(f.posts)))
	for _, p := range f.posts {
		b = append(binary.AppendUvarint(b, uint64(len(p.id))), p.id...)
		b = le.AppendUint64(b, p.title)
		b = binary.AppendVarint(b, p.told)
		b = binary.AppendUvarint(b, uint64(p.source))
		b = binary.AppendUvarint(b, uint64(len(p.also)))
		for _, a := range p.also {
			b = binary.AppendUvarint(b, uint64(a))
		}
		b = append(b, p.ids, p.urls, p.flags)
		b = binary.AppendUvarint(b, uint64(p.to-p.from))
		for _, h := range f.hashes[p.from:p.to] {
			b = le.AppendUint64(b, h)
		}
	}
	return le.AppendUint32(b, crc32.ChecksumIEEE(b))
}

var errCache = errors.New("not usable")

// decodeFacts reads what encode wrote; any doubt is an error, and the facts are
// derived again.
func decodeFacts(b []byte, s *seed) (*facts, error) {
	head := len(factsMagic) + len(s)
	if len(b) < head+4 || string(b[:len(factsMagic)]) != factsMagic || !bytes.Equal(b[len(factsMagic):head], s[:]) {
		return nil, errCache
	}
	body := b[:len(b)-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(b[len(b)-4:]) {
		return nil, errCache
	}
	r := &cacheReader{b: body[head:], whole: string(body[head:])}
	f := &facts{sources: r.texts(), warnings: r.texts(), newest: r.varint()}
	n := r.count(16)
	f.posts = make([]fact, n)
	f.hashes = make([]uint64, 0, len(r.b)/12)
	for i := range f.posts {
		r.fact(f, &f.posts[i])
	}
	if r.bad || len(r.b) != 0 {
		return nil, errCache
	}
	return f, nil
}

type cacheReader struct {
	b     []byte
	whole string // the same bytes: strings are cut from it without copying
	bad   bool
}

func (r *cacheReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *cacheReader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads a number of things that take at least size bytes each.
func (r *cacheReader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.b)/size) {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *cacheReader) text() string {
	n := r.count(1)
	at := len(r.whole) - len(r.b)
	r.b = r.b[n:]
	return r.whole[at : at+n]
}

func (r *cacheReader) texts() []string {
	list := make([]string, r.count(1))
	for i := range list {
		list[i] = r.text()
	}
	return list
}

func (r *cacheReader) uint64() uint64 {
	if len(r.b) < 8 {
		r.bad = true
		return 0
	}
	v := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

func (r *cacheReader) fact(f *facts, x *fact) {
	x.id, x.title = r.text(), r.uint64()
	x.told = r.varint()
	x.source = r.source(f)
	for range r.count(1) {
		x.also = append(x.also, r.source(f))
	}
	if len(r.b) < 3 {
		r.bad = true
		return
	}
	x.ids, x.urls, x.flags, r.b = r.b[0], r.b[1], r.b[2], r.b[3:]
	x.from = uint32(len(f.hashes))
	for range r.count(8) {
		f.hashes = append(f.hashes, r.uint64())
	}
	x.to = uint32(len(f.hashes))
}

func (r *cacheReader) source(f *facts) uint32 {
	n := r.uvarint()
	if n >= uint64(len(f.sources)) {
		r.bad = true
		return 0
	}
	return uint32(n)
}
