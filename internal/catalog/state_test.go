package catalog

import (
	"testing"
	"time"

	"github.com/coranto/coranto"
)

var (
	day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	src = coranto.Source{ID: "a", URL: "https://a.example/feed"}
)

func TestMovedIsBelievedOnlyWhenConfirmed(t *testing.T) {
	good := Outcome{Identity: "feed a", Permanent: "https://new.example/feed"}
	other := Outcome{Identity: "another feed", Permanent: "https://new.example/feed"}
	plain := Outcome{Identity: "feed a"}
	tests := []struct {
		name string
		seen []Outcome
		want string
	}{
		{"once", []Outcome{plain, good}, ""},
		{"twice", []Outcome{plain, good, good}, ""},
		{"three times in a row", []Outcome{plain, good, good, good}, good.Permanent},
		{"interrupted", []Outcome{plain, good, good, plain, good}, ""},
		{"another feed answers there", []Outcome{plain, other, other, other}, ""},
		{"a failure in between does not count", []Outcome{plain, good, good, {Error: "Fetch.Timeout"}, good}, good.Permanent},
	}
	for _, tt := range tests {
		s := State{}.For(src, "r")
		for i, o := range tt.seen {
			o.At = day.Add(time.Duration(i) * time.Hour)
			s = s.After(o, 0, DefaultBounds)
		}
		if s.Use != tt.want {
			t.Errorf("%s: Use = %q, want %q", tt.name, s.Use, tt.want)
		}
	}
}

func TestValidatorsBelongToAddressAndRules(t *testing.T) {
	s := State{}.For(src, "r1").After(Outcome{At: day, Validators: Validators{ETag: `"x"`}}, 0, DefaultBounds)
	if got := s.For(src, "r1").Validators.ETag; got != `"x"` {
		t.Errorf("same source: ETag %q", got)
	}
	if got := s.For(src, "r2").Validators.ETag; got != "" {
		t.Errorf("changed rules keep ETag %q", got)
	}
	moved := src
	moved.URL = "https://b.example/feed"
	if got := s.For(moved, "r1"); got.Validators.ETag != "" || !got.Checked.IsZero() {
		t.Errorf("changed address keeps %+v", got)
	}
}

func TestInterval(t *testing.T) {
	tests := []struct {
		name  string
		o     []Outcome
		every time.Duration
		want  time.Duration
	}{
		{"busy source", []Outcome{{PostGap: 20 * time.Minute}}, 0, 15 * time.Minute},
		{"daily source", []Outcome{{PostGap: 24 * time.Hour}}, 0, 6 * time.Hour},
		{"monthly source", []Outcome{{PostGap: 30 * 24 * time.Hour}}, 0, 24 * time.Hour},
		{"nothing known", []Outcome{{}}, 0, 3 * time.Hour},
		{"the server says how long", []Outcome{{PostGap: time.Hour, MaxAge: 5 * time.Hour}}, 0, 5 * time.Hour},
		{"no longer than the bound", []Outcome{{MaxAge: 1000 * time.Hour}}, 0, 24 * time.Hour},
		{"fixed", []Outcome{{PostGap: 24 * time.Hour}}, 10 * time.Minute, 10 * time.Minute},
		{"first failure", []Outcome{{Error: "x"}}, 0, time.Hour},
		{"third failure", []Outcome{{Error: "x"}, {Error: "x"}, {Error: "x"}}, 0, 4 * time.Hour},
		{"many failures", make([]Outcome, 0), 0, 0},
	}
	tests[len(tests)-1].o = append(tests[len(tests)-1].o, make([]Outcome, 70)...)
	for i := range tests[len(tests)-1].o {
		tests[len(tests)-1].o[i].Error = "x"
	}
	tests[len(tests)-1].want = 24 * time.Hour
	for _, tt := range tests {
		s := State{}.For(src, "r")
		for _, o := range tt.o {
			o.At = day
			s = s.After(o, tt.every, DefaultBounds)
		}
		if s.Gap != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, s.Gap, tt.want)
		}
	}
}

func TestHealth(t *testing.T) {
	base := State{}.For(src, "r")
	tests := []struct {
		name string
		s    State
		src  coranto.Source
		want Health
	}{
		{"never asked", base, src, New},
		{"well", base.After(Outcome{At: day}, 0, DefaultBounds), src, Active},
		{"failing", base.After(Outcome{At: day, Error: "x"}, 0, DefaultBounds), src, Failing},
		{"gone", base.After(Outcome{At: day, Gone: true, Error: "Fetch.Gone"}, 0, DefaultBounds), src, Gone},
		{"held", base.After(Outcome{At: day, Held: day.Add(time.Hour), Error: "Fetch.Held"}, 0, DefaultBounds), src, Held},
		{"moved", base.After(Outcome{At: day, Permanent: "https://b.example/"}, 0, DefaultBounds), src, Moved},
		{"paused", base, coranto.Source{URL: src.URL, Paused: true}, Paused},
		{"retired", base, coranto.Source{URL: src.URL, Retired: true}, Retired},
	}
	for _, tt := range tests {
		if got := tt.s.Health(tt.src, day); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestFailureKeepsValidators(t *testing.T) {
	s := State{}.For(src, "r").After(Outcome{At: day, Validators: Validators{ETag: `"x"`}}, 0, DefaultBounds)
	s = s.After(Outcome{At: day.Add(time.Hour), Error: "Fetch.Timeout", Message: "no answer"}, 0, DefaultBounds)
	if s.Validators.ETag != `"x"` || s.Failures != 1 || s.OK != day {
		t.Errorf("after a failure: %+v", s)
	}
}

func TestFreshnessIsALowerBound(t *testing.T) {
	hour := Outcome{PostGap: 8 * time.Hour, MaxAge: 6 * time.Hour} // a quarter of the gap is 2 h
	tests := []struct {
		name string
		seen []Outcome
		want time.Duration
	}{
		{"nothing said", []Outcome{{PostGap: 8 * time.Hour}}, 2 * time.Hour},
		{"fresh for long", []Outcome{hour}, 6 * time.Hour},
		{"a 304 that says nothing leaves it", []Outcome{hour, {NotModified: true}}, 6 * time.Hour},
		{"a 304 that says otherwise", []Outcome{hour, {NotModified: true, MaxAge: 3 * time.Hour}}, 3 * time.Hour},
		{"a new answer takes it back", []Outcome{hour, {PostGap: 8 * time.Hour}}, 2 * time.Hour},
		{"not beyond the longest interval", []Outcome{{MaxAge: 1000 * time.Hour}}, 24 * time.Hour},
	}
	for _, tt := range tests {
		s := State{}.For(src, "r")
		for i, o := range tt.seen {
			o.At = day.Add(time.Duration(i) * time.Hour)
			s = s.After(o, 0, DefaultBounds)
		}
		if s.Gap != tt.want {
			t.Errorf("%s: next after %v, want %v", tt.name, s.Gap, tt.want)
		}
	}
}
