package scrape

import (
	"slices"
	"sort"
)

// rule is one place where pages tell a field. The first rule that yields an
// acceptable value wins; the order was found by measuring on annotated pages.
type rule struct {
	name string
	find func(*evidence) []string
}

// fromMeta reads meta elements, all those of the first name that has any.
func fromMeta(keys ...string) func(*evidence) []string {
	return func(ev *evidence) []string {
		for _, k := range keys {
			if v := ev.meta[k]; len(v) > 0 {
				return v
			}
		}
		return nil
	}
}

func fromLD(keys ...string) func(*evidence) []string {
	return func(ev *evidence) []string {
		for _, k := range keys {
			if v := ev.field(k); len(v) > 0 {
				return v
			}
		}
		return nil
	}
}

// fromPages reads what JSON-LD says of the page, where it names no article.
func fromPages(key string) func(*evidence) []string {
	return func(ev *evidence) []string {
		for _, n := range ev.ld().pages {
			if v := texts(n[key]); len(v) > 0 {
				return v
			}
		}
		return nil
	}
}

// fromMarks reads elements of the body.
func fromMarks(keep func(*mark) bool, value func(*mark) string) func(*evidence) []string {
	return func(ev *evidence) []string {
		var all []string
		for i := range ev.marks {
			if m := &ev.marks[i]; keep(m) {
				if v := value(m); v != "" {
					all = append(all, v)
				}
			}
		}
		return all
	}
}

func text(m *mark) string      { return m.text }
func valueElse(m *mark) string { return first(m.value, m.text) }
func textElse(m *mark) string  { return first(m.text, m.value) }

func item(prop string) func(*mark) bool {
	return func(m *mark) bool { return m.kind == mItem && m.prop == prop && m.class&(cComment|cRelated) == 0 }
}

func kind(k markKind, not class) func(*mark) bool {
	return func(m *mark) bool { return m.kind == k && m.class&not == 0 }
}

var titleRules = []rule{
	{"og:title", fromMeta("og:title")},
	{"jsonld", fromLD("headline")},
	{"twitter:title", fromMeta("twitter:title")},
	{"citation_title", fromMeta("citation_title")},
	{"dc.title", fromMeta("dc.title", "dcterms.title", "dc:title")},
	{"parsely-title", fromMeta("parsely-title")},
	{"sailthru.title", fromMeta("sailthru.title")},
	{"microdata", fromMarks(item("headline"), textElse)},
	{"title", func(ev *evidence) []string { return nonEmpty(ev.title) }},
	{"h1", fromMarks(kind(mHeadline, cComment|cRelated|cSidebar), text)},
	{"jsonld name", fromLD("name")},
}

var imageRules = []rule{
	{"og:image", fromMeta("og:image", "og:image:url", "og:image:secure_url")},
	{"twitter:image", fromMeta("twitter:image", "twitter:image:src")},
	{"jsonld", func(ev *evidence) []string {
		n := ev.articleNode()
		if v := ev.ld().images(n["image"]); len(v) > 0 {
			return v
		}
		return ev.ld().images(n["thumbnailUrl"])
	}},
	{"image_src", func(ev *evidence) []string { return ev.linked("image_src") }},
	{"parsely-image-url", fromMeta("parsely-image-url", "sailthru.image.full", "sailthru.image.thumb", "thumbnail", "image")},
	{"microdata", fromMarks(func(m *mark) bool { return item("image")(m) || item("image.url")(m) }, func(m *mark) string { return m.value })},
}

var siteRules = []rule{
	{"og:site_name", fromMeta("og:site_name")},
	{"jsonld", func(ev *evidence) []string { return ev.ld().names(ev.articleNode()["publisher"]) }},
	{"jsonld website", func(ev *evidence) []string {
		for _, n := range ev.ld().sites {
			if slices.Contains(typesOf(n), "website") {
				return texts(n["name"])
			}
		}
		return nil
	}},
	{"application-name", fromMeta("application-name", "apple-mobile-web-app-title", "al:android:app_name", "dc.publisher", "citation_journal_title")},
}

var languageRules = []rule{
	{"html lang", func(ev *evidence) []string { return nonEmpty(ev.lang) }},
	{"content-language", fromMeta("content-language", "language", "dc.language", "dcterms.language", "citation_language")},
	{"jsonld", fromLD("inLanguage")},
	{"og:locale", fromMeta("og:locale")},
	{"jsonld page", fromPages("inLanguage")},
	{"text", func(ev *evidence) []string { return nonEmpty(detectLanguage(sampleText(ev.body))) }},
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// linked lists the addresses of link elements with that relation.
func (ev *evidence) linked(rel string) []string {
	var all []string
	for _, l := range ev.links {
		if hasWord(l.rel, rel) {
			all = append(all, l.href)
		}
	}
	return all
}

// one takes the first value that accept lets through.
func (ev *evidence) one(rules []rule, accept func(string) string) (value, source string) {
	for _, r := range rules {
		for _, v := range r.find(ev) {
			if v = accept(v); v != "" {
				return v, r.name
			}
		}
	}
	return "", ""
}

// fill decides every field of p.
func (ev *evidence) fill(p *Page) {
	set := func(field string, to *string, value, source string) {
		if *to = value; value != "" {
			p.Sources[field] = source
		}
	}
	v, s := ev.one(siteRules, clean)
	set("site_name", &p.SiteName, v, s)
	v, s = ev.one(languageRules, languageTag)
	set("language", &p.Language, v, s)
	v, s = ev.link()
	set("link", &p.Link, v, s)
	v, s = ev.headline(p.SiteName)
	set("title", &p.Title, v, s)
	ev.unmask(p.Title)
	v, s = ev.intro(p.SiteName)
	set("intro", &p.Intro, v, s)
	v, s = ev.one(imageRules, ev.picture)
	set("image", &p.Image, v, s)
	if p.Authors, s = ev.authors(p.SiteName, p.Title); len(p.Authors) > 0 {
		p.Sources["author"] = s
	}
	if p.Published, s = ev.published(p.Language); !p.Published.IsZero() {
		p.Sources["published"] = s
	}
	if p.Modified, s = ev.modified(); !p.Modified.IsZero() {
		p.Sources["modified"] = s
	}
	if p.Tags, s = ev.tags(p); len(p.Tags) > 0 {
		p.Sources["tags"] = s
	}
}

// unmask believes no class that would have the headline itself stand
// elsewhere: sites name their frames as they like.
func (ev *evidence) unmask(title string) {
	var mask class
	score, own := likeSure, words(title)
	for i := range ev.marks {
		m := &ev.marks[i]
		if m.kind != mHeadline && m.kind != mHeading && (m.kind != mItem || m.prop != "headline" && m.prop != "name") {
			continue
		}
		if s := share(own, words(m.text)); s > score {
			mask, score = m.class&elsewhere&^cComment, s
		}
	}
	if mask == 0 {
		return
	}
	for i := range ev.marks {
		ev.marks[i].class &^= mask
	}
	for i := range ev.lines {
		ev.lines[i].class &^= mask
	}
}

func sortedKeys(n node) []string {
	all := make([]string, 0, len(n))
	for k := range n {
		all = append(all, k)
	}
	sort.Strings(all)
	return all
}
