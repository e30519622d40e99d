package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Error says what is wrong with an expression, and where.
type Error struct {
	Expr   string
	Offset int    // of Text in Expr, in bytes
	Text   string // the part that is wrong, may be empty
	Reason string // what is wrong, and what would be right
}

func (e *Error) Error() string { return fmt.Sprintf("schedule %q: %s", e.Expr, e.Reason) }

// maxExpr is the service's limit on the length of an expression.
const maxExpr = 256

// Parse reads an expression; times of cron(…) are those of zone, nil: UTC. An
// error is an *Error.
//
//	rate(2 hours)           seconds (ours), minutes, hours, days; 1 takes the singular
//	cron(0 6 * * ? *)       minutes hours day-of-month month day-of-week year
func Parse(expr string, zone *time.Location) (Schedule, error) {
	if zone == nil {
		zone = time.UTC
	}
	if len(expr) > maxExpr {
		return nil, &Error{Expr: expr[:32] + "…", Reason: fmt.Sprintf("is longer than %d bytes", maxExpr)}
	}
	text := strings.TrimSpace(expr)
	name, rest, ok := strings.Cut(text, "(")
	body, closed := strings.CutSuffix(rest, ")")
	switch {
	case !ok:
		return nil, &Error{Expr: expr, Text: text, Reason: "want rate(…) or cron(…)" + guess(text)}
	case !closed:
		return nil, &Error{Expr: expr, Offset: len(expr), Reason: "the closing parenthesis is missing"}
	case name == "rate":
		return parseRate(expr, body)
	case name == "cron":
		return parseCron(expr, body, zone)
	}
	reason := fmt.Sprintf("%q is not known, want rate(…) or cron(…)", name)
	if lower := strings.ToLower(strings.TrimSpace(name)); lower == "rate" || lower == "cron" {
		reason = fmt.Sprintf("write %s( in lower case, without a space before the parenthesis", lower)
	}
	return nil, &Error{Expr: expr, Text: name, Reason: reason}
}

// guess turns what people write elsewhere into what to write here.
func guess(text string) string {
	if d, err := time.ParseDuration(text); err == nil && d >= time.Second && d%time.Second == 0 {
		return fmt.Sprintf(", such as %s", rate(d))
	}
	f := strings.Fields(text)
	switch {
	case len(f) == 5 && f[4] == "*":
		f[4] = "?"
	case len(f) == 5 && f[2] == "*":
		f[2] = "?"
		return fmt.Sprintf(", such as cron(%s *); days of the week count from 1, Sunday", strings.Join(f, " "))
	default:
		return ", such as rate(2 hours) or cron(0 6 * * ? *)"
	}
	return fmt.Sprintf(", such as cron(%s *)", strings.Join(f, " "))
}

// rate is a fixed interval.
type rate time.Duration

var rateUnits = []struct {
	singular string
	unit     time.Duration
}{
	{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second},
}

// maxRate keeps sums of times from overflowing.
const maxRate = 3650 * 24 * time.Hour

func parseRate(expr, body string) (Schedule, error) {
	f := strings.Fields(body)
	if len(f) != 2 {
		return nil, &Error{Expr: expr, Offset: strings.Index(expr, "(") + 1, Text: body, Reason: "want a number and a unit, such as rate(2 hours)"}
	}
	at := func(s string) int { return strings.Index(expr, "(") + 1 + strings.Index(body, s) }
	n, err := strconv.ParseInt(f[0], 10, 64)
	if err != nil || n < 1 || f[0][0] == '+' {
		return nil, &Error{Expr: expr, Offset: at(f[0]), Text: f[0], Reason: fmt.Sprintf("%q is not a whole number above 0", f[0])}
	}
	for _, u := range rateUnits {
		want := u.singular
		if n != 1 {
			want += "s"
		}
		switch f[1] {
		case want:
			if n > int64(maxRate/u.unit) {
				return nil, &Error{Expr: expr, Offset: at(f[0]), Text: f[0], Reason: "is longer than ten years"}
			}
			return rate(time.Duration(n) * u.unit), nil
		case u.singular, u.singular + "s":
			return nil, &Error{Expr: expr, Offset: at(f[1]), Text: f[1], Reason: fmt.Sprintf("write rate(%d %s)", n, want)}
		}
	}
	return nil, &Error{Expr: expr, Offset: at(f[1]), Text: f[1], Reason: fmt.Sprintf("unit %q is not known, want seconds, minutes, hours or days", f[1])}
}

func (r rate) Next(after time.Time) time.Time { return after.Add(time.Duration(r)) }

func (r rate) String() string {
	for _, u := range rateUnits {
		if n := time.Duration(r) / u.unit; time.Duration(r)%u.unit == 0 {
			if n == 1 {
				return "rate(1 " + u.singular + ")"
			}
			return fmt.Sprintf("rate(%d %ss)", n, u.singular)
		}
	}
	return time.Duration(r).String()
}
