package content

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/coranto/coranto"
)

// span is where an element stands in its file.
type span struct{ start, end int }

// shard is one file of posts, as it is read: an array of objects. Elements
// stay the bytes they are until one is changed.
type shard struct {
	path   string
	data   []byte
	spans  []span
	nested bool // arrays within the array, as the AWS sample's bug leaves them
	close  int  // where the array's "]" stands; -1: the file is empty
}

// parseShard finds the elements of a file. Errors wrap ErrDamaged and name
// file, line and way out.
func parseShard(path string, data []byte) (*shard, error) {
	sh := &shard{path: path, data: data, close: -1}
	s := &scanner{b: data}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		s.at = 3
	}
	if s.peek() == 0 && s.at >= len(data) {
		return sh, nil // an empty file holds no posts
	}
	if line := markerLine(data); line > 0 {
		return nil, fmt.Errorf("%w: %s line %d: conflict markers (hint: finish the merge, then commit)", ErrDamaged, path, line)
	}
	if s.peek() != '[' {
		return nil, sh.damaged(s.at, "an array of posts was expected", "put the posts into [ ], or move a file that holds none out of the content folder")
	}
	if err := sh.elements(s); err != nil {
		var bad *syntaxError
		if errors.As(err, &bad) {
			return nil, sh.damaged(bad.at, bad.why, "mend it, or take the last good one back: git log -- "+path)
		}
		return nil, err
	}
	return sh, nil
}

func (sh *shard) damaged(at int, why, hint string) error {
	return fmt.Errorf("%w: %s line %d: %s (hint: %s)", ErrDamaged, sh.path, lineOf(sh.data, at), why, hint)
}

func lineOf(data []byte, at int) int { return 1 + bytes.Count(data[:min(at, len(data))], []byte("\n")) }

// markerLine is the line of the first conflict marker; 0: none. JSON cannot
// have a line that begins so.
func markerLine(data []byte) int {
	for _, m := range []string{"<<<<<<< ", ">>>>>>> ", "||||||| "} {
		if bytes.HasPrefix(data, []byte(m)) {
			return 1
		}
		if i := bytes.Index(data, []byte("\n"+m)); i >= 0 {
			return lineOf(data, i+1)
		}
	}
	return 0
}

// elements reads the array without recursion: the sample's bug wraps the old
// array once more on every write, so it can be very deep.
func (sh *shard) elements(s *scanner) error {
	depth, value := 0, true // value: one may come next (or the array ends, right after "[")
	after := byte(0)        // what came before: '[', ',' or an element
	for {
		c := s.peek()
		switch {
		case c == '[' && value:
			depth++
			sh.nested = sh.nested || depth > 1
			s.at++
			after = '['
		case c == '{' && value:
			start := s.at
			if _, err := s.value(0); err != nil {
				return err
			}
			sh.spans = append(sh.spans, span{start, s.at})
			value, after = false, '}'
		case c == ']' && (!value || after == '['):
			depth--
			if depth == 0 {
				sh.close = s.at
				s.at++
				if s.peek() != 0 || s.at < len(s.b) {
					return s.fail("something follows the array")
				}
				return nil
			}
			s.at++
			value, after = false, ']'
		case c == ',' && !value:
			s.at++
			value, after = true, ','
		case value && c != 0 && c != ']' && c != '}' && c != ',':
			return s.fail("a post (an object) was expected")
		default:
			return s.fail(`"," or "]" was expected`)
		}
	}
}

// raw is an element's bytes.
func (sh *shard) raw(i int) []byte { return sh.data[sh.spans[i].start:sh.spans[i].end] }

// post decodes an element as it stands.
func (sh *shard) post(i int) (coranto.Post, error) {
	p, err := decodePost(sh.raw(i))
	if err != nil {
		return p, sh.damaged(sh.spans[i].start, "post "+err.Error(), "mend it, or take the last good one back: git log -- "+sh.path)
	}
	return p, nil
}

// additions are elements that come to a shard. They are written one after the
// other into the file: a run's harvest is not held twice.
type additions struct {
	n      int
	append func(b []byte, i int) []byte
}

// to appends the elements, each after what is to stand between two.
func (a additions) to(b []byte, between string, first bool) []byte {
	begin := len(b)
	for i := range a.n {
		if !first || i > 0 {
			b = append(b, between[0])
		}
		b = a.append(append(b, between[1:]...), i)
		if i == sampled && a.n > 2*sampled { // the others will be about as long
			b = slices.Grow(b, (len(b)-begin)/sampled*(a.n-sampled)*21/20)
		}
	}
	return b
}

// sampled is how many elements tell how long the others will be.
const sampled = 64

// edit writes the file anew: elements replaced (nil: removed) and added at the
// end. What is neither stays byte for byte, but for arrays that were nested.
func (sh *shard) edit(replace map[int][]byte, add additions) []byte {
	plain := !sh.nested && len(sh.spans) > 0
	size := len(sh.data)
	for _, r := range replace {
		plain = plain && r != nil
		size += len(r)
	}
	if !plain {
		return sh.rewrite(replace, add, size)
	}
	out := make([]byte, 0, size)
	at := 0
	for i, sp := range sh.spans {
		r, ok := replace[i]
		if !ok {
			continue
		}
		out = append(append(out, sh.data[at:sp.start]...), r...)
		at = sp.end
	}
	last := sh.spans[len(sh.spans)-1].end
	out = append(out, sh.data[at:last]...)
	out = add.to(out, between, false)
	if add.n > 0 && !bytes.ContainsRune(sh.data[last:sh.close], '\n') {
		out = append(out, '\n')
	}
	out = append(out, sh.data[last:]...)
	return endLine(out)
}

// between is what stands between two elements.
const between = ",\n  "

// rewrite puts the elements one below the other.
func (sh *shard) rewrite(replace map[int][]byte, add additions, size int) []byte {
	out := append(make([]byte, 0, size+4), '[')
	first := true
	for i := range sh.spans {
		r, ok := replace[i]
		if !ok {
			r = sh.raw(i)
		}
		if r == nil {
			continue
		}
		if !first {
			out = append(out, between[0])
		}
		out = append(append(out, between[1:]...), r...)
		first = false
	}
	return append(add.to(out, between, first), "\n]\n"...)
}

func endLine(b []byte) []byte {
	if len(b) > 0 && b[len(b)-1] != '\n' {
		b = append(b, '\n')
	}
	return b
}
