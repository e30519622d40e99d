package feed

import (
	"strings"
	"time"
	"unicode"
)

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
	if sep == "/" {
		d.mark(a, b)
	}
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
	if d.timed && !d.zoned && d.korean() {
		d.offset = 9 * 3600
	}
	t := time.Date(d.year, time.Month(d.month), d.dayOfMonth, d.hour, d.min, d.sec, 0, time.UTC).Add(-time.Duration(d.offset) * time.Second)
	if d.order != nil {
		t = t.In(d.order)
	}
	// The first second of 1970 is what programs write for "no date".
	return t, t.Unix() != 0
}

// korean reports whether words of the date are Korean.
func (d *dateReader) korean() bool {
	for _, l := range d.words {
		switch l.text {
		case "년", "오전", "오후":
			return true
		}
	}
	return false
}
