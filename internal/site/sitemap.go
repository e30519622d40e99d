package site

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// sitemapChunk is how many slots of posts a sitemap file covers. Full ones are
// sealed like pages of a list.
const sitemapChunk = 1000

const sitemapNS = `xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"`

// emitSitemaps puts the index and its chunks; a site that does not know its
// address has none, because the protocol wants absolute addresses.
func (b *build) emitSitemaps(pages []string) error {
	if b.site.URL == "" {
		return nil
	}
	var files []string
	for from := 0; from < len(b.m.posts); from += sitemapChunk {
		name := "sitemap-posts-" + strconv.Itoa(from/sitemapChunk+1) + ".xml"
		files = append(files, name)
		to := min(from+sitemapChunk, len(b.m.posts))
		if b.change != nil && to <= b.change.before && !slices.Contains(b.change.posts[from:to], true) {
			continue
		}
		if err := b.emitPostChunk(name, from, to); err != nil {
			return err
		}
	}
	for from := 0; from < len(pages); from += sitemapChunk {
		name := "sitemap-pages-" + strconv.Itoa(from/sitemapChunk+1) + ".xml"
		files = append(files, name)
		if err := b.emitPageChunk(name, pages[from:min(from+sitemapChunk, len(pages))]); err != nil {
			return err
		}
	}
	s := b.sum.start("sitemap")
	for _, f := range files {
		s.str(f)
	}
	return b.emit(pathSitemap, s, func(w *bytes.Buffer) error {
		x := &xmlWriter{}
		x.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<sitemapindex " + sitemapNS + ">\n")
		for _, f := range files {
			x.raw("<sitemap>")
			x.el("loc", b.absolute(b.root+f))
			x.raw("</sitemap>\n")
		}
		x.raw("</sitemapindex>\n")
		w.Write(x.out)
		return nil
	})
}

func (b *build) emitPostChunk(name string, from, to int) error {
	s := b.sum.start("sitemap-posts", name)
	for i := from; i < to; i++ {
		s.sum32(b.m.post(int32(i)).sum)
	}
	return b.emit(name, s, func(w *bytes.Buffer) error {
		x := &xmlWriter{}
		x.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<urlset " + sitemapNS + ">\n")
		for i := from; i < to; i++ {
			p := b.m.post(int32(i))
			if p.Hidden {
				continue
			}
			x.raw("<url><loc>")
			x.out = appendXML(x.out, b.origin+b.postPath(p))
			x.raw("</loc>")
			if u := p.updated(); u.Unix() > 0 {
				x.raw("<lastmod>")
				x.out = u.AppendFormat(x.out, time.RFC3339)
				x.raw("</lastmod>")
			}
			x.raw("</url>\n")
		}
		x.raw("</urlset>\n")
		w.Write(x.out)
		return nil
	})
}

func (b *build) emitPageChunk(name string, pages []string) error {
	s := b.sum.start("sitemap-pages", name)
	for _, p := range pages {
		s.str(p)
	}
	return b.emit(name, s, func(w *bytes.Buffer) error {
		x := &xmlWriter{}
		x.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<urlset " + sitemapNS + ">\n")
		for _, p := range pages {
			x.raw("<url>")
			x.el("loc", b.origin+b.root+escapePath(p))
			x.raw("</url>\n")
		}
		x.raw("</urlset>\n")
		w.Write(x.out)
		return nil
	})
}

// emitRobots puts robots.txt: all may read all.
func (b *build) emitRobots() error {
	return b.emit("robots.txt", b.sum.start("robots"), func(w *bytes.Buffer) error {
		w.WriteString("User-agent: *\nAllow: /\n")
		if b.site.URL != "" {
			w.WriteString("\nSitemap: " + b.absolute(b.root+pathSitemap) + "\n")
		}
		return nil
	})
}

// emitManifest puts the web app manifest.
func (b *build) emitManifest() error {
	type icon struct {
		Src     string `json:"src"`
		Sizes   string `json:"sizes"`
		Type    string `json:"type"`
		Purpose string `json:"purpose"`
	}
	return b.emit(pathManifest, b.sum.start("manifest"), func(w *bytes.Buffer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", " ")
		return e.Encode(struct {
			Name       string `json:"name"`
			Lang       string `json:"lang"`
			Dir        string `json:"dir"`
			StartURL   string `json:"start_url"`
			Scope      string `json:"scope"`
			Display    string `json:"display"`
			Background string `json:"background_color"`
			Theme      string `json:"theme_color"`
			Icons      []icon `json:"icons"`
		}{b.site.Title, b.site.Language, b.site.Dir, b.root, b.root, "minimal-ui", "#faf8f4", "#faf8f4",
			[]icon{{b.root + "favicon.svg", "any", "image/svg+xml", "any"}}})
	})
}
