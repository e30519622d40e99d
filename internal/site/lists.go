package site

import (
	"bytes"
	"html/template"
	"strconv"
)

// emitLists puts every list of posts and the feeds of tags and sources.
func (b *build) emitLists() error {
	t := b.theme.locale.t
	name := b.site.Title
	if err := b.emitList(list{tmpl: tmplHome, section: "home", heading: name, about: cmpOr(b.site.Description, t("home_about", "{site}", name)), posts: b.m.front, before: b.frontBefore()}); err != nil {
		return err
	}
	for _, g := range b.m.kinds.shown() {
		before, ok := b.change.touched(g)
		if !ok {
			continue
		}
		n := b.kindName(g)
		if err := b.emitList(list{tmpl: tmplKind, dir: g.dir + "/", section: g.dir, heading: n, about: t("kind_about", "{name}", n, "{site}", name), posts: g.posts, before: before}); err != nil {
			return err
		}
	}
	for _, g := range b.m.tags.shown() {
		before, ok := b.change.touched(g)
		if !ok {
			continue
		}
		l := list{tmpl: tmplTag, dir: g.dir + "/", section: "tags", kicker: t("tag"), heading: g.name, about: t("tag_about", "{name}", g.name, "{site}", name), posts: g.posts, before: before, feed: true}
		if err := b.emitListAndFeed(l, g); err != nil {
			return err
		}
	}
	for _, g := range b.m.authors.shown() {
		before, ok := b.change.touched(g)
		if !ok {
			continue
		}
		l := list{tmpl: tmplAuthor, dir: g.dir + "/", section: "authors", kicker: t("author"), heading: g.name, about: t("author_about", "{name}", g.name, "{site}", name), posts: g.posts, before: before}
		if err := b.emitList(l); err != nil {
			return err
		}
	}
	for _, s := range b.m.sources {
		before, ok := b.change.touched(s.group)
		if s.visible == 0 || !ok {
			continue
		}
		l := list{tmpl: tmplSource, dir: s.dir + "/", section: "sources", kicker: t("source"), heading: s.name, about: t("source_about", "{name}", s.name, "{site}", name), posts: s.posts, before: before, source: s, feed: true}
		if err := b.emitListAndFeed(l, s.group); err != nil {
			return err
		}
	}
	for _, g := range b.m.months.shown() {
		before, ok := b.change.touched(g)
		if !ok {
			continue
		}
		n := b.monthName(g, true)
		l := list{tmpl: tmplMonth, dir: g.dir + "/", section: "archive", kicker: t("archive"), heading: n, about: t("month_about", "{name}", n, "{site}", name), posts: g.posts, before: before}
		if err := b.emitList(l); err != nil {
			return err
		}
	}
	return nil
}

func (b *build) emitListAndFeed(l list, g *group) error {
	if err := b.emitList(l); err != nil {
		return err
	}
	return b.emitListFeed(g)
}

// list is a list of posts on one or more pages.
type list struct {
	tmpl    string
	dir     string // "tags/go/", "" for the home page
	section string
	kicker  string
	heading string
	about   string // description
	posts   []int32
	before  int // slots there were at the last build of a Resident
	source  *source
	feed    bool
}

// emitList puts the pages of a list: sealed ones, which hold the same slots
// for ever, and the head with the newest.
func (b *build) emitList(l list) error {
	per := b.per
	sealed := max(0, len(l.posts)/per-1)
	was := max(0, l.before/per-1)
	for k := 1; k <= sealed; k++ {
		// The newest sealed page changes once more when the next one is sealed.
		if same := k < was || k == was && sealed == was; b.change != nil && same && !b.change.any(l.posts[(k-1)*per:k*per]) {
			continue
		}
		if err := b.emitListPage(l, k, sealed, l.posts[(k-1)*per:k*per]); err != nil {
			return err
		}
	}
	head := l.posts[sealed*per:]
	if l.dir == "" {
		head = b.withPinned(head)
	}
	return b.emitListPage(l, 0, sealed, head)
}

// frontBefore is how many slots the home page had.
func (b *build) frontBefore() int {
	if b.change == nil {
		return 0
	}
	return b.change.front
}

// emitListPage puts sealed page k, or the head when k is 0.
func (b *build) emitListPage(l list, k, sealed int, posts []int32) error {
	route := l.dir
	if k > 0 {
		route += "page/" + strconv.Itoa(k) + "/"
	}
	s := b.sum.start("list", l.tmpl, route, l.section, l.kicker, l.heading, l.about)
	s.flag(k > 0 && k == sealed).flag(k > 1 || k == 0 && sealed > 0).num(sealedIf(k == 0, sealed)).flag(l.feed)
	if l.source != nil {
		b.sum.source(l.source).flag(l.source.src.Paused).flag(l.source.src.Retired).flag(l.source.unlisted)
		if k == 0 {
			b.sumSource(l.source)
		}
	}
	if k > 0 {
		s.time(b.m.post(posts[0]).FirstSeen).time(b.m.post(posts[len(posts)-1]).FirstSeen)
	}
	for _, i := range posts {
		s.sum32(b.m.post(i).sum)
	}
	return b.emitPage(route, s, func(w *bytes.Buffer) error {
		d := b.listData(l, k, sealed, posts, route)
		return b.renderPage(w, l.tmpl, &d.Page, d)
	})
}

func sealedIf(head bool, sealed int) int {
	if head {
		return sealed
	}
	return 0
}

func (b *build) listData(l list, k, sealed int, posts []int32, route string) *List {
	t := b.theme.locale.t
	titleText := l.heading
	if l.dir == "" {
		titleText = ""
	}
	if k > 0 && l.dir == "" {
		l.heading = t("older")
	}
	if k > 0 {
		titleText = t("sealed_title", "{list}", l.heading, "{n}", strconv.Itoa(k))
	}
	d := &List{
		Page:   b.page(l.tmpl[len("pages/"):len(l.tmpl)-len(".html")], l.section, route, titleText, l.about),
		Kicker: l.kicker, Heading: l.heading, Sealed: k > 0, Number: k,
		cards: func() (template.HTML, error) { return b.cards(posts, l.dir == "" && k == 0) },
		posts: func() []*PostView { return b.views(posts) },
		Empty: true,
	}
	for _, i := range posts {
		d.Empty = d.Empty && b.m.post(i).Hidden
	}
	sealedLink := func(n int, word string) *Link {
		return &Link{t(word), b.root + escapePath(l.dir) + "page/" + strconv.Itoa(n) + "/"}
	}
	switch {
	case k == 0 && sealed > 0:
		d.Older = sealedLink(sealed, "older")
	case k > 1:
		d.Older = sealedLink(k-1, "older")
	}
	if k > 0 {
		d.Newer = sealedLink(k+1, "newer")
		if k == sealed {
			d.Newer.Path = b.root + escapePath(l.dir)
		}
		first, last := b.m.post(posts[0]).FirstSeen, b.m.post(posts[len(posts)-1]).FirstSeen
		if !first.IsZero() && !last.IsZero() {
			d.Span = b.theme.locale.span(first.In(b.m.loc), last.In(b.m.loc))
		}
	}
	if l.source != nil {
		d.Source = b.sourceView(l.source)
		if k > 0 { // nothing that grows stands on a sealed page
			d.Source.Count, d.Source.Last = 0, ""
		}
	}
	if l.feed {
		d.Feed = b.root + escapePath(l.dir) + pathAtom
		d.Feeds = append([]FeedLink{{l.heading + " · " + b.site.Title, "application/atom+xml", d.Feed}}, d.Feeds...)
	}
	return d
}
