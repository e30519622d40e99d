package feed

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxDate is how long the text of a date may be.
const maxDate = 96

// ParseDate reads a date as the entries of a feed do, for what stands in for one.
func ParseDate(s string) (time.Time, bool) {
	t, ok := parseDate(s)
	return t.UTC(), ok
}

// parseDate reads a date as feeds write them: RFC 822 and its kin, W3CDTF, ISO
// 8601, asctime, forms of databases, month names of a dozen languages. What is
// missing of the time is midnight, a missing zone is UTC (Korea's for times in
// Korean, which are written nowhere else), a missing day the first. It reports false rather than guess; nothing is taken from the clock.
func parseDate(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxDate {
		return time.Time{}, false
	}
	d := dateReader{}
	if !d.lex(s) || !d.clock() || !d.day() {
		return time.Time{}, false
	}
	return d.time()
}

type lexeme struct {
	text string // a run of digits, or of letters in lower case; or one sign
	num  int    // of digits; -1 otherwise
	used bool
}

type dateReader struct {
	words []lexeme

	year, month, dayOfMonth int
	dayOfYear               int
	hour, min, sec          int
	timed                   bool
	offset                  int            // seconds east
	zoned                   bool           // offset was told
	order                   *time.Location // what a date with slashes tells of the order of its parts
}

func (d *dateReader) lex(s string) bool {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case '0' <= r && r <= '9':
			j, num := i, 0
			for j < len(s) && '0' <= s[j] && s[j] <= '9' {
				if num < 1e15 {
					num = num*10 + int(s[j]-'0')
				}
				j++
			}
			d.words = append(d.words, lexeme{text: s[i:j], num: num})
			i = j
		case unicode.IsLetter(r), unicode.Is(unicode.Mn, r):
			j := i
			for j < len(s) {
				r, n := utf8.DecodeRuneInString(s[j:])
				if !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) {
					break
				}
				j += n
			}
			d.words = append(d.words, lexeme{text: strings.ToLower(s[i:j]), num: -1})
			i = j
		case unicode.IsSpace(r):
			if k := len(d.words); k > 0 && d.words[k-1].text != " " {
				d.words = append(d.words, lexeme{text: " ", num: -1})
			}
			i += n
		default:
			d.words = append(d.words, lexeme{text: s[i : i+n], num: -1})
			i += n
		}
	}
	return len(d.words) > 0
}

func (d *dateReader) at(i int) lexeme {
	if i < 0 || i >= len(d.words) {
		return lexeme{num: -1}
	}
	return d.words[i]
}

func (d *dateReader) is(i int, text string) bool {
	return i >= 0 && i < len(d.words) && d.words[i].text == text
}

func (d *dateReader) use(from, to int) {
	for i := from; i < to; i++ {
		d.words[i].used = true
	}
}

// clock finds the time of day and the zone; false if there is a bad one.
func (d *dateReader) clock() bool {
	for i := range d.words {
		if d.words[i].num < 0 {
			continue
		}
		if d.is(i+1, ":") && d.at(i+2).num >= 0 {
			return d.colons(i)
		}
		if d.dots(i) {
			return d.after(i, i+5)
		}
		// 20031231T101455, and 10h30
		t := d.is(i-1, "t") && d.at(i-2).num >= 0
		if t && len(d.words[i].text) <= 6 || i > 0 && d.is(i+1, "h") && d.words[i].num < 24 {
			return d.compact(i)
		}
	}
	return true
}

// dots reads a time of dots, 10.14.55, as some servers write it: behind a date
// with its year, for a date looks the same.
func (d *dateReader) dots(i int) bool {
	year := false
	for _, l := range d.words[:i] {
		year = year || l.num >= 0 && len(l.text) == 4
	}
	if !year || !d.is(i-1, " ") || !d.is(i+1, ".") || !d.is(i+3, ".") || d.is(i+5, ".") {
		return false
	}
	for j := i; j <= i+4; j += 2 {
		if d.at(j).num < 0 || len(d.at(j).text) != 2 {
			return false
		}
	}
	d.hour, d.min, d.sec = d.at(i).num, d.at(i+2).num, d.at(i+4).num
	return true
}

func (d *dateReader) colons(i int) bool {
	start := i
	d.hour, d.min = d.at(i).num, d.at(i+2).num
	if len(d.at(i).text) > 2 || len(d.at(i+2).text) > 2 {
		return false
	}
	i += 3
	if d.is(i, ":") {
		if d.at(i+1).num < 0 || len(d.at(i+1).text) > 2 {
			return false
		}
		d.sec = d.at(i + 1).num
		i += 2
		if d.is(i, ":") {
			return false
		}
		if (d.is(i, ".") || d.is(i, ",")) && d.at(i+1).num >= 0 {
			i += 2
		}
	}
	return d.after(start, i)
}

func (d *dateReader) compact(i int) bool {
	start := i
	n := d.at(i)
	switch len(n.text) {
	case 1, 2:
		d.hour = n.num
		i++
		if d.is(i, "h") {
			if i++; d.at(i).num >= 0 && len(d.at(i).text) == 2 {
				d.min = d.at(i).num
				i++
			}
		}
	case 4:
		d.hour, d.min = n.num/100, n.num%100
		i++
	case 6:
		d.hour, d.min, d.sec = n.num/10000, n.num/100%100, n.num%100
		i++
	default:
		return false
	}
	if (d.is(i, ".") || d.is(i, ",")) && d.at(i+1).num >= 0 {
		i += 2
	}
	return d.after(start, i)
}

// after reads what follows the time: am or pm, the zone.
func (d *dateReader) after(start, i int) bool {
	d.timed = true
	if d.is(start-1, "t") {
		start--
	}
	pm, half := d.half(start, i)
	if half > 0 {
		i = half
	}
	if pm != 0 {
		if d.hour > 12 {
			pm = 0
		} else if d.hour == 12 {
			d.hour = 0
		}
		if pm > 0 {
			d.hour += 12
		}
	}
	if d.hour > 24 || d.min > 59 || d.sec > 60 || d.hour == 24 && d.min+d.sec > 0 {
		return false
	}
	end, ok := d.zone(i)
	d.use(start, end)
	return ok
}

// half finds am or pm, after the time or before it; half is the place after it.
func (d *dateReader) half(start, i int) (pm, after int) {
	j := i
	if d.is(j, " ") {
		j++
	}
	switch d.at(j).text {
	case "am", "a":
		if d.at(j).text == "a" && !d.is(j+1, ".") {
			break
		}
		return -1, d.skipDots(j)
	case "pm", "p":
		if d.at(j).text == "p" && !d.is(j+1, ".") {
			break
		}
		return 1, d.skipDots(j)
	}
	k := start - 1
	if d.is(k, " ") {
		k--
	}
	switch d.at(k).text {
	case "오전", "上午", "午前", "am":
		d.use(k, k+1)
		return -1, 0
	case "오후", "下午", "午後", "pm":
		d.use(k, k+1)
		return 1, 0
	}
	return 0, 0
}

// skipDots passes "p.m." and "pm".
func (d *dateReader) skipDots(j int) int {
	j++
	if d.is(j, ".") && d.is(j+1, "m") {
		j += 2
		if d.is(j, ".") {
			j++
		}
	}
	return j
}

// zone reads the zone at i; it returns the place after it.
func (d *dateReader) zone(i int) (int, bool) {
	if d.is(i, " ") {
		i++
	}
	if d.is(i, "(") || d.is(i, "[") {
		i++
	}
	named := false
	if w := d.at(i); w.text != "" && w.num < 0 && isWord(w.text) && monthOf(w.text) == 0 {
		if d.is(i+1, "/") && isWord(d.at(i+2).text) { // Etc/GMT, Europe/Berlin
			i += 2
			w = d.at(i)
		}
		if off, ok := zones[w.text]; ok {
			d.offset = off
			named, d.zoned = true, true
		} else if len(w.text) == 1 && w.text[0] < 0x80 {
			d.offset, named, d.zoned = military(w.text[0]), true, true
		}
		i++
	}
	j := i
	if d.is(j, " ") && !named {
		j++
	}
	sign := d.at(j).text
	if sign != "+" && sign != "-" && sign != "−" {
		return i, true
	}
	n := d.at(j + 1)
	if n.num < 0 {
		return i, isSpaceOrEnd(n.text) // "+zz:00"
	}
	h, m := n.num, 0
	k := j + 2
	switch {
	case len(n.text) <= 2 && d.is(k, ":"):
		if d.at(k+1).num < 0 {
			return i, false
		}
		m = d.at(k + 1).num
		k += 2
	case len(n.text) == 3 || len(n.text) == 4:
		h, m = n.num/100, n.num%100
	case len(n.text) > 4:
		return i, false
	}
	if h > 24 || m > 59 {
		return i, false
	}
	off := h*3600 + m*60
	if sign != "+" {
		off = -off
	}
	d.offset, d.zoned = off, true // of "EST -0500" the figure counts
	return k, true
}

func isWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r)
}

func isSpaceOrEnd(s string) bool { return s == "" || s == " " }

// military is the offset of a one-letter zone as RFC 822 has them.
func military(c byte) int {
	switch {
	case 'a' <= c && c <= 'i':
		return -int(c-'a'+1) * 3600
	case 'k' <= c && c <= 'm':
		return -int(c-'k'+10) * 3600
	case 'n' <= c && c <= 'y':
		return int(c-'n'+1) * 3600
	}
	return 0
}
