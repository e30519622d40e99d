package site

import (
	"bytes"
	"cmp"
	"html/template"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxIndex = 1000 // entries of an index; the least used are left out beyond
	topIndex = 24   // of them named first, where there are many more
)

// emitIndex puts the index of tags or of authors.
func (b *build) emitIndex(tmpl, section, word string, gs []*group) error {
	s := b.sum.start("index", tmpl)
	for _, g := range gs {
		s.group(g).num(g.visible)
	}
	return b.emitPage(section+"/", s, func(w *bytes.Buffer) error {
		t := b.theme.locale.t
		d := &IndexPage{Page: b.page(section+"/index", section, section+"/", t(word), t(word+"_about", "{site}", b.site.Title)), Heading: t(word)}
		kept := slices.Clone(gs)
		slices.SortStableFunc(kept, func(a, c *group) int { return cmp.Or(c.visible-a.visible, strings.Compare(a.slug, c.slug)) })
		if len(kept) > maxIndex {
			d.Omitted = len(kept) - maxIndex
			kept = kept[:maxIndex]
		}
		if len(kept) > 2*topIndex {
			for _, g := range kept[:topIndex] {
				d.Top = append(d.Top, b.indexEntry(g))
			}
		}
		slices.SortFunc(kept, func(a, c *group) int {
			return cmp.Or(strings.Compare(letter(a.slug), letter(c.slug)), strings.Compare(strings.ToLower(a.name), strings.ToLower(c.name)), strings.Compare(a.slug, c.slug))
		})
		for _, g := range kept {
			l := letter(g.slug)
			if n := len(d.Groups); n == 0 || d.Groups[n-1].Letter != l {
				d.Groups = append(d.Groups, IndexGroup{Letter: l})
			}
			last := &d.Groups[len(d.Groups)-1]
			last.Entries = append(last.Entries, b.indexEntry(g))
		}
		return b.renderPage(w, tmpl, &d.Page, d)
	})
}

func (b *build) indexEntry(g *group) IndexEntry {
	return IndexEntry{g.name, b.root + escapePath(g.dir) + "/", g.visible}
}

// letter is the heading under which an index lists a slug.
func letter(slug string) string {
	r, _ := utf8.DecodeRuneInString(norm.NFC.String(slug))
	if unicode.IsDigit(r) || !unicode.IsLetter(r) {
		return "#"
	}
	return string(unicode.ToUpper(r))
}

// emitArchive puts the index of months.
func (b *build) emitArchive(months []*group) error {
	s := b.sum.start("archive")
	for _, g := range months {
		s.group(g).num(g.visible)
	}
	return b.emitPage("archive/", s, func(w *bytes.Buffer) error {
		t := b.theme.locale.t
		d := &ArchivePage{Page: b.page("archive/index", "archive", "archive/", t("archive"), t("archive_about", "{site}", b.site.Title))}
		for _, g := range slices.Backward(months) {
			year, _, _ := strings.Cut(g.slug, "/")
			if n := len(d.Years); n == 0 || d.Years[n-1].Year != year {
				d.Years = append(d.Years, ArchiveYear{Year: year})
			}
			y := &d.Years[len(d.Years)-1]
			e := b.indexEntry(g)
			e.Name = b.monthName(g, false)
			y.Months = append(y.Months, e)
			y.Count += g.visible
		}
		return b.renderPage(w, tmplArchive, &d.Page, d)
	})
}

// monthName is "September", or "September 2020".
func (b *build) monthName(g *group, year bool) string {
	y, m, _ := strings.Cut(g.slug, "/")
	name := b.theme.locale.months[(int(m[0]-'0')*10+int(m[1]-'0'))-1]
	if year {
		return name + " " + y
	}
	return name
}

// sumSource takes all that pages about sources show.
func (b *build) sumSource(s *source) {
	b.sum.source(s).flag(s.src.Paused).flag(s.src.Retired).flag(s.unlisted).num(s.visible)
	if s.last >= 0 {
		b.sum.str(b.lastDay(s))
	}
}

// lastDay is the day of the newest post of a source, in ISO form.
func (b *build) lastDay(s *source) string {
	if s.last < 0 || b.m.post(s.last).day.IsZero() {
		return ""
	}
	return b.m.post(s.last).day.Format("2006-01-02")
}

func (b *build) sourceView(s *source) *SourceView {
	v := &SourceView{
		ID: clean(s.src.ID), Name: s.name, Site: httpURL(s.src.Site), Feed: httpURL(s.src.URL), Count: s.visible,
		Paused: s.src.Paused, Retired: s.src.Retired || s.unlisted, Unlisted: s.unlisted, Art: art(s.name, s.slug), Initials: initials(s.name), card: b.sourceCard, lower: s.lower,
	}
	v.Host = host(cmpOr(v.Site, v.Feed))
	if s.visible > 0 {
		v.Path = b.root + escapePath(s.dir) + "/"
		v.Last = b.timeTag(b.m.post(s.last).day)
	}
	return v
}

// sourceCard renders the item of a source in lists of sources.
func (b *build) sourceCard(v *SourceView) (template.HTML, error) {
	key := b.sum.start("source-card", v.ID, v.Name, v.Path, v.Site, v.Feed, string(v.Last), v.Art).num(v.Count).flag(v.Paused).flag(v.Retired).flag(v.Unlisted).end()
	if h, ok := b.sourceCards[v.ID]; ok && h.key == key {
		return h.html, nil
	}
	b.scratch.Reset()
	if err := b.theme.render(&b.scratch, tmplSourceCard, v); err != nil {
		return "", err
	}
	h := template.HTML(b.scratch.String())
	b.sourceCards[v.ID] = sourceCard{key, h}
	return h, nil
}

type sourceCard struct {
	key  [32]byte
	html template.HTML
}

// emitSources puts the page that lists the sources. Their health is not on it:
// a script adds it from /status.json, which is no part of the site.
func (b *build) emitSources() error {
	b.sum.start("sources")
	for _, s := range b.m.sources {
		b.sumSource(s)
	}
	return b.emitPage("sources/", b.sum, func(w *bytes.Buffer) error {
		t := b.theme.locale.t
		d := &SourcesPage{Page: b.page("sources/index", "sources", "sources/", t("sources"), t("sources_about", "{site}", b.site.Title))}
		for _, s := range b.m.sources {
			switch v := b.sourceView(s); {
			case !v.Retired:
				d.Active = append(d.Active, v)
			case v.Count > 0:
				d.Retired = append(d.Retired, v)
			}
		}
		for _, l := range [][]*SourceView{d.Active, d.Retired} {
			slices.SortStableFunc(l, func(a, c *SourceView) int { return strings.Compare(a.lower, c.lower) })
		}
		return b.renderPage(w, tmplSources, &d.Page, d)
	})
}

// emitOPML puts the list of the active sources in the form that feed readers import.
func (b *build) emitOPML() error {
	b.sum.start("opml")
	for _, s := range b.m.sources {
		b.sum.source(s).flag(s.src.Retired || s.unlisted).str(s.src.Language)
	}
	return b.emit(pathOPML, b.sum, func(w *bytes.Buffer) error {
		x := &xmlWriter{}
		x.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n<head>\n")
		x.el("title", b.site.Title)
		x.el("docs", "http://opml.org/spec2.opml")
		x.raw("</head>\n<body>\n")
		for _, s := range b.m.sources {
			u := httpURL(s.src.URL)
			if s.src.Retired || s.unlisted || u == "" {
				continue
			}
			x.raw(`<outline type="rss"`)
			x.attr("text", s.name)
			x.attr("title", s.name)
			x.attr("xmlUrl", u)
			x.attr("htmlUrl", httpURL(s.src.Site))
			x.attr("language", b.language(s.src.Language))
			x.raw("/>\n")
		}
		x.raw("</body>\n</opml>\n")
		w.Write(x.out)
		return nil
	})
}
