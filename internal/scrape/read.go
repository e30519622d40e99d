package scrape

import (
	"bytes"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html/atom"
)

// evidence is what one pass over a page gathers; the rules choose from it.
type evidence struct {
	meta     map[string][]string // meta elements: name, property or itemprop, in lower case
	title    string
	links    []linkElement
	scripts  [][]byte // JSON-LD
	marks    []mark
	lines    []line
	lang     string
	body     []byte   // the page, in UTF-8
	base     *url.URL // of the document, <base> regarded
	request  *url.URL
	now      time.Time
	html     bool // any element at all
	warnings []string

	afterText int // marks before the end of the last long paragraph

	graph *graph // of scripts, once asked for
	seen  int    // scripts in graph
	about node   // the graph's article
	asked int    // scripts in graph when that was found

	authorFinds [][]string // by rule, once asked for
	authorAsked []bool
}

type linkElement struct{ rel, href string }

type reader struct {
	*evidence
	scanner
	stack    []element
	captures []capture
	spare    [][]byte // texts of captures that are done
	classes  [256]classed
	open     census // how many of each are in stack
	headline bool   // one is behind us
	paras    int    // paragraphs kept
	headings int    // second ones kept
	before   []byte // the last short text
	prose    bool   // the last text of this block was long
	cue      bool   // it announces a name
	named    bool   // the last text is such a name
	listed   bool   // the last text announces another
	skip     int    // depth+1 of the subtree whose text is not visible
}

// read walks once through the page, to its end: stopping at the first sight of
// every field saved 3 % of the time on real pages, and changed answers.
func read(body []byte, ev *evidence) {
	r := &reader{evidence: ev, scanner: scanner{b: body}, stack: make([]element, 0, 64), captures: make([]capture, 0, 8)}
	for {
		switch r.next() {
		case tokEnd:
			r.closeTo(0)
			return
		case tokText:
			r.textToken()
		case tokStart:
			r.startElement()
		case tokClose:
			r.endElement()
		}
	}
}

func (r *reader) textToken() {
	if r.skip > 0 {
		return
	}
	t := r.text
	trimmed := bytes.TrimSpace(t)
	blank := len(trimmed) == 0
	more, bare := r.goesOn(t)
	if (telling(trimmed) || (r.cue || more || r.listed) && len(t) <= 120 && !blank) && r.around()&cComment == 0 && len(r.lines) < maxLines {
		l := line{clean(string(t)), clean(string(r.before)), r.around(), r.headline, more || r.listed, r.prose && *r.open.of(atom.P) > 0}
		if len(l.before) <= 3 && dayOnly(l.before) { // 8. <a>December 2010</a>
			l.text = l.before + " " + l.text
		}
		if !bare {
			r.lines = append(r.lines, l)
		}
	}
	if !blank {
		r.named, r.listed = r.cue || more || r.listed, bare
	}
	if b := trimmed; len(b) > 1 && len(b) <= 60 {
		r.before, r.cue = b, cueOf(b) != noCue
	} else if len(b) > 60 {
		r.before, r.cue, r.prose = nil, false, true
	}
	decoded := false
	for i := range r.captures {
		c := &r.captures[i]
		if len(c.text) > c.limit {
			continue // more is of no use
		}
		if !decoded {
			t, decoded = unescape(t), true
		}
		c.text = append(c.text, t[:min(len(t), c.limit+1)]...)
	}
}

// goesOn says that a text goes on with a list of names, and that there is no
// name in it yet: "and".
func (r *reader) goesOn(t []byte) (more, bare bool) {
	if !r.named || len(t) > 80 {
		return false, false
	}
	t = unescape(t)
	more = joins(t)
	return more, more && len(bytes.TrimSpace(t)) <= 4
}

// line is a short text that may tell a date or an author.
type line struct {
	text   string
	before string // the text before it, if that is short
	class  class
	after  bool // the headline
	more   bool // it goes on with the names of the line before
	within bool // a paragraph of prose
}

const maxLines = 500

// telling says that a text, trimmed, is short and has a year in it, or begins as a
// byline does.
func telling(t []byte) bool {
	if len(t) > 0 && (t[0] == '-' || t[0] == '|' || t[0] == '/') {
		t = bytes.TrimLeft(bytes.TrimPrefix(bytes.TrimLeft(t, "-|/ "), []byte("&nbsp;")), " ")
	}
	if len(t) < 6 || len(t) > 300 {
		return false
	}
	for i, c := range t[:len(t)-1] {
		switch {
		case !digit(c):
			continue
		case i+4 <= len(t) && (t[i] == '2' && t[i+1] == '0' || t[i] == '1' && t[i+1] == '9') && digit(t[i+2]) && digit(t[i+3]):
			return true
		case digit(t[i+1]) && i+3 < len(t) && (t[i+2] == '.' || t[i+2] == '/') && digit(t[i+3]):
			return true
		}
	}
	for _, p := range bylineFirst[t[0]] {
		if len(t) > len(p) && string(t[:len(p)]) == p {
			return true
		}
	}
	return false
}

// dayOnly says that a text is the day of a month: 8 or 08.
func dayOnly(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if len(s) == 0 || len(s) > 2 {
		return false
	}
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func (r *reader) around() class {
	if len(r.stack) == 0 {
		return 0
	}
	return r.stack[len(r.stack)-1].class
}

// void elements have no end tag.
func void(a atom.Atom) bool {
	switch a {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta, atom.Param, atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}

func (r *reader) startElement() {
	r.html = true
	tag := r.tag
	switch tag {
	case atom.Script, atom.Style, atom.Textarea, atom.Iframe, atom.Noembed, atom.Noframes, atom.Xmp, atom.Plaintext, atom.Noscript, atom.Title:
		switch {
		case r.raw == nil: // closed itself, in an SVG
		case tag == atom.Title:
			r.readTitle()
		default:
			r.rawText(tag)
		}
		return
	case atom.Br, atom.P, atom.Div, atom.Li, atom.Td, atom.H1, atom.H2, atom.Tr:
		r.gap()
	}
	a := &r.attr
	switch tag {
	case atom.Html:
		r.lang = first(r.lang, string(a.lang))
	case atom.Meta:
		r.metaElement()
	case atom.Link:
		if len(a.rel) > 0 && len(a.href) > 0 && len(r.links) < maxValues {
			r.links = append(r.links, linkElement{strings.ToLower(string(a.rel)), string(a.href)})
		}
		if len(a.itemprop) > 0 {
			r.item(string(a.href))
		}
	case atom.Base:
		if u, err := r.request.Parse(string(a.href)); err == nil && len(a.href) > 0 && isWeb(u) {
			r.base = u
		}
	case atom.Img:
		if len(a.itemprop) > 0 {
			r.item(first(string(a.src), string(a.content)))
		}
	}
	if void(tag) || r.self && (tag == 0 || r.skip > 0) { // only foreign elements may close themselves
		return
	}
	r.push(tag)
}

// rawText passes over an element that holds no markup, but keeps JSON-LD.
func (r *reader) rawText(tag atom.Atom) {
	ld := tag == atom.Script && bytes.Contains(bytes.ToLower(r.attr.typ), []byte("ld+json"))
	if !ld {
		r.at, r.raw = r.rawEnd(), nil
		return
	}
	if r.next() == tokText && len(r.scripts) < maxValues {
		r.scripts = append(r.scripts, r.text)
	}
}

func (r *reader) readTitle() {
	for _, o := range r.stack {
		if o.tag == atom.Svg {
			return
		}
	}
	if r.next() == tokText && r.title == "" {
		r.title = clean(string(r.text))
	}
}

// gap keeps the words of two blocks apart.
func (r *reader) gap() {
	r.prose = false
	for i := range r.captures {
		r.captures[i].text = append(r.captures[i].text, ' ')
	}
}

// apart keeps the words of two inline elements apart, where a name or a date
// is sought: each stands in an element of its own, often with no space between.
func (r *reader) apart() {
	for i := range r.captures {
		switch c := &r.captures[i]; c.mark.kind {
		case mByline, mDate, mAuthorName, mRelAuthor, mTime:
			c.text = append(c.text, ' ')
		}
	}
}

func (r *reader) metaElement() {
	a := &r.attr
	if len(a.content) == 0 {
		return
	}
	keys := 0
	for _, k := range [][]byte{a.property, a.name, a.httpEquiv} {
		if len(k) == 0 {
			continue
		}
		for k := range strings.FieldsSeq(strings.ToLower(string(k))) {
			if len(r.meta[k]) < maxValues && len(r.meta) < 2000 {
				r.meta[k] = append(r.meta[k], string(a.content))
			}
			keys++
			if keys > 8 {
				return
			}
		}
	}
	if len(a.itemprop) > 0 {
		r.item(string(a.content))
	}
}

// item keeps a property of microdata whose value is an attribute.
func (r *reader) item(value string) {
	if value == "" {
		return
	}
	for p := range strings.FieldsSeq(strings.ToLower(string(r.attr.itemprop))) {
		r.add(mark{kind: mItem, prop: r.scoped(p), value: value, class: r.around()})
	}
}

// scoped names a property with the item it belongs to, where that is one of
// interest.
func (r *reader) scoped(prop string) string {
	if len(r.stack) == 0 {
		return prop
	}
	switch s := r.stack[len(r.stack)-1].scope; s {
	case "":
		return prop
	default:
		return s + "." + prop
	}
}

func (r *reader) add(m mark) {
	if len(r.marks) < maxMarks {
		m.after = r.headline
		r.marks = append(r.marks, m)
	}
}

// classed is what an attribute was found to hint at.
type classed struct {
	attr []byte
	class
}

// classOf remembers what attributes hint at: few differ on a page.
func (r *reader) classOf(attr []byte) class {
	n := len(attr)
	if n == 0 || n > 2000 {
		return 0
	}
	slot := uint32(2166136261) // FNV of the last bytes, in which names differ most
	for _, c := range attr[max(0, n-16):] {
		slot = (slot ^ uint32(c)) * 16777619
	}
	known := &r.classes[(slot^uint32(n))%uint32(len(r.classes))]
	if !bytes.Equal(known.attr, attr) {
		*known = classed{attr, classify(attr)}
	}
	return known.class
}

func hasWord(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

func firstOf(all ...[]byte) []byte {
	for _, s := range all {
		if len(s) > 0 {
			return s
		}
	}
	return nil
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// endTag closes the element, and all left open in it.
func (r *reader) endElement() {
	tag := r.tag
	switch tag {
	case atom.Div, atom.P, atom.Li, atom.Td, atom.H1, atom.H2:
		r.gap()
	}
	if *r.open.of(tag) > 0 { // else a stray one: looking for it would make hostile pages slow
		for i := len(r.stack) - 1; i >= 0; i-- {
			if r.stack[i].tag == tag {
				r.closeTo(i)
				break
			}
		}
	}
	r.apart()
}
