package scrape

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var (
	byPrefix = regexp.MustCompile(`(?i)^(?:(?:view all posts by|posts by|all posts by|alle beiträge von|mehr von|about the author|über den autor|follow|interview(?: von)?|text und fotos?|sponsored by)\s*[:–-]?|(?:(?:article|artikel|post|posted|written|published|story|text|texte|testo|texto|words|report|reported|photos?|fotos?|reviewed|updated|submitted|edited|created|geschrieben|veröffentlicht|verfasst|erstellt|eingestellt|gepostet|publié|écrit|rédigé|proposé|scritto|pubblicato|publicado|escrito|geplaatst|geschreven)\s+)*(?:by|von|vom|par|por|di|da|door|av|af|przez|od)(?:\s*[:.]|\s|$)|(?:autor(?:in|en|innen)?|author(?:\(s\)|s)?|auteure?s?|autore|autori|auteur|text|texte|words|redaktion|redakteur(?:in)?|by|von|written|verfasser(?:in)?|автор|文|作者|執筆者|著者)\s*[:：/|]|(?:autor(?:\s?[/:*]\s?in|in)?|author|auteur)\s)\s*`)
	// what ends a byline: a date, a place, a role
	byEnd   = regexp.MustCompile(`(?i)\s*(?:[|•·–—»›]|\s[-/]\s|\(|\[|<|>|\s@|\s+(?:on|am|(?-i:le|el|il|op|den)|at|in|for|für|stand|uhr|kommentare?|comments?|published|posted|updated|veröffentlicht|is a|ist|follow|email|e-mail|twitter|view all|view posts|mehr von|alles|vor \d)(?:\s|:|$)|,?\s*\d{1,4}[./:h]|,?\s*(?:mon|tues|wednes|thurs|fri|satur|sun)day|,?\s*(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)|,?\s+\d|,?\s+(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\.?$)`)
	address = regexp.MustCompile(`(?i)https?:|www\.|\.(?:com|de|org|net|info|co|fr|it|es|ch|at|html?|php)\b|\S@\S`)
	webMail = regexp.MustCompile(`(?i)https?:|www\.|\S@\S`)
	joiners = regexp.MustCompile(`(?i)\s*(?:;|\||\s&\s|\s+(?:and|und|et|y|e|en|og|och|i)\s+|\s\+\s|、|，|/\s)\s*`)
	comma   = regexp.MustCompile(`\s*,\s*`)
	titles  = regexp.MustCompile(`(?i)^(?:dr|prof|phd|ph\.d|m\.?a|b\.?a|md|jr|sr|esq|mba|ii|iii|dipl|ing|msc|rn|cfa|cpa)\b\.?`)
)

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
	if ascii(s) {
		return key(s)
	}
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
var body = regexp.MustCompile(`(?i)anstalt|institut|verband|gesellschaft|welle$|editorial|reda(?:k|c)tion|redacción|redação|redazione|rédaction|pressestelle|university|universität|ministeri|verlag|magazin|zeitung|bund$|forum$|^deutsche|nachrichten|presse$|sekretariat|^ediciones|^editora|^grupo |\b(?:team|staff|news|editors?|press|agency|group|company|corporation|e\.?\s?v)\b`)

// splitNames takes a list of names apart.
func splitNames(s string) []string {
	s = clean(s)
	if len(s) > 400 {
		return nil
	}
	if isPlain(s) {
		return []string{s}
	}
	s = strings.TrimSpace(byPrefix.ReplaceAllString(s, ""))
	var all []string
	for _, part := range joiners.Split(s, -1) {
		pieces := comma.Split(part, -1)
		for i, p := range pieces {
			switch {
			case p == "":
			case i > 0 && (titles.MatchString(p) || job.MatchString(p)): // of the name before
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
var invitation = regexp.MustCompile(`(?i)→|(?:^|\s)(?:anzeigen|ansehen|archiv|archives?|bio|biography|biografie|profile?|impressum|imprint|datenschutz(?:erklärung)?|privacy|newsletter|cookies?|search|suche|posts|beiträge|articles)(?:\s|$)|^(?:see|view|show|read|more|mehr|alle|tous|todos)\s`)

// role is a job put before a name.
var role = regexp.MustCompile(`(?i)^(?:[\pL-]*(?:expert(?:e|in)?|autor(?:in)?|redakteur(?:in)?|korrespondent(?:in)?|correspondent|reporter(?:in)?|kolumnist(?:in)?|columnist|editor)|staff writer)\s+`)

// job is what one does who is named before.
var job = regexp.MustCompile(`(?i)(?:^|\s)(?:[\pL-]*(?:editor|reporter(?:in)?|korrespondent(?:in)?|redakteur(?:in)?|expert(?:e|in)?|journalist(?:e|in)?|autorin)|correspondent|(?:staff|guest|senior|contributing) writer|columnist|contributor|photographer|producer|analyst|founder|professor|director|manager|ceo|cto|envoyée?s? spécia(?:l|ux|le|les)|rédact(?:eur|rice)|periodista|redactora?|giornalista)(?:\s|$)`)

// jobAfter is one put behind a name.
var jobAfter = regexp.MustCompile(`(?i)\s+(?:(?:staff|senior|chief|guest|associate|managing|deputy|contributing|special|foreign|political|business|technology)\s+)*(?:writer|editor|reporter|correspondent|columnist|redakteur(?:in)?|korrespondent(?:in)?|journalist(?:in)?|autor(?:in)?|photographer)$`)

var given = regexp.MustCompile(`^\p{Lu}\p{Ll}`) // no agency's letters

// isPlain says that a text is two or three words as names are written, of which
// none is one that stands around names: nothing is to be cut from it. Most names
// are of that kind, and the expressions below are dear.
func isPlain(s string) bool {
	n := 0
	for w := range strings.SplitSeq(s, " ") {
		if n++; n > 3 || !plainWord(w) || aroundNames[strings.ToLower(w)] {
			return false
		}
	}
	return n > 1
}

// plainWord is a capital and small letters, at least three in all.
func plainWord(s string) bool {
	for i, c := range s {
		if i == 0 && !unicode.IsUpper(c) || i > 0 && !unicode.IsLower(c) {
			return false
		}
	}
	return len(s) >= 3
}

// aroundNames are words that the expressions below cut from a name, or by which
// they tell that there is none.
var aroundNames = func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(`view posts all alle mehr about follow interview text texte sponsored article artikel post posted written published story testo texto words report reported photo photos foto fotos reviewed updated submitted edited created
		geschrieben verfasst erstellt eingestellt gepostet scritto pubblicato publicado escrito geplaatst geschreven by von vom par por door przez autor autorin author authors auteur autore autori redaktion redakteur verfasser
		den for stand uhr kommentar kommentare comment comments email twitter alles editor writer reporter correspondent columnist journalist photographer expert experte staff
		redakteurin korrespondent korrespondentin reporterin kolumnist kolumnistin journalistin verfasserin auteurs auteure authors anzeigen ansehen archiv archive archives bio biography biografie profil profile impressum imprint datenschutz datenschutzerklärung privacy newsletter cookie cookies search suche
		beiträge articles see show read tous todos monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz april juni juli august september oktober november dezember january february march june july october december veröffentlicht publié`) {
		m[w] = true
	}
	return m
}()

// person accepts what may be the name of one who writes.
func person(s string, loose bool) string {
	s = strings.TrimSpace(s)
	if isPlain(s) && !notPersons[strings.ToLower(s)] {
		return s
	}
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
		loc := byEnd.FindStringIndex(s)
		if loc == nil {
			break
		}
		s = s[:loc[0]]
	}
	s = strings.Trim(s, " \t,;:.|-–—·•*_/\\\"'“”„()[]{}<>")
	if head, _, ok := strings.Cut(s, "/"); ok && looksPersonal(strings.TrimSpace(head)) { // Name/agency
		s = strings.TrimSpace(head)
	}
	if loc := role.FindStringIndex(s); loc != nil && looksPersonal(s[loc[1]:]) {
		s = s[loc[1]:]
	}
	if loc := jobAfter.FindStringIndex(s); loc != nil && looksPersonal(s[:loc[0]]) && given.MatchString(s) {
		s = s[:loc[0]]
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
