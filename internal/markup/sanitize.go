package markup

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep elements may nest; the tags of deeper ones are dropped.
const maxDepth = 128

// Sanitize returns a safe HTML fragment with the visible text of src. Addresses
// are made absolute against base (nil: relative ones are dropped) and lose
// their tracking parameters; images that wait for a script to load them are
// made real, tracking pixels are dropped.
func Sanitize(src string, base *url.URL) string {
	if !utf8.ValidString(src) {
		src = strings.ToValidUTF8(src, "\uFFFD")
	}
	if out, ok := sanitize(src, base, false); ok {
		return out
	}
	if s, ok := untangle(src); ok {
		src = s
	}
	out, _ := sanitize(src, base, true)
	return out
}

// sanitize gives up on what is tangled, unless it is told to go on.
func sanitize(src string, base *url.URL, on bool) (string, bool) {
	w := sanitizer{z: scanner{s: src}, base: base}
	w.out = make([]byte, 0, len(src)+len(src)/16+32)
	for {
		k := w.z.next()
		if w.z.tangled && !on {
			return "", false
		}
		switch k {
		case kindEOF:
			w.popTo(0)
			return string(w.out), true
		case kindText:
			w.text(w.z.data, !w.z.raw, '"')
		case kindStart:
			w.start()
		case kindEnd:
			w.end()
		}
	}
}

type sanitizer struct {
	z       scanner
	out     []byte
	open    []*tag
	foreign int // how many of open are svg or math
	base    *url.URL
	last    string // address of the image before, to drop its double in noscript
	script  bool   // in noscript
}

func (w *sanitizer) start() {
	name := w.z.tag
	t := tags[name]
	if t == nil {
		w.dropTag(name)
		return
	}
	if t.flags&(inSVG|inMath) != 0 {
		if t.flags&fence == 0 && w.foreign == 0 && t.flags&isHTML == 0 {
			return
		}
	} else if w.foreign > 0 && t.flags&isAnchor == 0 {
		w.leaveForeign()
	}
	if w.foreign == 0 {
		w.imply(t)
	}
	if t.flags&void == 0 && len(w.open) >= maxDepth {
		return
	}
	if t.flags&isImage != 0 {
		w.image()
		return
	}
	w.out = append(w.out, '<')
	w.out = append(w.out, t.name...)
	w.attributes(t)
	w.out = append(w.out, '>')
	switch {
	case t.flags&void != 0:
	case w.z.slash && (w.foreign > 0 || t.flags&(inSVG|inMath) != 0):
		w.close(t)
	default:
		w.open = append(w.open, t)
		if t.flags&fence != 0 && t.flags&(inSVG|inMath) != 0 {
			w.foreign++
		}
	}
}

// dropTag leaves out a tag that is not allowed; of script and style the content too.
func (w *sanitizer) dropTag(name string) {
	switch name {
	case "script", "style":
		if w.foreign == 0 || !w.z.slash {
			w.z.skipContent(name)
		}
	case "noscript":
		w.script = true
	case "textarea", "xmp", "title", "plaintext":
		w.z.literal = name
	}
}

var paragraph = []string{"p"}

// imply ends what the start of t ends without saying so.
func (w *sanitizer) imply(t *tag) {
	if t.flags&block != 0 {
		w.endOpen(paragraph, fence)
	}
	if t.ends != nil {
		f := fence | list
		if t.name[0] == 't' || t.name == "caption" || t.name == "colgroup" { // of tables: cells are no fence to rows
			f = 0
		}
		w.endOpen(t.ends, f)
	}
}

// endOpen ends the nearest of the named elements that is open above a fence.
// For f == 0 it ends the outermost one above the nearest table.
func (w *sanitizer) endOpen(names []string, f flag) {
	at := -1
	for i := len(w.open) - 1; i >= 0; i-- {
		o := w.open[i]
		if slices.Contains(names, o.name) {
			at = i
			if f != 0 {
				break
			}
		}
		if o.flags&f != 0 || f == 0 && o.name == "table" {
			break
		}
	}
	if at >= 0 {
		w.popTo(at)
	}
}

func (w *sanitizer) leaveForeign() {
	for i, o := range w.open {
		if o.flags&fence != 0 && o.flags&(inSVG|inMath) != 0 {
			w.popTo(i)
			return
		}
	}
}

func (w *sanitizer) end() {
	t := tags[w.z.tag]
	if t == nil {
		w.script = w.script && w.z.tag != "noscript"
		return
	}
	if t.name == "br" {
		if w.foreign > 0 {
			w.leaveForeign()
		}
		if !bytes.HasSuffix(w.out, []byte("<br>")) { // <br></br> is one
			w.out = append(w.out, "<br>"...)
		}
		return
	}
	if t.name == "p" && w.foreign > 0 {
		w.leaveForeign()
	}
	for i := len(w.open) - 1; i >= 0; i-- {
		o := w.open[i]
		if o == t {
			w.popTo(i)
			return
		}
		if o.flags&fence != 0 && t.flags&fence == 0 && !tableRow(t.name) {
			return
		}
		if o.name == "table" {
			return
		}
	}
}

func tableRow(name string) bool {
	switch name {
	case "tr", "tbody", "thead", "tfoot":
		return true
	}
	return false
}

// popTo closes the open elements from i on.
func (w *sanitizer) popTo(i int) {
	for n := len(w.open) - 1; n >= i; n-- {
		t := w.open[n]
		w.close(t)
		if t.flags&fence != 0 && t.flags&(inSVG|inMath) != 0 {
			w.foreign--
		}
	}
	w.open = w.open[:i]
}

func (w *sanitizer) close(t *tag) {
	w.out = append(w.out, '<', '/')
	w.out = append(w.out, t.name...)
	w.out = append(w.out, '>')
}

// special marks the bytes that text does not pass on as they are.
var special = func() (t [256]bool) {
	for c := 0; c < ' '; c++ {
		t[c] = c != '\n' && c != '\t'
	}
	t['&'], t['<'], t['>'], t['"'], t[0x7F] = true, true, true, true, true
	return
}()

// text writes s, decoded where it holds references, escaped. In text quote is
// 0 or '"' (then " stays); in attributes it is escaped.
func (w *sanitizer) text(s string, refs bool, keep byte) {
	b := w.out
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && !special[s[j]] {
			j++
		}
		b = append(b, s[i:j]...)
		if i = j; i == len(s) {
			break
		}
		switch c := s[i]; {
		case c == '&' && refs:
			if strings.HasPrefix(s[i:], "&amp;") || strings.HasPrefix(s[i:], "&lt;") || strings.HasPrefix(s[i:], "&gt;") {
				n := strings.IndexByte(s[i:], ';') + 1
				b = append(b, s[i:i+n]...)
				i += n
				continue
			}
			var buf [16]byte
			d, n := appendRef(buf[:0], s[i:], keep == 0)
			b = appendEscaped(b, d, keep)
			i += n
			continue
		case c == '\r':
			if i+1 == len(s) || s[i+1] != '\n' {
				b = append(b, '\n')
			}
		default:
			b = appendEscapedByte(b, c, keep)
		}
		i++
	}
	w.out = b
}

func appendEscaped(b, d []byte, keep byte) []byte {
	for _, c := range d {
		if c == '\r' {
			c = '\n'
		}
		b = appendEscapedByte(b, c, keep)
	}
	return b
}

func appendEscapedByte(b []byte, c, keep byte) []byte {
	switch {
	case c == keep:
		return append(b, c)
	case c == '&':
		return append(b, "&amp;"...)
	case c == '<':
		return append(b, "&lt;"...)
	case c == '>':
		return append(b, "&gt;"...)
	case c == '"':
		return append(b, "&quot;"...)
	case c < ' ' && c != '\n' && c != '\t', c == 0x7F:
		return b
	}
	return append(b, c)
}
