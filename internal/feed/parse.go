package feed

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/markup"
)

const (
	defaultEntries = 10_000
	maxDepth       = 96       // open elements
	maxText        = 16 << 10 // bytes of a title and its like
	maxBody        = 4 << 20  // bytes of a content
	maxAddress     = 8 << 10
	maxList        = 256 // tags, links, authors … of an entry
	excerptRunes   = 600 // of a summary in SummaryOnly
)

// place says what the open element is, and so what its children mean.
type place byte

const (
	inDocument place = iota
	inRoot           // rss, rdf:RDF
	inFeed           // channel, feed
	inEntry          // item, entry
	inPerson
	inImage  // the feed's
	inMedia  // media:group, media:content
	inSource // atom:source
	inCategory
	inDropped // an entry beyond MaxEntries
	inUnknown
)

type frame struct {
	name     string // as written
	place    place
	bindings int // how many there were before it
	base     string
	lang     string
}

// parser walks the tokens of an XML feed and fills in the document.
type parser struct {
	z        *tokenizer
	m        Meta
	doc      *Document
	bindings []binding
	stack    []frame
	deep     int  // open elements beyond maxDepth
	ended    bool // the document ended within an element that was read

	entry  *entry
	person *person
	info   feedState
	source *coranto.EntrySource

	bases map[string]*url.URL
	buf   []byte
}

func newParser(text string, m Meta) *parser {
	p := &parser{z: newTokenizer(text), m: m, doc: &Document{}, bases: map[string]*url.URL{}}
	if p.m.MaxEntries <= 0 {
		p.m.MaxEntries = defaultEntries
	}
	base := m.URL
	if m.ContentLocation != "" {
		if u := markup.Resolve(parseURL(m.URL), m.ContentLocation); u != "" {
			base = u
		}
	}
	p.stack = append(p.stack, frame{base: base})
	return p
}

func parseURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil || s == "" {
		return nil
	}
	return u
}

func (p *parser) top() *frame { return &p.stack[len(p.stack)-1] }

// base returns the base address in scope.
func (p *parser) base() *url.URL { return p.baseOf(p.top().base) }

func (p *parser) baseOf(s string) *url.URL {
	if u, ok := p.bases[s]; ok {
		return u
	}
	u := parseURL(s)
	if len(p.bases) < 1024 {
		p.bases[s] = u
	}
	return u
}

// run walks the document from its root element on.
func (p *parser) run() error {
	for {
		switch p.z.next(p.top().name) {
		case tokEOF:
			return p.finish()
		case tokText, tokCDATA:
			p.text()
		case tokStart:
			if err := p.start(); err != nil {
				return err
			}
		case tokEnd:
			p.end()
		}
	}
}

func (p *parser) finish() error {
	if len(p.stack) == 1 && p.doc.Format == "" {
		if !strings.Contains(p.z.s, "<") {
			return fmt.Errorf("%w: it is plain text: %q", ErrNotFeed, markup.Excerpt(p.z.s[:min(len(p.z.s), 512)], 60))
		}
		return fmt.Errorf("%w: there is no feed element in it", ErrNotFeed)
	}
	if len(p.stack) > 1 {
		p.z.bad = true
		within := p.entry != nil
		p.popTo(1)
		if within {
			p.doc.leaveOut()
		}
	}
	p.finishFeed()
	p.doc.Malformed = p.doc.Malformed || p.z.bad
	return nil
}

// leaveOut takes away the last entry, which the document ends in, if it leads
// nowhere yet and those before it do.
func (d *Document) leaveOut() {
	n := len(d.Entries) - 1
	if n > 0 && d.Entries[n].Link == "" && d.Entries[n-1].Link != "" {
		d.Entries, d.Cut = d.Entries[:n], true
	}
}

func (p *parser) text() {
	if f := p.top().place; f == inPerson {
		p.person.addText(p)
	} else if f == inCategory || f == inUnknown {
		return
	} else if !blank(p.z.data) && (f == inDocument || f == inRoot) {
		p.z.bad = true
	}
}

func blank(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isSpace(s[i]) {
			return false
		}
	}
	return true
}

// start handles a start tag where the feed's structure is read.
func (p *parser) start() error {
	if len(p.stack) > maxDepth {
		p.z.bad = true
		if !p.z.empty {
			p.deep++
		}
		return nil
	}
	p.enter()
	ns, local := p.resolve(p.top().name)
	f := fieldOf(ns, local)
	item := f == fItem && (ns == nsNone || ns == nsAtom)
	switch outer := p.stack[len(p.stack)-2].place; outer {
	case inDocument:
		return p.root(ns, local)
	case inRoot, inFeed:
		p.feedChild(f, ns)
	case inEntry:
		p.entryChild(f, ns)
	case inUnknown:
		if item && p.entry == nil { // items are found wherever they stand
			p.startEntry()
			return nil
		}
		p.ignore()
	default:
		if item { // the end of what it stands in is missing
			p.z.bad = true
			p.z.pos = p.z.begin
			p.popTo(len(p.stack) - 2)
			return nil
		}
		p.child(outer, f, ns)
	}
	return nil
}

// child handles an element of one that is itself part of a feed or entry.
func (p *parser) child(outer place, f field, ns space) {
	switch outer {
	case inPerson:
		p.personChild(f)
	case inImage:
		p.imageChild(f)
	case inMedia:
		p.mediaChild(f, ns)
	case inSource:
		p.sourceChild(f)
	case inCategory:
		if f == fCategory {
			p.category(ns)
			return
		}
		p.ignore()
	default:
		p.ignore()
	}
}

// enter opens a frame for the tag at hand: namespaces, xml:base, xml:lang.
func (p *parser) enter() {
	parent := p.top()
	f := frame{name: p.z.name, place: inUnknown, bindings: len(p.bindings), base: parent.base, lang: parent.lang}
	for i := range p.z.attrs {
		a := &p.z.attrs[i]
		if len(a.name) < 5 || a.name[0] != 'x' || a.name[1] != 'm' || a.name[2] != 'l' {
			continue
		}
		switch {
		case a.name == "xmlns":
			p.bindings = append(p.bindings, binding{"", spaceOf(p.z.value(a.val))})
		case strings.HasPrefix(a.name, "xmlns:"):
			p.bindings = append(p.bindings, binding{a.name[6:], spaceOf(p.z.value(a.val))})
		case a.name == "xml:base":
			if u := markup.Resolve(p.baseOf(f.base), p.z.value(a.val)); u != "" {
				f.base = u
			}
		case a.name == "xml:lang":
			f.lang = languageTag(p.z.value(a.val))
		}
	}
	p.stack = append(p.stack, f)
}

// leave closes the innermost element.
func (p *parser) leave() {
	f := p.top()
	p.bindings = p.bindings[:f.bindings]
	place := f.place
	p.stack = p.stack[:len(p.stack)-1]
	switch place {
	case inEntry:
		p.endEntry()
	case inPerson:
		p.endPerson()
	case inSource:
		p.endSource()
	}
}

// open keeps the element open with this meaning for its children.
func (p *parser) open(pl place) {
	p.top().place = pl
	if p.z.empty {
		p.leave()
	}
}

// ignore leaves the element and all in it unread.
func (p *parser) ignore() { p.open(inUnknown) }

func (p *parser) popTo(n int) {
	for len(p.stack) > n {
		p.leave()
	}
}

// end handles an end tag: the element it names and all open in it end.
func (p *parser) end() {
	if p.deep > 0 {
		p.deep--
		return
	}
	n := p.find(p.z.name)
	if n == 0 {
		p.z.bad = true
		return
	}
	if n != len(p.stack)-1 {
		p.z.bad = true
	}
	p.popTo(n)
}

// find returns the innermost open element of this name, 0 for none.
func (p *parser) find(name string) int {
	for i := len(p.stack) - 1; i > 0; i-- {
		if p.stack[i].name == name {
			return i
		}
	}
	for i := len(p.stack) - 1; i > 0; i-- {
		if strings.EqualFold(p.stack[i].name, name) {
			p.z.bad = true
			return i
		}
	}
	return 0
}

// attr returns the value of an attribute of the tag at hand, whatever its
// prefix and case.
func (p *parser) attr(name string) string {
	for i := range p.z.attrs {
		a := &p.z.attrs[i]
		if a.name == name {
			return p.z.value(a.val)
		}
	}
	for i := range p.z.attrs {
		a := &p.z.attrs[i]
		if len(a.name) >= len(name) && strings.EqualFold(a.name[len(a.name)-len(name):], name) {
			if rest := a.name[:len(a.name)-len(name)]; rest == "" || strings.HasSuffix(rest, ":") && rest != "xmlns:" && rest != "xml:" {
				return p.z.value(a.val)
			}
		}
	}
	return ""
}

func (p *parser) hasAttr(name string) bool {
	for i := range p.z.attrs {
		if strings.EqualFold(p.z.attrs[i].name, name) {
			return true
		}
	}
	return false
}
