package feed

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"strings"

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
	if p.z.c1 {
		p.z.c1 = false
		v.s = mend(v.s)
	}
	switch {
	case f == asBase64:
		if d, ok := decodeBase64(v.s); ok {
			v.s = d
		} else {
			p.z.bad = true
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
	return decodeUTF8(b).text, true
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
	name := p.top().name
	b := p.buf[:0]
	defer func() { p.buf = b[:0] }()
	var open []inner
	deep := 0
	quote := f == asMarkup // text is literal there, and so is escaped
	for {
		switch tok := p.z.next(name); tok {
		case tokEOF:
			p.z.bad = true
			p.leave()
			return p.cut(b, limit), tags
		case tokText, tokCDATA:
			if len(b) > limit {
				continue
			}
			literal := quote || len(open) > 0 && f != asBase64
			switch {
			case tok == tokCDATA && literal && len(open) > 0 && f == asHTML:
				b = append(b, p.z.data...) // HTML in CDATA inside stray markup
			case tok == tokCDATA && literal:
				b = append(b, markup.Escape(p.z.data)...)
			case tok == tokCDATA:
				b = append(b, p.z.data...)
			case literal:
				start := len(b)
				b = p.z.appendText(b, p.z.data)
				b = escapeTail(b, start)
			default:
				b = p.z.appendText(b, p.z.data)
			}
		case tokStart:
			if p.structural(f, len(open)) {
				p.z.bad = true
				p.z.pos = p.z.begin
				p.leave()
				return p.cut(b, limit), tags
			}
			if tags++; tags == 1 && (f == asText || f == asField) {
				b = []byte(markup.Escape(string(b)))
				quote = true
			}
			in := p.enterInner(open)
			if len(b) <= limit && len(open)+deep < maxDepth {
				b = p.appendTag(b, in)
			}
			switch {
			case p.z.empty:
				b = p.closeInner(b, in, limit)
			case len(open) >= maxDepth:
				p.bindings = p.bindings[:in.bindings]
				p.z.bad = true
				deep++
			default:
				open = append(open, in)
			}
		case tokEnd:
			if deep > 0 && p.z.name != name {
				deep--
				continue
			}
			i := len(open) - 1
			for i >= 0 && open[i].name != p.z.name {
				i--
			}
			if i >= 0 {
				if i != len(open)-1 {
					p.z.bad = true
				}
				for n := len(open) - 1; n >= i; n-- {
					b = p.closeInner(b, open[n], limit)
				}
				open = open[:i]
				continue
			}
			if p.z.name == name || strings.EqualFold(p.z.name, name) {
				p.z.bad = p.z.bad || len(open) > 0 || p.z.name != name
				p.leave()
				return p.cut(b, limit), tags
			}
			p.z.bad = true
			n := p.find(p.z.name)
			if n > 0 && n < len(p.stack)-1 || len(open) == 0 && (f == asText || f == asField) && n == 0 {
				// The end of what the element stands in, or a misspelt end of itself.
				p.leave()
				if n > 0 {
					p.popTo(n)
				}
				return p.cut(b, limit), tags
			}
		}
	}
}

// structural reports whether the start tag at hand begins something that
// cannot stand in the text being read: its end was forgotten.
func (p *parser) structural(f format, depth int) bool {
	switch p.z.name {
	case "item", "entry":
		return p.entry != nil || f == asText || f == asField
	case "channel":
		return true
	case "pubDate", "guid", "description", "content:encoded", "dc:creator", "dc:date":
		return f != asMarkup
	}
	return depth == 0 && p.z.name == "link" && (f == asText || f == asField) && p.top().name != "link"
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

// enterInner notes namespaces and base of an element inside content.
func (p *parser) enterInner(open []inner) inner {
	in := inner{name: p.z.name, base: "", bindings: len(p.bindings)}
	if len(open) > 0 {
		in.base = open[len(open)-1].base
	}
	for i := range p.z.attrs {
		a := &p.z.attrs[i]
		if len(a.name) < 5 || a.name[:3] != "xml" {
			continue
		}
		switch {
		case a.name == "xmlns":
			p.bindings = append(p.bindings, binding{"", spaceOf(p.z.value(a.val))})
		case strings.HasPrefix(a.name, "xmlns:"):
			p.bindings = append(p.bindings, binding{a.name[6:], spaceOf(p.z.value(a.val))})
		case a.name == "xml:base":
			outer := in.base
			if outer == "" {
				outer = p.top().base
			}
			if u := markup.Resolve(p.baseOf(outer), p.z.value(a.val)); u != "" {
				in.base = u
			}
		}
	}
	return in
}

// local is the name an element of content has in HTML.
func (p *parser) local(name string) string {
	if strings.IndexByte(name, ':') < 0 {
		return name
	}
	switch ns, local := p.resolve(name); ns {
	case nsXHTML, nsSVG, nsMath, nsNone, nsAtom:
		return local
	}
	return name
}

func (p *parser) appendTag(b []byte, in inner) []byte {
	b = append(b, '<')
	b = append(b, p.local(in.name)...)
	for i := range p.z.attrs {
		a := &p.z.attrs[i]
		if strings.HasPrefix(a.name, "xmlns") {
			continue
		}
		b = append(b, ' ')
		b = append(b, a.name...)
		b = append(b, '=', '"')
		start := len(b)
		switch {
		case in.base != "" && (a.name == "href" || a.name == "src" || a.name == "cite" || a.name == "poster"):
			val := p.z.value(a.val)
			if u := markup.Resolve(p.baseOf(in.base), val); u != "" {
				val = u
			}
			b = append(b, val...)
		default:
			b = p.z.appendText(b, a.val)
		}
		b = escapeTail(b, start)
		b = append(b, '"')
	}
	return append(b, '>')
}

var voidTags = map[string]bool{"area": true, "br": true, "col": true, "embed": true, "hr": true, "img": true, "input": true, "link": true,
	"meta": true, "param": true, "source": true, "track": true, "wbr": true, "base": true, "frame": true}

func (p *parser) closeInner(b []byte, in inner, limit int) []byte {
	if n := p.local(in.name); len(b) <= limit && !voidTags[n] {
		b = append(b, '<', '/')
		b = append(b, n...)
		b = append(b, '>')
	}
	p.bindings = p.bindings[:in.bindings]
	return b
}

// escapeTail escapes what was appended to b from start on.
func escapeTail(b []byte, start int) []byte {
	if !bytes.ContainsAny(b[start:], `&<>"`) {
		return b
	}
	tail := string(b[start:])
	b = b[:start]
	for i := 0; i < len(tail); i++ {
		switch c := tail[i]; c {
		case '&':
			b = append(b, "&amp;"...)
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '"':
			b = append(b, "&quot;"...)
		default:
			b = append(b, c)
		}
	}
	return b
}

// mend undoes what makes "â¦" of "…": UTF-8 read as Latin-1 and written again.
func mend(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xFF {
			return s
		}
		b = append(b, byte(r))
	}
	if d := decodeUTF8(b); !d.bad {
		return d.text
	}
	return s
}
