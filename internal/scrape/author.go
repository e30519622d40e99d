package scrape

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// authorRule is a rule, and whether readers see what it finds.
type authorRule struct {
	name string
	sight
	find func(*evidence) []string
}

type sight bool

const (
	seen   sight = false
	unseen sight = true // it may be for machines alone
)

var authorRules = []authorRule{
	{"jsonld", unseen, func(ev *evidence) []string {
		n := ev.articleNode()
		if v := ev.ld().names(n["author"]); len(v) > 0 {
			return v
		}
		return ev.ld().names(n["creator"])
	}},
	{"author", unseen, fromMeta("author", "article:author", "article:author_name", "article.author")},
	{"parsely-author", unseen, fromMeta("parsely-author")},
	{"sailthru.author", unseen, fromMeta("sailthru.author", "byl", "authors")},
	{"citation_author", unseen, catalogued(fromMeta("citation_author", "citation_authors"))},
	{"dc.creator", unseen, catalogued(fromMeta("dc.creator", "dc:creator", "dcterms.creator", "dc.creator.personalname", "dcsext.author", "rbauthors", "cxenseparse:author", "og:article:author", "og:author", "book:author", "cxenseparse:recs:author", "shareaholic:article_author_name", "weibo:article:author", "author_name", "creator"))},
	{"microdata", unseen, fromMarks(func(m *mark) bool { return item("author.name")(m) }, textElse)},
	{"microdata", unseen, fromMarks(func(m *mark) bool { return item("author")(m) || item("creator")(m) }, textElse)},
	{"rel=author", seen, together(kind(mRelAuthor, cComment|cRelated))},
	{"class author", seen, together(kind(mAuthorName, cComment|cRelated|cNav))},
	{"twitter:data1", unseen, func(ev *evidence) []string {
		for _, n := range []string{"1", "2"} {
			if l := ev.meta["twitter:label"+n]; len(l) > 0 && writtenBy(l[0]) {
				return ev.meta["twitter:data"+n]
			}
		}
		return nil
	}},
	{"byline cue", seen, func(ev *evidence) []string { return ev.afterCue() }},
	{"byline link", seen, func(ev *evidence) []string { return personsFirst(fromMarks(kind(mAuthorLink, elsewhere), text)(ev)) }},
	{"byline", seen, fromMarks(kind(mByline, elsewhere), text)},
	{"byline in meta", seen, fromMarks(kind(mDate, elsewhere), byIn)},
	{"byline text", seen, func(ev *evidence) []string { return ev.bylineText() }},
	{"byline, aside", seen, fromMarks(kind(mByline, cComment|cRelated), text)},
	{"byline of date", seen, func(ev *evidence) []string { return ev.besideDate() }},
	{"signature", seen, func(ev *evidence) []string { return ev.signature() }},
	{"owner", seen, func(ev *evidence) []string { return ev.owner() }},
	{"source line", seen, func(ev *evidence) []string { return ev.sourceLine() }},
}

// together reads the first of those elements and those that stand beside it:
// what comes after a heading, a paragraph or another date is of another post.
func together(keep func(*mark) bool) func(*evidence) []string {
	return func(ev *evidence) []string {
		var all []string
		for i := range ev.marks {
			switch m := &ev.marks[i]; {
			case keep(m) && m.text != "":
				all = append(all, m.text)
			case len(all) > 0 && (m.kind == mHeadline || m.kind == mHeading || m.kind == mPara || m.kind == mTime):
				return all
			}
		}
		return all
	}
}

// personsFirst puts what looks like a person's name before initials and the like.
func personsFirst(all []string) []string {
	all = all[:min(len(all), maxList)]
	slices.SortStableFunc(all, func(a, b string) int {
		switch x, y := looksPersonal(clean(a)), looksPersonal(clean(b)); {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	})
	return all
}

// surnameFirst is a name as catalogues write it: Rua, Tāne.
var surnameFirst = regexp.MustCompile(`^\s*(\pL[\pL'’-]*(?:\s\pL[\pL'’-]*)?),\s+(\p{Lu}[\pL.'’-]*(?:\s\p{Lu}[\pL.]*)?)\s*$`)

// catalogued turns names about that a catalogue has turned.
func catalogued(find func(*evidence) []string) func(*evidence) []string {
	return func(ev *evidence) []string {
		var all []string
		for _, v := range find(ev) {
			for part := range strings.SplitSeq(v, ";") {
				all = append(all, surnameFirst.ReplaceAllString(part, "$2 $1"))
			}
		}
		return all
	}
}

var inMeta = regexp.MustCompile(`(?:^|\s)(?i:by|von|par|por|door|written by|autor(?:in)?:|author:)\s+(\S.{1,60}?)(?:\s+(?:on|am|in|le|el|at|um)\s|\s*[|•·–—,(]|\s+-|\s+\d|$)`)

// inMetaWords are those of which inMeta needs one.
var inMetaWords = alternatives(`by|von|par|por|door|autor|author`)

// byIn finds a name after "by" among a post's other data.
func byIn(m *mark) string {
	if !says(m.text, inMetaWords) {
		return ""
	}
	if g := inMeta.FindStringSubmatch(m.text); g != nil && !notAuthored.MatchString(m.text) && looksPersonal(g[1]) {
		return g[1]
	}
	return ""
}

func writtenBy(label string) bool {
	switch strings.ToLower(strings.Trim(label, " :")) {
	case "written by", "by", "author", "verfasst von", "geschrieben von", "von", "écrit par", "escrito por", "scritto da", "geschreven door", "autor", "auteur", "autore", "napisane przez", "publié par", "от", "автор", "投稿者", "skriven av", "skrevet av", "yazan":
		return true
	}
	return false
}

// authors are the names of those who wrote the page.
func (ev *evidence) authors(site, title string) (names []string, source string) {
	var fallback []string
	for i, r := range authorRules {
		names = nil
		loose := strings.HasPrefix(r.name, "byline") || r.name == "source line"
		for _, v := range ev.authorValues(i) {
			if whole := clean(v); ev.isAuthorSite(whole, site) || says(whole, postalWords) && postal.MatchString(whole) || key(whole) == key(title) {
				continue
			}
			if loose {
				v = firstPart(v)
			}
			for _, n := range splitNames(v) {
				n = person(n, loose)
				if loose && !capitalised(n) {
					break // the names are over
				}
				if n == "" || key(n) == key(title) || len(names) > 0 && jobAfter.MatchString(n) {
					continue
				}
				if ev.isAuthorSite(n, site) {
					if loose {
						break
					}
					continue
				}
				names = addNew(names, n)
			}
			if len(names) > 0 && (loose || r.name == "microdata" && len(names) > 3) {
				break
			}
		}
		if len(names) == 0 {
			continue
		}
		if names = names[:min(len(names), maxList)]; r.sight == unseen && !ev.bears(names) && !ev.shows(names) {
			continue // the account that posted it
		}
		names = ev.lengthen(names)
		if !body.MatchString(names[0]) {
			return names, r.name
		}
		if fallback == nil { // an institution, unless the page names a person too
			fallback, source = names, r.name
		}
	}
	return fallback, source
}

// authorValues are what rule i finds, which is asked for twice at times.
func (ev *evidence) authorValues(i int) []string {
	if ev.authorFinds == nil {
		ev.authorFinds = make([][]string, len(authorRules))
		ev.authorAsked = make([]bool, len(authorRules))
	}
	if !ev.authorAsked[i] {
		ev.authorFinds[i], ev.authorAsked[i] = authorRules[i].find(ev), true
	}
	return ev.authorFinds[i]
}

// firstPart is a byline up to the first sign that parts it from a date, a
// section or a count of comments; what stands before a name is passed over.
func firstPart(s string) string {
	for {
		head, rest, found := strings.Cut(s, "|")
		if i := strings.IndexAny(head, "•·–—"); i > 0 {
			head, rest, found = s[:i], strings.TrimLeft(s[i:], "•·–—"), true
		}
		if !found || utf8.RuneCountInString(byPrefix.ReplaceAllString(strings.TrimSpace(head), "")) > 3 {
			return head
		}
		s = rest
	}
}

// maxTries is how many values are asked for the whole of a name.
const maxTries = 20

// lengthen puts the full name for a single one, where the page gives both:
// "Tove" and "Tove Lind", "tlind" never, "tovelind" and "Tove Lind".
func (ev *evidence) lengthen(names []string) []string {
	for i, n := range names {
		if strings.ContainsAny(n, " ") || !ascii(n) && utf8.RuneCountInString(n) < 3 {
			continue
		}
		short, tries := bare(n), 0
		for rule := range authorRules {
			for _, v := range ev.authorValues(rule) {
				if b := bare(v); b == short || tries >= maxTries || !strings.Contains(b, short) {
					continue
				}
				tries++
				for _, full := range splitNames(v) {
					if !strings.Contains(bare(full), short) {
						continue
					}
					full = person(full, true)
					if head, _, ok := strings.Cut(full, " "); ok && looksPersonal(full) && (head == n || bare(full) == short) {
						names[i] = full
					}
				}
			}
			if names[i] != n {
				break
			}
		}
	}
	return names
}

// postal ends the address of a company, which some put for the author.
var postal = regexp.MustCompile(`(?i),\s*(?:germany|deutschland|austria|österreich|switzerland|schweiz|france|usa|uk|italia|españa)$|\b(?:gmbh|inc|ltd|llc|s\.?r\.?l|s\.a)\b\.?`)

// postalWords are those of which postal needs one.
var postalWords = alternatives(`,|gmbh|inc|ltd|llc|srl|s.r|sr.|s.a`)

// isAuthorSite is stricter than isSite: people name sites after themselves.
func (ev *evidence) isAuthorSite(n, site string) bool {
	n = ofSite.ReplaceAllString(n, "")
	if k := key(n); k == key(site) || ev.isHost(k) {
		return !looksPersonal(n) || body.MatchString(n) || ev.publishes(k)
	}
	return country.MatchString(n) && ev.isSite(n, site)
}

// ofSite is put before the name of a site that stands for an author.
var ofSite = regexp.MustCompile(`^(?:[Ff]rom|[Dd][oae]|[Vv]on|[Tt]eam)\s+`)

// publishes says that JSON-LD calls a publisher so, and no person.
func (ev *evidence) publishes(k string) bool {
	g := ev.ld()
	all := append([]node{}, g.sites...)
	if n, ok := ev.articleNode()["publisher"].(node); ok {
		all = append(all, g.resolve(n))
	}
	for _, n := range all {
		types := typesOf(n)
		if slices.ContainsFunc(types, func(t string) bool { return strings.HasSuffix(t, "organization") }) && !slices.Contains(types, "person") && key(first(texts(n["name"])...)) == k {
			return true
		}
	}
	return false
}

// country ends the names of branches.
var country = regexp.MustCompile(`(?i)\s(?:deutschland|germany|austria|österreich|schweiz|switzerland|france|usa|uk|italia|españa|international|global)$`)

// addNew adds a name that is not in the list yet.
func addNew(all []string, s string) []string {
	for i, o := range all {
		if strings.EqualFold(o, s) {
			if o == strings.ToUpper(o) { // the same in capitals
				all[i] = s
			}
			return all
		}
	}
	return append(all, s)
}
