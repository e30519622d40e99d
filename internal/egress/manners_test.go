package egress

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestMannersAreShared: a second Client waits for the gap after the first one's
// request; without shared manners it does not.
func TestMannersAreShared(t *testing.T) {
	for _, tt := range []struct {
		name   string
		shared bool
		want   time.Duration
	}{{"shared", true, 7 * time.Second}, {"each its own", false, 0}} {
		synctest.Test(t, func(t *testing.T) {
			o := Options{PerHost: PerHost{Gap: 7 * time.Second}}
			if tt.shared {
				o.Manners = NewManners()
			}
			old, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			p, err := newTrip(t, old, "http://8.8.8.8/1").admit(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			p.sent = true
			p.leave(o.PerHost.Gap)
			old.Close()
			next, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			if p, err = newTrip(t, next, "http://8.8.8.8/2").admit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took != tt.want {
				t.Errorf("%s: let through after %v, want %v", tt.name, took, tt.want)
			}
			p.leave(0)
			time.Sleep(time.Minute) // of the bubble: pauses end
		})
	}
}

// TestGapOfRequest: the longer pause holds, that of the request or of the zone,
// and after a redirect that of the zone.
func TestGapOfRequest(t *testing.T) {
	c, err := New(Options{PerHost: PerHost{Gap: 3 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	for ask, want := range map[time.Duration]time.Duration{0: 3 * time.Second, time.Second: 3 * time.Second, 9 * time.Second: 9 * time.Second} {
		trip := newTrip(t, c, "http://8.8.8.8/")
		trip.req.Gap = ask
		if got := trip.gap(); got != want {
			t.Errorf("asked for %v: a pause of %v, want %v", ask, got, want)
		}
		trip.res.Redirects = []Redirect{{}}
		if got := trip.gap(); got != 3*time.Second {
			t.Errorf("after a redirect: %v", got)
		}
	}
}
