package feed

import (
	"net/url"
	"strings"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/markup"
)

// feedState is what the feed says beside what is in Info already.
type feedState struct {
	titleToo, subtitle, about string
	date, created             time.Time
	owner                     []coranto.Person
	authorsToo                []coranto.Person
	lang, scope               string
	plainLink                 bool // Link is from a link element of RSS
}

// textual is how text constructs are read where the element at hand stands.
func (p *parser) textual(ns space) format {
	if ns == nsAtom || p.doc.Format == "atom" && ns == nsNone {
		return asAtom
	}
	return asField
}

// plain reads the element at hand as plain text.
func (p *parser) plain(f format) string {
	v := p.capture(f, maxText)
	if v.html {
		return markup.Text(v.s)
	}
	return strings.Clone(markup.Collapse(v.s))
}

// whole reads the element at hand as an address, an id or a date: half of one,
// where the document ends in it, would be another.
func (p *parser) whole(limit int) string {
	s := strings.TrimSpace(p.capture(asText, limit).s)
	if p.ended {
		return ""
	}
	return s
}

// opaque reads an identifier: nothing but the white space around it is lost.
func (p *parser) opaque() string {
	s := p.whole(maxAddress)
	if len(s) >= maxAddress {
		return "" // cut short it would name something else
	}
	return strings.Clone(s)
}

// date reads the element at hand as a date; zero when it cannot be read.
func (p *parser) date() time.Time {
	t, _ := parseDate(p.whole(maxText))
	return t
}

func (p *parser) resolveAt(base *url.URL, ref string) string {
	if len(ref) > maxAddress {
		p.z.bad = true
		return ""
	}
	return strings.Clone(markup.Resolve(base, ref))
}

func personAddress(p *parser, base *url.URL, ref string) string {
	if ref == "" {
		return ""
	}
	if len(ref) > 7 && strings.EqualFold(ref[:7], "mailto:") {
		return ref
	}
	return p.resolveAt(base, ref)
}

// address reads the element at hand as an address.
func (p *parser) address() string {
	base := p.base()
	s := p.whole(maxAddress + 1)
	if s == "" {
		return ""
	}
	return p.resolveAt(base, s)
}

// feedChild handles an element of the channel or feed.
func (p *parser) feedChild(f field, ns space) {
	d := &p.doc.Feed
	switch f {
	case fChannel:
		if p.info.about == "" {
			p.info.about = p.attr("about")
		}
		p.feedLanguage()
		p.open(inFeed)
	case fItem:
		p.startEntry()
	case fTitle:
		set(&d.Title, p.plain(p.textual(ns)))
	case fTitleToo:
		set(&p.info.titleToo, p.plain(asField))
	case fSubtitle:
		set(&p.info.subtitle, p.plain(p.textualHTML(ns)))
	case fSummary:
		if s := p.plain(p.textualHTML(ns)); ns == nsItunes {
			set(&p.info.subtitle, s)
		} else {
			set(&d.Description, s)
		}
	case fLink:
		p.feedLink(ns)
	case fID:
		set(&d.ID, p.opaque())
	case fRights:
		set(&d.Rights, p.plain(p.textual(ns)))
	case fGenerator:
		set(&d.Generator, p.plain(asField))
	case fGeneratorAgent:
		set(&d.Generator, p.attr("resource"))
		p.ignore()
	case fLanguage:
		set(&p.info.lang, languageTag(p.plain(asText)))
	case fTTL:
		set(&d.TTL, p.plain(asText))
	case fPeriod:
		set(&d.Period, p.plain(asText))
	case fFrequency:
		set(&d.Frequency, p.plain(asText))
	case fPublished:
		last(&d.Published, p.date())
	case fUpdated:
		last(&d.Updated, p.date())
	case fCreated:
		last(&p.info.created, p.date())
	case fDate:
		last(&p.info.date, p.date())
	case fAuthor:
		p.startPerson(roleAuthor)
	case fContributor:
		p.startPerson(roleContributor)
	case fOwner:
		p.startPerson(roleOwner)
	case fAuthorToo:
		p.info.authorsToo = addPerson(p.info.authorsToo, parsePerson(p.plain(asField)))
	case fCategory:
		p.category(ns)
	case fKeywords:
		p.keywords()
	case fLogo:
		set(&d.Image, p.address())
	case fIcon:
		set(&d.Icon, p.address())
	case fImage:
		p.imageElement()
	case fThumbnail, fMedia:
		set(&d.Image, p.pictureAddress(f))
		p.ignore()
	default:
		p.ignore()
	}
}

// textualHTML is textual for what is HTML in RSS.
func (p *parser) textualHTML(ns space) format {
	if f := p.textual(ns); f == asAtom {
		return f
	}
	return asHTML
}

// set gives a field its value unless it has one: the first counts.
func set(dst *string, s string) {
	if *dst == "" {
		*dst = s
	}
}

// last gives a date its value: of several the last counts.
func last(dst *time.Time, t time.Time) {
	if !t.IsZero() {
		*dst = t
	}
}

// feedLanguage notes xml:lang of the elements around the feed.
func (p *parser) feedLanguage() {
	if l := p.top().lang; l != "" {
		p.info.scope = l
	}
}

func (p *parser) imageElement() {
	base := p.base()
	if href := strings.TrimSpace(p.attr("href")); href != "" {
		u := p.resolveAt(base, href)
		if p.entry != nil {
			p.entry.picture(u, pictureOwn)
		} else if p.doc.Feed.Image == "" {
			p.doc.Feed.Image = u
		}
		p.ignore()
		return
	}
	p.open(inImage)
}

func (p *parser) imageChild(f field) {
	if f != fURI {
		p.ignore()
		return
	}
	u := p.address()
	if p.entry != nil {
		p.entry.picture(u, pictureOwn)
	} else {
		set(&p.doc.Feed.Image, u)
	}
}

func (p *parser) pictureAddress(f field) string {
	if f == fMedia && !p.isPicture() {
		return ""
	}
	if u := strings.TrimSpace(p.attr("url")); u != "" {
		return p.resolveAt(p.base(), u)
	}
	return ""
}

func (p *parser) isPicture() bool {
	if m := p.attr("medium"); m != "" {
		return m == "image"
	}
	return strings.HasPrefix(p.attr("type"), "image/")
}

// category reads a tag: its label, else its term, else its text.
func (p *parser) category(ns space) {
	tag := ""
	for _, name := range [...]string{"label", "term", "text"} {
		if tag = p.attr(name); strings.TrimSpace(tag) != "" {
			break
		}
	}
	if strings.TrimSpace(tag) == "" && ns != nsItunes {
		p.addTag(p.plain(asField))
		return
	}
	p.addTag(markup.TextOfField(tag))
	p.open(inCategory)
}

func (p *parser) keywords() {
	for w := range strings.SplitSeq(p.plain(asField), ",") {
		p.addTag(strings.TrimSpace(w))
	}
}

func (p *parser) addTag(tag string) {
	list := &p.doc.Feed.Tags
	if p.entry != nil {
		list = &p.entry.Tags
	}
	if p.source != nil || tag == "" || len(tag) > 512 {
		return
	}
	for _, t := range *list {
		if t == tag {
			return
		}
	}
	if len(*list) >= maxList {
		p.z.bad = true
		return
	}
	*list = append(*list, strings.Clone(tag))
}

// readLink reads a link element: with attributes, or the address as text.
func (p *parser) readLink() (coranto.Link, bool) {
	base := p.base()
	l := coranto.Link{Rel: relation(p.attr("rel")), Type: p.attr("type"), Title: markup.TextOfField(p.attr("title")), Hreflang: p.attr("hreflang"), Length: p.attr("length")}
	if p.hasAttr("href") {
		l.Href = p.resolveAt(base, p.attr("href"))
		p.ignore()
		return l, l.Href != ""
	}
	if s := p.whole(maxAddress + 1); s != "" {
		l.Href = p.resolveAt(base, s)
	}
	return l, l.Href != ""
}

func relation(rel string) string {
	rel = strings.TrimSpace(rel)
	if rel == "" {
		return "alternate"
	}
	for _, p := range [...]string{"http://www.iana.org/assignments/relation/", "http://www.iana.org/assignments/link-relations/"} {
		rel = strings.TrimPrefix(rel, p)
	}
	return rel
}

func htmlType(t string) bool {
	return t == "" || strings.HasPrefix(t, "text/html") || strings.HasPrefix(t, "application/xhtml+xml")
}

func (p *parser) feedLink(ns space) {
	d := &p.doc.Feed
	plain := !p.hasAttr("href") && ns == nsNone
	l, ok := p.readLink()
	if !ok {
		return
	}
	if len(d.Links) < maxList {
		d.Links = append(d.Links, l)
	}
	switch {
	case plain && l.Rel == "alternate":
		if !p.info.plainLink {
			d.Link, p.info.plainLink = l.Href, true
		}
	case l.Rel == "alternate" && (d.Link == "" || !p.info.plainLink && htmlType(l.Type) && !p.htmlBefore(d.Links)):
		d.Link = l.Href
	case l.Rel == "self":
		set(&d.FeedURL, l.Href)
	case l.Rel == "image":
		set(&d.Image, l.Href)
	case l.Rel == "icon":
		set(&d.Icon, l.Href)
	}
}

// htmlBefore reports whether an earlier alternate than the last link was HTML.
func (p *parser) htmlBefore(links []coranto.Link) bool {
	for _, l := range links[:len(links)-1] {
		if l.Rel == "alternate" && htmlType(l.Type) {
			return true
		}
	}
	return false
}

// finishFeed settles what depends on the whole feed.
func (p *parser) finishFeed() {
	d := &p.doc.Feed
	set(&d.Title, p.info.titleToo)
	set(&d.Description, p.info.subtitle)
	if d.Published.IsZero() {
		d.Published = p.info.created
	}
	if d.Updated.IsZero() {
		d.Updated = p.info.date
	} else if d.Published.IsZero() {
		d.Published = p.info.date
	}
	if len(d.Authors) == 0 {
		d.Authors = p.info.authorsToo
	}
	if len(d.Authors) == 0 {
		d.Authors = p.info.owner
	}
	d.Language = p.info.lang
	set(&d.Language, p.info.scope)
	if l, _, _ := strings.Cut(p.m.ContentLanguage, ","); d.Language == "" {
		d.Language = languageTag(l)
	}
	for i := range d.Links {
		cloneLink(&d.Links[i])
	}
	d.Generator, d.Language = strings.Clone(d.Generator), strings.Clone(d.Language)
}

// cloneLink frees the link of the document's text, which it would keep alive.
func cloneLink(l *coranto.Link) {
	l.Rel, l.Type, l.Hreflang, l.Length = strings.Clone(l.Rel), strings.Clone(l.Type), strings.Clone(l.Hreflang), strings.Clone(l.Length)
	l.Title = strings.Clone(l.Title)
}

func (p *parser) sourceChild(f field) {
	s := p.source
	switch f {
	case fTitle:
		set(&s.Title, p.plain(asAtom))
	case fID:
		set(&s.ID, p.opaque())
	case fLink:
		if l, ok := p.readLink(); ok && (l.Rel == "alternate" || l.Rel == "self" && s.Link == "") {
			s.Link = l.Href
		}
	default:
		p.ignore()
	}
}

func (p *parser) endSource() {
	if p.entry != nil && *p.source != (coranto.EntrySource{}) {
		p.entry.Source = p.source
	}
	p.source = nil
}
