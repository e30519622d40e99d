package catalog_test

import (
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/sampleweb"
	"github.com/coranto/coranto/internal/sqlite"
)

func open(t *testing.T) *catalog.Catalog {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "state.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	c, err := catalog.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestMannersAgreeWithTheServersLog asks a sample web and compares what was
// counted with what its servers wrote down.
func TestMannersAgreeWithTheServersLog(t *testing.T) {
	web, err := sampleweb.Start(t.Context(), sampleweb.Options{Sources: 8, PostsPer: 3, RetryAfter: true, Assign: map[int]sampleweb.Fault{1: sampleweb.Flaky, 2: sampleweb.Error, 3: sampleweb.Moved}})
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	meter := catalog.NewMeter()
	const gap = 3 * time.Millisecond
	client, err := egress.New(egress.Options{Observe: meter.Observe, PerHost: egress.PerHost{Gap: gap}, MaxWait: -1,
		Zones: []egress.Zone{{Name: "loopback", Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	cat := open(t)
	for range 2 { // twice, as two runs would
		var wg sync.WaitGroup
		for _, s := range web.Sources() {
			wg.Go(func() {
				var etag, modified string
				for range 3 {
					res, err := client.Get(t.Context(), egress.Request{URL: s.FeedURL, Zone: "loopback", ETag: etag, LastModified: modified})
					if err == nil {
						etag, modified = res.Header.Get("ETag"), res.Header.Get("Last-Modified")
					}
				}
			})
		}
		for _, p := range web.Posts() {
			wg.Go(func() { _, _ = client.Get(t.Context(), egress.Request{URL: p.URL, Zone: "loopback"}) })
		}
		wg.Wait()
		if err := cat.KeepManners(t.Context(), meter, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := cat.Manners(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]*catalog.Manners{}
	arrived := map[string]time.Time{}
	shortest := map[string]time.Duration{}
	for _, a := range web.Log() {
		origin := "http://" + a.Host
		m := want[origin]
		if m == nil {
			m = &catalog.Manners{}
			want[origin] = m
		}
		m.Requests++
		m.Bytes += int64(a.Bytes)
		if a.Conditional {
			m.Conditional++
		}
		switch {
		case a.Status == 304:
			m.NotModified++
		case a.Status >= 400:
			m.Errors++
		}
		if at, ok := arrived[origin]; ok && (shortest[origin] == 0 || a.Time.Sub(at) < shortest[origin]) {
			shortest[origin] = a.Time.Sub(at)
		}
		arrived[origin] = a.Time
	}
	if len(got) != len(want) {
		t.Errorf("%d origins, want %d", len(got), len(want))
	}
	held := 0
	for _, m := range got {
		w := want[m.Origin]
		if w == nil {
			t.Errorf("%s was never asked", m.Origin)
			continue
		}
		if m.Requests != w.Requests || m.Conditional != w.Conditional || m.NotModified != w.NotModified || m.Errors != w.Errors || m.Bytes != w.Bytes {
			t.Errorf("%s:\n got %+v\nwant %+v", m.Origin, m, *w)
		}
		if m.Zone != "loopback" || m.Overlaps != 0 || m.Disobeyed != 0 {
			t.Errorf("%s: %+v", m.Origin, m)
		}
		if m.Requests > 1 && (m.MinGap < gap || m.MinGap > shortest[m.Origin]) {
			t.Errorf("%s: shortest gap %v, want from %v to %v, which its log shows", m.Origin, m.MinGap, gap, shortest[m.Origin])
		}
		held += m.RetryAfter
	}
	if held == 0 {
		t.Error("no Retry-After was met: the test has lost its eyes")
	}
}

func TestDisobedienceIsSeen(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m := catalog.NewMeter()
	see := func(after time.Duration, url string, status int, wait time.Duration) {
		m.Observe(egress.Access{At: at.Add(after), Zone: egress.DefaultZone, Origin: "https://a.example", URL: "https://a.example" + url, Status: status, RetryAfter: wait, Took: time.Second})
	}
	see(0, "/feed", 503, 10*time.Second)
	see(3*time.Second, "/other", 200, 0)
	see(5*time.Second, "/feed", 200, 0) // too early
	see(20*time.Second, "/feed", 429, time.Minute)
	see(30*time.Second, "/other", 200, 0) // too early for the whole origin
	see(30*time.Second, "/third", 200, 0) // and beside another
	see(90*time.Second, "/feed", 200, 0)
	cat := open(t)
	if err := cat.KeepManners(t.Context(), m, at); err != nil {
		t.Fatal(err)
	}
	got, err := cat.Manners(t.Context())
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	g := got[0]
	if g.RetryAfter != 2 || g.Disobeyed != 3 || g.Overlaps != 1 || g.Requests != 7 || g.MinGap != time.Second || g.Zone != "" {
		t.Errorf("%+v", g)
	}
}

func TestRobotsAreKept(t *testing.T) {
	type said struct{ Rules string }
	cat := open(t)
	for _, s := range []string{"a", "b"} {
		if err := catalog.KeepRobots(t.Context(), cat, map[string]said{"https://a.example": {s}}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := catalog.RobotsOf[said](t.Context(), cat)
	if err != nil || len(got) != 1 || got["https://a.example"].Rules != "b" {
		t.Errorf("%v, %v", got, err)
	}
}

func BenchmarkObserve(b *testing.B) {
	m := catalog.NewMeter()
	a := egress.Access{At: time.Now(), Zone: "public", Origin: "https://a.example", URL: "https://a.example/" + strings.Repeat("x", 60), Status: 200}
	for b.Loop() {
		m.Observe(a)
	}
}
