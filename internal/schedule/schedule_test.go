package schedule

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

const layout = "2006-01-02T15:04:05Z07:00"

func TestNext(t *testing.T) {
	tests := []struct {
		expr, zone, after string
		want              []string // one after the other
	}{
		{"rate(2 hours)", "", "2026-01-01T00:30:00Z", []string{"2026-01-01T02:30:00Z", "2026-01-01T04:30:00Z"}},
		{"rate(1 minute)", "", "2026-01-01T00:00:59Z", []string{"2026-01-01T00:01:59Z"}},
		{"rate(15 seconds)", "", "2026-01-01T00:00:00Z", []string{"2026-01-01T00:00:15Z"}},
		{"rate(7 days)", "", "2026-01-01T00:00:00Z", []string{"2026-01-08T00:00:00Z"}},
		{"cron(0 6 * * ? *)", "", "2026-01-01T06:00:00Z", []string{"2026-01-02T06:00:00Z", "2026-01-03T06:00:00Z"}},
		{"cron(0 6 * * ? *)", "", "2026-01-01T05:59:59.5Z", []string{"2026-01-01T06:00:00Z"}},
		{"cron(15 10 ? * 6L 2026-2027)", "", "2026-11-22T00:00:00Z", []string{"2026-11-27T10:15:00Z", "2026-12-25T10:15:00Z", "2027-01-29T10:15:00Z"}},
		{"cron(0/15 * * * ? *)", "", "2026-01-01T00:14:00Z", []string{"2026-01-01T00:15:00Z", "2026-01-01T00:30:00Z", "2026-01-01T00:45:00Z", "2026-01-01T01:00:00Z"}},
		{"cron(0 8 1 * ? *)", "", "2026-01-01T08:00:00Z", []string{"2026-02-01T08:00:00Z"}},
		{"cron(5,35 14 * * ? *)", "", "2026-01-01T00:00:00Z", []string{"2026-01-01T14:05:00Z", "2026-01-01T14:35:00Z", "2026-01-02T14:05:00Z"}},
		{"cron(0/5 8-17 ? * MON-FRI *)", "", "2026-11-20T17:55:00Z", []string{"2026-11-23T08:00:00Z"}},
		{"cron(0 9 ? * 2#1 *)", "", "2026-11-22T00:00:00Z", []string{"2026-12-07T09:00:00Z", "2027-01-04T09:00:00Z"}},
		{"cron(0 9 ? * MON#5 *)", "", "2026-11-01T00:00:00Z", []string{"2026-11-30T09:00:00Z", "2027-03-29T09:00:00Z"}},
		{"cron(0 0 L * ? *)", "", "2024-01-31T00:00:00Z", []string{"2024-02-29T00:00:00Z", "2024-03-31T00:00:00Z"}},
		{"cron(0 0 LW * ? *)", "", "2026-05-01T00:00:00Z", []string{"2026-05-29T00:00:00Z", "2026-06-30T00:00:00Z"}},
		{"cron(0 0 15W * ? *)", "", "2026-08-01T00:00:00Z", []string{"2026-08-14T00:00:00Z", "2026-09-15T00:00:00Z"}},
		{"cron(0 0 1W * ? *)", "", "2026-07-31T00:00:00Z", []string{"2026-08-03T00:00:00Z"}},
		{"cron(0 0 31W * ? *)", "", "2026-05-01T00:00:00Z", []string{"2026-05-29T00:00:00Z", "2026-07-31T00:00:00Z"}},
		{"cron(0 0 29 2 ? *)", "", "2026-01-01T00:00:00Z", []string{"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
		{"cron(0 0 31 FEB ? *)", "", "2026-01-01T00:00:00Z", []string{""}},
		{"cron(0 0 1 1 ? 2030/50)", "", "2026-01-01T00:00:00Z", []string{"2030-01-01T00:00:00Z", "2080-01-01T00:00:00Z", "2130-01-01T00:00:00Z", "2180-01-01T00:00:00Z", ""}},
		{"cron(0 0 1 1 ? 2020)", "", "2026-01-01T00:00:00Z", []string{""}},
		{"cron(0 0 ? * L *)", "", "2026-11-22T00:00:00Z", []string{"2026-11-28T00:00:00Z"}},
		{"cron(0 12 1 jan,jul ? *)", "", "2026-01-02T00:00:00Z", []string{"2026-07-01T12:00:00Z"}},

		// Put forward 02:00 → 03:00 on 2026-03-29, back 03:00 → 02:00 on 2026-10-25.
		{"cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28T02:30:00+01:00", []string{"2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"}},
		{"cron(0,30 2,3 * * ? *)", "Europe/Berlin", "2026-03-28T12:00:00+01:00", []string{"2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00", "2026-03-30T02:00:00+02:00"}},
		{"cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-24T12:00:00+02:00", []string{"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"}},
		{"cron(0 6 * * ? *)", "Europe/Berlin", "2026-10-24T06:00:00+02:00", []string{"2026-10-25T06:00:00+01:00"}},
		{"cron(30 * * * ? *)", "Europe/Berlin", "2026-10-25T01:30:00+02:00", []string{"2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"}},
		{"cron(30 * * * ? *)", "Europe/Berlin", "2026-03-29T01:30:00+01:00", []string{"2026-03-29T03:30:00+02:00"}},
		// Half an hour on Lord Howe; a whole day left out on Samoa; a gap at midnight.
		{"cron(10 2 * * ? *)", "Australia/Lord_Howe", "2026-10-03T12:00:00+10:30", []string{"2026-10-04T02:30:00+11:00"}},
		{"cron(45 1 * * ? *)", "Australia/Lord_Howe", "2026-04-04T12:00:00+11:00", []string{"2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30"}},
		{"cron(0 9 30 12 ? *)", "Pacific/Apia", "2011-12-01T00:00:00-10:00", []string{"2011-12-31T00:00:00+14:00", "2012-12-30T09:00:00+14:00"}},
		{"cron(0 0 * * ? *)", "America/Sao_Paulo", "2018-11-03T12:00:00-03:00", []string{"2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"}},
	}
	for _, tt := range tests {
		t.Run(tt.expr+" "+tt.zone, func(t *testing.T) {
			s, err := Parse(tt.expr, zone(t, tt.zone))
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339Nano, tt.after)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				at = s.Next(at)
				got := ""
				if !at.IsZero() {
					got = at.Format(layout)
				}
				if got != want {
					t.Fatalf("next = %q, want %q", got, want)
				}
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ expr, want string }{
		{"", "want rate(…) or cron(…)"},
		{"2h", "such as rate(2 hours)"},
		{"90s", "such as rate(90 seconds)"},
		{"0 6 * * *", "such as cron(0 6 * * ? *)"},
		{"0 6 * * MON", "such as cron(0 6 ? * MON *)"},
		{"0 6 1 * *", "such as cron(0 6 1 * ? *)"},
		{"cron(0 6 1 * *)", "has 5 fields"},
		{"Rate(2 hours)", "lower case"},
		{"at(2026-01-01T00:00:00)", `"at" is not known`},
		{"rate(2 hours", "closing parenthesis"},
		{"rate(2hours)", "a number and a unit"},
		{"rate(0 hours)", "above 0"},
		{"rate(-1 hours)", "above 0"},
		{"rate(1.5 hours)", "whole number"},
		{"rate(1 hours)", "write rate(1 hour)"},
		{"rate(2 hour)", "write rate(2 hours)"},
		{"rate(2 weeks)", "want seconds, minutes, hours or days"},
		{"rate(9999999 days)", "ten years"},
		{"cron(60 6 * * ? *)", `minutes "60": want 0-59`},
		{"cron(0 24 * * ? *)", `hours "24": want 0-23`},
		{"cron(0 6 0 * ? *)", `day-of-month "0"`},
		{"cron(0 6 * 13 ? *)", `month "13": want 1-12 or JAN-DEC`},
		{"cron(0 6 ? * 0 *)", "Sunday is 1 or SUN"},
		{"cron(0 6 ? * MO *)", "SUN-SAT"},
		{"cron(0 6 * * ? 1969)", "1970-2199"},
		{"cron(0 6 * * * *)", "exactly one of"},
		{"cron(0 6 ? * ? *)", "exactly one of"},
		{"cron(? 6 * * ? *)", "? stands in"},
		{"cron(0/0 6 * * ? *)", "the step after /"},
		{"cron(0 22-2 * * ? *)", "write 22-23,0-2"},
		{"cron(0 6 ? * 6#6 *)", "second Friday"},
		{"cron(0 6 ? * 2#1,3#2 *)", "one entry only"},
		{"cron(0 6 1-5W * ? *)", "W follows one day"},
		{"cron(0 6 ? * XL *)", "L follows a day"},
		{"cron(,5 6 * * ? *)", "minutes"},
		{"cron(0 6 * * ? *)" + strings.Repeat(" ", 256), "longer than 256"},
	}
	for _, tt := range tests {
		_, err := Parse(tt.expr, nil)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%q) = %v, want %q", tt.expr, err, tt.want)
			continue
		}
		if len(tt.expr) <= maxExpr && e.Text != "" && !strings.Contains(e.Expr[e.Offset:], e.Text) {
			t.Errorf("Parse(%q): offset %d does not point before %q", tt.expr, e.Offset, e.Text)
		}
	}
}

func TestDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Parse("cron(0 6 * * ? *)", nil)
		if err != nil {
			t.Fatal(err)
		}
		last, runs := time.Now(), 0
		for range 7 * 24 * 2 { // a week, looking every half hour
			time.Sleep(30 * time.Minute)
			if Due(s, last, time.Now()) {
				runs, last = runs+1, time.Now()
			}
		}
		if runs != 7 {
			t.Errorf("%d runs in a week, want 7", runs)
		}
		time.Sleep(100 * time.Hour) // asleep over several ticks
		if !Due(s, last, time.Now()) || Due(s, time.Now(), time.Now()) {
			t.Error("missed ticks run once")
		}
		if !Due(s, time.Time{}, time.Now()) {
			t.Error("what never ran is due")
		}
	})
}

// naive decides minute by minute, from the rules as they are told.
func naive(c *cron, after time.Time, limit int) time.Time {
	everyHour := true
	for h := range 24 {
		everyHour = everyHour && c.hour.has(h)
	}
	match := func(w time.Time) bool { // w: wall time, as UTC
		return c.matchDay(w.Year(), w.Month(), w.Day()) && c.hour.has(w.Hour()) && c.minute.has(w.Minute())
	}
	wall := func(t time.Time) time.Time {
		_, off := t.In(c.zone).Zone()
		return t.UTC().Add(time.Duration(off) * time.Second)
	}
	t := after.Truncate(time.Minute)
	for range limit {
		t = t.Add(time.Minute)
		w, before := wall(t), wall(t.Add(-time.Minute))
		if everyHour {
			if match(w) {
				return t
			}
			continue
		}
		hit := match(w)
		for x := before.Add(time.Minute); x.Before(w); x = x.Add(time.Minute) { // skipped
			hit = hit || match(x)
		}
		if hit {
			for k := time.Minute; k <= 3*time.Hour; k += time.Minute { // was it this time already?
				if wall(t.Add(-k)).Equal(w) {
					hit = false
				}
			}
		}
		if hit {
			return t
		}
	}
	return time.Time{}
}

func TestAgainstBruteForce(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo", "Africa/Casablanca"}
	for range 150 {
		days := pick("* * ?", "1,15 * ?", "L * ?", "15W * ?", "10/7 * ?", "? * MON-FRI", "? * 1,7", "? * 1L", "? * SUN#1", "? 3,10,11 SUN", "25-31 3,10 ?")
		expr := fmt.Sprintf("cron(%s %s %s *)", pick("0", "30", "0/20", "5,50", "*", "59"), pick("*", "2", "0-4", "1,2,3", "0/6", "23", "*/1"), days)
		z := zone(t, pick(zones...))
		s, err := Parse(expr, z)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		// Half of the starts lie just before a change of the clock.
		at := time.Date(2015+rnd.IntN(20), time.Month(1+rnd.IntN(12)), 1+rnd.IntN(28), rnd.IntN(24), rnd.IntN(60), rnd.IntN(60), 0, z)
		if _, end := at.ZoneBounds(); rnd.IntN(2) == 0 && !end.IsZero() {
			at = end.Add(-time.Duration(rnd.IntN(26*60)) * time.Minute)
		}
		const limit = 8 * 24 * 60
		for range 4 {
			got := s.Next(at)
			want := naive(s.(*cron), at, limit)
			if want.IsZero() {
				if !got.IsZero() && got.Sub(at) < (limit-1)*time.Minute {
					t.Errorf("%s in %s after %s: %s, want none within the limit", expr, z, at.Format(layout), got.Format(layout))
				}
				break
			}
			if !got.Equal(want) {
				t.Errorf("%s in %s after %s: %s, want %s", expr, z, at.Format(layout), got.Format(layout), want.In(z).Format(layout))
				break
			}
			at = got
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"rate(1 day)", "cron(0/15 8-17 ? * MON-FRI 2026/2)", "cron(5 * L,15W,LW JAN ? *)", "cron(1 1 ? * 6#3 *)", "0 6 * * *"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, expr string) {
		s, err := Parse(expr, time.UTC)
		if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) {
				t.Errorf("unclassified error %v", err)
			}
			return
		}
		next := s.Next(now)
		if !next.IsZero() && !next.After(now) {
			t.Errorf("%q: next %s is not after %s", expr, next, now)
		}
		again, err := Parse(s.String(), time.UTC)
		if err != nil || again.String() != s.String() || !again.Next(now).Equal(next) {
			t.Errorf("%q: normal form %q: %v", expr, s, err)
		}
	})
}
