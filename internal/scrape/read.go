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
	base     *url.URL // of the document, <base> regarded
	request  *url.URL
	now      time.Time
	html     bool // any element at all
	warnings []string

	graph *graph // of scripts, once asked for
	seen  int    // scripts in graph
}

type linkElement struct{ rel, href string }

// markKind is why an element of the body was kept.
type markKind uint8

const (
	mHeadline   markKind = iota // h1
	mTime                       // time
	mDate                       // class speaks of a date
	mRelAuthor                  // rel=author
	mAuthorLink                 // the address speaks of an author
	mAuthorName                 // class names an author
	mByline                     // class speaks of a line with the author
	mRelTag                     // rel=tag
	mCategory                   // rel=category
	mTagLink                    // a link in a list of tags
	mTagPath                    // the address speaks of a tag
	mItem                       // itemprop
)

// mark is a remarkable element of the body.
type mark struct {
	kind  markKind
	prop  string // of mItem, in lower case; "author.name" for a name inside an author
	text  string
	value string // datetime, content, href or src
	class class  // of the element and, for elsewhere, all around it
	in    bool   // inside article or main
	after bool   // the headline
}

// element is one under way.
type element struct {
	tag   atom.Atom
	class class // elsewhere and cTags, inherited
	in    bool
	scope string // itemprop that opened the innermost item
	item  bool   // starts an item
}

// capture gathers the text of an element.
type capture struct {
	depth int // of the stack when it was opened
	mark  mark
	text  []byte
	limit int
}

type reader struct {
	*evidence
	scanner
	stack    []element
	captures []capture
	classes  map[string]class
	open     map[atom.Atom]int // how many of each are in stack
	headline bool              // one is behind us
	before   []byte
	skip     int // depth+1 of the subtree whose text is not visible
}

// read walks once through the page, to its end: stopping at the first sight of
// every field saved 3 % of the time on real pages, and changed answers.
func read(body []byte, ev *evidence) {
	r := &reader{evidence: ev, scanner: scanner{b: body}, classes: map[string]class{}, open: map[atom.Atom]int{}}
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
	if (telling(t) || len(r.before) > 0 && len(r.before) <= 24 && len(t) <= 120 && cueAlone.Match(r.before) && len(bytes.TrimSpace(t)) > 0) && r.around()&cComment == 0 && len(r.lines) < maxLines {
		r.lines = append(r.lines, line{clean(string(t)), clean(string(r.before)), r.around(), r.headline})
	}
	if b := bytes.TrimSpace(t); len(b) > 1 && len(b) <= 60 {
		r.before = b
	} else if len(b) > 60 {
		r.before = nil
	}
	if len(r.captures) == 0 {
		return
	}
	t = unescape(t)
	for i := range r.captures {
		c := &r.captures[i]
		if len(c.text) <= c.limit {
			c.text = append(c.text, t[:min(len(t), c.limit+1)]...)
		}
	}
}

// line is a short text that may tell a date or an author.
type line struct {
	text   string
	before string // the text before it, if that is short
	class  class
	after  bool // the headline
}

const maxLines = 500

// telling says that a text is short and has a year in it, or begins as a
// byline does.
func telling(t []byte) bool {
	t = bytes.TrimSpace(t)
	if len(t) < 6 || len(t) > 300 {
		return false
	}
	for i := 0; i+2 <= len(t); i++ {
		switch {
		case t[i] < '0' || t[i] > '9':
			continue
		case i+4 <= len(t) && (t[i] == '2' && t[i+1] == '0' || t[i] == '1' && t[i+1] == '9') && digit(t[i+2]) && digit(t[i+3]):
			return true
		case digit(t[i+1]) && i+3 < len(t) && (t[i+2] == '.' || t[i+2] == '/') && digit(t[i+3]):
			return true
		}
	}
	for _, p := range bylineWords {
		if len(t) > len(p) && string(t[:len(p)]) == p {
			return bylineCue.Match(t)
		}
	}
	return false
}

// bylineWords begin what bylineCue matches; to ask it of every text is dear.
var bylineWords = [...]string{"By", "by", "BY", "Von", "von", "VON", "Par", "par", "Text:", "Aut", "Written by", "Posted by", "Geschrieben", "Veröffentlicht", "Publié", "Escrito", "Por", "文"}

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
	case atom.Script, atom.Style, atom.Textarea, atom.Iframe, atom.Noembed, atom.Noframes, atom.Xmp, atom.Plaintext, atom.Noscript:
		r.rawText(tag)
		return
	case atom.Title:
		r.readTitle()
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
	for i := range r.captures {
		r.captures[i].text = append(r.captures[i].text, ' ')
	}
}

// apart keeps the words of two inline elements apart, where a name or a date
// is sought: each stands in an element of its own, often with no space between.
func (r *reader) apart() {
	for i := range r.captures {
		switch c := &r.captures[i]; c.mark.kind {
		case mByline, mDate, mAuthorName, mTime:
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

// classOf remembers what attributes hint at: few differ on a page.
func (r *reader) classOf(attr []byte) class {
	if len(attr) == 0 || len(attr) > 2000 {
		return 0
	}
	c, ok := r.classes[string(attr)]
	if !ok {
		c = classify(string(attr))
		if len(r.classes) < 4000 {
			r.classes[string(attr)] = c
		}
	}
	return c
}

// push opens an element, and decides whether its text is of interest.
func (r *reader) push(tag atom.Atom) {
	if len(r.stack) > 0 && closes(r.stack[len(r.stack)-1].tag, tag) {
		r.closeTo(len(r.stack) - 1)
	}
	if len(r.stack) >= maxDepth {
		return
	}
	a := &r.attr
	o := element{tag: tag}
	if len(r.stack) > 0 {
		up := r.stack[len(r.stack)-1]
		o.class, o.in, o.scope = up.class, up.in, up.scope
	}
	own := r.classOf(a.class)
	switch tag {
	case atom.Html, atom.Body:
		own = 0
	case atom.Article, atom.Main:
		o.in = true
		own &^= elsewhere
	case atom.Nav:
		own |= cNav
	case atom.Footer:
		if !o.in {
			own |= cNav
		}
	case atom.Aside:
		own |= cSidebar
	case atom.Div, atom.Section, atom.Ul, atom.Ol:
		own |= r.classOf(a.id)
	}
	o.class |= own & (elsewhere | cTags)
	prop := strings.ToLower(string(a.itemprop))
	if a.itemscope {
		o.item = true
		o.scope = scopeOf(prop, string(a.itemtype), o.scope)
	}
	depth := len(r.stack)
	r.stack = append(r.stack, o)
	r.open[tag]++
	r.apart()
	r.capture(tag, depth, own, o, prop)
	if r.skip == 0 && (tag == atom.Svg || tag == atom.Template || tag == atom.Select || tag == atom.Rt || tag == atom.Rp) {
		r.skip = depth + 1
	}
}

// scopeOf names the item that an element starts: the article itself is "".
func scopeOf(prop, itemtype, outer string) string {
	t := strings.ToLower(itemtype[strings.LastIndexByte(itemtype, '/')+1:])
	switch {
	case strings.Contains(prop, "author") || strings.Contains(prop, "creator"):
		return "author"
	case strings.Contains(t, "comment"):
		return "comment"
	case prop != "" && !strings.Contains(prop, "mainentity") && prop != "blogpost" && prop != "blogposts":
		return prop
	case strings.HasSuffix(t, "article") || strings.HasSuffix(t, "posting") || t == "webpage" || t == "blog" || t == "creativework" || t == "recipe" || t == "review":
		return outer
	case t == "person":
		return "person"
	case t == "":
		return outer
	}
	return t
}

// closes says that a start tag ends the element on top, whose end tag may be
// left out.
func closes(top, tag atom.Atom) bool {
	switch top {
	case atom.P:
		switch tag {
		case atom.P, atom.Div, atom.Ul, atom.Ol, atom.H1, atom.H2, atom.H3, atom.Table, atom.Section, atom.Article, atom.Footer, atom.Header, atom.Aside, atom.Nav:
			return true
		}
	case atom.Li, atom.Option, atom.Td, atom.Tr, atom.Rt, atom.Rp:
		return top == tag
	case atom.Dt, atom.Dd:
		return tag == atom.Dt || tag == atom.Dd
	case atom.Head:
		return tag == atom.Body
	}
	return false
}

// capture starts to gather the text of an element, if it may tell something.
func (r *reader) capture(tag atom.Atom, depth int, own class, o element, prop string) {
	a := &r.attr
	m := mark{class: o.class&elsewhere | own, in: o.in, after: r.headline}
	start := func(kind markKind, limit int, value []byte) {
		if len(r.captures) < 32 {
			m.kind, m.value = kind, string(value)
			r.captures = append(r.captures, capture{depth: depth, mark: m, limit: limit})
		}
	}
	if tag == atom.H1 {
		start(mHeadline, 1000, nil)
	}
	if tag == atom.Time {
		if a.pubdate {
			m.class |= cPublished
		}
		start(mTime, 200, a.datetime)
	}
	if prop != "" {
		scope := r.stack[:depth]
		outer := ""
		if len(scope) > 0 {
			outer = scope[len(scope)-1].scope
		}
		for p := range strings.FieldsSeq(prop) {
			m.prop = p
			if outer != "" && !(o.item && p == "author") {
				m.prop = outer + "." + p
			}
			switch p {
			case "author", "creator", "name", "headline", "datepublished", "datecreated", "datemodified", "keywords", "image", "url", "articlesection":
				start(mItem, 400, firstOf(a.content, a.datetime, itemSource(tag, p, a)))
			}
		}
		m.prop = ""
	}
	if tag == atom.A {
		rel := strings.ToLower(string(a.rel))
		switch {
		case hasWord(rel, "author"):
			start(mRelAuthor, 200, a.href)
		case hasWord(rel, "category"): // what a site files it under, not what it is about
			start(mCategory, 200, a.href)
		case hasWord(rel, "tag"):
			start(mRelTag, 200, a.href)
		case o.class&cTags != 0:
			start(mTagLink, 200, a.href)
		case hasPart(a.href, authorParts[:]):
			start(mAuthorLink, 200, a.href)
		case o.in && o.class&elsewhere == 0 && hasPart(a.href, tagParts[:]):
			start(mTagPath, 200, a.href)
		}
	}
	if own&cAuthorName != 0 {
		start(mAuthorName, 200, nil)
	} else if own&cByline != 0 {
		start(mByline, 300, nil)
	}
	if own&cDate != 0 && tag != atom.Time {
		start(mDate, 300, firstOf(a.datetime, a.content, a.title))
	}
}

// itemSource is where an element other than text keeps the value of a
// property, by HTML's rules for microdata.
func itemSource(tag atom.Atom, prop string, a *attrs) []byte {
	switch tag {
	case atom.Img, atom.Video, atom.Audio:
		return a.src
	case atom.A, atom.Link:
		if prop == "image" || prop == "url" {
			return a.href
		}
	case atom.Abbr: // as microformats have it
		return a.title
	}
	return nil
}

// What addresses of an author's or a tag's page have in their paths.
var (
	authorParts = [...]string{"/author/", "/authors/", "/autor/", "/autoren/", "/auteur/", "/auteurs/", "/autore/", "/writers/", "/contributors/", "/contributor/", "/redakteur/"}
	tagParts    = [...]string{"/tag/", "/tags/", "/topic/", "/topics/", "/thema/", "/themen/", "/schlagwort/", "/schlagworte/", "/stichwort/", "/keyword/", "/label/", "/etiqueta/"}
)

func hasPart(href []byte, parts []string) bool {
	if bytes.IndexByte(href, '/') < 0 {
		return false
	}
	for _, p := range parts {
		if bytes.Contains(href, []byte(p)) {
			return true
		}
	}
	return false
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
	if r.open[tag] > 0 { // else a stray one: looking for it would make hostile pages slow
		for i := len(r.stack) - 1; i >= 0; i-- {
			if r.stack[i].tag == tag {
				r.closeTo(i)
				break
			}
		}
	}
	r.apart()
}

// closeTo ends every element from depth on.
func (r *reader) closeTo(depth int) {
	for i := len(r.captures) - 1; i >= 0 && r.captures[i].depth >= depth; i-- {
		c := r.captures[i]
		r.captures = r.captures[:i]
		if len(c.text) > c.limit {
			if c.mark.kind != mItem || c.mark.value == "" {
				continue
			}
			c.text = nil
		}
		c.mark.text = collapse(string(c.text))
		if c.mark.kind == mHeadline && c.mark.text != "" {
			r.headline = true
		}
		if c.mark.text != "" || c.mark.value != "" {
			if len(r.marks) < maxMarks {
				r.marks = append(r.marks, c.mark)
			}
		}
	}
	for _, o := range r.stack[depth:] {
		r.open[o.tag]--
	}
	r.stack = r.stack[:depth]
	if r.skip > depth {
		r.skip = 0
	}
}
