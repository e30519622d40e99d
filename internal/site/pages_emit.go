package site

import (
	"bytes"
	"cmp"
	"encoding/json"
	"html/template"
	"slices"
	"strconv"
	"strings"
)

// TextPage is what components/page.html gets: a page of the keeper's own, written
// in Markdown.
type TextPage struct {
	Page
	Heading string
	Body    template.HTML
	Attrs   template.HTMLAttr // lang and dir, where the page is not in the site's language
}

// tmplText shows the pages of the keeper's own.
const tmplText = "components/page.html"

// emitOwnPages puts the keeper's own pages and the files they show. They come
// before what the build makes by itself, and after the theme's files.
func (b *build) emitOwnPages() error {
	for _, f := range b.own.files {
		err := b.emit(f.path, b.sum.start("page-file").sum32(f.sum), func(w *bytes.Buffer) error {
			w.Write(f.body)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, p := range b.own.pages {
		err := b.emitPage(p.route, b.sum.start("text-page").sum32(p.sum), func(w *bytes.Buffer) error {
			section, _, _ := strings.Cut(p.route, "/")
			d := &TextPage{Page: b.page("page", section, p.route, p.title, p.description), Heading: p.title, Body: template.HTML(p.html)}
			d.NoIndex = p.hidden
			if p.lang != "" {
				d.Attrs = template.HTMLAttr(` lang="` + p.lang + `" dir="` + direction(p.lang) + `"`)
			}
			return b.renderPage(w, tmplText, &d.Page, d)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ownRoutes are those for the sitemap.
func (b *build) ownRoutes() []string {
	var out []string
	for _, p := range b.own.pages {
		if !p.hidden {
			out = append(out, p.route)
		}
	}
	return out
}

// addOwnPages puts the keeper's pages that have a weight into the navigation,
// where the items there weigh 10, 20, 30 and so on, and lists the others. One
// that is there already takes its new place and name.
func (b *build) addOwnPages() {
	type item struct {
		NavItem
		weight int
	}
	var items []item
	b.site.Pages = nil
	own := map[string]bool{}
	for _, p := range b.own.pages {
		path := b.root + escapePath(p.route)
		if p.inMenu {
			own[path] = true
			items = append(items, item{NavItem{Name: p.menuTitle, Path: path}, p.menu})
		} else if p.route != "about/" {
			b.site.Pages = append(b.site.Pages, Link{p.menuTitle, path})
		}
	}
	if len(items) == 0 {
		return
	}
	for i, n := range b.site.Nav {
		if !own[n.Path] {
			items = append(items, item{n, 10 * (i + 1)})
		}
	}
	slices.SortStableFunc(items, func(a, b item) int { return cmp.Compare(a.weight, b.weight) })
	b.site.Nav = nil
	for _, it := range items {
		b.site.Nav = append(b.site.Nav, it.NavItem)
	}
}

// The keeper's pages are searched in buckets of their own, cut as a segment's
// are: search/pages/3.txt, and what is shown of them in search/pages/docs.json.
const (
	searchPages    = "search/pages/"
	pagesPerBucket = 4
)

func (b *build) pageBuckets() int {
	return (len(b.own.pages) + pagesPerBucket - 1) / pagesPerBucket
}

// emitPageSearch puts the index of the keeper's pages.
func (b *build) emitPageSearch() error {
	if len(b.own.pages) == 0 {
		return nil
	}
	start := func(name string) *summer {
		s := b.sum.start(name)
		for _, p := range b.own.pages {
			s.sum32(p.sum)
		}
		return s
	}
	err := b.emit(searchPages+"docs.json", start("page-docs"), func(w *bytes.Buffer) error {
		var docs [][]string
		for _, p := range b.own.pages {
			d := []string{p.title, escapePath(p.route), p.description, p.lang}
			for d[len(d)-1] == "" && len(d) > 1 {
				d = d[:len(d)-1]
			}
			docs = append(docs, d)
		}
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(docs)
	})
	var buckets [][]byte
	for i := 0; i < b.pageBuckets() && err == nil; i++ {
		err = b.emit(searchPages+strconv.Itoa(i)+".txt", start("page-bucket").num(i), func(w *bytes.Buffer) error {
			if buckets == nil {
				x := newHitIndex()
				for k, p := range b.own.pages {
					x.add(uint32(k), 1, p.title)
					x.add(uint32(k), 0, p.text)
				}
				buckets = x.write(len(b.own.pages), b.pageBuckets(), 3)
			}
			w.Write(buckets[i])
			return nil
		})
	}
	return err
}

// hitIndex gathers which words are where.
type hitIndex struct {
	by   map[string]*hits
	list []*hits
}

func newHitIndex() *hitIndex { return &hitIndex{by: map[string]*hits{}} }

// add takes the words of a text at a slot; slots come in order. title is 1 for a
// title, which comes first, else 0.
func (x *hitIndex) add(slot, title uint32, text string) {
	slot *= 2
	words(text, func(w []byte) {
		h := x.by[string(w)]
		if h == nil {
			h = &hits{word: string(w)}
			x.by[h.word] = h
			x.list = append(x.list, h)
		}
		if n := len(h.slots); n == 0 || h.slots[n-1]|1 != slot|1 {
			h.slots = append(h.slots, slot|title)
		}
	})
}

// write returns the lines of each bucket, which the first letters of a word tell.
func (x *hitIndex) write(size, buckets, letters int) [][]byte {
	if letters > 3 {
		x.begun(letters)
	}
	slices.SortFunc(x.list, func(a, b *hits) int { return strings.Compare(a.word, b.word) })
	out := make([][]byte, buckets)
	for _, h := range x.list {
		k := bucketOf(strings.TrimSuffix(h.word, "*"), letters) % uint32(buckets)
		out[k] = h.line(out[k], uint32(size))
	}
	for k := range out {
		if out[k] == nil {
			out[k] = []byte{}
		}
	}
	return out
}

// begun adds a line for every beginning of words from three letters up to fewer
// than letters: the newest slots of all words that go on from there.
func (x *hitIndex) begun(letters int) {
	var more []*hits
	for n := 3; n < letters; n++ {
		by := map[string]*hits{}
		for _, h := range x.list {
			begin := firstRunes(h.word, n)
			if len(begin) == len(h.word) {
				continue
			}
			p := by[begin]
			if p == nil {
				p = &hits{word: begin + "*"}
				by[begin] = p
				more = append(more, p)
			}
			p.slots = append(p.slots, h.slots[max(0, len(h.slots)-searchBegun):]...)
		}
	}
	for _, p := range more {
		slices.Sort(p.slots)
		kept := p.slots[:0]
		for _, v := range p.slots { // one that is in a title sorts after one that is not
			if n := len(kept); n > 0 && kept[n-1]|1 == v|1 {
				kept[n-1] = v
				continue
			}
			kept = append(kept, v)
		}
		p.slots = kept[max(0, len(kept)-searchBegun):]
	}
	x.list = append(x.list, more...)
}

// firstRunes is the beginning of s, n letters long at the most.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
