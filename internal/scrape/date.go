package scrape

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

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

var foldersInPath = regexp.MustCompile(`/((?:19|20)\d{2})/(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])/`)

// urlDate is the day that a path names.
func urlDate(path string) string {
	if m := foldersInPath.FindStringSubmatch(path); m != nil {
		return m[1] + "-" + m[2] + "-" + m[3]
	}
	m := inPath.FindStringSubmatch(path)
	if m == nil || m[2] != m[4] {
		return ""
	}
	return m[1] + "-" + m[3] + "-" + m[5]
}

// monthNames are those of some thirty languages, a month a line.
const monthNames = `january jan januar janvier januari jänner enero gennaio janeiro stycznia styczeń leden ledna января январь ocak tammikuuta ene genn gener gen ianuarie ian január siječanj siječnja januarja jaanuar janvāris janvārī sausio sausis ιανουαρίου ιανουάριος ιαν січня січень януари јануар јануари janar janari urtarrila urtarrilak xaneiro يناير ژانویه ינואר
february feb februar février fevrier februari feber febrero febbraio fevereiro lutego luty únor února февраля февраль şubat helmikuuta fév febrer februarie február februára veljača veljače februarja veebruar februāris februārī vasario vasaris φεβρουαρίου φεβρουάριος φεβ лютого лютий февруари фебруар фебруари shkurt shkurti otsaila otsailak febreiro فبراير شباط فوریه פברואר februara
march mar märz maerz mrz mars maart marzo março marca marzec březen března марта март mart maaliskuuta març martie március marec ožujak ožujka märts marts martā kovo kovas μαρτίου μάρτιος μαρ березня березень marsi martxoa martxoak مارس آذار מרץ maret
april apr avril abril aprile kwietnia kwiecień duben dubna апреля апрель nisan huhtikuuta avr abr aprilie április apríl apríla travanj travnja aprila aprill aprīlis aprīlī balandžio balandis απριλίου απρίλιος απρ квітня квітень април prill prilli apirila apirilak أبريل نيسان آوریل אפריל
may mai mei mayo maggio maio maja maj květen května мая май mayıs toukokuuta mag maig május mája svibanj svibnja maijs maijā gegužės gegužė μαΐου μάιος μαϊ травня травень мај maji maiatza maiatzak مايو أيار مه מאי
june jun juni juin junio giugno junho czerwca czerwiec červen června июня июнь haziran kesäkuuta giu juny iunie június jún júna lipanj lipnja juunii jūnijs jūnijā birželio birželis ιουνίου ιούνιος ιουν червня червень юни јун јуни qershor qershori ekaina ekainak xuño يونيو حزيران ژوئن יוני
july jul juli juillet julio luglio julho lipca lipiec červenec července июля июль temmuz heinäkuuta juil lug juliol iulie július júl júla srpanj srpnja julija juuli jūlijs jūlijā liepos liepa ιουλίου ιούλιος ιουλ липня липень юли јул јули korrik korriku uztaila uztailak xullo يوليو تموز ژوئیه יולי
august aug août aout augustus agosto sierpnia sierpień srpen srpna августа август ağustos elokuuta augusti ago agost augusztus augusta kolovoz kolovoza avgust avgusta augusts augustā rugpjūčio rugpjūtis αυγούστου αύγουστος αυγ серпня серпень gusht gushti abuztua abuztuak أغسطس آب اوت אוגוסט agustus
september sept sep septembre septiembre settembre setembro września wrzesień září сентября сентябрь eylül syyskuuta set setembre septembrie szeptember septembra rujan rujna septembris septembrī rugsėjo rugsėjis σεπτεμβρίου σεπτέμβριος σεπ вересня вересень септември септембар septembar shtator shtatori iraila irailak سبتمبر أيلول سپتامبر ספטמבר
october oct oktober okt octobre octubre ottobre outubro października październik říjen října октября октябрь ekim lokakuuta ott out octombrie október októbra oktobra oktoober oktobris oktobrī spalio spalis οκτωβρίου οκτώβριος οκτ жовтня жовтень октомври октобар oktobar tetor tetori urria urriak أكتوبر اکتبر אוקטובר
november nov novembre noviembre novembro listopad листопад ноября ноябрь kasım marraskuuta noiembrie novembra studeni studenoga novembris novembrī lapkričio lapkritis νοεμβρίου νοέμβριος νοε ноември новембар novembar nëntor nëntori azaroa azaroak نوفمبر نوامبر נובמבר listopada листопада
december dec dezember dez décembre decembre diciembre dicembre dezembro grudnia grudzień prosinec prosince декабря декабрь aralık joulukuuta déc dic desember desembre decembrie decembra prosinac prosinca detsember decembris decembrī gruodžio gruodis δεκεμβρίου δεκέμβριος δεκ грудня грудень декември децембар decembar dhjetor dhjetori abendua abenduak decembro ديسمبر دسامبر דצמבר`

// month is the number of the month called so; 0 if none is.
func month(name string) int { return months[strings.ToLower(name)] }

// months is monthNames the other way about.
var months = func() map[string]int {
	m := map[string]int{}
	for i, line := range strings.Split(monthNames, "\n") {
		for w := range strings.FieldsSeq(line) {
			m[w] = i + 1
		}
	}
	return m
}()

var (
	dayMonth = regexp.MustCompile(`\b(\d{1,2})(?:\.|st|nd|rd|th|er|º|ª|°)?[\s./-]*(?:of |de |d')?\s*(\p{L}{3,14})\.?,?[\s./-]*(?:de |del )?\s*((?:19|20)\d{2})`)
	monthDay = regexp.MustCompile(`(\p{L}{3,14})\.?[\s-]+(\d{1,2})(?:st|nd|rd|th)?,?[\s-]+((?:19|20)\d{2})`)
	yearName = regexp.MustCompile(`\b((?:19|20)\d{2})(?:\.|\. gada|\sm\.)?\s(\p{L}{3,14})\.?\s(\d{1,2})\b`) // Hungarian, Baltic
	cjk      = regexp.MustCompile(`((?:19|20)\d{2})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?`)
	yearLed  = regexp.MustCompile(`\b((?:19|20)\d{2})[-/.]\s?(\d{1,2})[-/.]\s?(\d{1,2})\b`)
	dotted   = regexp.MustCompile(`\b(\d{1,2})\s?([./|-])\s?(\d{1,2})\s?[./|-]\s?((?:19|20)?\d{2})\b`)
)

// namedForms are those with a month's name, and where each part begins among
// the indices of a match.
var namedForms = [...]struct {
	re               *regexp.Regexp
	year, month, day int
}{{dayMonth, 6, 4, 2}, {monthDay, 6, 2, 4}, {yearName, 2, 4, 6}}

// hasYear says that four digits of a year stand in a text.
func hasYear(s string) bool {
	for i := 0; i+4 <= len(s); i++ {
		if (s[i] == '2' && s[i+1] == '0' || s[i] == '1' && s[i+1] == '9') && digit(s[i+2]) && digit(s[i+3]) {
			return true
		}
	}
	return false
}

// longestMonth is how many letters the expressions take for a month.
const longestMonth = 14

// namesMonth says that a month's name may stand in a text: the expressions
// that look for one are dear, and most texts with a year in them have none.
func namesMonth(s string) bool {
	start, letters := -1, 0
	for i, c := range s {
		if unicode.IsLetter(c) {
			if start < 0 {
				start, letters = i, 0
			}
			letters++
			continue
		}
		if start >= 0 && mayBeMonth(s, start, i, letters) {
			return true
		}
		start = -1
	}
	return start >= 0 && mayBeMonth(s, start, len(s), letters)
}

// mayBeMonth judges the word s[start:end]. One right after a digit may begin
// with an ordinal's ending, 3rdMay; from a long one the expressions take a part.
func mayBeMonth(s string, start, end, letters int) bool {
	return letters > longestMonth || start > 0 && digit(s[start-1]) || letters >= 3 && month(s[start:end]) > 0
}

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
	year := hasYear(s)
	signs := strings.ContainsAny(s, "./|-")
	spelt := year && namesMonth(s)
	named := func(re *regexp.Regexp) [][]int {
		if !spelt {
			return nil
		}
		return re.FindAllStringSubmatchIndex(s, 4)
	}
	for _, form := range namedForms {
		for _, l := range named(form.re) {
			if m := month(s[l[form.month]:l[form.month+1]]); m > 0 {
				take(l, num(l[form.year], l[form.year+1]), m, num(l[form.day], l[form.day+1]))
				break
			}
		}
	}
	for _, t := range []struct {
		re  *regexp.Regexp
		may bool
	}{{cjk, strings.Contains(s, "年") || strings.Contains(s, "년")}, {yearLed, signs}} {
		if !year || !t.may {
			continue
		}
		if l := t.re.FindStringSubmatchIndex(s); l != nil {
			take(l, num(l[2], l[3]), num(l[4], l[5]), num(l[6], l[7]))
		}
	}
	if !signs {
		return best, at, end, ok
	}
	if l := dotted.FindStringSubmatchIndex(s); l != nil && (l[1] == len(s) || s[l[1]] != ':') { // a time's hour is no year
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
