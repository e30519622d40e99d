package markup

import "strings"

type kind byte

const (
	kindEOF kind = iota
	kindText
	kindStart
	kindEnd
)

// maxAttrs bounds what one tag keeps; further attributes are read over.
const maxAttrs = 64

type attr struct {
	name, val string // name in lower case, val with its references
}

// scanner splits HTML as a browser does (WHATWG HTML, 13.2.5), but for two
// things: what follows an end tag of a frame or title that never comes is
// markup, not swallowed, and CDATA marks outside of SVG and MathML are dropped.
// Each byte is looked at a bounded number of times.
type scanner struct {
	s   string
	pos int

	tag   string // lower case
	attrs []attr
	slash bool   // <tag/>
	data  string // of a text; with its references unless raw
	raw   bool
	begin int    // where the tag or text began
	cut   string // the unfinished tag at the end, if any

	cdata   bool   // inside a CDATA section
	foreign bool   // svg or math has begun somewhere before
	tangled bool   // what is text takes a tree to know, see untangle
	literal string // the element whose content comes next as text
	unended ends   // nothing ends them from here on
	outer   []region
}

// ends has a place for each of raws.
type ends [7]bool

// region is the text around the content of an element that browsers read as
// raw text and do not show: we show it, but it ends where it ends for them.
type region struct {
	s       string
	pos     int
	unended ends
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isSpace(c byte) bool  { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

// opensMarkup reports whether the '<' at i begins a tag, comment or the like.
func (z *scanner) opensMarkup(i int) bool {
	if i+1 >= len(z.s) {
		return false
	}
	c := z.s[i+1]
	return isLetter(c) || c == '!' || c == '?' || c == '/' && i+2 < len(z.s)
}

func (z *scanner) next() kind {
	z.raw = false
	if z.literal != "" {
		if z.literalText() {
			return kindText
		}
	}
	for z.pos < len(z.s) || z.leave() {
		if z.s[z.pos] != '<' || !z.opensMarkup(z.pos) {
			z.text()
			if z.data != "" {
				return kindText
			}
			continue
		}
		switch c := z.s[z.pos+1]; {
		case isLetter(c):
			if z.startTag(z.pos + 1) {
				z.started()
				return kindStart
			}
		case c == '/' && isLetter(z.s[z.pos+2]):
			if z.startTag(z.pos + 2) {
				return kindEnd
			}
		case c == '!' && strings.HasPrefix(z.s[z.pos:], "<!--"):
			z.comment()
		case c == '!' && strings.HasPrefix(z.s[z.pos:], "<![CDATA["):
			z.pos += len("<![CDATA[")
			z.cdata, z.tangled = true, z.tangled || z.foreign
		default: // declaration, processing instruction, </3>: a bogus comment
			z.skipTo(">", 2)
		}
	}
	return kindEOF
}

// started notes what a start tag means for what comes after it.
func (z *scanner) started() {
	switch z.tag {
	case "svg", "math":
		z.foreign = true
	case "style", "script", "title":
		if z.foreign && !z.slash && !z.tangled {
			i, _ := z.find(z.tag)
			z.tangled = i < 0 || strings.Contains(z.s[z.pos:i], "<")
		}
	case "textarea", "xmp", "plaintext", "video", "audio", "canvas": // the last are no media within svg, so their text is seen
		z.tangled = z.tangled || z.foreign
	case "iframe", "noembed", "noframes", "noscript":
		z.tangled = z.tangled || z.foreign
		z.enclose()
	}
}

// enclose reads no further than the end of the element that has begun, if
// that is one that browsers take for raw text.
func (z *scanner) enclose() {
	n := raws[z.tag]
	if z.unended[n] {
		return
	}
	end, _ := z.find(z.tag)
	if end < 0 {
		z.unended[n] = true
		return
	}
	z.outer = append(z.outer, region{z.s, end, z.unended})
	z.s = z.s[:end]
}

// leave goes on behind a region; false at the end of all.
func (z *scanner) leave() bool {
	n := len(z.outer) - 1
	if n < 0 {
		return false
	}
	z.s, z.pos, z.unended = z.outer[n].s, z.outer[n].pos, z.outer[n].unended
	z.outer, z.cdata, z.cut = z.outer[:n], false, ""
	return true
}

func (z *scanner) text() {
	i := z.pos
	z.begin = i
	for {
		if z.s[i] == '<' {
			i++
		}
		n := strings.IndexByte(z.s[i:], '<')
		if n < 0 {
			i = len(z.s)
			break
		}
		i += n
		if z.opensMarkup(i) {
			break
		}
	}
	z.data = z.s[z.pos:i]
	if z.cdata {
		if j := strings.Index(z.data, "]]>"); j >= 0 {
			z.cdata = false
			z.data = z.data[:j]
			z.pos += j + 3
			return
		}
	}
	z.pos = i
}

func (z *scanner) skipTo(mark string, from int) {
	if n := strings.Index(z.s[z.pos+from:], mark); n >= 0 {
		z.pos += from + n + len(mark)
	} else {
		z.pos = len(z.s)
	}
}

func (z *scanner) comment() {
	rest := z.s[z.pos+4:]
	switch {
	case strings.HasPrefix(rest, ">"):
		z.pos += 5
		return
	case strings.HasPrefix(rest, "->"):
		z.pos += 6
		return
	}
	for i := 0; ; {
		n := strings.Index(rest[i:], "--")
		if n < 0 {
			z.pos = len(z.s)
			return
		}
		i += n + 2
		if strings.HasPrefix(rest[i:], ">") {
			z.pos += 4 + i + 1
			return
		}
		if strings.HasPrefix(rest[i:], "!>") {
			z.pos += 4 + i + 2
			return
		}
		i-- // "--->" ends too
	}
}

// startTag reads the tag whose name begins at i; false if it does not end.
func (z *scanner) startTag(i int) bool {
	s := z.s
	z.begin = z.pos
	start := i
	for i < len(s) && !isSpace(s[i]) && s[i] != '/' && s[i] != '>' {
		i++
	}
	z.tag = lower(s[start:i])
	z.attrs = z.attrs[:0]
	z.slash = false
	for {
		for i < len(s) && (isSpace(s[i]) || s[i] == '/') {
			z.slash = s[i] == '/'
			i++
		}
		if i >= len(s) {
			break
		}
		if s[i] == '>' {
			z.pos = i + 1
			return true
		}
		z.slash = false
		var a attr
		if i = z.attribute(i, &a); i < 0 {
			break
		}
		if len(z.attrs) < maxAttrs {
			z.attrs = append(z.attrs, a)
		}
	}
	z.cut = s[z.begin:]
	z.pos = len(s)
	return false
}

// attribute reads one attribute at i and returns the place after it, or -1
// where the text ends within.
func (z *scanner) attribute(i int, a *attr) int {
	s := z.s
	start := i
	for i++; i < len(s) && !isSpace(s[i]) && s[i] != '/' && s[i] != '>' && s[i] != '='; i++ {
	}
	a.name = lower(s[start:i])
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i >= len(s) || s[i] != '=' {
		return i
	}
	for i++; i < len(s) && isSpace(s[i]); i++ {
	}
	if i >= len(s) {
		return -1
	}
	if q := s[i]; q == '"' || q == '\'' {
		n := strings.IndexByte(s[i+1:], q)
		if n < 0 {
			return -1
		}
		a.val = s[i+1 : i+1+n]
		return i + n + 2
	}
	start = i
	for i < len(s) && !isSpace(s[i]) && s[i] != '>' {
		i++
	}
	a.val = s[start:i]
	return i
}

// raws are the elements whose content is text for a browser (WHATWG: raw text,
// RCDATA), but for script and style, of which nothing is kept. The first two
// are shown as that text; the content of the others, which browsers hide, is
// markup to us.
var raws = map[string]int{"textarea": 0, "xmp": 1, "title": 2, "iframe": 3, "noembed": 4, "noframes": 5, "noscript": 6}

// skipContent leaves the content of script or style behind, its end tag too.
func (z *scanner) skipContent(tag string) {
	i, end := z.find(tag)
	if i < 0 {
		z.pos = len(z.s)
		return
	}
	z.pos = end
}

// find looks for </tag from pos and returns where it begins and ends.
func (z *scanner) find(tag string) (int, int) {
	for i := z.pos; ; {
		n := strings.Index(z.s[i:], "</")
		if n < 0 {
			return -1, -1
		}
		i += n
		j := i + 2 + len(tag)
		if j <= len(z.s) && strings.EqualFold(z.s[i+2:j], tag) && (j == len(z.s) || isSpace(z.s[j]) || z.s[j] == '/' || z.s[j] == '>') {
			if n := strings.IndexByte(z.s[j:], '>'); n >= 0 {
				return i, j + n + 1
			}
			return i, len(z.s)
		}
		i += 2
	}
}

// literalText makes a text of the content of z.literal; false where it is
// markup after all: of a title that does not end.
func (z *scanner) literalText() bool {
	tag := z.literal
	z.literal = ""
	z.raw = tag == "xmp" || tag == "plaintext"
	i, end := -1, len(z.s)
	if n := raws[tag]; tag != "plaintext" && !z.unended[n] { // nothing ends plaintext
		if i, end = z.find(tag); i < 0 {
			z.unended[n] = true // one look is enough, or many unclosed ones would cost n²
			end = len(z.s)
		}
	}
	if i < 0 {
		if tag == "title" {
			return false
		}
		i = len(z.s)
	}
	z.begin, z.data = z.pos, z.s[z.pos:i]
	z.pos = end
	return z.data != ""
}

// lower returns s with ASCII capitals made small, s itself where there are none.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}
