package feed

import (
	"strings"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/markup"
)

// entry is an Entry in the making.
type entry struct {
	coranto.Entry
	titleToo           string
	summary, content   value
	summaryToo         value // where there is no summary
	hasSummary         bool
	hasContent, spare  bool // spare: content is a second summary
	created, date      time.Time
	authorsToo         []coranto.Person
	guid, origLink     string
	permalink          bool
	lang, scope        string
	plainLink, anyLink bool
	pictureRank        int
}

// Where an entry's image is from, best first.
const (
	pictureOwn = iota + 1
	pictureThumbnail
	pictureMedia
	pictureEnclosure
)

func (e *entry) picture(u string, rank int) {
	if u != "" && (e.pictureRank == 0 || rank < e.pictureRank) {
		e.Image, e.pictureRank = u, rank
	}
}

func (p *parser) startEntry() {
	if len(p.doc.Entries) >= p.m.MaxEntries {
		p.doc.Dropped++
		p.z.bad = true
		p.open(inDropped)
		return
	}
	p.entry = &entry{scope: p.top().lang}
	if id := strings.TrimSpace(p.attr("about")); id != "" && len(id) < maxAddress {
		p.entry.ID = strings.Clone(id)
	}
	p.open(inEntry)
}

// restart ends the entry that lacks its end where another begins, and reads
// the start of that again.
func (p *parser) restart() {
	p.z.bad = true
	p.z.pos = p.z.begin
	for p.entry != nil {
		p.leave()
	}
}

// entryChild handles an element of an item or entry.
func (p *parser) entryChild(f field, ns space) {
	e := p.entry
	switch f {
	case fItem:
		p.restart()
	case fTitle:
		set(&e.Title, p.plain(p.textual(ns)))
	case fTitleToo:
		set(&e.titleToo, p.plain(asField))
	case fLink:
		p.entryLink(ns)
	case fGUID:
		perm := strings.ToLower(strings.TrimSpace(p.attr("ispermalink")))
		e.guid = p.opaque()
		e.permalink = perm == "true" || perm != "false" && isWeb(e.guid)
		if e.guid != "" {
			e.ID = e.guid
		}
	case fID:
		set(&e.ID, p.opaque())
	case fPublished:
		last(&e.Published, p.date())
	case fUpdated:
		last(&e.Updated, p.date())
	case fCreated:
		last(&e.created, p.date())
	case fDate:
		last(&e.date, p.date())
	case fAuthor:
		p.startPerson(roleAuthor)
	case fContributor:
		p.startPerson(roleContributor)
	case fOwner:
		p.startPerson(roleOwner)
	case fAuthorToo:
		e.authorsToo = addPerson(e.authorsToo, parsePerson(p.plain(asField)))
	case fSummary, fSummaryToo, fSubtitle, fContent, fBody:
		p.entryText(f, ns)
	case fCategory:
		p.category(ns)
	case fKeywords:
		p.keywords()
	case fEnclosure:
		p.enclosure()
	case fImage, fLogo:
		p.imageElement()
	case fMedia, fMediaGroup, fThumbnail:
		p.mediaChild(f, ns)
	case fComments:
		set(&e.Comments, p.address())
	case fCommentFeed:
		if u := p.address(); u != "" {
			e.addLink(coranto.Link{Href: u, Rel: "replies", Type: "application/rss+xml"})
		}
	case fRights:
		set(&e.Rights, p.plain(p.textual(ns)))
	case fLanguage:
		set(&e.lang, languageTag(p.plain(asText)))
	case fSource:
		p.sourceElement()
	case fOriginalLink:
		set(&e.origLink, p.address())
	default:
		p.ignore()
	}
}

func isWeb(s string) bool {
	return len(s) > 8 && (strings.EqualFold(s[:7], "http://") || strings.EqualFold(s[:8], "https://"))
}

func (e *entry) addLink(l coranto.Link) {
	if len(e.Links) < maxList {
		cloneLink(&l)
		e.Links = append(e.Links, l)
	}
}

func (p *parser) sourceElement() {
	if u := strings.TrimSpace(p.attr("url")); u != "" || p.doc.Format != "atom" {
		base := p.base()
		s := coranto.EntrySource{Title: p.plain(asField)}
		if u != "" {
			s.Link = p.resolveAt(base, u)
		}
		if s != (coranto.EntrySource{}) {
			p.entry.Source = &s
		}
		return
	}
	p.source = &coranto.EntrySource{}
	p.open(inSource)
}

func (p *parser) entryLink(ns space) {
	e := p.entry
	plain := !p.hasAttr("href") && ns == nsNone
	l, ok := p.readLink()
	if !ok {
		return
	}
	e.addLink(l)
	switch {
	case l.Rel == "alternate" && plain:
		if !e.plainLink {
			e.Link, e.plainLink = l.Href, true
		}
	case l.Rel == "alternate":
		if e.Link == "" || !e.plainLink && !e.anyLink && htmlType(l.Type) {
			e.Link = l.Href
		}
		e.anyLink = e.anyLink || htmlType(l.Type)
	case l.Rel == "enclosure":
		e.enclose(coranto.Enclosure{URL: l.Href, Type: l.Type, Length: l.Length})
	case l.Rel == "replies" && strings.HasPrefix(l.Type, "text/html"):
		set(&e.Comments, l.Href)
	case l.Rel == "image":
		e.picture(l.Href, pictureOwn)
	}
}

func (e *entry) enclose(x coranto.Enclosure) {
	if x.URL == "" || len(e.Enclosures) >= maxList {
		return
	}
	for _, y := range e.Enclosures {
		if y.URL == x.URL {
			return
		}
	}
	x.Type, x.Length = strings.Clone(strings.TrimSpace(x.Type)), strings.Clone(strings.TrimSpace(x.Length))
	e.Enclosures = append(e.Enclosures, x)
	if strings.HasPrefix(x.Type, "image/") {
		e.picture(x.URL, pictureEnclosure)
	}
}

func (p *parser) enclosure() {
	u := strings.TrimSpace(p.attr("url"))
	if u == "" {
		u = strings.TrimSpace(p.attr("href"))
	}
	if u != "" {
		x := coranto.Enclosure{URL: p.resolveAt(p.base(), u), Type: p.attr("type"), Length: p.attr("length")}
		p.entry.enclose(x)
		if x.URL != "" {
			p.entry.addLink(coranto.Link{Href: x.URL, Rel: "enclosure", Type: x.Type, Length: x.Length})
		}
	}
	p.ignore()
}

// mediaChild handles elements of Media RSS, which nest in one another.
func (p *parser) mediaChild(f field, ns space) {
	e := p.entry
	if e == nil {
		p.ignore()
		return
	}
	switch f {
	case fMediaGroup:
		p.open(inMedia)
	case fMedia:
		if u := strings.TrimSpace(p.attr("url")); u != "" {
			u = p.resolveAt(p.base(), u)
			typ := p.attr("type")
			switch {
			case p.isPicture():
				e.picture(u, pictureMedia)
			case strings.HasPrefix(typ, "audio/"), strings.HasPrefix(typ, "video/"):
				e.enclose(coranto.Enclosure{URL: u, Type: typ, Length: p.attr("filesize")})
			}
		}
		p.open(inMedia)
	case fThumbnail:
		if u := strings.TrimSpace(p.attr("url")); u != "" {
			e.picture(p.resolveAt(p.base(), u), pictureThumbnail)
		}
		p.ignore()
	case fTitleToo:
		set(&e.titleToo, p.plain(asField))
	case fSummaryToo:
		p.entryText(f, ns)
	case fCategory:
		p.category(ns)
	case fKeywords:
		p.keywords()
	default:
		p.ignore()
	}
}

// entryText reads a summary or content.
func (p *parser) entryText(f field, ns space) {
	e := p.entry
	format := p.textualHTML(ns)
	if ns == nsXHTML {
		format = asMarkup
	}
	if f == fSubtitle || f == fSummaryToo {
		if v := p.capture(format, maxText*4); e.summaryToo.s == "" {
			e.summaryToo = v
		}
		return
	}
	if src := strings.TrimSpace(p.attr("src")); f == fContent && src != "" { // content that is elsewhere
		e.enclose(coranto.Enclosure{URL: p.resolveAt(p.base(), src), Type: p.attr("type")})
	}
	v := p.capture(format, maxBody)
	if strings.TrimSpace(v.s) == "" {
		return
	}
	switch {
	case f == fSummary && !e.hasSummary:
		e.summary, e.hasSummary = v, true
	case f == fSummary:
		if !e.hasContent && !e.summary.same(&v) {
			e.content, e.hasContent, e.spare = v, true, true
		}
	case !e.hasContent || e.spare:
		e.content, e.hasContent, e.spare = v, true, false
	}
}

// endEntry settles what depends on the whole entry, and keeps it.
func (p *parser) endEntry() {
	e := p.entry
	p.entry, p.person, p.source = nil, nil, nil
	set(&e.Title, e.titleToo)
	if e.Link == "" && e.permalink {
		e.Link = p.resolveAt(p.base(), e.guid)
	}
	if e.Link == "" && e.guid == "" && isWeb(e.ID) && p.doc.Format == "rdf" {
		e.Link = p.resolveAt(p.base(), e.ID)
	}
	if e.origLink != "" && (e.Link == "" || proxied(e.Link)) {
		e.Link = e.origLink
	}
	if e.Published.IsZero() {
		e.Published = e.created
	}
	if e.Published.IsZero() {
		e.Published = e.date
	} else if e.Updated.IsZero() {
		e.Updated = e.date
	}
	if len(e.Authors) == 0 {
		e.Authors = e.authorsToo
	}
	switch {
	case e.lang != "":
		e.Language = e.lang
	case e.hasContent:
		e.Language = e.content.lang
	case e.hasSummary:
		e.Language = e.summary.lang
	default:
		e.Language = e.scope
	}
	e.Language = strings.Clone(e.Language)
	if !e.hasSummary {
		e.summary = e.summaryToo
	}
	p.render(e)
	p.doc.Entries = append(p.doc.Entries, e.Entry)
}

// proxied reports whether the address only counts clicks on its way to another.
func proxied(link string) bool {
	_, rest, _ := strings.Cut(link, "://")
	host, _, _ := strings.Cut(rest, "/")
	return strings.HasPrefix(host, "feedproxy.") || strings.HasPrefix(host, "feeds.feedburner.") || strings.HasSuffix(host, "feedsportal.com")
}

// render makes of summary and content what Meta asks for.
func (p *parser) render(e *entry) {
	if p.m.SummaryOnly {
		s := e.summary.excerpt()
		if s == "" {
			s = e.content.excerpt()
		}
		e.Summary = markup.Escape(s)
		return
	}
	e.Summary = e.summary.render(p.m.Unsanitised)
	e.Content = e.content.render(p.m.Unsanitised)
}

// same reports whether two values read the same: podcasts say everything twice.
func (v *value) same(w *value) bool {
	return v.s == w.s || len(v.s) < 64<<10 && len(w.s) < 64<<10 && markup.Text(v.s) == markup.Text(w.s)
}

func (v *value) excerpt() string {
	if v.s == "" {
		return ""
	}
	if v.html {
		return markup.Excerpt(markup.TextPrefix(v.s, 4*excerptRunes+64), excerptRunes)
	}
	return markup.Excerpt(v.s[:min(len(v.s), 16*excerptRunes)], excerptRunes)
}

func (v *value) render(raw bool) string {
	switch {
	case v.s == "":
		return ""
	case raw:
		return strings.Clone(v.s)
	case v.html:
		return strings.TrimSpace(markup.Sanitize(v.s, v.base))
	}
	return strings.TrimSpace(markup.Escape(v.s))
}
