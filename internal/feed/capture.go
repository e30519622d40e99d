package feed

import (
	"encoding/base64"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/coranto/coranto/internal/markup"
)

// value is the content of an element: HTML, or plain text.
type value struct {
	s    string
	html bool
	base *url.URL
	lang string
}

// format says how an element's content is to be read.
type format byte

const (
	asText   format = iota // characters
	asHTML                 // HTML, escaped; or, by mistake, not escaped
	asField                // RSS title: text or HTML, nobody knows
	asMarkup               // XHTML
	asAtom                 // as its type and mode attributes say
	asBase64
)

// capture reads the element at hand to its end and closes it.
func (p *parser) capture(f format, limit int) value {
	typ := ""
	if f == asAtom {
		typ = strings.ToLower(strings.TrimSpace(p.attr("type")))
		f = p.atomFormat(typ)
	}
	v := value{html: f == asHTML || f == asMarkup, lang: p.top().lang}
	base := p.top().base
	naked := false
	if p.z.empty {
		p.leave()
	} else {
		tags := 0
		v.s, tags = p.content(f, limit)
		naked = tags > 0 && f != asMarkup
		if (f == asMarkup || f == asHTML && tags == 1) && tags <= 1 && strings.Contains(v.s, "&lt;/") {
			v.s = markup.Decode(v.s) // HTML, escaped, in a div all the same
		}
	}
	if p.z.c1 || f != asText && hasC1(v.s) {
		p.z.c1 = false
		v.s = mend(v.s)
	}
	switch {
	case f == asBase64:
		d, ok := decodeBase64(v.s)
		switch {
		case !ok:
			p.z.bad = true
		case utf8.ValidString(d):
			v.s, _ = dropControls(d)
		default: // a picture, a sound
			v.s = ""
		}
		v.html = strings.Contains(v.s, "<") && typ != "text/plain"
	case f == asField:
		v.html = naked
		if !naked {
			v.s = markup.TextOfField(v.s)
		}
	case naked:
		v.html = true
	}
	if v.html {
		v.base = p.baseOf(base)
	}
	return v
}

// atomFormat reads type and mode as Atom 1.0 and 0.3 define them.
func (p *parser) atomFormat(typ string) format {
	typ, _, _ = strings.Cut(typ, ";")
	switch strings.ToLower(strings.TrimSpace(p.attr("mode"))) {
	case "base64":
		return asBase64
	case "escaped":
		if typ == "" || typ == "text/plain" || typ == "text" {
			return asText
		}
		return asHTML
	}
	switch {
	case typ == "html", typ == "text/html":
		return asHTML
	case typ == "xhtml", typ == "application/xhtml+xml", strings.HasSuffix(typ, "+xml"), strings.HasSuffix(typ, "/xml"):
		return asMarkup
	case typ == "", strings.HasPrefix(typ, "text"), !strings.Contains(typ, "/"):
		return asText
	}
	return asBase64
}

func decodeBase64(s string) (string, bool) {
	clean := strings.Map(func(r rune) rune {
		if r <= ' ' || r == '=' {
			return -1
		}
		return r
	}, s)
	b, err := base64.RawStdEncoding.DecodeString(clean)
	if err != nil {
		return "", false
	}
	return string(b), true
}

// inner is an element inside captured content.
type inner struct {
	name     string
	base     string
	bindings int
}

// content reads up to the end of the element at hand and closes it. tags counts
// the elements in it; where there are any the result is HTML.
func (p *parser) content(f format, limit int) (_ string, tags int) {
	if s, ok := p.single(f, limit); ok {
		return s, 0
	}
	c := capturer{parser: p, format: f, limit: limit, name: p.top().name, b: p.buf[:0], quote: f == asMarkup}
	for done := false; !done; {
		switch tok := p.z.next(c.name); tok {
		case tokEOF:
			p.z.bad = true
			p.leave()
			done, p.ended = true, true
		case tokText, tokCDATA:
			c.text(tok)
		case tokStart:
			done = c.start()
		case tokEnd:
			done = c.end()
		}
	}
	p.buf = c.b[:0]
	return p.cut(c.b, limit), c.tags
}

// capturer reads the content of one element.
type capturer struct {
	*parser
	format format
	limit  int
	name   string // of the element
	b      []byte
	open   []inner
	deep   int  // open elements beyond maxDepth
	tags   int  // elements seen
	quote  bool // text is literal, and so is escaped
}

func (c *capturer) full() bool { return len(c.b) > c.limit }

// plain reports whether the element should hold text alone.
func (c *capturer) plain() bool { return c.format == asText || c.format == asField }

func (c *capturer) text(tok token) {
	if c.full() {
		return
	}
	data := c.z.data
	if room := 16*(c.limit-len(c.b)) + 1024; len(data) > room { // references are longer than what they stand for
		for !utf8.RuneStart(data[room]) {
			room--
		}
		data = data[:room]
		c.z.bad = true
	}
	literal := c.quote || len(c.open) > 0 && c.format != asBase64
	start := len(c.b)
	if tok == tokText {
		c.b = c.z.appendText(c.b, data)
	} else {
		c.b = append(c.b, data...)
		literal = literal && !(len(c.open) > 0 && c.format == asHTML) // HTML in CDATA in stray markup
	}
	if literal {
		c.b = escapeTail(c.b, start)
	}
}

// start handles a start tag; true when it cannot be in this element, which so
// has ended.
func (c *capturer) start() bool {
	if c.structural() {
		c.z.bad = true
		c.z.pos = c.z.begin
		c.leave()
		return true
	}
	if c.tags++; c.tags == 1 && c.plain() {
		c.b = escapeTail(c.b, 0)
		c.quote = true
	}
	in := c.enterInner(c.open)
	if !c.full() && len(c.open)+c.deep < maxDepth {
		c.b = c.appendTag(c.b, in)
	}
	switch {
	case c.z.empty || voidTags[c.local(in.name)]:
		c.close(in)
	case len(c.open) >= maxDepth:
		c.bindings = c.bindings[:in.bindings]
		c.z.bad = true
		c.deep++
	default:
		c.open = append(c.open, in)
	}
	return false
}

// end handles an end tag; true when the element has ended.
func (c *capturer) end() bool {
	name := c.z.name
	if c.deep > 0 && name != c.name {
		c.deep--
		return false
	}
	i := len(c.open) - 1
	for i >= 0 && c.open[i].name != name {
		i--
	}
	if i >= 0 {
		c.z.bad = c.z.bad || i != len(c.open)-1
		for n := len(c.open) - 1; n >= i; n-- {
			c.close(c.open[n])
		}
		c.open = c.open[:i]
		return false
	}
	if strings.EqualFold(name, c.name) {
		c.z.bad = c.z.bad || len(c.open) > 0 || name != c.name
		c.leave()
		return true
	}
	c.z.bad = true
	n := c.find(name)
	switch {
	case n > 0 && n < len(c.stack)-1: // the end of what the element stands in, to be read again there
		c.z.pos = c.z.begin
		c.leave()
	case n == 0 && len(c.open) == 0 && c.plain(): // a misspelt end of itself
		c.leave()
	default:
		return false
	}
	return true
}

// close writes the end tag of an element inside, unless HTML has none.
func (c *capturer) close(in inner) {
	if n := c.local(in.name); !c.full() && !voidTags[n] {
		c.b = append(c.b, '<', '/')
		c.b = append(c.b, n...)
		c.b = append(c.b, '>')
	}
	c.bindings = c.bindings[:in.bindings]
}

// single reads content that is one piece of text without references, or one
// CDATA section, which is what nearly all is; it is part of the document then,
// not a copy. If it is more, nothing has been read.
func (p *parser) single(f format, limit int) (string, bool) {
	if f == asMarkup {
		return "", false
	}
	z := p.z
	pos, bad := z.pos, z.bad
	name := p.top().name
	s := ""
	switch z.next(name) {
	case tokText:
		if s = z.data; strings.IndexByte(s, '&') >= 0 {
			break
		}
		if end(z, name) && len(s) <= limit {
			p.leave()
			return s, true
		}
	case tokCDATA:
		if s = z.data; end(z, name) && len(s) <= limit {
			p.leave()
			return s, true
		}
	case tokEnd:
		if z.name == name {
			p.leave()
			return "", true
		}
	}
	z.pos, z.bad = pos, bad
	return "", false
}

// end passes the end tag of this name if it comes next.
func end(z *tokenizer, name string) bool {
	rest := z.s[z.pos:]
	n := len(name) + 3
	if len(rest) >= n && rest[0] == '<' && rest[1] == '/' && rest[n-1] == '>' && rest[2:n-1] == name {
		z.pos += n
		return true
	}
	return false
}

// structural reports whether the start tag at hand begins something that
// cannot stand in the text being read: its end was forgotten.
func (c *capturer) structural() bool {
	switch c.z.name {
	case "item", "entry":
		return c.entry != nil || c.plain()
	case "channel":
		return true
	case "pubDate", "guid", "description", "content:encoded", "dc:creator", "dc:date":
		return c.format != asMarkup
	case "link":
		return len(c.open) == 0 && c.plain() && c.name != "link"
	}
	return false
}

func (p *parser) cut(b []byte, limit int) string {
	if len(b) > limit {
		p.z.bad = true
		n := limit
		for n > 0 && b[n]&0xC0 == 0x80 {
			n--
		}
		b = b[:n]
	}
	return string(b)
}
