package scrape

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	particles = `van|von|der|de|den|del|di|da|la|le|el|al|bin|ten|zu`
	fullName  = `\p{Lu}[\p{L}.'’-]+(?:\s+(?:` + particles + `|\p{Lu}[\p{L}.'’-]*)){1,4}`
)

// bylineCue is a line of text that names its authors.
var bylineCue = regexp.MustCompile(`^(?:(?:[Bb]y|BY|[Vv]on|VON|[Pp]ar|[Tt]ext:|Autor(?:in|en|innen)?\s?:|Autor(?:in|en|innen)|Author\s?:|Auteure?\s?:|Autore\s?:|Redaktion:|Written by|Posted by|Geschrieben von|Veröffentlicht von|Publié par|Escrito por|Por|文[:：]|文・|(?:Blog[ -]?)?(?:[Gg]ast)?(?:[Bb]eitrag|[Aa]rtikel|[Kk]ommentar|[Bb]ericht) von|(?:[Aa]n?\s)?(?:[Gg]uest )?(?:[Aa]rticle|[Pp]ost|[Ss]tory|[Rr]eport|[Ee]ssay) by)\s+)(` + fullName + `(?:(?:,\s+|,?\s+(?:and|und|et|y|e|&)\s+)` + fullName + `)*)\s*(?:$|[,|•·–—(]|-\s|\d)`)

// bylineWords begin what bylineCue matches; to ask it of every text is dear.
var bylineWords = [...]string{
	"By", "by", "BY", "Von", "von", "VON", "Par", "par", "Text:", "Aut", "Written by", "Posted by", "Geschrieben", "Veröffentlicht", "Publié", "Escrito", "Por", "文", "Redaktion:",
	"Blog", "Gastb", "Gasta", "Beitrag v", "Artikel v", "Kommentar v", "Bericht v", "Article by", "Post by", "Story by", "Report by", "Essay by", "Guest ", "A guest", "An article", "A story", "A report",
}

// bylineFirst are those by the byte with which they begin.
var bylineFirst = func() (t [256][]string) {
	for _, w := range bylineWords {
		t[w[0]] = append(t[w[0]], w)
	}
	return
}()

// leading are the signs that some put before a byline.
const leading = "-–—|/·• \u00a0\t\r\n"

// cueStarts are the bytes with which bylineCue begins.
const cueStarts = "AaBbEeGgKkPpRrSsTtVvW\xe6"

func (ev *evidence) bylineText() []string {
	for _, l := range ev.lines {
		if l.class&elsewhere != 0 {
			continue
		}
		text := strings.TrimLeft(l.text, leading)
		if text == "" || strings.IndexByte(cueStarts, text[0]) < 0 {
			continue
		}
		if m := bylineCue.FindStringSubmatch(text); m != nil {
			return []string{m[1]}
		}
	}
	for _, l := range ev.lines {
		if l.class&elsewhere != 0 || len(l.text) > 120 || !says(l.text, inMetaWords) || notAuthored.MatchString(l.text) {
			continue
		}
		if g := inMeta.FindStringSubmatch(l.text); g != nil && capitalised(g[1]) {
			if _, ok := findDate(l.text, dayFirst); ok {
				return []string{g[1]}
			}
		}
	}
	return nil
}

var notAuthored = regexp.MustCompile(`(?i)©|copyright|powered|foto|photo|image|bild|theme|design`)

// cueKind is what a short text, standing alone, says of the next.
type cueKind uint8

const (
	noCue     cueKind = iota
	nameCue           // it is a name
	sourceCue         // it is who published a text that was taken over
)

var cues = map[string]cueKind{
	"by": nameCue, "von": nameCue, "par": nameCue, "por": nameCue, "di": nameCue, "written by": nameCue, "posted by": nameCue, "words by": nameCue, "story by": nameCue, "text": nameCue, "text von": nameCue,
	"autor": nameCue, "autorin": nameCue, "autoren": nameCue, "author": nameCue, "auteur": nameCue, "ein artikel von": nameCue, "geschrieben von": nameCue, "redaktion": nameCue,
	"quelle": sourceCue, "source": sourceCue, "herausgeber": sourceCue, "fuente": sourceCue, "fonte": sourceCue, "bron": sourceCue,
}

// cueFirst are the bytes with which cues begin.
var cueFirst = func() (t [256]bool) {
	for c := range cues {
		t[c[0]], t[c[0]-'a'+'A'] = true, true
	}
	return
}()

// cueOf reads a text, a colon aside, which a source needs. Most texts are none:
// it copies nothing.
func cueOf[T string | []byte](t T) cueKind {
	if len(t) == 0 || len(t) > 24 || !cueFirst[t[0]] {
		return noCue
	}
	var low [24]byte
	n := copy(low[:], t)
	for n > 0 && (low[n-1] == ' ' || low[n-1] == ':' || n > 1 && low[n-2] == 0xC2 && low[n-1] == 0xA0) {
		if low[n-1] == 0xA0 {
			n--
		}
		n--
	}
	for i, c := range low[:n] {
		if 'A' <= c && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
	}
	k := cues[string(low[:n])]
	if k == sourceCue && !strings.Contains(string(t[n:]), ":") {
		return noCue
	}
	return k
}

// afterCue finds names that stand alone after a text that announces them.
func (ev *evidence) afterCue() []string {
	for i, l := range ev.lines {
		if l.class&elsewhere != 0 || cueOf(l.before) != nameCue {
			continue
		}
		if n := len(strings.Fields(l.text)); n >= 2 && n <= 8 && capitalised(firstPart(l.text)) {
			return []string{strings.Join(append([]string{l.text}, ev.others(i+1)...), " and ")}
		}
	}
	return nil
}

// others are the names that go on a list of them, each in an element of its own.
func (ev *evidence) others(from int) (names []string) {
	for _, l := range ev.lines[from:] {
		name := strings.TrimSpace(conjunction.ReplaceAllString(l.text, ""))
		if !l.more || !looksPersonal(titleCase(name)) || job.MatchString(name) {
			break
		}
		names = append(names, name)
	}
	return names
}

// conjunction is what parts a name from the one before it.
var conjunction = regexp.MustCompile(`^\s*(?:,?\s*(?:&|and|und|et|y|e|en|og|och)\s|,)\s*`)

// joins says that a text is no more than that, or begins so.
func joins(t []byte) bool {
	if len(t) > 60 {
		return false
	}
	if b := bytes.TrimLeft(t, " \t\r\n\f"); len(b) == 0 || strings.IndexByte(",&aeouy", b[0]) < 0 { // as conjunction begins
		return false
	}
	return (conjunction.Match(t) || len(t) < 8 && conjunction.Match(append(bytes.Clone(t), ' ')))
}

// titleCase writes a name in capitals as others are written.
func titleCase(name string) string {
	if name != strings.ToUpper(name) {
		return name
	}
	words := strings.Fields(name)
	for i, w := range words {
		_, n := utf8.DecodeRuneInString(w)
		words[i] = w[:n] + strings.ToLower(w[n:])
	}
	return strings.Join(words, " ")
}

// sourceLine finds who is named as the source of the text.
func (ev *evidence) sourceLine() []string {
	for _, l := range ev.lines {
		if l.class&never == 0 && cueOf(l.before) == sourceCue && len(strings.Fields(l.text)) <= 6 {
			return []string{l.text}
		}
	}
	return nil
}

// signature finds the name that stands alone below the text, as its last
// paragraph of all.
func (ev *evidence) signature() []string {
	last := -1
	for i := range ev.marks {
		if k := ev.marks[i].kind; k == mPara || k == mShort {
			last = i
		}
	}
	if last < 0 || last < ev.afterText {
		return nil
	}
	m := &ev.marks[last]
	if name := clean(m.text); m.after && len(name) <= maxShort && looksPersonal(name) && personal.MatchString(name) && !body.MatchString(name) {
		return []string{name}
	}
	return nil
}

var clock = regexp.MustCompile(`^\d{1,2}[:.]\d{2}(?: ?(?:Uhr|[ap]\.?m\.?|h))?$`)

// partsLine are the signs that part what stands in one line.
const partsLine = "|/•·–—"

// besideDate finds a line of a date, maybe a time, and a name:
// 04.02.2022 | 13:10 Uhr | Ada Lund.
func (ev *evidence) besideDate() []string {
	for _, l := range ev.lines {
		if l.class&elsewhere != 0 || len(l.text) > 80 || !strings.ContainsAny(l.text, partsLine) {
			continue
		}
		parts := strings.FieldsFunc(l.text, func(c rune) bool { return strings.ContainsRune(partsLine, c) })
		name, dated := "", false
		for _, p := range parts {
			p = strings.TrimSpace(p)
			switch _, at, end, ok := findDateAt(p, dayFirst); {
			case ok && at == 0 && end == len(p):
				dated = true
			case clock.MatchString(p):
			case name == "" && looksPersonal(p) && !strings.Contains(p, ","):
				name = p
			default:
				name, dated = "", false
				parts = nil
			}
			if parts == nil {
				break
			}
		}
		if dated && name != "" {
			return []string{name}
		}
	}
	return nil
}

var (
	honorific = regexp.MustCompile(`^(?:(?:Dr|Prof|Mag|Dipl)\.?(?:-Ing\.)?\s+)+`)
	personal  = regexp.MustCompile(`^\p{Lu}\p{Ll}[\p{L}'’-]+\s\p{Lu}[\p{L}'’-]*\p{Ll}$`)
	holder    = regexp.MustCompile(`(?:©|\(c\)|[Cc]opyright)(?:\s*(?:©|\(c\)|by))?[\s,]*(?:(?:19|20)\d{2}\s*(?:[-–]\s*(?:(?:19|20)\d{2}|heute|now|present)?)?)?\s*(?:by\s+|von\s+)?(\p{Lu}\p{Ll}[\p{L}'’-]+\s\p{Lu}[\p{L}'’-]*\p{Ll})\s*(?:$|[.,|•·–—(]|(?:19|20)\d{2}|[Aa]ll )`)
)

// owner is the person whose site it is: the site bears the name, or the
// copyright is the person's.
func (ev *evidence) owner() []string {
	for _, s := range ev.meta["og:site_name"] {
		s = honorific.ReplaceAllString(clean(s), "")
		if personal.MatchString(s) && looksPersonal(s) && !body.MatchString(s) && ev.isHost(key(s)) {
			return []string{s}
		}
	}
	for _, l := range ev.lines {
		if len(l.text) > 120 || l.class&never != 0 || !strings.Contains(l.text, "©") && !strings.Contains(l.text, "(c)") && !strings.Contains(l.text, "opyright") {
			continue
		}
		// in a footer it is a company more often than not, unless the site bears the name too
		if g := holder.FindStringSubmatch(l.text); g != nil && looksPersonal(g[1]) && !body.MatchString(g[1]) && (l.class&elsewhere == 0 && l.after || ev.isHost(key(g[1]))) {
			return []string{g[1]}
		}
	}
	return nil
}
