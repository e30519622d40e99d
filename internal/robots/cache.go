package robots

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coranto/coranto/internal/egress"
)

// Product is the token by which a robots.txt names us.
const Product = "coranto"

const (
	freshFor   = 24 * time.Hour   // RFC 9309, 2.4
	retryAfter = 10 * time.Minute // where the file could not be had
	maxOrigins = 10_000
)

// Getter asks the web; *egress.Client is one.
type Getter interface {
	Get(ctx context.Context, r egress.Request) (*egress.Response, error)
}

// DisallowedError says that robots.txt closes a URL to us.
type DisallowedError struct {
	URL  string
	Rule string // the line that decides; "" where the file cannot be read
	Why  string // then: why not
}

func (e *DisallowedError) Error() string {
	if e.Rule == "" {
		return fmt.Sprintf("%s is not read: its robots.txt cannot be had (%s), which closes the whole site (RFC 9309)", e.URL, e.Why)
	}
	return fmt.Sprintf("%s is closed to programs by its robots.txt (%s)", e.URL, e.Rule)
}

// Saved is what is remembered of one origin's file.
type Saved struct {
	At           time.Time `json:"at"`              // last asked
	OK           time.Time `json:"ok,omitzero"`     // last had, be it as missing
	Rules        string    `json:"rules,omitempty"` // for us, as a robots.txt
	Failed       string    `json:"failed,omitempty"`
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"last_modified,omitempty"`
}

// Cache remembers what each origin's robots.txt says. It is safe for many
// goroutines.
type Cache struct {
	now func() time.Time

	mu      sync.Mutex
	known   map[string]*entry
	changed map[string]bool
}

type entry struct {
	Saved
	rules Rules
	busy  chan struct{} // closed once the file that is being asked for is there; nil: nobody asks
}

// NewCache begins with what was saved, by key.
func NewCache(saved map[string]Saved, now func() time.Time) *Cache {
	if now == nil {
		now = time.Now
	}
	c := &Cache{now: now, known: map[string]*entry{}, changed: map[string]bool{}}
	for k, s := range saved {
		if len(c.known) < maxOrigins {
			c.known[k] = &entry{Saved: s, rules: Parse([]byte(s.Rules), Product)}
		}
	}
	return c
}

// Changed returns what is new since it was last called, by key: the zone and
// the origin.
func (c *Cache) Changed() map[string]Saved {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[string]Saved, len(c.changed))
	for k := range c.changed {
		if e := c.known[k]; e != nil {
			out[k] = e.Saved
		}
	}
	clear(c.changed)
	return out
}

// Check returns nil where a URL may be asked for, a *DisallowedError where
// not. It asks for robots.txt first where that is not known, in its turn like
// any request. A URL that cannot be asked for anyway passes: its own request
// names the trouble.
func (c *Cache) Check(ctx context.Context, g Getter, address, zone string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil
	}
	rules, failed, err := c.rules(ctx, g, u.Scheme+"://"+strings.ToLower(u.Host), zone)
	if err != nil {
		return err
	}
	shown := *u
	shown.User = nil
	if failed != "" {
		return &DisallowedError{URL: shown.String(), Why: failed}
	}
	if ok, rule := rules.Allowed(u); !ok {
		return &DisallowedError{URL: shown.String(), Rule: rule}
	}
	return nil
}

// Delay is the pause between two requests that the robots.txt of an address
// asks for, as far as it is known.
func (c *Cache) Delay(address, zone string) time.Duration {
	u, err := url.Parse(address)
	if err != nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.known[keyOf(u.Scheme+"://"+strings.ToLower(u.Host), zone)]; e != nil {
		return e.rules.Delay
	}
	return 0
}

func keyOf(origin, zone string) string {
	if zone != "" && zone != egress.DefaultZone {
		return zone + " " + origin
	}
	return origin
}

// rules finds the rules of an origin; failed says why there are none to go by.
func (c *Cache) rules(ctx context.Context, g Getter, origin, zone string) (Rules, string, error) {
	key := keyOf(origin, zone)
	for {
		c.mu.Lock()
		e := c.known[key]
		if e == nil {
			c.makeRoom()
			e = &entry{}
			c.known[key] = e
		}
		if e.fresh(c.now()) {
			defer c.mu.Unlock()
			return e.rules, e.Failed, nil
		}
		if busy := e.busy; busy != nil {
			c.mu.Unlock()
			select {
			case <-busy:
				continue
			case <-ctx.Done():
				return Rules{}, "", context.Cause(ctx)
			}
		}
		e.busy = make(chan struct{})
		before := e.Saved
		c.mu.Unlock()

		after, rules, err := c.ask(ctx, g, origin, zone, before)
		c.mu.Lock()
		close(e.busy)
		e.busy = nil
		if err == nil {
			if rules != nil {
				e.rules = *rules
			}
			e.Saved = after
			c.changed[key] = true
		}
		c.mu.Unlock()
		if err != nil {
			return Rules{}, "", err
		}
	}
}

func (s *Saved) fresh(now time.Time) bool {
	if s.Failed != "" || s.At.After(s.OK) {
		return now.Sub(s.At) < retryAfter
	}
	return !s.At.IsZero() && now.Sub(s.At) < freshFor
}

// makeRoom forgets the half that was asked for longest ago.
func (c *Cache) makeRoom() {
	if len(c.known) < maxOrigins {
		return
	}
	var keys []string
	for k, e := range c.known {
		if e.busy == nil {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b string) int { return c.known[a].At.Compare(c.known[b].At) })
	for _, k := range keys[:len(keys)/2] {
		delete(c.known, k)
	}
}

// ask fetches a robots.txt. The rules it returns are nil where the old ones
// stay; the error is one that says nothing of the file.
func (c *Cache) ask(ctx context.Context, g Getter, origin, zone string, old Saved) (Saved, *Rules, error) {
	now := c.now().UTC().Truncate(time.Second)
	res, err := g.Get(ctx, egress.Request{URL: origin + "/robots.txt", Zone: zone, Accept: "text/plain, */*;q=0.5",
		ETag: old.ETag, LastModified: old.LastModified, MaxBody: maxFile})
	if held, ok := errors.AsType[*egress.HeldError](err); ok {
		return old, nil, held
	}
	if ctx.Err() != nil {
		return old, nil, context.Cause(ctx)
	}
	s := Saved{At: now, OK: now}
	switch {
	case errors.Is(err, egress.ErrDenied), errors.Is(err, egress.ErrScheme), errors.Is(err, egress.ErrDNS):
		return s, &Rules{}, nil // no request will leave for its pages either
	case errors.Is(err, egress.ErrRedirects):
		return s, &Rules{}, nil // as if there were none
	case err != nil:
		return unreachable(old, now, err.Error())
	case res.Status == http.StatusNotModified:
		s.Rules, s.ETag, s.LastModified = old.Rules, old.ETag, old.LastModified
		return s, nil, nil
	case res.Status >= 500 || res.Status == http.StatusTooManyRequests:
		return unreachable(old, now, fmt.Sprintf("it answers %d", res.Status))
	case res.Status >= 200 && res.Status < 300:
		r := Parse(res.Body, Product)
		s.Rules = r.String()
		s.ETag, s.LastModified = validator(res.Header.Get("ETag")), validator(res.Header.Get("Last-Modified"))
		return s, &r, nil
	}
	return s, &Rules{}, nil // there is none
}

// unreachable keeps to what the file said when it could last be read. Without
// that all is closed until it can.
func unreachable(old Saved, now time.Time, why string) (Saved, *Rules, error) {
	s := old
	s.At = now
	if s.OK.IsZero() {
		s.Failed = why
	}
	return s, nil, nil
}

func validator(s string) string {
	if len(s) > 1024 {
		return ""
	}
	return s
}
