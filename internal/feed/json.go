package feed

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxJSONDepth bounds how deep values nest; deeper ones are read over.
const maxJSONDepth = 32

// jsonValue is a JSON value as far as feeds need it: text for strings, and for
// numbers and literals as they were written.
type jsonValue struct {
	text    string
	isText  bool
	list    []jsonValue
	members []jsonMember
}

type jsonMember struct {
	name  string
	value jsonValue
}

// get returns a member; the first of its name counts.
func (v *jsonValue) get(name string) *jsonValue {
	for i := range v.members {
		if v.members[i].name == name {
			return &v.members[i].value
		}
	}
	return &jsonValue{}
}

// str returns text, or a number as it was written.
func (v *jsonValue) str(name string) string {
	m := v.get(name)
	if !m.isText && (m.text == "null" || m.text == "true" || m.text == "false") {
		return ""
	}
	return m.text
}

// jsonReader reads JSON with what people get wrong in it: comments, commas too
// many or too few, raw control characters, single quotes, bare names, and an
// end that comes too soon.
type jsonReader struct {
	s   string
	pos int
	bad bool

	ended bool // the text ended within an object
}

func (r *jsonReader) space() {
	for r.pos < len(r.s) {
		c := r.s[r.pos]
		switch {
		case isSpace(c), c == '\f':
			r.pos++
		case c == '/' && strings.HasPrefix(r.s[r.pos:], "//"):
			r.bad = true
			r.skipPast("\n")
		case c == '/' && strings.HasPrefix(r.s[r.pos:], "/*"):
			r.bad = true
			r.skipPast("*/")
		default:
			return
		}
	}
}

func (r *jsonReader) skipPast(mark string) {
	if n := strings.Index(r.s[r.pos:], mark); n >= 0 {
		r.pos += n + len(mark)
		return
	}
	r.pos = len(r.s)
}

func (r *jsonReader) peek() byte {
	r.space()
	if r.pos < len(r.s) {
		return r.s[r.pos]
	}
	return 0
}

// value reads a value; keep is false where it is only read over.
func (r *jsonReader) value(depth int) jsonValue {
	c := r.peek()
	if depth > maxJSONDepth && (c == '{' || c == '[') {
		r.over()
		return jsonValue{}
	}
	switch c {
	case '{':
		return r.object(depth)
	case '[':
		var v jsonValue
		r.elements(func() {
			e := r.value(depth + 1)
			if depth < maxJSONDepth && len(v.list) < maxList {
				v.list = append(v.list, e)
			}
		})
		return v
	case '"', '\'':
		return jsonValue{text: r.text(c), isText: true}
	}
	return jsonValue{text: r.bare()}
}

// over reads over an array or object without going into it: a stack as deep as
// some documents are would be hundreds of megabytes.
func (r *jsonReader) over() {
	open := 0
	for {
		switch c := r.peek(); c {
		case 0:
			r.bad = true
			return
		case '"', '\'':
			r.text(c)
			continue
		case '{', '[':
			open++
		case '}', ']':
			open--
		}
		if r.pos++; open == 0 {
			return
		}
	}
}

// elements reads an array, calling f at each element.
func (r *jsonReader) elements(f func()) {
	r.pos++
	for {
		switch c := r.peek(); c {
		case 0:
			r.bad = true
			return
		case ']':
			r.pos++
			return
		case ',':
			r.pos++
			continue
		case '}', ':':
			r.bad = true
			if c == '}' {
				return
			}
			r.pos++
			continue
		}
		before := r.pos
		f()
		if r.pos == before {
			r.bad = true
			r.pos++
		}
	}
}

func (r *jsonReader) object(depth int) jsonValue {
	var v jsonValue
	r.membersOf(func(name string) {
		m := r.value(depth + 1)
		if depth < maxJSONDepth && len(v.members) < maxList {
			v.members = append(v.members, jsonMember{name, m})
		}
	})
	return v
}

// membersOf reads an object, calling f at the value of each member.
func (r *jsonReader) membersOf(f func(name string)) {
	r.pos++
	for {
		c := r.peek()
		switch {
		case c == 0:
			r.bad, r.ended = true, true
			return
		case c == '}':
			r.pos++
			return
		case c == ',':
			r.pos++
			continue
		case c == ']':
			r.bad = true
			return
		}
		before := r.pos
		name := ""
		if c == '"' || c == '\'' {
			name = r.text(c)
		} else {
			r.bad = true
			name = r.bare()
		}
		if r.peek() == ':' {
			r.pos++
			if c := r.peek(); c != ',' && c != '}' && c != 0 {
				f(name)
			}
		} else {
			r.bad = true
		}
		if r.pos == before {
			r.pos++
		}
	}
}

// bare reads a number or literal, or what stands where one should.
func (r *jsonReader) bare() string {
	start := r.pos
	for r.pos < len(r.s) && !isSpace(r.s[r.pos]) && strings.IndexByte(",:]}[{\"", r.s[r.pos]) < 0 {
		r.pos++
	}
	return r.s[start:r.pos]
}

// text reads a string; without escapes it is part of the input.
func (r *jsonReader) text(quote byte) string {
	r.bad = r.bad || quote != '"'
	r.pos++
	start := r.pos
	for r.pos < len(r.s) {
		switch c := r.s[r.pos]; {
		case c == quote:
			r.pos++
			return r.s[start : r.pos-1]
		case c == '\\':
			return r.escaped(start, quote)
		case c < ' ':
			r.bad = true
		}
		r.pos++
	}
	r.bad = true
	return r.s[start:]
}

func (r *jsonReader) escaped(start int, quote byte) string {
	b := append(make([]byte, 0, 256), r.s[start:r.pos]...)
	for r.pos < len(r.s) {
		n := strings.IndexAny(r.s[r.pos:min(len(r.s), r.pos+64)], `\"'`)
		if n < 0 {
			n = min(len(r.s), r.pos+64) - r.pos
		}
		b = append(b, r.s[r.pos:r.pos+n]...)
		if r.pos += n; r.pos >= len(r.s) {
			break
		}
		switch c := r.s[r.pos]; c {
		case quote:
			r.pos++
			return string(b)
		case '\\':
			b = r.escape(b)
		case '"', '\'':
			b = append(b, c)
			r.pos++
		}
	}
	r.bad = true
	return string(b)
}

func (r *jsonReader) escape(b []byte) []byte {
	if r.pos++; r.pos >= len(r.s) {
		return b
	}
	c := r.s[r.pos]
	r.pos++
	switch c {
	case 'n':
		return append(b, '\n')
	case 't':
		return append(b, '\t')
	case 'r':
		return append(b, '\r')
	case 'b', 'f':
		return append(b, ' ')
	case '"', '\\', '/', '\'':
		return append(b, c)
	case 'u':
		return r.unicode(b)
	}
	r.bad = true
	return append(b, '\\', c)
}

func (r *jsonReader) unicode(b []byte) []byte {
	x, ok := r.hex4(r.pos)
	if !ok {
		r.bad = true
		return append(b, `\u`...)
	}
	r.pos += 4
	if utf16.IsSurrogate(x) {
		if strings.HasPrefix(r.s[r.pos:], `\u`) {
			if y, ok := r.hex4(r.pos + 2); ok {
				if z := utf16.DecodeRune(x, y); z != utf8.RuneError {
					r.pos += 6
					return utf8.AppendRune(b, z)
				}
			}
		}
		r.bad = true
		x = utf8.RuneError
	}
	if x < ' ' && x != '\n' && x != '\t' && x != '\r' {
		return b
	}
	return utf8.AppendRune(b, x)
}

func (r *jsonReader) hex4(i int) (rune, bool) {
	if i+4 > len(r.s) {
		return 0, false
	}
	x, err := strconv.ParseUint(r.s[i:i+4], 16, 32)
	return rune(x), err == nil
}
