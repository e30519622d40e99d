package scrape

import (
	"strings"
	"unicode/utf8"
)

var tagRules = []rule{
	{"rel=tag", fromMarks(kind(mRelTag, elsewhere), text)},
	{"class tags", fromMarks(kind(mTagLink, elsewhere), text)},
	{"article:tag", fromMeta("article:tag")},
	{"jsonld", fromLD("keywords")},
	{"microdata", fromMarks(item("keywords"), textElse)},
	{"rel=tag", fromMarks(kind(mRelTag, cComment|cRelated), text)},
	{"tag link", fromMarks(kind(mTagPath, elsewhere), text)},
	{"keywords", fromMeta("keywords")},
	{"news_keywords", fromMeta("news_keywords")},
	{"parsely-tags", fromMeta("parsely-tags", "sailthru.tags", "citation_keywords", "dc.subject", "dcterms.subject", "og:article:tag", "video:tag", "book:tag")},
	{"rel=category", fromMarks(kind(mCategory, elsewhere), text)},
}

// tags are the page's keywords, in the order in which it gives them.
func (ev *evidence) tags() ([]string, string) {
	for _, r := range tagRules {
		var all []string
		seen := map[string]bool{}
		for _, v := range r.find(ev) {
			for _, t := range splitTags(v) {
				if k := key(t); k != "" && !seen[k] && len(all) < maxList {
					seen[k] = true
					all = append(all, t)
				}
			}
		}
		if len(all) > 0 {
			return all, r.name
		}
	}
	return nil, ""
}

// splitTags takes apart the lists that single values hold.
func splitTags(s string) []string {
	s = clean(s)
	sep := ","
	if !strings.Contains(s, ",") && strings.Contains(s, ";") {
		sep = ";"
	}
	var all []string
	for t := range strings.SplitSeq(s, sep) {
		t = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(t), "#"))
		t = strings.Trim(t, " \"'[]")
		if n := utf8.RuneCountInString(t); n < 1 || n > 80 || strings.Contains(t, "://") {
			continue
		}
		all = append(all, t)
	}
	return all
}
