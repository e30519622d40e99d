package scrape

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

var introRules = []rule{
	{"description", fromMeta("description")},
	{"og:description", fromMeta("og:description")},
	{"jsonld", fromLD("description", "abstract")},
	{"twitter:description", fromMeta("twitter:description")},
	{"dc.description", fromMeta("dc.description", "dcterms.description", "dcterms.abstract", "dc.description.abstract", "citation_abstract")},
	{"sailthru.description", fromMeta("sailthru.description", "excerpt")},
	{"lead", fromMarks(kind(mLead, 0), passage)},
	{"paragraph", fromMarks(kind(mPara, elsewhere), passage)},
}

// minPassage is how many bytes of the body make an intro; what is shorter is
// a caption, a button, a byline.
const minPassage = 60

func passage(m *mark) string {
	if len(m.text) < minPassage || len(m.text) > 1500 {
		return ""
	}
	return m.text
}

// intro is what the page says it is about: what it declares, or else the
// summary or the first paragraph that readers see.
func (ev *evidence) intro(site string) (string, string) {
	for i, r := range introRules {
		for _, v := range r.find(ev) {
			if v = cleanIntro(v); v == "" || r.name == "description" && ev.ofSite(v, site, introRules[i+1:]) || len(v) < 40 && ev.namesSite(v, site) && ev.hasPassage() {
				continue
			}
			return ev.whole(v), r.name
		}
	}
	return "", ""
}

// ofSite says that a description names the site, while another, of the page,
// does not and tells something else: many templates describe the site on every page.
func (ev *evidence) ofSite(s, site string, others []rule) bool {
	if !ev.namesSite(s, site) {
		return false
	}
	for _, r := range others[:3] {
		for _, v := range r.find(ev) {
			if v = cleanIntro(v); len(v) >= minPassage && !ev.namesSite(v, site) && !strings.HasPrefix(key(v), key(s)[:min(len(key(s)), 20)]) {
				return true
			}
		}
	}
	return false
}

func (ev *evidence) namesSite(s, site string) bool {
	s = strings.ToLower(s)
	host := strings.TrimPrefix(ev.request.Hostname(), "www.")
	return host != "" && strings.Contains(s, host) || len(site) > 3 && strings.Contains(s, strings.ToLower(site))
}

// hasPassage says that the body has what can stand in for a description.
func (ev *evidence) hasPassage() bool {
	for i := range ev.marks {
		if m := &ev.marks[i]; (m.kind == mLead || m.kind == mPara && m.class&elsewhere == 0) && passage(m) != "" {
			return true
		}
	}
	return false
}

// whole mends an intro that machines cut, or to which they joined what stands
// next on the page: the summary that readers see settles where it ends, then
// any longer form of it. One that stays cut is marked so.
func (ev *evidence) whole(intro string) string {
	k := key(intro)
	for i := range ev.marks {
		m := &ev.marks[i]
		if m.kind != mLead || len(m.text) < minPassage || len(m.text) > 700 {
			continue
		}
		if l := key(m.text); strings.HasPrefix(k, l) || len(k) >= 40 && strings.HasPrefix(l, k) {
			return clean(m.text)
		}
	}
	start := strings.TrimRight(intro, " .…[]")
	if len(start) < 40 || len(start) == len(intro) && !unended(intro) || strings.HasSuffix(intro, start+".") {
		return intro
	}
	k = key(start)
	continued := false
	for _, r := range introRules {
		body := r.name == "paragraph"
		for _, v := range r.find(ev) {
			switch v = cleanIntro(v); {
			case len(v) <= len(start) || !keyBegins(v, k):
			case body:
				continued = true
			case len(v) > len(intro) && (len(start) < len(intro) || continues(v, start)):
				intro = v
			}
		}
	}
	if broken(intro) && intro[:len(start)] == start && len(intro) == len(start) && (continued || len(intro) >= 140) {
		intro += "…"
	}
	return intro
}

// continues says that a text goes on with start's sentence.
func continues(v, start string) bool {
	rest, ok := strings.CutPrefix(v, start)
	c, _ := utf8.DecodeRuneInString(strings.TrimSpace(rest))
	return ok && (unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune(",.-…'’\"“„«", c))
}

// broken says that a text was cut within a sentence.
func broken(s string) bool { return len(s) >= 80 && unended(s) }

// unended says that a text ends as no sentence does.
func unended(s string) bool {
	c, _ := utf8.DecodeLastRuneInString(s)
	return (unicode.IsLetter(c) || unicode.IsDigit(c) || c == ',' || c == '-') && strings.Contains(s, " ")
}

func cleanIntro(s string) string {
	s = clean(s)
	if len(strings.Fields(s)) < 2 && len(s) < 12 {
		return ""
	}
	return s
}
