package scrape

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var authorRules = []rule{
	{"jsonld", func(ev *evidence) []string {
		n := ev.articleNode()
		if v := ev.ld().names(n["author"]); len(v) > 0 {
			return v
		}
		return ev.ld().names(n["creator"])
	}},
	{"author", fromMeta("author", "article:author", "article:author_name", "article.author")},
	{"parsely-author", fromMeta("parsely-author")},
	{"sailthru.author", fromMeta("sailthru.author", "byl", "authors")},
	{"citation_author", catalogued(fromMeta("citation_author", "citation_authors"))},
	{"dc.creator", catalogued(fromMeta("dc.creator", "dc:creator", "dcterms.creator", "dc.creator.personalname", "dcsext.author", "rbauthors", "cxenseparse:author", "og:article:author", "og:author", "book:author", "cxenseparse:recs:author", "shareaholic:article_author_name", "weibo:article:author", "author_name", "creator"))},
	{"microdata", fromMarks(func(m *mark) bool { return item("author.name")(m) }, textElse)},
	{"microdata", fromMarks(func(m *mark) bool { return item("author")(m) || item("creator")(m) }, textElse)},
	{"rel=author", fromMarks(kind(mRelAuthor, cComment|cRelated), text)},
	{"class author", fromMarks(kind(mAuthorName, cComment|cRelated|cNav), text)},
	{"twitter:data1", func(ev *evidence) []string {
		for _, n := range []string{"1", "2"} {
			if l := ev.meta["twitter:label"+n]; len(l) > 0 && writtenBy(l[0]) {
				return ev.meta["twitter:data"+n]
			}
		}
		return nil
	}},
	{"byline cue", func(ev *evidence) []string { return ev.afterCue() }},
	{"byline link", func(ev *evidence) []string { return personsFirst(fromMarks(kind(mAuthorLink, elsewhere), text)(ev)) }},
	{"byline", fromMarks(kind(mByline, elsewhere), text)},
	{"byline in meta", fromMarks(kind(mDate, elsewhere), byIn)},
	{"byline text", func(ev *evidence) []string { return ev.bylineText() }},
	{"byline, aside", fromMarks(kind(mByline, cComment|cRelated), text)},
	{"byline of date", func(ev *evidence) []string { return ev.besideDate() }},
	{"signature", func(ev *evidence) []string { return ev.signature() }},
	{"owner", func(ev *evidence) []string { return ev.owner() }},
	{"source line", func(ev *evidence) []string { return ev.sourceLine() }},
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

// byIn finds a name after "by" among a post's other data.
func byIn(m *mark) string {
	if g := inMeta.FindStringSubmatch(m.text); g != nil {
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

var (
	byPrefix = regexp.MustCompile(`(?i)^(?:(?:view all posts by|posts by|all posts by|alle beiträge von|mehr von|about the author|über den autor|follow|interview(?: von)?|text und fotos?|sponsored by)\s*[:–-]?|(?:(?:article|artikel|post|posted|written|published|story|text|texte|testo|texto|words|report|reported|photos?|fotos?|reviewed|updated|submitted|edited|created|geschrieben|veröffentlicht|verfasst|erstellt|eingestellt|gepostet|publié|écrit|rédigé|proposé|scritto|pubblicato|publicado|escrito|geplaatst|geschreven)\s+)*(?:by|von|vom|par|por|di|da|door|av|af|przez|od)\b\s*[:.]?|(?:autor(?:in|en|innen)?|author(?:\(s\)|s)?|auteure?s?|autore|autori|auteur|text|texte|words|redaktion|redakteur(?:in)?|by|von|written|verfasser(?:in)?|автор|文|作者|執筆者|著者)\s*[:：/|]|(?:autor(?:in)?|author|auteur)\s)\s*`)
	// what ends a byline: a date, a place, a role
	byEnd   = regexp.MustCompile(`(?i)\s*(?:[|•·–—»›]|\s[-/]\s|\(|\[|<|>|\s@|\s+(?:on|am|le|el|il|op|den|at|in|for|für|stand|uhr|kommentare?|comments?|published|posted|updated|veröffentlicht|is a|ist|follow|email|e-mail|twitter|view all|view posts|mehr von|alles|vor \d)(?:\s|:|$)|,?\s*\d{1,4}[./:h]|,?\s*(?:mon|tues|wednes|thurs|fri|satur|sun)day|,?\s*(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)|,?\s+\d|,?\s+(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\.?$)`)
	address = regexp.MustCompile(`(?i)https?:|www\.|\.(?:com|de|org|net|info|co|fr|it|es|ch|at|html?|php)\b|\S@\S`)
	webMail = regexp.MustCompile(`(?i)https?:|www\.|\S@\S`)
	joiners = regexp.MustCompile(`(?i)\s*(?:;|\||\s&\s|\s+(?:and|und|et|y|e|en|og|och|i)\s+|\s\+\s|、|，|/\s)\s*`)
	comma   = regexp.MustCompile(`\s*,\s*`)
	titles  = regexp.MustCompile(`(?i)^(?:dr|prof|phd|ph\.d|m\.?a|b\.?a|md|jr|sr|esq|mba|ii|iii|dipl|ing|msc|rn|cfa|cpa)\b\.?`)
)

// authors are the names of those who wrote the page.
func (ev *evidence) authors(site, title string) (names []string, source string) {
	var fallback []string
	for _, r := range authorRules {
		names = nil
		loose := strings.HasPrefix(r.name, "byline")
		for _, v := range r.find(ev) {
			if whole := clean(v); ev.isAuthorSite(whole, site) || postal.MatchString(whole) || key(whole) == key(title) {
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
				if n == "" || key(n) == key(title) {
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
			if len(names) > 0 && (loose || r.name == "class author" || r.name == "microdata" && len(names) > 3) {
				break
			}
		}
		if len(names) == 0 {
			continue
		}
		names = ev.lengthen(names[:min(len(names), maxList)])
		if !body.MatchString(names[0]) {
			return names, r.name
		}
		if fallback == nil { // an institution, unless the page names a person too
			fallback, source = names, r.name
		}
	}
	return fallback, source
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

// lengthen puts the full name for a single one, where the page gives both:
// "Tove" and "Tove Lind", "tlind" never, "tovelind" and "Tove Lind".
func (ev *evidence) lengthen(names []string) []string {
	for i, n := range names {
		if strings.ContainsAny(n, " ") || !ascii(n) && utf8.RuneCountInString(n) < 3 {
			continue
		}
		for _, r := range authorRules {
			for _, v := range r.find(ev) {
				for _, full := range splitNames(v) {
					full = person(full, true)
					if head, _, ok := strings.Cut(full, " "); ok && looksPersonal(full) && (head == n || bare(full) == bare(n)) {
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

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// bare is a name without accents, spaces and signs.
func bare(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.Is(unicode.Mn, c) {
			return -1
		}
		return c
	}, key(norm.NFD.String(s)))
}

// capitalised says that every word but particles begins with a capital, or
// with a letter of a script that has none.
func capitalised(n string) bool {
	for w := range strings.FieldsSeq(n) {
		c, _ := utf8.DecodeRuneInString(w)
		if unicode.IsLower(c) && !particle[w] && strings.Contains(n, " ") {
			return false
		}
	}
	return n != ""
}

var particle = map[string]bool{
	"van": true, "von": true, "der": true, "de": true, "den": true, "del": true, "di": true, "da": true, "la": true, "le": true, "el": true, "al": true, "bin": true,
	"ten": true, "zu": true, "dos": true, "do": true, "du": true, "des": true, "ter": true, "af": true, "e": true, "y": true, "vom": true, "zur": true, "d": true,
}

// postal ends the address of a company, which some put for the author.
var postal = regexp.MustCompile(`(?i),\s*(?:germany|deutschland|austria|österreich|switzerland|schweiz|france|usa|uk|italia|españa)$|\b(?:gmbh|inc|ltd|llc|s\.?r\.?l|s\.a)\b\.?`)

// isAuthorSite is stricter than isSite: people name sites after themselves.
func (ev *evidence) isAuthorSite(n, site string) bool {
	if k := key(n); k == key(site) || ev.isHost(k) {
		return !looksPersonal(n) || body.MatchString(n) || ev.publishes(k)
	}
	return country.MatchString(n) && ev.isSite(n, site)
}

// looksPersonal says that a name has two or three capitalised words.
func looksPersonal(n string) bool {
	words := strings.Fields(n)
	if len(words) < 2 || len(words) > 3 {
		return false
	}
	for _, w := range words {
		if c, _ := utf8.DecodeRuneInString(w); !unicode.IsUpper(c) {
			return false
		}
	}
	if n == strings.ToUpper(n) {
		return false
	}
	return !organisation.MatchString(n)
}

var organisation = regexp.MustCompile(`(?i)\b(?:the|news|blog|magazin|magazine|times|post|daily|journal|online|media|verlag|gmbh|inc|ltd|team|zeitung|tv|radio|network|verein|e\.?v\.?|verband|university|press)\b`)

// body is in the names of institutions.
var body = regexp.MustCompile(`(?i)anstalt|institut|verband|gesellschaft|welle$|editorial|redaktion|pressestelle|university|universität|ministeri|verlag|magazin|zeitung|bund$|forum$|^deutsche|nachrichten|presse$|sekretariat|\b(?:team|staff|news|editors?|press|agency|e\.?\s?v)\b`)

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

// splitNames takes a list of names apart.
func splitNames(s string) []string {
	s = clean(s)
	if len(s) > 400 {
		return nil
	}
	s = strings.TrimSpace(byPrefix.ReplaceAllString(s, ""))
	var all []string
	for _, part := range joiners.Split(s, -1) {
		pieces := comma.Split(part, -1)
		for i, p := range pieces {
			switch {
			case p == "":
			case i > 0 && titles.MatchString(p): // a degree
			default:
				all = append(all, p)
			}
		}
	}
	return all
}

var notPersons = map[string]bool{
	"admin": true, "administrator": true, "by": true, "von": true, "author": true, "autor": true, "authors": true, "unknown": true, "unknown author": true, "unbekannt": true, "anonymous": true,
	"about the author": true, "share": true, "editor": false, "wordpress": true, "user": true, "root": true, "null": true, "undefined": true, "none": true, "n/a": true,
	"view all posts": true, "all posts": true, "more": true, "about": true, "home": true, "alle beiträge": true, "veröffentlicht": true, "aktualisiert": true, "all articles": true, "alle artikel": true, "redaktion:": true, "publisher": true, "people": true, "xing": true, "linkedin": true, "instagram": true, "youtube": true, "rss": true, "feed": true, "website": true, "profile": true, "contact": true, "kontakt": true, "posted": true, "written": true,
	"leave a comment": true, "comments": true, "guest": true, "read more": true, "follow": true, "über den autor": true, "see all posts": true, "staff": false, "twitter": true, "facebook": true,
	"view my complete profile": true, "afficher mon profil complet": true, "mein profil vollständig anzeigen": true, "ver todo mi perfil": true, "visualizza il mio profilo completo": true, "mijn volledige profiel tonen": true, "ver meu perfil completo": true, "プロフィール": true,
	"über uns": true, "impressum": true, "autoren": true, "autorin": true, "published": true, "updated": true, "mehr": true, "text": true, "foto": true, "photo": true,
}

// invitation is what a link by a name says that does not bear the name itself.
var invitation = regexp.MustCompile(`(?i)→|(?:^|\s)(?:anzeigen|ansehen|archiv|archives?|bio|biography|biografie|profile?|impressum|imprint|datenschutz(?:erklärung)?|privacy|newsletter|cookies?|posts|beiträge|articles)(?:\s|$)|^(?:see|view|show|read|more|mehr|alle|tous|todos)\s`)

// role is a job put before a name.
var role = regexp.MustCompile(`(?i)^(?:[\pL-]*(?:expert(?:e|in)?|autor(?:in)?|redakteur(?:in)?|korrespondent(?:in)?|correspondent|reporter(?:in)?|kolumnist(?:in)?|columnist|editor)|staff writer)\s+`)

// person accepts what may be the name of one who writes.
func person(s string, loose bool) string {
	s = strings.TrimSpace(s)
	if head, tail, ok := strings.Cut(s, " - "); ok && !strings.Contains(head, " ") { // site - Name
		s = tail
	}
	if i := strings.IndexAny(s, "(<"); i > 2 && strings.Contains(s[i:], "@") { // Name (mail@host)
		s = strings.TrimSpace(s[:i])
	}
	if address.MatchString(s) && (webMail.MatchString(s) || !strings.Contains(s, " ")) || strings.HasPrefix(s, "@") || strings.HasPrefix(s, "#") {
		return ""
	}
	s = strings.TrimSpace(byPrefix.ReplaceAllString(s, ""))
	for range 3 {
		if loc := byEnd.FindStringIndex(s); loc != nil {
			s = s[:loc[0]]
		}
	}
	s = strings.Trim(s, " \t,;:.|-–—·•*_/\\\"'“”„()[]{}<>")
	if head, _, ok := strings.Cut(s, "/"); ok && looksPersonal(strings.TrimSpace(head)) { // Name/agency
		s = strings.TrimSpace(head)
	}
	if loc := role.FindStringIndex(s); loc != nil && looksPersonal(s[loc[1]:]) {
		s = s[loc[1]:]
	}
	n := utf8.RuneCountInString(s)
	switch {
	case n < 2 || n > 60, notPersons[strings.ToLower(s)], strings.ContainsAny(s, "{}<>=\\?!:："), strings.Contains(s, "/") && (n > 24 || strings.Contains(s, " ")):
		return ""
	case len(strings.Fields(s)) > 6:
		return ""
	}
	if h := len(s) / 2; n > 6 && (s[:h] == s[len(s)-h:]) { // in text and link both
		s = strings.TrimSpace(s[:h])
	}
	letters, digits := 0, 0
	for _, c := range s {
		if unicode.IsLetter(c) {
			letters++
		}
		if unicode.IsDigit(c) {
			digits++
		}
	}
	if invitation.MatchString(s) {
		return ""
	}
	if letters < 2 || digits > 4 || loose && (digits > 0 || !strings.Contains(s, " ") && month(s) > 0) {
		return ""
	}
	return s
}
