package site

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The index of the search is plain files that assets/search.js of the theme
// reads, so that it works wherever the site is copied to. Slots of posts, in
// the order of all lists, are cut into segments: as many of the largest size as
// fit, then of the next, half as large, and so on; the rest is the tail. A full
// segment is sealed. It is cut into buckets of about a kilobyte by the first three
// letters of a word, so that a reader who types a word fetches one bucket of each
// segment, the newest first, until there is enough to show.
//
//	search/index.txt      a line of JSON that tells how it is cut, then the words of the tail
//	search/512/3/7.txt    bucket 7 of the third segment of 512 slots
//	search/docs/4.json    what is shown of slots 80 to 99
//
// The three letters that many words begin with would make a bucket of a large
// segment heavy. There five letters tell the bucket, and what is typed before the
// fifth is found by lines of its own: "con*" has the newest posts with a word that
// begins so.
//
// A line of a bucket is a word, a space, and slots in base 36 joined with dots:
// the first counted back from the end of the segment, each other from the one
// before, newest first, doubled, plus one where the word is in the title.
const (
	searchDocs  = 20   // slots of a docs file
	searchMax   = 2000 // slots of a word in a segment; older ones are left out
	searchWord  = 24   // letters of a word that count
	searchFirst = 16   // slots of the smallest segment
	searchTimes = 2    // how much larger each next size is, in slots and in buckets
	searchSizes = 17
	searchEach  = 8    // slots of a bucket
	searchDeep  = 2048 // slots from which on a segment is cut by five letters
	searchBegun = 60   // slots of the beginning of a word
)

// segment is a range of slots with an index of its own.
type segment struct {
	from, to int
	buckets  int
	dir      string // "search/512/3/"; "" for the tail
}

// searchCut cuts n slots into segments, oldest first.
func searchCut(n, first int) []segment {
	var out []segment
	size := first
	for range searchSizes - 1 {
		size *= searchTimes
	}
	at := 0
	for ; size >= first; size /= searchTimes {
		for n-at >= size {
			out = append(out, segment{at, at + size, max(1, size/searchEach), "search/" + strconv.Itoa(size) + "/" + strconv.Itoa(at/size+1) + "/"})
			at += size
		}
	}
	return append(out, segment{at, n, 1, ""})
}

// letters is how many letters of a word tell its bucket.
func (s segment) letters() int {
	if s.to-s.from >= searchDeep {
		return 5
	}
	return 3
}

func (s segment) file(bucket int) string {
	if s.dir == "" {
		return "search/index.txt"
	}
	return s.dir + strconv.Itoa(bucket) + ".txt"
}

// emitSearch puts the index of the search.
func (b *build) emitSearch() error {
	if err := b.emitPageSearch(); err != nil {
		return err
	}
	n := len(b.m.posts)
	first := b.searchFirst
	for from := 0; from < n; from += searchDocs {
		to := min(from+searchDocs, n)
		if b.change == nil || to > b.change.before || slices.Contains(b.change.posts[from:to], true) {
			if err := b.emitDocs("search/docs/"+strconv.Itoa(from/searchDocs)+".json", from, to); err != nil {
				return err
			}
		}
	}
	cut := searchCut(n, first)
	var was []segment
	if b.change != nil {
		was = searchCut(b.change.before, first)
		b.dropSegments(was, cut)
	}
	for _, s := range cut {
		if b.change != nil && s.to <= b.change.before && !slices.Contains(b.change.posts[s.from:s.to], true) {
			if s.dir != "" && slices.Contains(was, s) {
				continue
			}
		}
		if err := b.emitSegment(s); err != nil {
			return err
		}
	}
	return nil
}

// searchHead tells how the index is cut.
func (b *build) searchHead(w *bytes.Buffer, slots int) error {
	return json.NewEncoder(w).Encode(struct {
		Slots int `json:"slots"`
		Docs  int `json:"docs"`
		First int `json:"first"`
		Times int `json:"times"`
		Sizes int `json:"sizes"`
		Each  int `json:"each"`
		Deep  int `json:"deep"`
		Word  int `json:"word"`
		Pages int `json:"pages,omitempty"` // of the keeper's own, and the buckets of their words
		Cut   int `json:"page_buckets,omitempty"`
	}{slots, searchDocs, b.searchFirst, searchTimes, searchSizes, searchEach, searchDeep, searchWord, len(b.own.pages), b.pageBuckets()})
}

// dropSegments removes the files of segments that larger ones have taken in.
func (b *build) dropSegments(was, now []segment) {
	for _, s := range was {
		if s.dir == "" || slices.Contains(now, s) {
			continue
		}
		for i := range s.buckets {
			b.drop(s.file(i))
		}
	}
}

// sumSearch takes what the search knows of posts.
func (b *build) sumSearch(s *summer, from, to int) *summer {
	for i := from; i < to; i++ {
		p := b.m.post(int32(i))
		s.flag(p.Hidden)
		if p.Hidden {
			continue
		}
		s.str(p.id).str(p.Title).str(p.Intro).source(p.source).str(p.Language).str(p.day.Format(time.DateOnly)).num(len(p.tags)).num(len(p.authors))
		for _, g := range p.tags {
			s.str(g.name)
		}
		for _, g := range p.authors {
			s.str(g.name)
		}
	}
	return s
}

// emitDocs puts what results show of slots: [title, page, source, day, language].
func (b *build) emitDocs(name string, from, to int) error {
	return b.emit(name, b.sumSearch(b.sum.start("search-docs"), from, to), func(w *bytes.Buffer) error {
		docs := make([]any, to-from)
		for i := range docs {
			if b.m.post(int32(from + i)).Hidden {
				continue // null
			}
			v := b.view(int32(from + i))
			d := []string{v.Title, escapePath(v.ID), v.Source.Name, v.Published, v.Language}
			for d[len(d)-1] == "" && len(d) > 1 {
				d = d[:len(d)-1]
			}
			docs[i] = d
		}
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(docs)
	})
}

func (b *build) emitSegment(s segment) error {
	start := b.sum.start("search-segment").num(b.searchFirst).num(s.from).num(s.to)
	if s.dir == "" {
		start.num(len(b.own.pages))
	}
	whole := b.sumSearch(start, s.from, s.to).end()
	var buckets [][]byte
	for i := range s.buckets {
		err := b.emit(s.file(i), b.sum.start("search-bucket").sum32(whole).num(i), func(w *bytes.Buffer) error {
			if buckets == nil {
				buckets = b.fillBuckets(s)
			}
			if s.dir == "" {
				if err := b.searchHead(w, s.to); err != nil {
					return err
				}
			}
			w.Write(buckets[i])
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// hits are the slots of a word, oldest first, doubled, plus one in the title.
type hits struct {
	word  string
	slots []uint32
}

// fillBuckets makes the contents of a segment's buckets.
func (b *build) fillBuckets(s segment) [][]byte {
	x := newHitIndex()
	for i := s.from; i < s.to; i++ {
		p := b.m.post(int32(i))
		if p.Hidden {
			continue
		}
		slot := uint32(i - s.from)
		x.add(slot, 1, p.Title)
		for _, g := range p.tags {
			x.add(slot, 0, g.name)
		}
		for _, g := range p.authors {
			x.add(slot, 0, g.name)
		}
		if p.source != nil {
			x.add(slot, 0, p.source.name)
		}
		x.add(slot, 0, p.Intro)
	}
	return x.write(s.to-s.from, s.buckets, s.letters())
}

// line appends the line of a word in an index of size slots.
func (h *hits) line(o []byte, size uint32) []byte {
	o = append(append(o, h.word...), ' ')
	last := uint32(0)
	for n, v := range slices.Backward(h.slots) {
		if len(h.slots)-n > searchMax {
			break
		}
		back := size - 1 - v/2
		if n < len(h.slots)-1 {
			o = append(o, '.')
		}
		o = strconv.AppendUint(o, uint64((back-last)*2+v&1), 36)
		last = back
	}
	return append(o, '\n')
}

// bucketOf hashes (FNV-1a) the first letters of a word.
func bucketOf(word string, letters int) uint32 {
	h, n := uint32(2166136261), 0
	for _, r := range word {
		h = (h ^ uint32(r)) * 16777619
		if n++; n == letters {
			break
		}
	}
	return h
}

// folded are letters that lose nothing people would type when they are undone,
// and that Unicode does not decompose.
var folded = map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ħ': "h", 'ـ': ""}

// words finds the words of a text as the search compares them: in lower case,
// without accents, at most searchWord letters; of scripts that do not part
// words, every two neighbours. search.js does the same to what is typed. The
// bytes given are good until yield returns.
func words(text string, yield func([]byte)) {
	var buf [4 * searchWord]byte
	word, letters := buf[:0], 0
	flush := func() {
		if len(word) > 0 {
			yield(word)
		}
		word, letters = buf[:0], 0
	}
	put := func(r rune) {
		if letters < searchWord {
			word = utf8.AppendRune(word, r)
			letters++
		}
	}
	if !isPlain(text) {
		text = norm.NFKD.String(strings.ToValidUTF8(text, " "))
	}
	var before rune // in a script that does not part words
	pair := func(r rune) {
		if before != 0 {
			yield(utf8.AppendRune(utf8.AppendRune(buf[:0], before), r))
		}
	}
	paired := false
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
			if before != 0 && !paired {
				yield(utf8.AppendRune(buf[:0], before))
			}
			before, paired = 0, false
			switch {
			case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
				put(r)
			case 'A' <= r && r <= 'Z':
				put(r + 'a' - 'A')
			default:
				flush()
			}
			continue
		case unicode.Is(unicode.M, r):
			continue
		case unparted(r):
			flush()
			pair(r)
			paired = before != 0
			before = r
			continue
		}
		if before != 0 && !paired {
			yield(utf8.AppendRune(buf[:0], before))
		}
		before, paired = 0, false
		if r = unicode.ToLower(r); !unicode.IsLetter(r) && !unicode.IsDigit(r) && folded[r] == "" {
			if _, ok := folded[r]; !ok {
				flush()
			}
			continue
		}
		if s, ok := folded[r]; ok {
			for _, r := range s {
				put(r)
			}
			continue
		}
		put(r)
	}
	if before != 0 && !paired {
		yield(utf8.AppendRune(buf[:0], before))
	}
	flush()
}

// unparted reports letters of scripts that put no spaces between words.
func unparted(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
