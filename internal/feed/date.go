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
func ParseDate(s string) (time.Time, bool) { return parseDate(s) }

// parseDate reads a date as feeds write them: RFC 822 and its kin, W3CDTF, ISO
// 8601, asctime, forms of databases, month names of a dozen languages. What is
// missing of the time is midnight, a missing zone is UTC, a missing day the
// first. It reports false rather than guess; nothing is taken from the clock.
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
	offset                  int // seconds east
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
		// 20031231T101455, and 10h30
		t := d.is(i-1, "t") && d.at(i-2).num >= 0
		if t && len(d.words[i].text) <= 6 || i > 0 && d.is(i+1, "h") && d.words[i].num < 24 {
			return d.compact(i)
		}
	}
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
			named = true
		} else if len(w.text) == 1 && w.text[0] < 0x80 {
			d.offset, named = military(w.text[0]), true
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
	d.offset = off // of "EST -0500" the figure counts
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

// day makes a date of what the time has left over.
func (d *dateReader) day() bool {
	var nums []lexeme
	var seps []string // what stands between nums
	sep, lead := "", ""
	for _, l := range d.words {
		if l.used {
			sep += " "
			continue
		}
		if l.num >= 0 {
			if len(nums) == 0 {
				lead = sep
			} else {
				seps = append(seps, sep)
			}
			nums = append(nums, l)
			sep = ""
			continue
		}
		sep += l.text
		if m := monthOf(l.text); m > 0 {
			d.month = m // the last: "mar 5 abr" begins with a Tuesday
		}
	}
	if len(nums) == 0 || len(nums) > 4 {
		return false
	}
	if d.month > 0 {
		return d.named(nums)
	}
	return d.numeric(nums, seps, lead)
}

// named: the month has a name.
func (d *dateReader) named(nums []lexeme) bool {
	for _, n := range nums {
		switch {
		case len(n.text) == 4 && d.year == 0:
			d.year = n.num
		case len(n.text) <= 2 && d.dayOfMonth == 0 && n.num > 0 && n.num <= 31:
			d.dayOfMonth = n.num
		case len(n.text) == 2 && d.year == 0:
			d.year = century(n.num)
		default:
			return false
		}
	}
	if d.dayOfMonth == 0 && !d.timed {
		d.dayOfMonth = 1
	}
	return d.year > 0 && d.dayOfMonth > 0
}

func century(y int) int {
	if y < 70 {
		return 2000 + y
	}
	return 1900 + y
}

// numeric: numbers alone.
func (d *dateReader) numeric(nums []lexeme, seps []string, lead string) bool {
	n := func(i int) int { return nums[i].num }
	l := func(i int) int { return len(nums[i].text) }
	for i, s := range seps {
		seps[i] = strings.TrimSpace(s)
		if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) && r < 0x2E80 }) {
			return false // of words between numbers only 年 and the like make a date
		}
	}
	old := strings.HasSuffix(lead, "-") // ISO 8601: -YY-MM
	switch {
	case len(nums) == 1:
		return d.digits(nums[0], old)
	case len(nums) == 2 && old && l(0) == 2 && l(1) == 2:
		d.year, d.month, d.dayOfMonth = century(n(0)), n(1), 1
	case len(nums) == 2 && l(0) == 4 && l(1) <= 2:
		d.year, d.month, d.dayOfMonth = n(0), n(1), 1
	case len(nums) == 2 && l(0) == 4 && l(1) == 3:
		d.year, d.dayOfYear = n(0), n(1)
	case len(nums) == 2 && l(0) == 2 && l(1) == 3:
		d.year, d.dayOfYear = century(n(0)), n(1)
	case len(nums) == 2 && l(0) <= 2 && l(1) == 4 && (seps[0] == "/" || seps[0] == "." || seps[0] == "-"):
		d.year, d.month, d.dayOfMonth = n(1), n(0), 1
	case len(nums) != 3 || seps[0] == "" || seps[1] == "":
		return false
	case l(0) == 4:
		d.year, d.month, d.dayOfMonth = n(0), n(1), n(2)
	case l(2) == 4:
		d.year = n(2)
		d.dayAndMonth(n(0), n(1), seps[0])
	case l(0) == 2 && l(1) == 2 && l(2) == 2 && seps[0] == "-":
		d.year, d.month, d.dayOfMonth = century(n(0)), n(1), n(2)
	case l(0) <= 2 && l(1) <= 2 && l(2) == 2 && (seps[0] == "/" || seps[0] == "."):
		d.year = century(n(2))
		d.dayAndMonth(n(0), n(1), seps[0])
	default:
		return false
	}
	return true
}

// dayAndMonth: with slashes the month comes first, as in America, unless it cannot be one.
func (d *dateReader) dayAndMonth(a, b int, sep string) {
	if sep == "/" && a <= 12 || b > 12 {
		d.month, d.dayOfMonth = a, b
		return
	}
	d.dayOfMonth, d.month = a, b
}

// digits reads a date that is one number.
func (d *dateReader) digits(x lexeme, old bool) bool {
	n := x.num
	switch len(x.text) {
	case 4:
		if old { // -YYMM
			d.year, d.month, d.dayOfMonth = century(n/100), n%100, 1
			return true
		}
		d.year, d.month, d.dayOfMonth = n, 1, 1
		return !d.timed
	case 5:
		d.year, d.dayOfYear = century(n/1000), n%1000
	case 6:
		d.year, d.month, d.dayOfMonth = century(n/10000), n/100%100, n%100
	case 7:
		d.year, d.dayOfYear = n/1000, n%1000
	case 8:
		d.year, d.month, d.dayOfMonth = n/10000, n/100%100, n%100
	case 12, 14:
		if len(x.text) == 14 {
			d.sec = n % 100
			n /= 100
		}
		d.hour, d.min = n/100%100, n%100
		n /= 10000
		d.year, d.month, d.dayOfMonth = n/10000, n/100%100, n%100
		return d.hour < 24 && d.min < 60 && d.sec < 60
	case 10, 13: // seconds or milliseconds since 1970
		if len(x.text) == 13 {
			n /= 1000
		}
		t := time.Unix(int64(n), 0).UTC()
		d.year, d.month, d.dayOfMonth = t.Year(), int(t.Month()), t.Day()
		d.hour, d.min, d.sec = t.Hour(), t.Minute(), t.Second()
	default:
		return false
	}
	return true
}

func (d *dateReader) time() (time.Time, bool) {
	if d.year < 1000 || d.year > 9999 {
		return time.Time{}, false
	}
	if d.dayOfYear > 0 {
		day := time.Date(d.year, 1, d.dayOfYear, 0, 0, 0, 0, time.UTC)
		if d.dayOfYear > 366 || day.Year() != d.year {
			return time.Time{}, false
		}
		d.month, d.dayOfMonth = int(day.Month()), day.Day()
	}
	if d.month < 1 || d.month > 12 || d.dayOfMonth < 1 {
		return time.Time{}, false
	}
	if day := time.Date(d.year, time.Month(d.month), d.dayOfMonth, 0, 0, 0, 0, time.UTC); day.Day() != d.dayOfMonth {
		return time.Time{}, false // 30 February
	}
	t := time.Date(d.year, time.Month(d.month), d.dayOfMonth, d.hour, d.min, d.sec, 0, time.UTC).Add(-time.Duration(d.offset) * time.Second)
	// The first second of 1970 is what programs write for "no date".
	return t, t.Unix() != 0
}
