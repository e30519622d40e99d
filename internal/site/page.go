package site

import (
	"bytes"
	"html/template"
	"strconv"
)

// page fills what every page has. path is the route, without the root:
// "tags/go/", "" for the home page.
func (b *build) page(kind, section, path, title, description string) Page {
	p := Page{
		Site: &b.site, Kind: kind, Section: section, Path: b.root + escapePath(path), Title: title,
		Description: excerpt(description, 200), Language: b.site.Language, Dir: b.site.Dir, Type: "website",
	}
	if b.site.URL != "" {
		p.URL = b.origin + p.Path
		p.Canonical = p.URL
	}
	p.Feeds = append(p.Feeds,
		FeedLink{b.site.Title, "application/atom+xml", b.root + pathAtom},
		FeedLink{b.site.Title, "application/rss+xml", b.root + pathRSS},
		FeedLink{b.site.Title, "application/feed+json", b.root + pathJSON})
	return p
}

// renderPage renders tmpl with data, puts it into the layout and minds that
// page is the Page within data.
func (b *build) renderPage(w *bytes.Buffer, tmpl string, page *Page, data any) error {
	b.main.Reset()
	if err := b.theme.render(&b.main, tmpl, data); err != nil {
		return err
	}
	out := *page
	out.Main = template.HTML(bytes.TrimSpace(b.main.Bytes()))
	var err error
	if out.Header, err = b.frame(tmplHeader, page.Section, page.Path); err != nil {
		return err
	}
	if out.Footer, err = b.frame(tmplFooter, "", ""); err != nil {
		return err
	}
	out.Head = b.head(page)
	return b.theme.render(w, tmplLayout, &out)
}

// head returns the head of a page but for style sheets and scripts. It is
// appended by hand: the same dozen elements on each of ten thousand pages.
func (b *build) head(p *Page) template.HTML {
	o := b.headBuf[:0]
	meta := func(attr, name, content string) {
		if content == "" {
			return
		}
		o = append(o, `<meta `...)
		o = append(o, attr...)
		o = append(o, `="`...)
		o = append(o, name...)
		o = append(o, `" content="`...)
		o = appendText(o, content)
		o = append(o, "\">\n"...)
	}
	o = append(o, b.headStart...)
	o = append(o, "<title>"...)
	title := b.site.Title
	if p.Title != "" {
		title = p.Title
		o = appendText(o, p.Title)
		o = append(o, " · "...)
	}
	o = appendText(o, b.site.Title)
	o = append(o, "</title>\n"...)
	meta("name", "description", p.Description)
	if p.NoIndex {
		meta("name", "robots", "noindex")
	}
	if p.Canonical != "" {
		o = append(o, `<link rel="canonical" href="`...)
		o = appendText(o, p.Canonical)
		o = append(o, "\">\n"...)
	}
	meta("property", "og:title", title)
	meta("property", "og:type", p.Type)
	meta("property", "og:url", p.URL)
	meta("property", "og:description", p.Description)
	meta("property", "og:image", p.Image)
	if p.Day != "" {
		meta("property", "article:published_time", p.Day)
	}
	for _, f := range p.Feeds {
		o = append(o, `<link rel="alternate" type="`...)
		o = append(o, f.Type...)
		o = append(o, `" title="`...)
		o = appendText(o, f.Title)
		o = append(o, `" href="`...)
		o = appendText(o, f.Path)
		o = append(o, "\">\n"...)
	}
	o = append(o, b.headEnd...)
	b.headBuf = o
	return template.HTML(o)
}

// makeHead prepares what the heads of all pages share.
func (b *build) makeHead() {
	o := append([]byte(nil), "<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"+
		"<meta http-equiv=\"Content-Security-Policy\" content=\""...)
	o = appendText(o, csp(b.in.Config))
	b.headStart = string(append(o, "\">\n<meta name=\"referrer\" content=\"strict-origin-when-cross-origin\">\n"...))
	o = append(o[:0:0], `<meta property="og:site_name" content="`...)
	o = appendText(o, b.site.Title)
	o = append(o, "\">\n<meta name=\"generator\" content=\"Coranto\">\n"...)
	for _, l := range [][2]string{{`icon" type="image/svg+xml`, "favicon.svg"}, {"manifest", pathManifest}} {
		o = append(o, `<link rel="`...)
		o = append(o, l[0]...)
		o = append(o, `" href="`...)
		o = appendText(o, b.root+l[1])
		o = append(o, "\">\n"...)
	}
	b.headEnd = string(o)
}

// renderPost renders the page of a post.
func (b *build) renderPost(w *bytes.Buffer, i int32) error {
	p := &b.m.posts[i]
	v := b.view(i)
	d := &PostPage{Page: b.page("posts/[post]", p.kind.dir, "posts/"+p.id+"/", v.Title, v.Intro), Post: v}
	d.Type, d.Day = "article", v.Published
	if p.Content != "" {
		d.Body = template.HTML(b.fullText(p))
	}
	if d.Body != "" && v.Link != "" {
		d.Canonical = v.Link // the whole text is there, and that is where it belongs
	}
	if v.Image != nil && !v.Image.Remote && b.site.URL != "" {
		d.Image = b.origin + v.Image.Src
	}
	return b.renderPage(w, tmplPost, &d.Page, d)
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
	source  *source
	feed    bool
}

// emitList puts the pages of a list: sealed ones, which hold the same slots
// for ever, and the head with the newest.
func (b *build) emitList(l list) error {
	per := b.per
	sealed := max(0, len(l.posts)/per-1)
	for k := 1; k <= sealed; k++ {
		if err := b.emitListPage(l, k, sealed, l.posts[(k-1)*per:k*per]); err != nil {
			return err
		}
	}
	return b.emitListPage(l, 0, sealed, l.posts[sealed*per:])
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
		b.sumSource(l.source)
	}
	if k > 0 {
		s.time(b.m.posts[posts[0]].FirstSeen).time(b.m.posts[posts[len(posts)-1]].FirstSeen)
	}
	for _, i := range posts {
		s.sum32(b.m.posts[i].sum)
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
		cards: func() (template.HTML, error) { return b.cards(posts) },
		posts: func() []*PostView { return b.views(posts) },
		Empty: true,
	}
	for _, i := range posts {
		d.Empty = d.Empty && b.m.posts[i].Hidden
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
		first, last := b.m.posts[posts[0]].FirstSeen, b.m.posts[posts[len(posts)-1]].FirstSeen
		if !first.IsZero() && !last.IsZero() {
			d.Span = b.theme.locale.span(first.In(b.m.loc), last.In(b.m.loc))
		}
	}
	if l.source != nil {
		d.Source = b.sourceView(l.source)
	}
	if l.feed {
		d.Feed = b.root + escapePath(l.dir) + pathAtom
		d.Feeds = append([]FeedLink{{l.heading + " · " + b.site.Title, "application/atom+xml", d.Feed}}, d.Feeds...)
	}
	return d
}
