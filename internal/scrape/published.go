package scrape

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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
	doubted := false
	for _, r := range publishedRules {
		for _, v := range r.find(ev) {
			if d, ok := ev.date(v, order); ok {
				if ev.timeless(r.name) && !ev.shown(d, order) {
					doubted = true
					continue
				}
				if first, dated := ev.date(urlDate(ev.request.Path), order); dated && d.Sub(first.Time) > 3*24*time.Hour {
					return first, "url" // what is declared is a later edition's
				}
				return ev.local(d, order), r.name
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
	if doubted {
		return Date{}, ""
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

// timeless says that the page is of a kind that stands for years, as a recipe
// or a page of a site's menu is: the date that its template declares was that
// of an upload, and is no news.
func (ev *evidence) timeless(rule string) bool {
	switch rule {
	case "jsonld", "microdata", "meta":
		if slices.ContainsFunc(typesOf(ev.articleNode()), lasting) {
			return true
		}
	case "jsonld page":
		return true
	}
	g := ev.ld()
	return len(g.pages) > 0 && len(g.articles) == 0
}

func lasting(t string) bool {
	return t == "recipe" || t == "howto" || t == "course" || t == "book" || strings.HasSuffix(t, "page")
}

// shown says that the page shows readers that day, or the one beside it.
func (ev *evidence) shown(d Date, order dayOrder) bool {
	near := func(s string) bool {
		v, ok := findDate(s, order)
		gap := v.Sub(d.Truncate(24 * time.Hour))
		return ok && gap >= -24*time.Hour && gap <= 24*time.Hour
	}
	for i := range ev.marks {
		if m := &ev.marks[i]; (m.kind == mTime || m.kind == mDate || m.kind == mByline) && m.class&never == 0 && near(m.text) {
			return true
		}
	}
	for _, l := range ev.lines {
		if l.class&never == 0 && near(l.text) {
			return true
		}
	}
	return near(urlDate(ev.request.Path))
}

// local puts a time told in UTC into a zone in which its day is the one that
// the page shows, where that is the day before or after: evenings in America
// and nights in Europe. The instant stays as it is.
func (ev *evidence) local(d Date, order dayOrder) Date {
	if _, offset := d.Zone(); d.NoTime || offset != 0 || d.Hour() >= 9 && d.Hour() < 21 {
		return d
	}
	day := d.Truncate(24 * time.Hour)
	shift := 0
	year := d.Format("06")
	if d.YearDay() < 2 || d.YearDay() > 364 {
		year = ""
	}
	see := func(text string) bool {
		if !strings.Contains(text, year) {
			return false
		}
		v, ok := findDate(text, order)
		switch gap := v.Sub(day); {
		case !ok:
		case gap == 0:
			return true
		case gap == -24*time.Hour && d.Hour() < 9:
			shift = -d.Hour() - 1
		case gap == 24*time.Hour && d.Hour() >= 21:
			shift = 24 - d.Hour()
		}
		return false
	}
	if see(urlDate(ev.request.Path)) {
		return d
	}
	if shift != 0 {
		d.Time = d.In(time.FixedZone("", shift*3600))
		return d
	}
	for i := range ev.marks {
		m := &ev.marks[i]
		if (m.kind == mTime || m.kind == mDate || m.kind == mByline) && m.class&(elsewhere|cUpdated) == 0 && len(m.text) < 80 && see(m.text) {
			return d
		}
	}
	for _, l := range ev.lines {
		if l.class&elsewhere == 0 && len(l.text) < 40 && strings.Contains(l.text, year) && !says(l.text, not) && see(l.text) {
			return d
		}
	}
	if shift == 0 {
		return d
	}
	d.Time = d.In(time.FixedZone("", shift*3600))
	return d
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

// announcing are words before the date of publication; not is those that make
// a date another one. Lists, not expressions: they are asked of every short text.
var (
	announcing = alternatives(`published|posted|publié|publiée|pubblicato|publicado|veröffentlicht|erschienen|erstellt|eingestellt|geschrieben|verfasst|gepostet|datum|date|fecha|data|stand|created|written|released|issued|meldung vom|mitteilung vom|artikel vom|beitrag vom|nachricht vom|notizia del|artículo del|geplaatst|gepubliceerd|opublikowano|publicerad|publicerat|publisert|udgivet|julkaistu|objavljeno|közzétéve|megjelent|publikováno|publicat|yayınlanma|дата|опубликовано|опубліковано|публикуван|објављено|δημοσιεύτηκε|δημοσίευση|نشر|公開|投稿|掲載|配信|发布|發布|등록|입력`)
	not        = alternatives(`updated|modified|aktualisiert|geändert|zuletzt|letzte|änderung|last edited|mis à jour|actualizado|atualizado|aggiornato|bijgewerkt|uppdaterad|oppdatert|opdateret|päivitetty|güncelleme|zaktualizowano|обновлено|оновлено|ažurirano|frissítve|copyright|©|event|termin|beginn|expir|current d|accessed|retrieved|abgerufen|deadline| bis | bis:| until |撮影|原文|日更新|修正`)
	before     = alternatives(`am|vom|on|le|del|el|il|op|den|dne`)
)

func alternatives(list string) []string { return strings.Split(list, "|") }

// says reports whether one of the words stands in a text.
func says(text string, words []string) bool {
	text = " " + strings.ToLower(text) + " "
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// announcesDate says that a text before a date announces the one that is
// sought: "Erscheinungsdatum" does, "Daten" and "Update" do not.
func announcesDate(text string) bool {
	text = strings.ToLower(text)
	for _, w := range announcing {
		for from := 0; ; {
			i := strings.Index(text[from:], w)
			if i < 0 {
				break
			}
			i += from
			from = i + len(w)
			end, _ := utf8.DecodeRuneInString(text[from:])
			start, _ := utf8.DecodeLastRuneInString(text[:i])
			if w[0] >= utf8.RuneSelf || !unicode.IsLetter(end) && (!unicode.IsLetter(start) || w == "datum" || strings.Contains(w, " ")) {
				return true
			}
		}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	return slices.Contains(before, first)
}

// textDate searches the short texts of the page, and its description: for one
// that is a date, or has a date after a word that announces one, of which it
// is sure. Those after the headline and in the page's own part come first.
func (ev *evidence) textDate(order dayOrder) (best Date, sure bool) {
	score := 13
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
	if l.class&cQuote != 0 || l.within || says(l.text, not) {
		return Date{}, 0
	}
	ahead := says(l.before, not)
	d, at, end, ok := findDateAt(l.text, order)
	if !ok || !ev.plausible(d) {
		return Date{}, 0
	}
	s, rest := 0, l.text[end:]
	switch {
	case at < 4 && ahead && (len(l.before) <= 24 || strings.HasSuffix(l.before, ":")):
		return Date{}, 0 // "Updated:", in an element of its own
	case (len(rest) <= maxAnnounced || tail.MatchString(rest)) && announcesDate(lastBytes(l.text[:at], maxAnnounced)), at < 4 && announcesDate(l.before) && !ahead:
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

// lastBytes is the end of a text, of about n bytes, from a word's beginning.
func lastBytes(s string, n int) string {
	if len(s) <= 3*n/2 {
		return s
	}
	s = s[len(s)-n:]
	return s[strings.IndexByte(s, ' ')+1:]
}

// maxAnnounced is how many bytes stand before and after a date in a text that
// is about the date. In longer ones it is that of what is told.
const maxAnnounced = 40

// tail is what goes on after a date that stands for itself.
var tail = regexp.MustCompile(`^\s*[|·•–—/]`)
