package scrape

import (
	"bytes"
	"html"

	"golang.org/x/net/html/atom"
)

// scanner takes a page apart into tags and text, by the rules of the HTML
// standard's tokenizer as far as they can change what is read here. It keeps
// bytes where they are: x/net/html copies each attribute and each text, which
// took most of the time of a page.
type scanner struct {
	b    []byte
	at   int
	kind tokenKind
	tag  atom.Atom // of a tag; 0 if unknown
	text []byte    // of a text, not unescaped
	raw  []byte    // "</script" while within such an element
	attr attrs
	self bool // the tag ends in />
	svg  bool // within one, where any element may close itself
	low  [32]byte

	rawName [32]byte // holds raw
}

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokText
	tokStart
	tokClose
)

// attrs are the attributes that matter, in place unless they had entities.
type attrs struct {
	class, id, rel, href, src, content, name, property, itemprop, itemtype, datetime, typ, lang, httpEquiv, title []byte
	itemscope, pubdate                                                                                            bool
}

// next moves to the next tag or text; comments and declarations are passed.
func (s *scanner) next() tokenKind {
	if s.raw != nil {
		if end := s.rawEnd(); end > s.at {
			s.text, s.at = s.b[s.at:end], end
			return s.set(tokText)
		}
	}
	from := s.at
	for i := s.at; ; {
		j := bytes.IndexByte(s.b[i:], '<')
		if j < 0 || i+j+1 >= len(s.b) {
			s.at = len(s.b)
			return s.textOr(from, s.at, tokEnd)
		}
		i += j
		c := s.b[i+1]
		switch {
		case letter(c):
			if from < i {
				s.at = i
				return s.textOr(from, i, tokText)
			}
			s.at = i + 1
			return s.set(s.startTag())
		case c == '/' && i+2 < len(s.b) && letter(s.b[i+2]):
			if from < i {
				s.at = i
				return s.textOr(from, i, tokText)
			}
			s.at = i + 2
			return s.set(s.endTag())
		case c == '!' || c == '?' || c == '/' && i+2 < len(s.b):
			if from < i {
				s.at = i
				return s.textOr(from, i, tokText)
			}
			i = s.pass(i)
			from, s.at = i, i
		default:
			i++ // a bare '<' is text
		}
	}
}

func (s *scanner) set(k tokenKind) tokenKind {
	s.kind = k
	return k
}

func (s *scanner) textOr(from, to int, empty tokenKind) tokenKind {
	if from >= to {
		return s.set(empty)
	}
	s.text = s.b[from:to]
	return s.set(tokText)
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func space(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

// pass is where a comment, a declaration or an instruction at i ends.
func (s *scanner) pass(i int) int {
	rest := s.b[i:]
	if !bytes.HasPrefix(rest, []byte("<!--")) {
		if j := bytes.IndexByte(rest, '>'); j >= 0 {
			return i + j + 1
		}
		return len(s.b)
	}
	if bytes.HasPrefix(rest, []byte("<!-->")) {
		return i + 5
	}
	if bytes.HasPrefix(rest, []byte("<!--->")) {
		return i + 6
	}
	for j := 4; ; {
		k := bytes.Index(rest[j:], []byte("--"))
		if k < 0 {
			return len(s.b)
		}
		j += k + 2
		for j < len(rest) && rest[j] == '-' {
			j++
		}
		switch {
		case j < len(rest) && rest[j] == '>':
			return i + j + 1
		case j+1 < len(rest) && rest[j] == '!' && rest[j+1] == '>':
			return i + j + 2
		}
	}
}

// rawEnd is where the text of a script or its like ends.
func (s *scanner) rawEnd() int {
	for i := s.at; ; {
		j := bytes.Index(s.b[i:], []byte("</"))
		if j < 0 {
			s.raw = nil
			return len(s.b)
		}
		i += j
		n := len(s.raw)
		if rest := s.b[i+2:]; len(rest) > n && bytes.EqualFold(rest[:n], s.raw) && (space(rest[n]) || rest[n] == '>' || rest[n] == '/') {
			s.raw = nil
			return i
		}
		i += 2
	}
}

// name reads the name of a tag, from s.at on.
func (s *scanner) name() []byte {
	start := s.at
	i := start
	for i < len(s.b) && (letter(s.b[i]) || !space(s.b[i]) && s.b[i] != '>' && s.b[i] != '/') {
		i++
	}
	s.at = i
	return s.lower(s.b[start:i])
}

// lower is name in lower case; one too long to be known is cut.
func (s *scanner) lower(name []byte) []byte {
	n := copy(s.low[:], name)
	for i, c := range s.low[:n] {
		if c >= 'A' && c <= 'Z' {
			s.low[i] = c + 'a' - 'A'
		}
	}
	return s.low[:n]
}

func (s *scanner) endTag() tokenKind {
	s.tag = atom.Lookup(s.name())
	if s.tag == atom.Svg {
		s.svg = false
	}
	if j := bytes.IndexByte(s.b[s.at:], '>'); j >= 0 {
		s.at += j + 1
	} else {
		s.at = len(s.b)
	}
	return tokClose
}

func (s *scanner) startTag() tokenKind {
	name := s.name()
	s.tag = atom.Lookup(name)
	switch s.tag {
	case atom.Script, atom.Style, atom.Textarea, atom.Iframe, atom.Noembed, atom.Noframes, atom.Xmp, atom.Plaintext, atom.Noscript, atom.Title:
		s.raw = append(s.rawName[:0], name...)
	}
	s.attr = attrs{}
	for s.at < len(s.b) {
		c := s.b[s.at]
		switch {
		case c == '>':
			s.self = s.b[s.at-1] == '/'
			s.at++
			if s.tag == atom.Svg {
				s.svg = !s.self
			}
			if s.self && s.svg {
				s.raw = nil
			}
			return tokStart
		case space(c) || c == '/':
			s.at++
		default:
			s.attribute()
		}
	}
	s.raw = nil
	return tokEnd // a tag that is cut short is none
}

// attribute reads one attribute, and keeps it if it matters.
func (s *scanner) attribute() {
	b, start := s.b, s.at
	i := start + 1 // a '=' here belongs to the name
	for i < len(b) && (letter(b[i]) || b[i] != '=' && b[i] != '>' && b[i] != '/' && !space(b[i])) {
		i++
	}
	key := b[start:i]
	for i < len(b) && space(b[i]) {
		i++
	}
	if i >= len(b) || b[i] != '=' {
		s.at = i
		s.keep(key, nil)
		return
	}
	for i++; i < len(b) && space(b[i]); {
		i++
	}
	if i >= len(b) {
		s.at = i
		return
	}
	var val []byte
	if q := b[i]; q == '"' || q == '\'' {
		j := bytes.IndexByte(b[i+1:], q)
		if j < 0 {
			s.at = len(b)
			return
		}
		val, s.at = b[i+1:i+1+j], i+j+2
	} else {
		j := i
		for j < len(b) && b[j] != '>' && !space(b[j]) {
			j++
		}
		val, s.at = b[i:j], j
	}
	s.keep(key, val)
}

func (s *scanner) keep(key, val []byte) {
	if len(key) > 10 || len(val) > 1<<16 {
		return
	}
	a := &s.attr
	var to *[]byte
	switch string(s.lower(key)) {
	case "class":
		to = &a.class
	case "id":
		to = &a.id
	case "rel":
		to = &a.rel
	case "href":
		to = &a.href
	case "src", "data-src":
		to = &a.src
	case "content":
		to = &a.content
	case "name":
		to = &a.name
	case "property":
		to = &a.property
	case "itemprop":
		to = &a.itemprop
	case "itemtype":
		to = &a.itemtype
	case "datetime":
		to = &a.datetime
	case "type":
		to = &a.typ
	case "lang", "xml:lang":
		to = &a.lang
	case "http-equiv":
		to = &a.httpEquiv
	case "title":
		to = &a.title
	case "itemscope":
		a.itemscope = true
	case "pubdate":
		a.pubdate = true
	}
	if to != nil && *to == nil {
		*to = unescape(val)
	}
}

// unescape decodes entities, where there are any.
func unescape(b []byte) []byte {
	if bytes.IndexByte(b, '&') < 0 {
		return b
	}
	if amp := []byte("&amp;"); bytes.Count(b, amp) == bytes.Count(b, amp[:1]) { // as in most addresses
		return bytes.ReplaceAll(b, amp, amp[:1])
	}
	return []byte(html.UnescapeString(string(b)))
}
