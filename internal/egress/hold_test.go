package egress

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		in   string
		want time.Duration
	}{
		{"", 0}, {"0", 0}, {"120", 2 * time.Minute}, {" 5 ", 5 * time.Second}, {"1.5", time.Second}, {"-5", 0}, {"soon", 0}, {"5 minutes", 0},
		{"Sun, 01 Mar 2026 12:00:30 GMT", 30 * time.Second}, {"Sunday, 01-Mar-26 12:00:30 GMT", 30 * time.Second},
		{"Sun Mar  1 12:00:30 2026", 30 * time.Second}, {"Sun, 01 Mar 2026 11:00:00 GMT", 0}, {"Wed, 01 Mar 2056 11:00:00 GMT", maxHold},
		{"99999999", maxHold}, {"99999999999999999999999", maxHold},
	}
	for _, tt := range tests {
		if got := retryAfter(tt.in, now); got != tt.want {
			t.Errorf("retryAfter(%q) = %v, want %v", tt.in, got, tt.want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"120", "Sun, 01 Mar 2026 12:00:30 GMT", "-1", "1e9", ".5", "9223372036854775807"} {
		f.Add(s)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		d := retryAfter(s, now)
		if d < 0 || d > maxHold {
			t.Errorf("retryAfter(%q) = %v", s, d)
		}
		if d > 0 && d < maxHold && d%time.Second == 0 && retryAfter(fmt.Sprint(int(d/time.Second)), now) != d {
			t.Errorf("%v does not come back", d)
		}
	})
}

// newTrip prepares a Get without its network.
func newTrip(t *testing.T, c *Client, url string) *trip {
	t.Helper()
	at, err := parseTarget(url)
	if err != nil {
		t.Fatal(err)
	}
	return &trip{c: c, z: c.zones[DefaultZone], req: &Request{URL: url}, at: at, timeout: time.Second, budget: time.Second}
}

func TestTurn(t *testing.T) {
	const url = "https://8.8.8.8/feed"
	tests := []struct {
		name   string
		key    string
		hold   time.Duration
		waited time.Duration // -1: HeldError
	}{
		{"nothing", "", 0, 0},
		{"the origin, short", "https://8.8.8.8", 10 * time.Second, 10 * time.Second},
		{"the URL, short", url, 30 * time.Second, 30 * time.Second},
		{"the origin, long", "https://8.8.8.8", 31 * time.Second, -1},
		{"the URL, long", url, time.Hour, -1},
		{"another URL", "https://8.8.8.8/other", time.Hour, 0},
		{"another origin", "http://8.8.8.8", time.Hour, 0},
		{"long ago", url, -time.Hour, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, err := New(Options{})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				_ = c.o.Holds.Hold(t.Context(), tt.key, start.Add(tt.hold))
				p, err := newTrip(t, c, url).admit(t.Context())
				var held *HeldError
				if tt.waited < 0 {
					if !errors.As(err, &held) || !held.Until.Equal(start.Add(tt.hold)) || time.Since(start) != 0 {
						t.Errorf("got %v after %v", err, time.Since(start))
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if got := time.Since(start); got != tt.waited || p.waited != got {
					t.Errorf("waited %v and tells %v, want %v", got, p.waited, tt.waited)
				}
				p.leave(0)
			})
		})
	}
}

// A hold that comes while others queue reaches them too, and nobody waits for
// more than MaxWait of holds in all.
func TestTurnHeldMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Options{PerHost: PerHost{Gap: NoGap}})
		if err != nil {
			t.Fatal(err)
		}
		first, err := newTrip(t, c, "http://8.8.8.8/1").admit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		start, done := time.Now(), make(chan error)
		go func() {
			p, err := newTrip(t, c, "http://8.8.8.8/2").admit(t.Context())
			if err == nil {
				p.leave(0)
			}
			done <- err
		}()
		synctest.Wait()
		time.Sleep(time.Second)
		_ = c.o.Holds.Hold(t.Context(), "http://8.8.8.8", time.Now().Add(20*time.Second))
		first.leave(0)
		time.Sleep(time.Second)
		synctest.Wait()
		if err := <-done; err != nil || time.Since(start) != 21*time.Second {
			t.Errorf("%v after %v, want to be let through after 21s", err, time.Since(start))
		}
		_ = c.o.Holds.Hold(t.Context(), "http://8.8.8.8", time.Now().Add(20*time.Second))
		tr := newTrip(t, c, "http://8.8.8.8/3")
		tr.held = 15 * time.Second
		var held *HeldError
		if _, err := tr.admit(t.Context()); !errors.As(err, &held) {
			t.Errorf("got %v, want a HeldError", err)
		}
	})
}

// Whoever waits on an origin takes no place that others could use.
func TestWaitingCostsNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Options{MaxConcurrent: 2, MaxPerAddress: 2, MaxPerDomain: 2})
		if err != nil {
			t.Fatal(err)
		}
		busy, err := newTrip(t, c, "http://8.8.8.8/1").admit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			go func() {
				if p, err := newTrip(t, c, "http://8.8.8.8/n").admit(t.Context()); err == nil {
					p.leave(0)
				}
			}()
		}
		synctest.Wait()
		start := time.Now()
		p, err := newTrip(t, c, "http://8.8.8.8:81/").admit(t.Context())
		if err != nil || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		p.leave(0)
		busy.leave(0)
	})
}

func TestCeilings(t *testing.T) {
	tests := []struct {
		name string
		o    Options
		urls func(i int) string
		want int
	}{
		{"origin", Options{}, func(int) string { return "http://8.8.8.8/" }, 1},
		{"origin, three at a time", Options{PerHost: PerHost{Parallel: 3}}, func(int) string { return "http://8.8.8.8/" }, 3},
		{"address", Options{MaxPerDomain: 99}, func(i int) string { return fmt.Sprintf("http://8.8.8.8:%d/", 8000+i) }, 8},
		{"domain", Options{Lookup: scatter()}, func(i int) string { return fmt.Sprintf("http://h%d.example.co.uk/", i) }, 8},
		{"private suffix", Options{Lookup: scatter()}, func(i int) string { return fmt.Sprintf("http://h%d.github.io/", i) }, 20},
		{"names on one address", Options{Lookup: oneAddress}, func(i int) string { return fmt.Sprintf("http://h%d.github.io/", i) }, 8},
		{"all", Options{MaxConcurrent: 5}, func(i int) string { return fmt.Sprintf("http://8.8.8.%d/", i) }, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, err := New(tt.o)
				if err != nil {
					t.Fatal(err)
				}
				in := make(chan *pass, 20)
				for i := range 20 {
					go func() {
						p, err := newTrip(t, c, tt.urls(i)).admit(t.Context())
						if err != nil {
							t.Error(err)
						}
						in <- p
					}()
				}
				synctest.Wait()
				if got := len(in); got != tt.want {
					t.Errorf("%d at once, want %d", got, tt.want)
				}
				for range 20 {
					(<-in).leave(0)
				}
			})
		})
	}
}
