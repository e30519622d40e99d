package scrape

import (
	"bytes"
	"strings"

	"golang.org/x/net/html/atom"
)

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
	mHeading                    // h2
	mShort                      // a later paragraph of a few words
	mLead                       // class speaks of a summary
	mPara                       // one of the first paragraphs
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

// census counts elements by their tag. A map took a twentieth of a page's time.
type census struct {
	few     [128]counter
	unknown int32                // that have no atom
	many    map[atom.Atom]*int32 // what finds no place there
}

type counter struct {
	tag atom.Atom
	n   int32
}

// of is where a tag is counted.
func (c *census) of(tag atom.Atom) *int32 {
	if tag == 0 {
		return &c.unknown
	}
	slot := uint32(tag) * 2654435761 >> 25
	for range 8 {
		if e := &c.few[slot]; e.tag == tag || e.tag == 0 {
			e.tag = tag
			return &e.n
		}
		slot = (slot + 1) % uint32(len(c.few))
	}
	n := c.many[tag]
	if n == nil {
		if n = new(int32); c.many == nil {
			c.many = map[atom.Atom]*int32{}
		}
		c.many[tag] = n
	}
	return n
}

// capture gathers the text of an element.
type capture struct {
	depth int // of the stack when it was opened
	mark  mark
	text  []byte
	limit int
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
	case atom.Blockquote:
		own |= cQuote
	case atom.Div, atom.Section, atom.Ul, atom.Ol:
		own |= r.classOf(a.id)
	}
	o.class |= own & (elsewhere | cTags | cQuote)
	prop := strings.ToLower(string(a.itemprop))
	if a.itemscope {
		o.item = true
		o.scope = scopeOf(prop, string(a.itemtype), o.scope)
	}
	depth := len(r.stack)
	r.stack = append(r.stack, o)
	*r.open.of(tag)++
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
		if len(r.captures) < maxCaptures {
			m.kind, m.value = kind, string(value)
			r.captures = append(r.captures, capture{depth: depth, mark: m, limit: limit, text: r.buffer()})
		}
	}
	if tag == atom.H1 {
		start(mHeadline, maxHeadline, nil)
	}
	if tag == atom.H2 && r.headings < maxHeadings {
		r.headings++
		start(mHeading, maxProperty, nil)
	}
	if tag == atom.Time {
		if a.pubdate {
			m.class |= cPublished
		}
		start(mTime, maxName, a.datetime)
	}
	for p := range strings.FieldsSeq(prop) {
		switch p {
		case "author", "creator", "name", "headline", "datepublished", "datecreated", "datemodified", "keywords", "image", "url", "articlesection":
			m.prop = r.itemProp(p, depth, o)
			start(mItem, maxProperty, firstOf(a.content, a.datetime, itemSource(tag, p, a)))
		}
	}
	m.prop = ""
	if tag == atom.A {
		if k, ok := r.linkKind(o); ok {
			start(k, maxName, a.href)
		}
	}
	r.captureLead(tag, depth, own, o, start)
	if own&cAuthorName != 0 {
		start(mAuthorName, maxName, nil)
	} else if own&cByline != 0 {
		start(mByline, maxByline, nil)
	}
	if own&cDate != 0 && tag != atom.Time {
		start(mDate, maxByline, firstOf(a.datetime, a.content, a.title))
	}
}

// itemProp names a property with the item around the element, unless that is
// the article.
func (r *reader) itemProp(prop string, depth int, o element) string {
	if depth == 0 || o.item && prop == "author" {
		return prop
	}
	if outer := r.stack[depth-1].scope; outer != "" {
		return outer + "." + prop
	}
	return prop
}

// linkKind is what the link at hand may tell.
func (r *reader) linkKind(o element) (markKind, bool) {
	rel, path := strings.ToLower(string(r.attr.rel)), pathOf(r.attr.href)
	switch {
	case hasWord(rel, "author"):
		return mRelAuthor, true
	case hasWord(rel, "category"): // what a site files it under, not what it is about
		return mCategory, true
	case hasWord(rel, "tag") && path&toCategory != 0:
		return mCategory, true
	case hasWord(rel, "tag"):
		return mRelTag, true
	case o.class&cTags != 0:
		return mTagLink, true
	case path&toAuthor != 0:
		return mAuthorLink, true
	case (o.in || r.headline) && o.class&elsewhere == 0 && path&toTag != 0:
		return mTagPath, true
	}
	return 0, false
}

// How many bytes of text an element of a kind has at most: one with more is
// something else.
const (
	maxName     = 200 // of a person, a tag, a date
	maxByline   = 300
	maxProperty = 400
	maxHeadline = 1000
)

// maxCaptures is how many elements are gathered at once, one inside the other.
const maxCaptures = 32

// maxShort is how many bytes of text such a paragraph has at most.
const maxShort = 50

// maxHeadings is how many second headings are kept.
const maxHeadings = 20

// maxParas is how many paragraphs after the headline are kept.
const maxParas = 6

// captureLead gathers the article's own summary, and its first paragraphs.
func (r *reader) captureLead(tag atom.Atom, depth int, own class, o element, start func(markKind, int, []byte)) {
	if !r.headline && !o.in {
		return
	}
	around := class(0)
	if depth > 0 {
		around = r.stack[depth-1].class & elsewhere
	}
	if around != 0 {
		return
	}
	switch tag {
	case atom.P, atom.Div, atom.Span, atom.Strong, atom.B, atom.H2, atom.H3, atom.H4, atom.Section, atom.Em:
		if own&cLead != 0 && own&elsewhere == 0 || own&cTeaser != 0 && own&elsewhere == cRelated && tag == atom.P {
			start(mLead, maxText, nil)
			return
		}
	}
	if tag == atom.P && o.class&elsewhere == 0 && r.paras < maxParas {
		r.paras++
		start(mPara, maxText, nil)
	} else if tag == atom.P && o.class&elsewhere == 0 {
		start(mShort, maxShort, nil)
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

// pathKind is what an address says of the page it leads to, by one of its folders.
type pathKind uint8

const (
	toAuthor pathKind = 1 << iota
	toTag
	toCategory
)

var folders = map[string]pathKind{
	"author": toAuthor, "authors": toAuthor, "autor": toAuthor, "autoren": toAuthor, "auteur": toAuthor, "auteurs": toAuthor, "autore": toAuthor, "writers": toAuthor, "contributors": toAuthor, "contributor": toAuthor, "redakteur": toAuthor,
	"tag": toTag, "tags": toTag, "topic": toTag, "topics": toTag, "thema": toTag, "themen": toTag, "schlagwort": toTag, "schlagworte": toTag, "stichwort": toTag, "keyword": toTag, "label": toTag, "etiqueta": toTag,
	"category": toCategory, "categories": toCategory, "kategorie": toCategory, "kategorien": toCategory, "categorie": toCategory, "categoria": toCategory, "ressort": toCategory,
}

// pathOf reads the folders of an address.
func pathOf(href []byte) (k pathKind) {
	for {
		i := bytes.IndexByte(href, '/')
		if i < 0 {
			return k
		}
		href = href[i+1:]
		if j := bytes.IndexByte(href, '/'); j >= 3 && j <= 12 {
			k |= folders[string(href[:j])]
		} else if j < 0 {
			return k
		}
	}
}

// buffer is one that an earlier capture is done with, if there is any.
func (r *reader) buffer() []byte {
	n := len(r.spare)
	if n == 0 {
		return nil
	}
	b := r.spare[n-1]
	r.spare = r.spare[:n-1]
	return b
}

// closeTo ends every element from depth on.
func (r *reader) closeTo(depth int) {
	for i := len(r.captures) - 1; i >= 0 && r.captures[i].depth >= depth; i-- {
		c := &r.captures[i]
		r.captures = r.captures[:i]
		r.spare = append(r.spare, c.text[:0])
		if len(c.text) > c.limit {
			if c.mark.kind == mShort {
				r.afterText = len(r.marks)
			}
			if c.mark.kind != mItem || c.mark.value == "" {
				continue
			}
			c.text = nil
		}
		c.mark.text = collapse(string(bytes.TrimSpace(c.text)))
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
		*r.open.of(o.tag)--
	}
	r.stack = r.stack[:depth]
	if r.skip > depth {
		r.skip = 0
	}
}
