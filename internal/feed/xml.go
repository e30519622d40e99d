package feed

import (
	"strings"
)

type token byte

const (
	tokEOF token = iota
	tokText
	tokCDATA
	tokStart
	tokEnd
)

const (
	maxAttrs      = 64
	maxEntities   = 64
	maxExpansion  = 64 << 10 // bytes that declared entities may grow to, in a document
	maxEntityNest = 8
)

type attr struct {
	name, val string // val with its references
}

// tokenizer splits XML in any state of repair into tokens; it never fails, and
// looks at each byte a bounded number of times.
type tokenizer struct {
	s   string
	pos int
	bad bool // something was not well-formed

	begin int    // where the tag began
	name  string // of the tag, as written
	attrs []attr
	empty bool   // <tag/>
	data  string // of text (with references) and CDATA

	entities map[string]string
	budget   int // what declared entities may still grow by

	cdataEnd  int // where the next "]]>" is; -1: there is none; valid from pos on
	noComment bool
	c1        bool // a reference named a C1 control: see mend
}

func newTokenizer(s string) *tokenizer { return &tokenizer{s: s, budget: maxExpansion} }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isSpace(c byte) bool  { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
func isName(c byte) bool   { return isLetter(c) || c == '_' || c == ':' || c >= 0x80 }

// next reads a token. enclosing is the name of the innermost open element,
// which ends a CDATA section that does not end.
func (z *tokenizer) next(enclosing string) token {
	for z.pos < len(z.s) {
		if z.s[z.pos] != '<' {
			z.text(z.pos)
			return tokText
		}
		rest := z.s[z.pos:]
		switch {
		case len(rest) > 1 && isName(rest[1]):
			if z.tag(z.pos + 1) {
				return tokStart
			}
			return tokEOF
		case len(rest) > 2 && rest[1] == '/' && isName(rest[2]):
			return z.endTag()
		case strings.HasPrefix(rest, "<!--"):
			z.comment()
		case strings.HasPrefix(rest, "<![CDATA["):
			z.cdata(enclosing)
			return tokCDATA
		case len(rest) > 8 && strings.EqualFold(rest[:9], "<!doctype"):
			z.doctype()
		case len(rest) > 1 && (rest[1] == '?' || rest[1] == '!' && len(rest) > 2 && isLetter(rest[2])):
			z.skipPast(">")
		default: // a stray '<'
			z.bad = true
			z.text(z.pos)
			return tokText
		}
	}
	return tokEOF
}

func (z *tokenizer) text(start int) {
	i := start
	if z.s[i] == '<' {
		i++
	}
	if n := strings.IndexByte(z.s[i:], '<'); n >= 0 {
		i += n
	} else {
		i = len(z.s)
	}
	z.data, z.pos = z.s[start:i], i
}

func (z *tokenizer) skipPast(mark string) {
	if n := strings.Index(z.s[z.pos:], mark); n >= 0 {
		z.pos += n + len(mark)
		return
	}
	z.bad = true
	z.pos = len(z.s)
}

func (z *tokenizer) comment() {
	if !z.noComment {
		if n := strings.Index(z.s[z.pos+4:], "-->"); n >= 0 {
			z.pos += 4 + n + 3
			return
		}
		z.noComment = true
	}
	z.bad = true
	z.skipPast(">")
}

// cdata reads a section. One that lacks its end ends with the element it is in.
func (z *tokenizer) cdata(enclosing string) {
	z.pos += len("<![CDATA[")
	if z.cdataEnd >= 0 && z.cdataEnd < z.pos {
		if n := strings.Index(z.s[z.pos:], "]]>"); n >= 0 {
			z.cdataEnd = z.pos + n
		} else {
			z.cdataEnd = -1
		}
	}
	if z.cdataEnd >= 0 {
		seg := z.s[z.pos:z.cdataEnd]
		n := strings.Index(seg, "<![CDATA[")
		if n < 0 || enclosing == "" {
			z.data, z.pos = seg, z.cdataEnd+3
			return
		}
		if k := strings.Index(seg[:n], "</"+enclosing+">"); k >= 0 {
			z.bad = true
			z.data, z.pos = seg[:k], z.pos+k
			return
		}
		z.data, z.pos = seg, z.cdataEnd+3
		return
	}
	z.bad = true
	rest := z.s[z.pos:]
	if k := strings.Index(rest, "</"+enclosing+">"); k >= 0 && enclosing != "" {
		rest = rest[:k]
	}
	z.data = rest
	z.pos += len(rest)
}

func (z *tokenizer) endTag() token {
	z.begin = z.pos
	i := z.pos + 2
	start := i
	for i < len(z.s) && !isSpace(z.s[i]) && z.s[i] != '>' && z.s[i] != '<' && z.s[i] != '/' {
		i++
	}
	z.name = z.s[start:i]
	for i < len(z.s) && isSpace(z.s[i]) {
		i++
	}
	if i < len(z.s) && z.s[i] == '>' {
		z.pos = i + 1
		return tokEnd
	}
	z.bad = true
	for i < len(z.s) && z.s[i] != '>' && z.s[i] != '<' {
		i++
	}
	if i < len(z.s) && z.s[i] == '>' {
		i++
	}
	z.pos = i
	return tokEnd
}

// tag reads the start tag whose name begins at i; false if the text ends in it.
func (z *tokenizer) tag(i int) bool {
	s := z.s
	z.begin = z.pos
	start := i
	for i < len(s) && !isSpace(s[i]) && s[i] != '/' && s[i] != '>' && s[i] != '<' && s[i] != '=' {
		i++
	}
	z.name = s[start:i]
	z.attrs = z.attrs[:0]
	z.empty = false
	for {
		for i < len(s) && (isSpace(s[i]) || s[i] == '/') {
			z.empty = s[i] == '/'
			i++
		}
		if i >= len(s) {
			z.bad = true
			z.pos = len(s)
			return false
		}
		if s[i] == '>' {
			z.pos = i + 1
			return true
		}
		if s[i] == '<' { // the tag was never closed
			z.bad = true
			z.pos = i
			return true
		}
		z.empty = false
		var a attr
		i = z.attribute(i, &a)
		if len(z.attrs) < maxAttrs {
			z.attrs = append(z.attrs, a)
		}
	}
}

func (z *tokenizer) attribute(i int, a *attr) int {
	s := z.s
	start := i
	for i++; i < len(s) && !isSpace(s[i]) && s[i] != '/' && s[i] != '>' && s[i] != '=' && s[i] != '<'; i++ {
	}
	a.name = s[start:i]
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i >= len(s) || s[i] != '=' {
		z.bad = true
		return i
	}
	for i++; i < len(s) && isSpace(s[i]); i++ {
	}
	if i >= len(s) {
		return i
	}
	if q := s[i]; q == '"' || q == '\'' {
		n := strings.IndexByte(s[i+1:], q)
		if n < 0 {
			n = len(s) - i - 1
		}
		val := s[i+1 : i+1+n]
		if lt := strings.IndexByte(val, '<'); lt >= 0 {
			z.bad = true
			if gt := strings.IndexByte(val[:lt], '>'); gt >= 0 { // the quote was never closed
				a.val = val[:gt]
				return i + 1 + gt
			}
		}
		if end := i + n + 2; end < len(s) && strings.HasSuffix(val, "=") && isName(s[end]) { // as in url="x type="y"
			if sp := strings.LastIndexByte(val, ' '); sp >= 0 {
				z.bad = true
				a.val = val[:sp]
				return i + 1 + sp
			}
		}
		a.val = val
		return min(i+n+2, len(s))
	}
	z.bad = true
	start = i
	for i < len(s) && !isSpace(s[i]) && s[i] != '>' {
		i++
	}
	a.val = s[start:i]
	if s[i-1] == '/' && i < len(s) && s[i] == '>' {
		a.val = strings.TrimSuffix(a.val, "/")
		return i - 1
	}
	return i
}

// doctype reads the declared entities and leaves all else.
func (z *tokenizer) doctype() {
	i := z.pos + len("<!doctype")
	depth := 0
	for i < len(z.s) {
		switch c := z.s[i]; c {
		case '[':
			depth++
		case ']':
			depth--
		case '"', '\'':
			if n := strings.IndexByte(z.s[i+1:], c); n >= 0 && n < 4096 {
				i += n + 1
			}
		case '<':
			if depth == 0 { // never closed
				z.bad = true
				z.pos = i
				return
			}
			if strings.HasPrefix(z.s[i:], "<!ENTITY") {
				i = z.entity(i + len("<!ENTITY"))
				continue
			}
		case '>':
			if depth <= 0 {
				z.pos = i + 1
				return
			}
		}
		i++
	}
	z.bad = true
	z.skipPast(">")
}

// entity reads a declaration <!ENTITY name "value">; external and parameter
// entities are left out, so that nothing is ever fetched or read.
func (z *tokenizer) entity(i int) int {
	skip := func() {
		for i < len(z.s) && isSpace(z.s[i]) {
			i++
		}
	}
	skip()
	start := i
	for i < len(z.s) && !isSpace(z.s[i]) && z.s[i] != '>' {
		i++
	}
	name := z.s[start:i]
	skip()
	if i >= len(z.s) || z.s[i] != '"' && z.s[i] != '\'' || name == "" || name == "%" {
		return i
	}
	n := strings.IndexByte(z.s[i+1:], z.s[i])
	if n < 0 {
		return i + 1
	}
	if n <= 4096 && len(z.entities) < maxEntities {
		if z.entities == nil {
			z.entities = map[string]string{}
		}
		if _, ok := z.entities[name]; !ok {
			z.entities[name] = z.s[i+1 : i+1+n]
		}
	}
	return i + n + 2
}
