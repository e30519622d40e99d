package scrape

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var publishedRules = []rule{
	{"article:published_time", fromMeta("article:published_time", "article:published", "og:article:published_time", "og:published_time", "og:pubdate", "article:publish_date")},
	{"jsonld", fromLD("datePublished", "dateCreated", "uploadDate")},
	{"meta", fromMeta("citation_publication_date", "citation_online_date", "citation_date", "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date.created", "dc.date.publication",
		"parsely-pub-date", "sailthru.date", "pubdate", "publishdate", "publish_date", "publish-date", "publication_date", "publication-date", "published_time", "published-date", "published_date", "datepublished", "date_published", "article.published", "article_date_original",
		"originalpublicationdate", "cxenseparse:recs:publishtime", "cxenseparse:publishtime", "shareaholic:article_published_time", "rbpubdate", "article.created", "bt:pubdate", "gentime", "ptime", "video:release_date", "article:date", "firstpublished", "mediator_published_time", "weibo:article:create_at", "originaldate")},
	{"microdata", fromMarks(func(m *mark) bool { return item("datepublished")(m) || item("datecreated")(m) }, valueElse)},
	{"jsonld page", fromPages("datePublished")},
}

// never are the parts whose dates belong to something else for certain.
const never = cComment | cRelated

// vagueRules do not say what day they mean; often it is that of the last
// change. What readers see comes first.
var vagueRules = []rule{
	{"meta date", fromMeta("dc.date", "dcterms.date", "date", "created", "timestamp")},
}

// modifiedRules are asked for Modified alone, never for Published.
var modifiedRules = []rule{
	{"article:modified_time", fromMeta("article:modified_time", "og:updated_time", "article:modified", "last-modified", "lastmod", "dcterms.modified", "dc.date.modified", "date.modified")},
	{"jsonld", fromLD("dateModified")},
	{"microdata", fromMarks(item("datemodified"), valueElse)},
}

// published is when the page came out, as it says itself.
func (ev *evidence) published(lang string) (Date, string) {
	order := ev.order(lang)
	for _, r := range publishedRules {
		for _, v := range r.find(ev) {
			if d, ok := ev.date(v, order); ok {
				return d, r.name
			}
		}
	}
	if d, ok := ev.date(urlDate(ev.request.Path), order); ok {
		return d, "url"
	}
	d, source := ev.visibleDate(order)
	if source != "" && source != "text" {
		return d, source
	}
	for _, r := range vagueRules {
		for _, v := range r.find(ev) {
			if d, ok := ev.date(v, order); ok {
				return d, r.name
			}
		}
	}
	return d, source
}

func (ev *evidence) modified() (Date, string) {
	for _, r := range modifiedRules {
		for _, v := range r.find(ev) {
			if d, ok := ev.date(v, ev.order("")); ok {
				return d, r.name
			}
		}
	}
	return Date{}, ""
}

// date parses a value and believes it, within reason.
func (ev *evidence) date(s string, order dayOrder) (Date, bool) {
	d, ok := parseDate(s, order)
	if !ok || !ev.plausible(d) {
		return Date{}, false
	}
	return d, true
}

func (ev *evidence) plausible(d Date) bool {
	if d.Year() < 1990 || d.Year() > 2100 {
		return false
	}
	return ev.now.IsZero() || d.Before(ev.now.Add(24*time.Hour))
}

// visibleDate looks for the date that readers see: in <time>, in elements
// whose class speaks of a date, and after words that announce one.
func (ev *evidence) visibleDate(order dayOrder) (Date, string) {
	own := func(k markKind, also class) func(*mark) bool {
		return func(m *mark) bool { return m.kind == k && m.class&(elsewhere|cUpdated) == 0 && m.class&also == also }
	}
	if d, ok := ev.dated(own(mTime, cPublished), order); ok {
		return d, "time"
	}
	if d, ok := ev.dated(own(mDate, cPublished), order); ok {
		return d, "class date"
	}
	text, sure := ev.textDate(order)
	if sure {
		return text, "announced"
	}
	for _, t := range []struct {
		name string
		keep func(*mark) bool
	}{
		{"time", func(m *mark) bool { return m.in && own(mTime, 0)(m) }},
		{"time", own(mTime, 0)},
		{"class date", own(mDate, 0)},
		{"byline", own(mByline, 0)},
		{"class date", func(m *mark) bool {
			return (m.kind == mDate || m.kind == mTime) && m.class&cPublished != 0 && m.class&(never|cUpdated) == 0
		}},
		{"time", func(m *mark) bool {
			return m.kind == mTime && m.class&(never|cUpdated) == 0 && m.class&(cSidebar|cNav) != cSidebar|cNav
		}},
	} {
		if d, ok := ev.dated(t.keep, order); ok {
			return d, t.name
		}
	}
	if text.IsZero() {
		return text, ""
	}
	return text, "text"
}

// dated is the date of the first of those marks that has one.
func (ev *evidence) dated(keep func(*mark) bool, order dayOrder) (Date, bool) {
	for i := range ev.marks {
		m := &ev.marks[i]
		if !keep(m) {
			continue
		}
		for _, v := range []string{m.value, m.text} {
			if d, ok := ev.date(v, order); ok {
				return d, true
			}
		}
		if d, ok := findDate(m.text, order); ok && ev.plausible(d) {
			return d, true
		}
	}
	return Date{}, false
}

var (
	cue = regexp.MustCompile(`(?i)(?:published|posted|publié|publiée|pubblicato|publicado|veröffentlicht|erschienen|erstellt|eingestellt|geschrieben|verfasst|gepostet|datum|date|fecha|data|stand|created|written|released|issued|meldung vom|mitteilung vom|artikel vom|beitrag vom|nachricht vom|notizia del|artículo del|geplaatst|gepubliceerd|opublikowano|опубликовано|公開日?|投稿日?|更新日|掲載|^am|^vom|^on|^le)\b?[^\d\p{Lu}]{0,30}`)
	not = regexp.MustCompile(`(?i)updated|modified|aktualisiert|geändert|zuletzt|letzte|änderung|last edited|mis à jour|actualizado|aggiornato|copyright|©|event|termin|beginn|expires|accessed|abgerufen`)
)

// textDate searches the short texts of the page, and its description: for one
// that is a date, or has a date after a word that announces one, of which it
// is sure. Those after the headline and in the page's own part come first.
func (ev *evidence) textDate(order dayOrder) (best Date, sure bool) {
	score := 9
	for _, l := range ev.lines {
		if d, s := ev.lineDate(l, order); s > score {
			best, score = d, s
		}
	}
	for _, v := range ev.meta["description"] {
		if d, s := ev.lineDate(line{text: clean(v)}, order); s > max(score, 20) {
			best, score = d, s
		}
	}
	return best, score >= 28
}

// lineDate is the date in a text, and how much speaks for it.
func (ev *evidence) lineDate(l line, order dayOrder) (Date, int) {
	if not.MatchString(l.text) {
		return Date{}, 0
	}
	d, at, end, ok := findDateAt(l.text, order)
	if !ok || !ev.plausible(d) {
		return Date{}, 0
	}
	s, rest := 0, l.text[end:]
	switch {
	case cue.MatchString(l.text[:at]) || at < 4 && cue.MatchString(l.before) && !not.MatchString(l.before):
		s = 20
	case at <= 16 && (len(rest) <= 16 || len(rest) <= 40 && tail.MatchString(rest)):
		s = 10
	default:
		return Date{}, 0
	}
	if l.after {
		s += 4
	}
	if l.class&elsewhere == 0 {
		s += 8
	} else if l.class&never != 0 {
		s -= 8
	}
	return d, s
}

// tail is what goes on after a date that stands for itself.
var tail = regexp.MustCompile(`^\s*[|·•–—/]`)

// dayOrder settles 3/4/2020.
type dayOrder bool

const (
	dayFirst   dayOrder = false
	monthFirst dayOrder = true
)

// order is that of the page's language; of the United States, if English and
// on no other country's domain.
func (ev *evidence) order(lang string) dayOrder {
	lang = strings.ToLower(first(lang, ev.lang))
	switch {
	case strings.HasPrefix(lang, "en-us"):
		return monthFirst
	case lang == "" || lang == "en":
		host := ev.request.Hostname()
		tld := host[strings.LastIndexByte(host, '.')+1:]
		return dayOrder(len(tld) != 2 || tld == "us")
	}
	return dayFirst
}

var iso = regexp.MustCompile(`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{1,2}|[A-Z]{2,4})?)?`)
var compact = regexp.MustCompile(`^((?:19|20)\d{2})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{2}:?\d{2})?)?$`)
var epoch = regexp.MustCompile(`^1\d{9}(?:\d{3})?$`)

var layouts = []string{
	time.RFC1123Z, time.RFC1123, time.RFC850, time.ANSIC, time.UnixDate, time.RFC822Z, time.RFC822,
	"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04 MST", "2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 MST",
	"Mon Jan 02 2006 15:04:05 GMT-0700", "Mon Jan 2 15:04:05 -0700 2006", "Jan 2, 2006, 3:04:05 PM MST",
}

// parseDate reads a date as machines write it, or else as people do.
func parseDate(s string, order dayOrder) (Date, bool) {
	s = collapse(s)
	if len(s) < 6 || len(s) > 200 {
		return Date{}, false
	}
	if m := iso.FindStringSubmatch(s); m != nil {
		return fromParts(m[1:])
	}
	if m := compact.FindStringSubmatch(s); m != nil {
		return fromParts(m[1:])
	}
	if epoch.MatchString(s) {
		n, _ := strconv.ParseInt(s[:10], 10, 64)
		return Date{Time: time.Unix(n, 0).UTC()}, true
	}
	if i := strings.IndexByte(s, '('); i > 10 { // (Central European Time)
		s = strings.TrimSpace(s[:i])
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return Date{Time: knownZone(t)}, true
		}
	}
	d, at, end, ok := findDateAt(s, order)
	if !ok || at > 40 || len(s)-end > 60 {
		return Date{}, false
	}
	return d, true
}

// zones are those that pages name by letters.
var zones = map[string]int{
	"UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "BST": 3600, "CET": 3600, "MEZ": 3600, "CEST": 7200, "MESZ": 7200, "EET": 7200, "EEST": 10800, "MSK": 10800, "IST": 19800, "JST": 32400, "AEST": 36000,
	"EST": -18000, "EDT": -14400, "CST": -21600, "CDT": -18000, "MST": -25200, "MDT": -21600, "PST": -28800, "PDT": -25200,
}

// knownZone mends what time.Parse makes of zone names it does not know.
func knownZone(t time.Time) time.Time {
	name, off := t.Zone()
	if known, ok := zones[name]; ok && off == 0 && known != 0 {
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.FixedZone("", known))
	}
	if off == 0 {
		return t.UTC()
	}
	return t
}

// fromParts makes a date of year, month, day and maybe hour, minute, second
// and zone.
func fromParts(m []string) (Date, bool) {
	n := func(i int) int {
		v, _ := strconv.Atoi(m[i])
		return v
	}
	d, ok := day(n(0), n(1), n(2))
	if !ok || m[3] == "" {
		return d, ok
	}
	h, min, sec := n(3), n(4), n(5)
	if h > 24 || min > 59 || sec > 60 {
		return d, true
	}
	loc := time.UTC
	switch z := m[6]; {
	case z == "" || z == "Z" || z == "z":
	case z[0] == '+' || z[0] == '-':
		digits := strings.ReplaceAll(z[1:], ":", "")
		if len(digits) <= 2 {
			digits += "00"
		}
		hm, _ := strconv.Atoi(digits)
		off := hm/100*3600 + hm%100*60
		if off > 18*3600 {
			break
		}
		if z[0] == '-' {
			off = -off
		}
		if off != 0 {
			loc = time.FixedZone("", off)
		}
	default:
		if off := zones[z]; off != 0 {
			loc = time.FixedZone("", off)
		}
	}
	return Date{Time: time.Date(d.Year(), d.Month(), d.Day(), h, min, sec, 0, loc)}, true
}

func day(y, m, d int) (Date, bool) {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if y < 1000 || y > 9999 || m < 1 || m > 12 || d < 1 || t.Day() != d {
		return Date{}, false
	}
	return Date{Time: t, NoTime: true}, true
}

var inPath = regexp.MustCompile(`(?:^|[/_.-])((?:19|20)\d{2})([/_-]?)(0[1-9]|1[0-2])([/_-]?)(0[1-9]|[12]\d|3[01])(?:[/_.-]|$)`)

// urlDate is the day that a path names.
func urlDate(path string) string {
	m := inPath.FindStringSubmatch(path)
	if m == nil || m[2] != m[4] {
		return ""
	}
	return m[1] + "-" + m[3] + "-" + m[5]
}

// monthNames are those of a dozen languages, a month a line.

const monthNames = `january jan januar janvier januari jänner enero gennaio janeiro stycznia styczeń leden ledna января январь ocak tammikuuta ene genn
february feb februar février fevrier februari feber febrero febbraio fevereiro lutego luty únor února февраля февраль şubat helmikuuta fév
march mar märz maerz mrz mars maart marzo março marca marzec březen března марта март mart maaliskuuta
april apr avril abril aprile kwietnia kwiecień duben dubna апреля апрель nisan huhtikuuta avr abr
may mai mei mayo maggio maio maja maj květen května мая май mayıs toukokuuta mag
june jun juni juin junio giugno junho czerwca czerwiec červen června июня июнь haziran kesäkuuta giu
july jul juli juillet julio luglio julho lipca lipiec červenec července июля июль temmuz heinäkuuta juil lug
august aug août aout augustus agosto sierpnia sierpień srpen srpna августа август ağustos elokuuta augusti ago
september sept sep septembre septiembre settembre setembro września wrzesień září сентября сентябрь eylül syyskuuta set
october oct oktober okt octobre octubre ottobre outubro października październik říjen října октября октябрь ekim lokakuuta ott out
november nov novembre noviembre novembro listopada listopad ноября ноябрь kasım marraskuuta
december dec dezember dez décembre decembre diciembre dicembre dezembro grudnia grudzień prosinec prosince декабря декабрь aralık joulukuuta déc dic desember`

func month(name string) int {
	name = strings.ToLower(name)
	for i, line := range monthLines {
		for w := range strings.FieldsSeq(line) {
			if w == name {
				return i + 1
			}
		}
	}
	return 0
}

var monthLines = strings.Split(monthNames, "\n")

var (
	dayMonth = regexp.MustCompile(`\b(\d{1,2})(?:\.|st|nd|rd|th|er|º|ª|°)?[\s./-]*(?:of |de |d')?\s*(\p{L}{3,14})\.?,?[\s./-]*(?:de |del )?\s*((?:19|20)\d{2})`)
	monthDay = regexp.MustCompile(`(\p{L}{3,14})\.?[\s-]+(\d{1,2})(?:st|nd|rd|th)?,?[\s-]+((?:19|20)\d{2})`)
	cjk      = regexp.MustCompile(`((?:19|20)\d{2})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?`)
	yearLed  = regexp.MustCompile(`\b((?:19|20)\d{2})[-/.](\d{1,2})[-/.](\d{1,2})\b`)
	dotted   = regexp.MustCompile(`\b(\d{1,2})\s?([./|-])\s?(\d{1,2})\s?[./|-]\s?((?:19|20)?\d{2})\b`)
)

func findDate(s string, order dayOrder) (Date, bool) {
	d, _, _, ok := findDateAt(s, order)
	return d, ok
}

// findDateAt finds the first day that a text names, and where.
func findDateAt(s string, order dayOrder) (best Date, at, end int, ok bool) {
	if len(s) > 600 {
		s = s[:600]
	}
	if !strings.ContainsAny(s, "0123456789") {
		return Date{}, 0, 0, false
	}
	num := func(a, b int) int {
		v, _ := strconv.Atoi(s[a:b])
		return v
	}
	take := func(loc []int, y, m, d int) {
		if v, good := day(y, m, d); good && (!ok || loc[0] < at) {
			best, at, end, ok = v, loc[0], loc[1], true
		}
	}
	for _, l := range dayMonth.FindAllStringSubmatchIndex(s, 4) {
		if m := month(s[l[4]:l[5]]); m > 0 {
			take(l, num(l[6], l[7]), m, num(l[2], l[3]))
			break
		}
	}
	for _, l := range monthDay.FindAllStringSubmatchIndex(s, 4) {
		if m := month(s[l[2]:l[3]]); m > 0 {
			take(l, num(l[6], l[7]), m, num(l[4], l[5]))
			break
		}
	}
	for _, re := range []*regexp.Regexp{cjk, yearLed} {
		if l := re.FindStringSubmatchIndex(s); l != nil {
			take(l, num(l[2], l[3]), num(l[4], l[5]), num(l[6], l[7]))
		}
	}
	if l := dotted.FindStringSubmatchIndex(s); l != nil {
		a, b, y := num(l[2], l[3]), num(l[6], l[7]), num(l[8], l[9])
		if y < 100 {
			y += 2000
		}
		if (order == monthFirst && s[l[4]] == '/' && a <= 12) || b > 12 {
			a, b = b, a
		}
		take(l, y, b, a)
	}
	return best, at, end, ok
}
