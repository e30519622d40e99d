package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cron is a parsed cron(…) expression.
type cron struct {
	text                  string
	zone                  *time.Location
	minute, hour          set
	month, year           set
	dom, dow              set // days of the month 1-31, of the week 1-7 from Sunday
	anyDom, anyDow        bool
	lastDay, lastWeekday  bool  // L, LW
	nearest               []int // 15W
	lastOf                []int // 6L: last Friday
	nthWeekday, nthOfWeek int   // 6#2: second Friday
}

// set holds numbers from 0 to 255.
type set [4]uint64

func (s *set) add(n int)      { s[n>>6] |= 1 << (n & 63) }
func (s *set) has(n int) bool { return n >= 0 && n < 256 && s[n>>6]&(1<<(n&63)) != 0 }

// A year is kept as its distance from firstYear.
const (
	firstYear = 1970
	lastYear  = 2199
)

// field describes one of the six.
type field struct {
	name     string
	min, max int
	names    []string // of min, min+1 …
	special  string   // letters it may use besides , - * /
}

var fields = [6]field{
	{"minutes", 0, 59, nil, ""},
	{"hours", 0, 23, nil, ""},
	{"day-of-month", 1, 31, nil, "?LW"},
	{"month", 1, 12, []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}, ""},
	{"day-of-week", 1, 7, []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}, "?L#"},
	{"year", firstYear, lastYear, nil, ""},
}

// want says what the field takes.
func (f field) want() string {
	s := fmt.Sprintf("%d-%d", f.min, f.max)
	if f.names != nil {
		s += " or " + f.names[0] + "-" + f.names[len(f.names)-1]
	}
	s += " and , - * /"
	for _, r := range f.special {
		s += " " + string(r)
	}
	return s
}

// reader reads the fields of one expression.
type reader struct {
	expr   string
	field  field
	offset int
	c      *cron
}

func (r *reader) fail(text, format string, args ...any) error {
	return &Error{Expr: r.expr, Offset: r.offset, Text: text, Reason: fmt.Sprintf("%s %q: ", r.field.name, text) + fmt.Sprintf(format, args...)}
}

func parseCron(expr, body string, zone *time.Location) (Schedule, error) {
	start := strings.Index(expr, "(") + 1
	parts := strings.Fields(body)
	if len(parts) != 6 {
		reason := fmt.Sprintf("has %d fields, want 6: minutes hours day-of-month month day-of-week year", len(parts))
		if len(parts) == 5 {
			reason += guess(body)
		}
		return nil, &Error{Expr: expr, Offset: start, Text: body, Reason: reason}
	}
	c := &cron{zone: zone, text: "cron(" + strings.Join(parts, " ") + ")"}
	at := start
	for i, p := range parts {
		at = strings.Index(expr[at:], p) + at
		r := &reader{expr: expr, field: fields[i], offset: at, c: c}
		if err := r.read(i, p); err != nil {
			return nil, err
		}
		at += len(p)
	}
	if parts[2] == "?" && parts[4] == "?" || parts[2] != "?" && parts[4] != "?" {
		return nil, &Error{Expr: expr, Offset: start, Text: body,
			Reason: "exactly one of day-of-month and day-of-week is ?, as in cron(0 6 * * ? *) or cron(0 6 ? * MON-FRI *)"}
	}
	c.anyDom, c.anyDow = parts[2] == "?", parts[4] == "?"
	return c, nil
}

func (r *reader) read(i int, text string) error {
	sets := []*set{&r.c.minute, &r.c.hour, &r.c.dom, &r.c.month, &r.c.dow, &r.c.year}
	if text == "?" {
		if !strings.Contains(r.field.special, "?") {
			return r.fail(text, "? stands in day-of-month or day-of-week only, want %s", r.field.want())
		}
		return nil
	}
	items := strings.Split(text, ",")
	for _, item := range items {
		var special bool
		var err error
		switch i {
		case 2:
			special, err = r.dayOfMonth(item)
		case 4:
			special, err = r.dayOfWeek(item, len(items))
		}
		if err == nil && !special {
			err = r.span(item, sets[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dayOfMonth reads L, LW and 15W.
func (r *reader) dayOfMonth(item string) (bool, error) {
	switch up := strings.ToUpper(item); {
	case up == "L":
		r.c.lastDay = true
	case up == "LW":
		r.c.lastWeekday = true
	case strings.HasSuffix(up, "W"):
		n, err := r.number(up[:len(up)-1])
		if err != nil {
			return false, r.fail(item, "W follows one day, as in 15W: the weekday nearest to the 15th")
		}
		r.c.nearest = append(r.c.nearest, n)
	default:
		return false, nil
	}
	return true, nil
}

// dayOfWeek reads L, 6L and 6#2.
func (r *reader) dayOfWeek(item string, items int) (bool, error) {
	up := strings.ToUpper(item)
	if day, nth, ok := strings.Cut(up, "#"); ok {
		n, err := r.number(day)
		k, err2 := strconv.Atoi(nth)
		if err != nil || err2 != nil || k < 1 || k > 5 {
			return false, r.fail(item, "# stands between a day of the week and a number from 1 to 5, as in FRI#2: the second Friday")
		}
		if items > 1 {
			return false, r.fail(item, "with # there is one entry only")
		}
		r.c.nthWeekday, r.c.nthOfWeek = n, k
		return true, nil
	}
	if up == "L" {
		r.c.dow.add(7)
		return true, nil
	}
	if day, ok := strings.CutSuffix(up, "L"); ok {
		n, err := r.number(day)
		if err != nil {
			return false, r.fail(item, "L follows a day of the week, as in FRIL: the last Friday of the month")
		}
		r.c.lastOf = append(r.c.lastOf, n)
		return true, nil
	}
	return false, nil
}

// span reads *, 5, 5-9, */2, 5/10, 5-9/2.
func (r *reader) span(item string, s *set) error {
	base, stepText, stepped := strings.Cut(item, "/")
	step := 1
	if stepped {
		n, err := strconv.Atoi(stepText)
		if err != nil || n < 1 || n > r.field.max {
			return r.fail(item, "the step after / is a number from 1 to %d", r.field.max)
		}
		step = n
	}
	from, to := r.field.min, r.field.max
	if base != "*" {
		lo, hi, ranged := strings.Cut(base, "-")
		var err error
		if from, err = r.number(lo); err != nil {
			return err
		}
		switch {
		case ranged:
			if to, err = r.number(hi); err != nil {
				return err
			}
			if to < from {
				return r.fail(item, "the range runs backwards; write %s-%d,%d-%s", lo, r.field.max, r.field.min, hi)
			}
		case !stepped:
			to = from
		}
	}
	shift := 0
	if r.field.min == firstYear {
		shift = firstYear
	}
	for n := from; n <= to; n += step {
		s.add(n - shift)
	}
	return nil
}

// number reads one value or name.
func (r *reader) number(text string) (int, error) {
	if i := slices.Index(r.field.names, strings.ToUpper(text)); i >= 0 {
		return r.field.min + i, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || text[0] == '+' || n < r.field.min || n > r.field.max {
		hint := ""
		if r.field.name == "day-of-week" && text == "0" {
			hint = " (Sunday is 1 or SUN)"
		}
		return 0, r.fail(text, "want %s%s", r.field.want(), hint)
	}
	return n, nil
}

func (c *cron) String() string { return c.text }

// matchDay reports whether the expression runs on a day.
func (c *cron) matchDay(y int, m time.Month, d int) bool {
	if !c.year.has(y-firstYear) || !c.month.has(int(m)) {
		return false
	}
	weekday := int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Weekday()) + 1
	last := daysIn(y, m)
	if c.anyDom {
		return c.dow.has(weekday) || slices.Contains(c.lastOf, weekday) && d > last-7 ||
			c.nthOfWeek > 0 && weekday == c.nthWeekday && (d-1)/7+1 == c.nthOfWeek
	}
	if c.dom.has(d) || c.lastDay && d == last || c.lastWeekday && d == nearestWeekday(y, m, last) {
		return true
	}
	return slices.ContainsFunc(c.nearest, func(n int) bool { return n <= last && d == nearestWeekday(y, m, n) })
}

func daysIn(y int, m time.Month) int { return time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day() }

// nearestWeekday returns the Monday to Friday closest to a day, in its month.
func nearestWeekday(y int, m time.Month, d int) int {
	switch time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Weekday() {
	case time.Saturday:
		if d == 1 {
			return 3
		}
		return d - 1
	case time.Sunday:
		if d == daysIn(y, m) {
			return d - 2
		}
		return d + 1
	}
	return d
}
