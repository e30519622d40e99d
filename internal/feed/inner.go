package feed

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/coranto/coranto/internal/markup"
)

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

// hasC1 reports whether a C1 control stands in s: nobody means one.
func hasC1(s string) bool {
	for {
		i := strings.IndexByte(s, 0xC2)
		if i < 0 || i+1 >= len(s) {
			return false
		}
		if s[i+1] < 0xA0 {
			return true
		}
		s = s[i+2:]
	}
}

// mend gives C1 controls the sense that was meant: the whole is UTF-8 read as
// Latin-1 and written again, which makes "â¦" of "…"; or else they are the
// quotes and dashes that Windows-1252 has in their places, as HTML takes them.
func mend(s string) string {
	if t, ok := latinToUTF8(s); ok {
		return t
	}
	return strings.Map(func(r rune) rune {
		if r < 0x80 || r >= 0xA0 {
			return r
		}
		if r = charmap.Windows1252.DecodeByte(byte(r)); r == utf8.RuneError {
			return -1 // it has none there
		}
		return r
	}, s)
}

func latinToUTF8(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xFF {
			return "", false
		}
		b = append(b, byte(r))
	}
	d := decodeUTF8(b)
	return d.text, !d.bad
}
