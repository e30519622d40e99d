package site

import (
	"bytes"
	"html/template"
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
	p := b.m.post(i)
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
