package catalog

import (
	"testing"
	"time"
)

// TestPush: what a hub says makes a source due at once, a chatty hub less and
// less, and where nothing is there yet it is asked once more.
func TestPush(t *testing.T) {
	at := func(min float64) time.Time { return day.Add(time.Duration(min * float64(time.Minute))) }
	ask := func(s State, min float64, posts int, unchanged bool) State {
		return s.After(Outcome{At: at(min), Asked: at(min), New: posts, NotModified: unchanged, PostGap: 8 * time.Hour}, 0, DefaultBounds)
	}
	s := ask(State{}.For(src, "r"), 0, 1, false)
	if s.Push.Waiting() || s.Due(at(1), 0, DefaultBounds) {
		t.Fatalf("due without a word: %+v", s.Push)
	}
	s.Push.Pinged = at(1)
	if !s.Due(at(1), 0, DefaultBounds) || !s.Push.Waiting() {
		t.Error("not due when its hub says so")
	}
	during := ask(s, 0.5, 0, true) // a request that began before
	if !during.Push.Due(at(2)) {
		t.Error("a request under way has taken what was said after it began for its own")
	}
	s = ask(s, 1.5, 0, true)
	if s.Push.Due(at(2)) || !s.Push.Due(at(5)) {
		t.Errorf("it is asked once more after a while: %+v", s.Push)
	}
	s = ask(s, 5, 0, true)
	if s.Push.Waiting() {
		t.Errorf("and then no more: %+v", s.Push)
	}
	for i := range 10 { // a hub that says so in vain
		s.Push.Pinged = at(10 + float64(i)*100)
		s = ask(s, 10+float64(i)*100, 0, false)
	}
	s.Push.Pinged = at(911)
	if s.Push.Due(at(912)) || !s.Push.Due(at(950)) {
		t.Errorf("a hub that cries wolf is answered within the half hour: %+v", s.Push)
	}
	s = ask(s, 950, 2, false)
	s.Push.Pinged = at(950.1)
	if !s.Push.Due(at(950.1)) {
		t.Errorf("one that was right is believed at once again: %+v", s.Push)
	}
	held := s.After(Outcome{At: at(951), Asked: at(951), Held: at(1000), Error: "Fetch.Held"}, 0, DefaultBounds)
	if held.Push.Due(at(952)) && !held.Held.After(at(952)) {
		t.Errorf("%+v", held)
	}
}

// TestPushStretches: a verified hub makes the interval longer, within bounds; one
// that misses posts does not.
func TestPushStretches(t *testing.T) {
	hour := func(n float64) time.Time { return day.Add(time.Duration(n * float64(time.Hour))) }
	ask := func(s State, h float64, posts int) State {
		return s.After(Outcome{At: hour(h), Asked: hour(h), New: posts, PostGap: 8 * time.Hour, Hubs: &Hubs{Names: []string{"https://hub.example/"}, Topic: "t"}}, 0, DefaultBounds)
	}
	s := ask(State{}.For(src, "r"), 0, 3)
	if s.Gap != 2*time.Hour {
		t.Fatalf("without a hub: %v", s.Gap)
	}
	s = s.Subscribed(hour(0.1), hour(240), hour(0.1), 0, DefaultBounds)
	if s.Gap != 8*time.Hour || s.Due(hour(7), 0, DefaultBounds) || !s.Due(hour(8), 0, DefaultBounds) || !s.Next.Equal(hour(8)) {
		t.Errorf("with a hub: %v, next %v", s.Gap, s.Next)
	}
	if fixed := s; fixed.Due(hour(0.9), time.Hour, DefaultBounds) || !fixed.Due(hour(1), time.Hour, DefaultBounds) {
		t.Error("every: is what the file says, hub or not")
	}
	if over := s.Subscribed(time.Time{}, time.Time{}, hour(3), 0, DefaultBounds); !over.Due(hour(3), 0, DefaultBounds) {
		t.Error("without the hub it is due as it was")
	}
	if lapsed := s.Subscribed(hour(0.1), hour(1), hour(0.1), 0, DefaultBounds); !lapsed.Due(hour(3), 0, DefaultBounds) {
		t.Error("a lease that is over makes no interval longer")
	}
	rare := s
	rare.PostGap = 1000 * time.Hour
	if got := rare.interval(hour(1), 0, DefaultBounds); got != DefaultBounds.Max {
		t.Errorf("a rare source: %v", got)
	}
	s = ask(ask(ask(s, 8, 1), 16, 1), 24, 1) // found by asking, and the hub said nothing; the first may be older than it
	if s.Push.Missed != 2 || s.Gap != 2*time.Hour {
		t.Errorf("a hub that misses posts: %d, %v", s.Push.Missed, s.Gap)
	}
	s.Push.Pinged = hour(25)
	s = ask(s, 25.01, 1)
	if s.Push.Missed != 0 || s.Gap != 8*time.Hour {
		t.Errorf("one that is back: %d, %v", s.Push.Missed, s.Gap)
	}
	none := s.After(Outcome{At: hour(26), Hubs: &Hubs{}}, 0, DefaultBounds)
	if len(none.Push.Hubs.Names) != 0 {
		t.Errorf("a document without a hub leaves %+v", none.Push.Hubs)
	}
	kept := s.After(Outcome{At: hour(26), NotModified: true}, 0, DefaultBounds)
	failed := s.After(Outcome{At: hour(26), Error: "Fetch.Timeout", Hubs: &Hubs{}}, 0, DefaultBounds)
	if len(kept.Push.Hubs.Names) != 1 || len(failed.Push.Hubs.Names) != 1 {
		t.Errorf("a 304 leaves %+v, a failure %+v", kept.Push.Hubs, failed.Push.Hubs)
	}
}
