package scrape

import (
	"bytes"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// evidence is what one pass over a page gathers; the rules choose from it.
type evidence struct {
	meta     map[string][]string // meta elements: name, property or itemprop, in lower case
	title    string
	links    []linkElement
	scripts  [][]byte // JSON-LD
	marks    []mark
	lead     []byte // visible text that follows the headline
	lang     string
	base     *url.URL // of the document, <base> regarded
	request  *url.URL
	now      time.Time
	element  bool // any element at all
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

// open is an element under way.
type open struct {
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
	z        *html.Tokenizer
	stack    []open
	captures []capture
	classes  map[string]class
	headline bool // one is behind us
	whole    bool // read to the end
	attr     attrs
	skip     int // depth+1 of the subtree whose text is not visible
}

// attrs are the attributes that matter.
type attrs struct {
	class, id, rel, href, src, content, name, property, itemprop, itemtype, datetime, typ, lang, httpEquiv, title string
	itemscope, pubdate                                                                                            bool
}

// read walks once through the page. It stops early, unless whole, when the
// head has told everything.
func read(body []byte, ev *evidence, whole bool) {
	r := &reader{evidence: ev, z: html.NewTokenizer(bytes.NewReader(body)), classes: map[string]class{}, whole: whole}
	r.z.SetMaxBuf(maxBody)
	for {
		switch r.z.Next() {
		case html.ErrorToken:
			r.closeTo(0)
			return
		case html.TextToken:
			r.textToken()
		case html.StartTagToken, html.SelfClosingTagToken:
			if r.startTag() {
				return
			}
		case html.EndTagToken:
			if r.endTag() {
				return
			}
		}
	}
}

func (r *reader) textToken() {
	if r.skip > 0 {
		return
	}
	wantLead := len(r.lead) < maxLead && r.around()&elsewhere == 0 && len(r.stack) > 0
	if len(r.captures) == 0 && !wantLead {
		return
	}
	t := r.z.Text()
	for i := range r.captures {
		c := &r.captures[i]
		if len(c.text) <= c.limit {
			c.text = append(c.text, t[:min(len(t), c.limit+1)]...)
		}
	}
	if wantLead && (r.headline || len(r.lead) < maxLead/2) {
		if t = bytes.TrimSpace(t); len(t) > 0 {
			r.lead = append(append(r.lead, t[:min(len(t), 400)]...), '\n')
		}
	}
}

// maxLead is how much text is looked through for a date.
const maxLead = 6000

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

// startTag handles a start tag; true ends the reading.
func (r *reader) startTag() bool {
	r.element = true
	name, more := r.z.TagName()
	tag := atom.Lookup(name)
	switch tag {
	case atom.Script, atom.Style, atom.Textarea, atom.Iframe, atom.Noembed, atom.Noframes, atom.Xmp, atom.Plaintext, atom.Noscript:
		r.rawText(tag, more)
		return false
	case atom.Title:
		r.readTitle()
		return false
	case atom.Br, atom.P, atom.Div, atom.Li, atom.Td, atom.H1, atom.H2, atom.Tr:
		r.space()
	case atom.Body:
		if !r.whole && r.enough() {
			return true
		}
	}
	r.readAttrs(more)
	a := &r.attr
	switch tag {
	case atom.Html:
		r.lang = first(r.lang, a.lang)
	case atom.Meta:
		r.metaElement()
	case atom.Link:
		if a.rel != "" && a.href != "" && len(r.links) < maxValues {
			r.links = append(r.links, linkElement{strings.ToLower(a.rel), a.href})
		}
		if a.itemprop != "" {
			r.item(a.href)
		}
	case atom.Base:
		if u, err := r.request.Parse(a.href); err == nil && a.href != "" && isWeb(u) {
			r.base = u
		}
	case atom.Img:
		if a.itemprop != "" {
			r.item(first(a.src, a.content))
		}
	}
	if void(tag) {
		return false
	}
	r.push(tag)
	return false
}

// enough says that the head has told all that could be hoped for.
func (r *reader) enough() bool {
	p := &Page{Sources: map[string]string{}}
	if len(r.meta["article:tag"]) == 0 {
		return false
	}
	r.fill(p)
	return p.Title != "" && p.Intro != "" && len(p.Authors) > 0 && p.Image != "" && p.Language != "" && len(p.Tags) > 0 &&
		(p.Sources["published"] == "article:published_time" || p.Sources["published"] == "jsonld") && p.Sources["title"] != "title"
}

func (r *reader) rawText(tag atom.Atom, more bool) {
	ld := false
	if tag == atom.Script && more {
		r.readAttrs(more)
		ld = strings.Contains(strings.ToLower(r.attr.typ), "ld+json")
	}
	// The tokenizer gives the content as one text token, then the end tag,
	// for which there is nothing on the stack.
	if r.z.Next() == html.TextToken && ld && len(r.scripts) < maxValues {
		r.scripts = append(r.scripts, bytes.Clone(r.z.Raw()))
	}
}

func (r *reader) readTitle() {
	svg := false
	for _, o := range r.stack {
		svg = svg || o.tag == atom.Svg
	}
	if r.z.Next() == html.TextToken && r.title == "" && !svg {
		r.title = clean(string(r.z.Text()))
	}
}

// space keeps the words of two blocks apart.
func (r *reader) space() {
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

func (r *reader) readAttrs(more bool) {
	r.attr = attrs{}
	a := &r.attr
	var key, val []byte
	for more {
		key, val, more = r.z.TagAttr()
		var to *string
		switch string(key) {
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
		if to != nil && *to == "" && len(val) <= 1<<16 {
			*to = string(val)
		}
	}
}

func (r *reader) metaElement() {
	a := &r.attr
	if a.content == "" {
		return
	}
	keys := 0
	for _, k := range []string{a.property, a.name, a.httpEquiv} {
		if k == "" {
			continue
		}
		for k := range strings.FieldsSeq(strings.ToLower(k)) {
			if len(r.meta[k]) < maxValues && len(r.meta) < 2000 {
				r.meta[k] = append(r.meta[k], a.content)
			}
			keys++
			if keys > 8 {
				return
			}
		}
	}
	if a.itemprop != "" {
		r.item(a.content)
	}
}

// item keeps a property of microdata whose value is an attribute.
func (r *reader) item(value string) {
	if value == "" {
		return
	}
	for p := range strings.FieldsSeq(strings.ToLower(r.attr.itemprop)) {
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

func (r *reader) classOf(attr string) class {
	if attr == "" {
		return 0
	}
	c, ok := r.classes[attr]
	if !ok {
		c = classify(attr)
		if len(r.classes) < 4000 {
			r.classes[attr] = c
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
	o := open{tag: tag}
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
	prop := strings.ToLower(a.itemprop)
	if a.itemscope {
		o.item = true
		o.scope = scopeOf(prop, a.itemtype, o.scope)
	}
	depth := len(r.stack)
	r.stack = append(r.stack, o)
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
func (r *reader) capture(tag atom.Atom, depth int, own class, o open, prop string) {
	a := &r.attr
	m := mark{class: o.class&elsewhere | own, in: o.in, after: r.headline}
	start := func(kind markKind, limit int, value string) {
		if len(r.captures) < 32 {
			m.kind, m.value = kind, value
			r.captures = append(r.captures, capture{depth: depth, mark: m, limit: limit})
		}
	}
	if tag == atom.H1 {
		start(mHeadline, 1000, "")
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
				start(mItem, 400, first(a.content, a.datetime, itemSource(tag, p, a)))
			}
		}
		m.prop = ""
	}
	if tag == atom.A {
		rel := strings.ToLower(a.rel)
		switch {
		case hasWord(rel, "author"):
			start(mRelAuthor, 200, a.href)
		case hasWord(rel, "category"): // what a site files it under, not what it is about
			start(mCategory, 200, a.href)
		case hasWord(rel, "tag"):
			start(mRelTag, 200, a.href)
		case o.class&cTags != 0:
			start(mTagLink, 200, a.href)
		case isAuthorLink(a.href):
			start(mAuthorLink, 200, a.href)
		}
	}
	if own&cAuthorName != 0 {
		start(mAuthorName, 200, "")
	} else if own&cByline != 0 {
		start(mByline, 300, "")
	}
	if own&cDate != 0 && tag != atom.Time {
		start(mDate, 300, first(a.datetime, a.content, a.title))
	}
}

// itemSource is where an element other than text keeps the value of a
// property, by HTML's rules for microdata.
func itemSource(tag atom.Atom, prop string, a *attrs) string {
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
	return ""
}

func isAuthorLink(href string) bool {
	for _, part := range []string{"/author/", "/authors/", "/autor/", "/autoren/", "/auteur/", "/auteurs/", "/autore/", "/writers/", "/contributors/", "/contributor/", "/redakteur/"} {
		if strings.Contains(href, part) {
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

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// endTag closes the element, and all left open in it; true ends the reading.
func (r *reader) endTag() bool {
	name, _ := r.z.TagName()
	tag := atom.Lookup(name)
	switch tag {
	case atom.Div, atom.P, atom.Li, atom.Td, atom.H1, atom.H2:
		r.space()
	}
	// An end tag far from its start is a stray one; looking on would make
	// hostile pages slow.
	for i := len(r.stack) - 1; i >= 0 && i >= len(r.stack)-64; i-- {
		if r.stack[i].tag == tag {
			r.closeTo(i)
			break
		}
	}
	r.apart()
	return tag == atom.Head && !r.whole && r.enough()
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
	r.stack = r.stack[:depth]
	if r.skip > depth {
		r.skip = 0
	}
}
