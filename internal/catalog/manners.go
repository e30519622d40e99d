package catalog

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/coranto/coranto/internal/egress"
)

// Manners is how an origin was treated, counted from the requests themselves:
// what the server's own log would tell.
type Manners struct {
	Origin      string    `json:"origin"`
	Zone        string    `json:"zone,omitempty"` // where it is not the default
	Since       time.Time `json:"since"`
	Last        time.Time `json:"last"`
	Requests    int       `json:"requests"`
	Conditional int       `json:"conditional"`
	NotModified int       `json:"not_modified"`
	Errors      int       `json:"errors,omitempty"`     // answered with 400 and above
	Unanswered  int       `json:"unanswered,omitempty"` // reset, timed out, no TLS
	Bytes       int64     `json:"bytes"`                // of the bodies, as they came
	// MinGap is the shortest time from the end of one request to the start of
	// the next, of the same process; 0: there was no next. Overlaps counts
	// requests that began before all others had ended.
	MinGap   time.Duration `json:"min_gap,omitempty"`
	Overlaps int           `json:"overlaps,omitempty"`

	RetryAfter int `json:"retry_after,omitempty"` // how often it asked to be left alone
	Disobeyed  int `json:"disobeyed,omitempty"`   // requests sent before that had passed
}

// Obeyed is how many times the server's wish to be left alone was kept to.
func (m *Manners) Obeyed() int { return max(0, m.RetryAfter-m.Disobeyed) }

// add joins what two processes, or two runs, counted.
func (m *Manners) add(o Manners) {
	if m.Requests == 0 {
		*m = o
		return
	}
	if o.Last.After(m.Last) {
		m.Last = o.Last
	}
	m.Requests += o.Requests
	m.Conditional += o.Conditional
	m.NotModified += o.NotModified
	m.Errors += o.Errors
	m.Unanswered += o.Unanswered
	m.Bytes += o.Bytes
	m.Overlaps += o.Overlaps
	m.RetryAfter += o.RetryAfter
	m.Disobeyed += o.Disobeyed
	if o.MinGap > 0 && (m.MinGap == 0 || o.MinGap < m.MinGap) {
		m.MinGap = o.MinGap
	}
}

// Meter counts requests in memory until Keep. It is safe for many goroutines.
type Meter struct {
	mu    sync.Mutex
	by    map[meterKey]*metered
	holds map[string]hold
}

type meterKey struct{ zone, origin string }

type metered struct {
	Manners
	end     time.Time // of the request that ended last
	changed bool
}

// hold is a time span in which a server wanted to be left alone.
type hold struct{ from, until time.Time }

// maxHolds bounds the spans that are watched at a time.
const maxHolds = 4096

// NewMeter makes a Meter.
func NewMeter() *Meter {
	return &Meter{by: map[meterKey]*metered{}, holds: map[string]hold{}}
}

// Observe counts a request; it is for egress.Options.Observe.
func (m *Meter) Observe(a egress.Access) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := meterKey{a.Zone, a.Origin}
	x := m.by[key]
	if x == nil {
		if len(m.by) >= maxNotes {
			return
		}
		x = &metered{Manners: Manners{Origin: a.Origin}}
		if a.Zone != egress.DefaultZone {
			x.Zone = a.Zone
		}
		m.by[key] = x
	}
	end := a.At.Add(a.Took)
	if x.Requests == 0 {
		x.Since = a.At
	}
	if !x.end.IsZero() {
		if gap := a.At.Sub(x.end); gap < 0 {
			x.Overlaps++
		} else if x.MinGap == 0 || gap < x.MinGap {
			x.MinGap = max(gap, 1)
		}
	}
	if end.After(x.end) {
		x.end = end
	}
	x.changed = true
	x.Last = end
	x.count(a)
	m.retry(x, a, end)
}

func (x *metered) count(a egress.Access) {
	x.Requests++
	x.Bytes += a.WireBytes
	if a.Conditional {
		x.Conditional++
	}
	switch {
	case a.Status == 304:
		x.NotModified++
	case a.Status >= 400:
		x.Errors++
	case a.Status == 0:
		x.Unanswered++
	}
}

// retry notes when a server wants to be left alone, and whether it was.
func (m *Meter) retry(x *metered, a egress.Access, end time.Time) {
	for _, key := range []string{a.Origin, a.URL} {
		if h, ok := m.holds[key]; ok {
			if a.At.After(h.from) && a.At.Before(h.until) {
				x.Disobeyed++
				break
			}
			if !a.At.Before(h.until) {
				delete(m.holds, key)
			}
		}
	}
	if a.RetryAfter == 0 {
		return
	}
	x.RetryAfter++
	if len(m.holds) >= maxHolds {
		for k, h := range m.holds {
			if !a.At.Before(h.until) {
				delete(m.holds, k)
			}
		}
	}
	key := a.URL
	switch {
	case a.Status == 429:
		key = a.Origin
	case a.Status < 500:
		return // of a redirect: it is its goal that wants to wait
	}
	if len(m.holds) < maxHolds {
		m.holds[key] = hold{end, end.Add(a.RetryAfter)}
	}
}

// taken returns what was counted since it was last called.
func (m *Meter) taken() map[string]Manners {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]Manners{}
	for key, x := range m.by {
		if !x.changed {
			continue
		}
		out[noteKey(x.Zone, key.origin)] = x.Manners
		x.Manners = Manners{Origin: x.Origin, Zone: x.Zone}
		x.changed = false
	}
	return out
}

func noteKey(zone, origin string) string {
	if zone == "" {
		return origin
	}
	return zone + " " + origin
}

// KeepManners adds what the meter counted to what is remembered, in one
// transaction.
func (c *Catalog) KeepManners(ctx context.Context, m *Meter, now time.Time) error {
	counted := m.taken()
	return c.note(ctx, noteManners, slices.Sorted(maps.Keys(counted)), now, func(key, old string) (string, error) {
		var sum Manners
		_ = json.Unmarshal([]byte(old), &sum)
		sum.add(counted[key])
		b, err := json.Marshal(sum)
		return string(b), err
	})
}

// Manners returns how each origin was treated, the most asked first.
func (c *Catalog) Manners(ctx context.Context) ([]Manners, error) {
	notes, err := c.notes(ctx, noteManners)
	if err != nil {
		return nil, err
	}
	out := make([]Manners, 0, len(notes))
	for _, text := range notes {
		var m Manners
		if json.Unmarshal([]byte(text), &m) == nil {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b Manners) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Zone, b.Zone))
	})
	return out, nil
}
