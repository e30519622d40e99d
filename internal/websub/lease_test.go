package websub_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/websub"
)

// pass lets time go by, in steps of a minute at most, as serve does.
func (r *rig) pass(d time.Duration) {
	r.t.Helper()
	step := min(d/200+time.Second, time.Hour)
	for end := r.clock.now().Add(d); r.clock.now().Before(end); {
		r.clock.add(step)
		r.step()
	}
}

// TestLeaseIsRenewed: for half a year there is no moment without a lease, across
// restarts, and the hub is not asked more often than need be.
func TestLeaseIsRenewed(t *testing.T) {
	for _, lease := range []string{"864000", "86400", "3600", ""} {
		r := newRig(t)
		r.lease = lease
		r.keep(r.want())
		first := r.is(websub.Verified)
		callback := r.last().Get("hub.callback")
		span := 60 * 24 * time.Hour
		length := first.Until.Sub(r.clock.now())
		if length < time.Hour*2 {
			span = 2 * 24 * time.Hour
		}
		for end := r.clock.now().Add(span); r.clock.now().Before(end); {
			r.clock.add(length / 50)
			r.reopen()
			r.step()
			if s := r.is(websub.Verified); !s.Since.Equal(first.Since) {
				t.Fatalf("lease %q: there was a gap: since %s", lease, s.Since)
			}
		}
		n, most, least := len(r.all()), int(span/(length*7/10))+2, int(span/length)
		if n > most || n < least {
			t.Errorf("lease %q: asked %d times in %s, want %d to %d", lease, n, span, least, most)
		}
		for _, f := range r.all() {
			if f.Get("hub.callback") != callback {
				t.Fatalf("lease %q: renewed under another callback", lease)
			}
		}
	}
}

// TestStrangeLeases are read as what a hub may have meant.
func TestStrangeLeases(t *testing.T) {
	for lease, want := range map[string]time.Duration{
		"0": 240 * time.Hour, "-5": 240 * time.Hour, "for ever": 240 * time.Hour, "99999999999999": 90 * 24 * time.Hour, "60": time.Minute,
	} {
		r := newRig(t)
		r.lease = lease
		r.keep(r.want())
		if got := r.is(websub.Verified).Until.Sub(r.clock.now()); got != want {
			t.Errorf("%q: %v, want %v", lease, got, want)
		}
		if n := len(r.all()); n != 1 {
			t.Errorf("%q: asked %d times at once", lease, n)
		}
	}
}

// TestRenewalsAreSpread: hundreds of subscriptions that began together are not
// renewed together.
func TestRenewalsAreSpread(t *testing.T) {
	r := newRig(t)
	var wants []websub.Want
	for i := range 100 {
		w := r.want()
		w.Source, w.Topic = string(rune('a'+i/26))+string(rune('a'+i%26)), "https://a.example/"+string(rune('a'+i/26))+string(rune('a'+i%26))
		wants = append(wants, w)
	}
	r.keep(wants...)
	for range 25 {
		r.step()
	}
	days := map[int]int{}
	for _, s := range r.sub.List() {
		if s.State(r.clock.now()) != websub.Verified {
			t.Fatalf("%+v", s)
		}
		days[int(s.Next.Sub(r.clock.now())/(6*time.Hour))]++
	}
	for at, n := range days {
		if n > 50 {
			t.Errorf("%d of 100 are renewed within the same six hours (%d)", n, at)
		}
	}
}

// TestHubFails: a hub that is away is asked less and less, and when it is back
// the subscription is too.
func TestHubFails(t *testing.T) {
	r := newRig(t)
	down := true
	r.answer = func(w http.ResponseWriter, _ *http.Request) bool {
		if down {
			http.Error(w, "come back later", 500)
		}
		return down
	}
	r.keep(r.want())
	if s := r.is(websub.Failing); !strings.Contains(s.Error, "answers 500: come back later") {
		t.Errorf("said %q", s.Error)
	}
	r.pass(24 * time.Hour)
	day := len(r.all())
	if day < 5 || day > 20 {
		t.Errorf("asked %d times on the first day", day)
	}
	r.pass(10 * 24 * time.Hour)
	if n := len(r.all()) - day; n < 8 || n > 20 {
		t.Errorf("asked %d times in the ten days after", n)
	}
	down = false
	r.pass(30 * time.Hour)
	if s := r.is(websub.Verified); s.Failures != 0 || s.Error != "" {
		t.Errorf("%+v", s)
	}
}

// TestHubFailsAtRenewal: the lease in hand stands to its end.
func TestHubFailsAtRenewal(t *testing.T) {
	r := newRig(t)
	r.keep(r.want())
	until := r.is(websub.Verified).Until
	r.answer = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(503); return true }
	r.pass(9 * 24 * time.Hour)
	if s := r.is(websub.Verified); s.Failures == 0 || !s.Until.Equal(until) {
		t.Errorf("%+v", s)
	}
	r.pass(2 * 24 * time.Hour)
	r.is(websub.Failing)
	r.answer = nil
	r.pass(30 * time.Hour)
	if s := r.is(websub.Verified); !s.Since.After(until) {
		t.Errorf("since %s, though there was none", s.Since)
	}
}

// TestSilentHub: one that accepts and never verifies is a failure too.
func TestSilentHub(t *testing.T) {
	r := newRig(t)
	r.quiet = true
	r.keep(r.want())
	r.is(websub.Asked)
	r.pass(24 * time.Hour)
	if s := r.is(websub.Failing); !strings.Contains(s.Error, "did not verify") {
		t.Errorf("said %q", s.Error)
	}
	if n := len(r.all()); n < 5 || n > 30 {
		t.Errorf("asked %d times", n)
	}
	// It answers in the end, to whichever request.
	if v := r.verify(r.last()); v.status != 200 {
		t.Errorf("a late verification: %d", v.status)
	}
	r.is(websub.Verified)
}

func TestDenied(t *testing.T) {
	for _, after := range []bool{false, true} {
		r := newRig(t)
		r.quiet = !after
		r.keep(r.want())
		f := r.last()
		deny := url.Values{"hub.mode": {"denied"}, "hub.topic": {"https://mallory.example/"}, "hub.reason": {"not\nfor <b>you</b>"}}
		if v := r.get(f.Get("hub.callback"), deny); v.status != 404 {
			t.Errorf("of another topic: %d", v.status)
		}
		deny.Set("hub.topic", topic)
		deny.Set("hub.reason", "not for you")
		if v := r.get(f.Get("hub.callback"), deny); v.status != 200 {
			t.Errorf("denied: %d", v.status)
		}
		if s := r.is(websub.Denied); !strings.Contains(s.Error, "not for you") {
			t.Errorf("said %q", s.Error)
		}
		if v := r.verify(f); v.status != 404 {
			t.Errorf("verified after it was denied: %d", v.status)
		}
		if got := r.post(f.Get("hub.callback"), strings.NewReader("x"), sign("sha1", []byte("x"), f.Get("hub.secret"))); got != 404 || len(r.pings) > 0 {
			t.Errorf("a message after it was denied: %d, %d pings", got, len(r.pings))
		}
		r.reopen()
		r.is(websub.Denied)
		r.pass(7 * 24 * time.Hour)
		if n := len(r.all()); n < 2 || n > 9 {
			t.Errorf("asked %d times in a week", n)
		}
	}
}

// TestNextHub: where one of several hubs fails, another is asked at once.
func TestNextHub(t *testing.T) {
	r := newRig(t)
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	r.keep(r.want(dead.URL, r.server.URL+"/second"))
	r.step()
	if s := r.is(websub.Verified); s.Hub != r.server.URL+"/second" {
		t.Errorf("subscribed at %s", s.Hub)
	}
}

// TestRedirectedHub: 307 and 308 lead to another hub, within bounds and within
// the zone; nothing else does.
func TestRedirectedHub(t *testing.T) {
	tests := []struct {
		name   string
		status int
		to     string // "": the good one
		want   websub.State
		said   string
	}{
		{"temporary", 307, "", websub.Verified, ""},
		{"permanent", 308, "", websub.Verified, ""},
		{"one that would be a GET", 302, "", websub.Failing, "302"},
		{"in a circle", 307, "self", websub.Failing, "redirects"},
		{"nowhere", 307, "none", websub.Failing, "nowhere"},
		{"another scheme", 307, "ftp://hub.example/", websub.Failing, "not asked"},
		{"out of the zone", 307, "http://10.1.2.3/", websub.Failing, "zone"},
	}
	for _, tt := range tests {
		r := newRig(t)
		r.answer = func(w http.ResponseWriter, req *http.Request) bool {
			if req.URL.Path == "/good" {
				return false
			}
			to := tt.to
			switch to {
			case "":
				to = "/good"
			case "self":
				to = "/hub"
			}
			if to != "none" {
				w.Header().Set("Location", to)
			}
			w.WriteHeader(tt.status)
			return true
		}
		r.keep(r.want())
		if s := r.one(); s.State(r.clock.now()) != tt.want || !strings.Contains(s.Error, tt.said) {
			t.Errorf("%s: %s %q, want %s %q", tt.name, s.State(r.clock.now()), s.Error, tt.want, tt.said)
		}
	}
}

// TestHubOutOfZone: a feed cannot make us ask a private address.
func TestHubOutOfZone(t *testing.T) {
	r := newRig(t)
	w := r.want()
	w.Zone = "" // the public network
	r.keep(w)
	if s := r.is(websub.Failing); !strings.Contains(s.Error, "not on the public network") || len(r.all()) != 0 {
		t.Errorf("said %q after %d requests", s.Error, len(r.all()))
	}
}

// TestPatienceIsKept: a hub that asks to be left alone is.
func TestPatienceIsKept(t *testing.T) {
	r := newRig(t)
	r.answer = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Retry-After", "36000")
		w.WriteHeader(429)
		return true
	}
	r.keep(r.want())
	r.pass(9 * time.Hour)
	if n := len(r.all()); n != 1 {
		t.Errorf("asked %d times in nine hours, though it said ten", n)
	}
	r.answer = nil
	r.pass(3 * time.Hour)
	r.is(websub.Verified)
}

// TestUnsubscribe: what nobody wants any more is given back.
func TestUnsubscribe(t *testing.T) {
	moved := func(change func(*websub.Want)) func(*rig) []websub.Want {
		return func(r *rig) []websub.Want {
			w := r.want()
			change(&w)
			return []websub.Want{w}
		}
	}
	tests := []struct {
		name string
		now  func(*rig) []websub.Want
		left int
	}{
		{"the source is gone", func(*rig) []websub.Want { return nil }, 0},
		{"it names no hub any more", moved(func(w *websub.Want) { w.Hubs = nil }), 0},
		{"another hub", moved(func(w *websub.Want) { w.Hubs = []string{w.Hubs[0] + "/other"} }), 1},
		{"another topic", moved(func(w *websub.Want) { w.Topic += "&v=2" }), 1},
	}
	for _, tt := range tests {
		r := newRig(t)
		r.keep(r.want())
		f := r.last()
		r.keep(tt.now(r)...)
		r.step()
		var gone url.Values
		for _, g := range r.all() {
			if g.Get("hub.mode") == "unsubscribe" {
				gone = g
			}
		}
		if gone == nil || gone.Get("hub.callback") != f.Get("hub.callback") || gone.Get("hub.topic") != topic || gone.Get("hub.secret") != "" {
			t.Errorf("%s: given back with %v", tt.name, gone)
		}
		if n := len(r.sub.List()); n != tt.left {
			t.Errorf("%s: %d subscriptions left, want %d: %+v", tt.name, n, tt.left, r.sub.List())
		}
		if tt.left == 1 {
			r.is(websub.Verified)
		}
		if got := r.post(f.Get("hub.callback"), strings.NewReader("x"), sign("sha1", []byte("x"), f.Get("hub.secret"))); got != 410 || len(r.pings) > 0 {
			t.Errorf("%s: a message afterwards: %d, %d pings", tt.name, got, len(r.pings))
		}
	}
}

// TestHubThatDoesNotLetGo: after a few tries the lease is left to end by itself.
func TestHubThatDoesNotLetGo(t *testing.T) {
	r := newRig(t)
	r.keep(r.want())
	r.quiet = true
	r.keep()
	r.is(websub.Leaving)
	if got := r.post(r.last().Get("hub.callback"), strings.NewReader("x"), ""); got != 410 {
		t.Errorf("a message: %d, want 410", got)
	}
	r.pass(24 * time.Hour)
	if n := len(r.sub.List()); n != 0 || len(r.all()) > 5 {
		t.Errorf("%d subscriptions after %d requests", n, len(r.all()))
	}
}

// TestEveryWriteFails: whichever write of the state fails once, or stops the
// process, the next look brings the subscription about, and no message that was
// taken is lost.
func TestEveryWriteFails(t *testing.T) {
	for _, point := range []string{"websub.before-put", "websub.after-put"} {
		for n := 1; n <= 6; n++ {
			r := newRig(t)
			if err := failpoint.Arm(fmt.Sprintf("%s:%d:error", point, n)); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = failpoint.Arm("") })
			look := func() {
				_ = r.sub.Keep(t.Context(), base, []websub.Want{r.want()})
				_ = r.sub.Step(t.Context(), r.web)
				r.wg.Wait()
			}
			for range 3 {
				look()
				r.clock.add(15 * time.Minute)
				r.reopen()
			}
			r.is(websub.Verified)
			f := r.last()
			body := []byte("new")
			taken := 0
			for range 3 {
				if r.post(f.Get("hub.callback"), bytes.NewReader(body), sign("sha256", body, f.Get("hub.secret"))) == 202 {
					taken++
				}
			}
			if taken < 2 || len(r.pings) < taken {
				t.Errorf("%s %d: %d messages taken, %d passed on", point, n, taken, len(r.pings))
			}
			r.keep()
			r.pass(time.Hour)
			if list := r.sub.List(); len(list) != 0 {
				t.Errorf("%s %d: left %+v", point, n, list)
			}
		}
	}
}
