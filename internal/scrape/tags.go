package scrape

import (
	"net/url"
	"regexp"
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
	{"tag link", tagLinks(true)},
	{"keywords", fromMeta("keywords")},
	{"news_keywords", fromMeta("news_keywords")},
	{"parsely-tags", fromMeta("parsely-tags", "sailthru.tags", "citation_keywords", "dc.subject", "dcterms.subject", "og:article:tag", "video:tag", "book:tag")},
	{"tag link, outside", tagLinks(false)},
	{"rel=category", fromMarks(kind(mCategory, elsewhere), text)},
}

// tagLinks reads links to pages of tags of the same site: those in the article,
// or those below the headline of a page that marks no article.
func tagLinks(in bool) func(*evidence) []string {
	return func(ev *evidence) []string {
		var all []string
		for i := range ev.marks {
			if m := &ev.marks[i]; m.kind == mTagPath && m.class&elsewhere == 0 && m.in == in && ev.sameSite(m.value) {
				all = append(all, m.text)
			}
		}
		return all
	}
}

// sameSite says that an address is relative, or of the page's own domain.
func (ev *evidence) sameSite(href string) bool {
	u, err := url.Parse(href)
	if err != nil {
		return false
	}
	host := strings.TrimPrefix(u.Hostname(), "www.")
	own := strings.TrimPrefix(ev.request.Hostname(), "www.")
	return host == "" || host == own || strings.HasSuffix(host, "."+own) || strings.HasSuffix(own, "."+host)
}

// tags are the page's keywords, in the order in which it gives them.
func (ev *evidence) tags(p *Page) ([]string, string) {
	for _, r := range tagRules {
		var all []string
		shown := strings.HasPrefix(r.name, "rel=") || r.name == "class tags" || strings.HasPrefix(r.name, "tag link")
		seen := map[string]bool{}
		for _, v := range r.find(ev) {
			parts := splitTags(v)
			if shown {
				parts = splitTags(strings.ReplaceAll(v, ",", noComma)) // a link is one tag
			}
			for _, t := range parts {
				t = strings.Trim(strings.ReplaceAll(t, noComma, ","), " ,")
				if k := key(t); k != "" && !seen[k] && len(all) < maxList && !(shown && noTag(t)) {
					seen[k] = true
					all = append(all, t)
				}
			}
		}
		if len(all) > 0 && !(strings.Contains(r.name, "keywords") && wordsOf(p.Title, all)) {
			return all, r.name
		}
	}
	return nil, ""
}

// wordsOf says that keywords are no more than the words of the title, which
// some machines make of it.
func wordsOf(title string, tags []string) bool {
	in := words(title)
	found := 0
	for _, t := range tags {
		if in[strings.ToLower(t)] {
			found++
		}
	}
	return len(tags) > 3 && found*5 >= len(tags)*4
}

const noComma = "\ue000"

// noTag says that a link among tags is none.
func noTag(s string) bool {
	return notTags[strings.ToLower(s)] || offer.MatchString(s) || len(strings.Fields(s)) > maxTagWords
}

// notTags stand in lists of tags, but are labels and buttons.
var notTags = map[string]bool{
	"tags": true, "tag": true, "topics": true, "themen": true, "schlagworte": true, "schlagwörter": true, "keywords": true, "share": true, "teilen": true, "tweet": true, "email": true, "e-mail": true, "print": true, "drucken": true,
	"comment": true, "comments": true, "kommentare": true, "コメント": true, "more": true, "mehr": true, "reply": true, "permalink": true, "edit": true, "bearbeiten": true, "follow": true, "subscribe": true, "next": true, "previous": true,
}

// offer is a link that leads on, not a tag.
var offer = regexp.MustCompile(`(?i)[»›→…]$|^(?:get alerts|más temas|see all|view all|show all|all topics|all tags|alle themen|mehr (?:zu|auf|aus|über)|more (?:on|from|about))\s|(?:anzeigen|comments?|kommentare?)$`)

// maxTagWords are those of a tag that stands on the page; a longer one is a headline.
const maxTagWords = 6

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
		t = strings.Trim(t, " \"'[],;")
		if n := utf8.RuneCountInString(t); n < 1 || n > 80 || strings.Contains(t, "://") {
			continue
		}
		all = append(all, t)
	}
	return all
}
