package listing

import (
	"encoding/json"
	"strings"

	"golang.org/x/net/html"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/markup"
)

const (
	maxScript = 1 << 20
	maxScans  = 20_000 // values looked at
)

// jsonld reads the page's largest list of things that are published: an
// ItemList, a Blog, or several articles side by side. nil: there is none.
func (p *page) jsonld() []coranto.Entry {
	l := &ldReader{page: p, ids: map[string]map[string]any{}}
	var docs []any
	each(p.root, func(n *html.Node) bool {
		if n.Data != "script" {
			return true
		}
		kind, _, _ := strings.Cut(strings.ToLower(attr(n, "type")), ";")
		if strings.TrimSpace(kind) == "application/ld+json" && n.FirstChild != nil && len(n.FirstChild.Data) <= maxScript {
			var v any
			if json.Unmarshal([]byte(n.FirstChild.Data), &v) == nil {
				docs = append(docs, v)
				l.index(v)
			}
		}
		return false
	})
	for _, d := range docs {
		l.find(d)
	}
	l.offer(l.loose)
	return l.best
}

type ldReader struct {
	*page
	ids   map[string]map[string]any // by @id
	best  []coranto.Entry
	loose []any // articles that are in no list
	seen  int
}

// index notes what is referred to by @id.
func (l *ldReader) index(v any) {
	if l.seen++; l.seen > maxScans {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, c := range v {
			l.index(c)
		}
	case map[string]any:
		if id, _ := v["@id"].(string); id != "" && len(v) > 1 {
			l.ids[id] = v
		}
		for _, c := range v {
			l.index(c)
		}
	}
}

func (l *ldReader) find(v any) {
	if l.seen++; l.seen > 2*maxScans {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, c := range v {
			l.find(c)
		}
	case map[string]any:
		if is(v, "BreadcrumbList", "SiteNavigationElement") {
			return
		}
		if article(v) {
			l.loose = append(l.loose, v)
			return
		}
		for _, key := range []string{"itemListElement", "blogPost", "blogPosts", "hasPart", "dataFeedElement", "episode"} {
			if list := asList(v[key]); len(list) > 0 {
				l.offer(list)
			}
		}
		for _, key := range []string{"@graph", "mainEntity", "mainEntityOfPage", "hasPart"} {
			l.find(v[key])
		}
	}
}

func asList(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case map[string]any:
		return []any{v}
	}
	return nil
}

// is reports whether a thing is of one of the types.
func is(v map[string]any, types ...string) bool {
	for _, t := range asTexts(v["@type"]) {
		t = t[strings.LastIndexAny(t, "/#:")+1:]
		for _, want := range types {
			if t == want {
				return true
			}
		}
	}
	return false
}

func article(v map[string]any) bool {
	return is(v, "Article", "BlogPosting", "NewsArticle", "TechArticle", "ScholarlyArticle", "Report", "SocialMediaPosting", "LiveBlogPosting",
		"VideoObject", "PodcastEpisode", "AudioObject", "Course", "LearningResource", "HowTo", "DataFeedItem")
}

func asTexts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, c := range v {
			if s, ok := c.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// offer takes a list that holds more than the best one so far.
func (l *ldReader) offer(list []any) {
	var out []coranto.Entry
	for _, v := range list {
		if e := l.entry(v); e.Link != "" && len(out) <= maxPageList {
			out = append(out, e)
		}
	}
	if len(out) > len(l.best) {
		l.best = out
	}
}

func (l *ldReader) entry(v any) coranto.Entry {
	if s, ok := v.(string); ok {
		return coranto.Entry{Link: l.resolve(s)}
	}
	o := l.object(v)
	if o == nil {
		return coranto.Entry{}
	}
	outer := coranto.Entry{Title: said(o["name"]), Link: l.resolve(said(o["url"]))}
	if item := o["item"]; item != nil && !article(o) {
		e := l.entry(item)
		if e.Link == "" {
			e.Link = outer.Link
		}
		if e.Title == "" {
			e.Title = outer.Title
		}
		return e
	}
	if !article(o) && !is(o, "ListItem") && outer.Link == "" {
		return coranto.Entry{}
	}
	e := coranto.Entry{Title: said(o["headline"]), Link: outer.Link, Published: date(said(o["datePublished"])), Updated: date(said(o["dateModified"])),
		Image: l.resolve(l.picture(o["image"])), Language: said(o["inLanguage"])}
	if e.Title == "" {
		e.Title = outer.Title
	}
	if e.Published.IsZero() {
		e.Published = date(said(o["uploadDate"]))
	}
	for _, key := range []string{"mainEntityOfPage", "@id"} {
		if e.Link == "" {
			if m, ok := o[key].(map[string]any); ok {
				e.Link = l.resolve(said(m["@id"]))
			} else if s := said(o[key]); !strings.HasPrefix(s, "#") {
				e.Link = l.resolve(s)
			}
		}
	}
	if s := said(o["description"]); s != "" {
		e.Summary = markup.Escape(markup.Text(s))
	}
	e.Authors = l.people(o["author"])
	for _, k := range asTexts(o["keywords"]) {
		for t := range strings.SplitSeq(k, ",") {
			if t = strings.TrimSpace(t); t != "" {
				e.Tags = appendTag(e.Tags, clip(t))
			}
		}
	}
	return e
}

// object is a thing, or what an @id refers to.
func (l *ldReader) object(v any) map[string]any {
	o, _ := v.(map[string]any)
	if id, _ := o["@id"].(string); len(o) == 1 && id != "" && l.ids[id] != nil {
		return l.ids[id]
	}
	return o
}

// said is a text: HTML entities decoded, blanks joined.
func said(v any) string {
	list := asTexts(v)
	if len(list) == 0 {
		return ""
	}
	return clip(markup.Collapse(html.UnescapeString(clip(list[0]))))
}

func (l *ldReader) picture(v any) string {
	for _, c := range append(asList(v), any(said(v))) {
		if s, ok := c.(string); ok && s != "" {
			return s
		}
		if o := l.object(c); o != nil {
			if s := said(o["url"]); s != "" {
				return s
			}
			if s := said(o["contentUrl"]); s != "" {
				return s
			}
		}
	}
	return ""
}

func (l *ldReader) people(v any) []coranto.Person {
	var out []coranto.Person
	if s := said(v); s != "" {
		return []coranto.Person{{Name: s}}
	}
	for _, c := range asList(v) {
		if o := l.object(c); o != nil && len(out) < 20 {
			if name := said(o["name"]); name != "" {
				out = append(out, coranto.Person{Name: name, URL: l.resolve(said(o["url"]))})
			}
		}
	}
	return out
}
