package catalog

import (
	"time"

	"github.com/coranto/coranto"
)

// Health is how a source stands.
type Health string

// The healths, in the order of rising trouble.
const (
	New     Health = "new"     // never asked
	Active  Health = "active"  // answered last time
	Paused  Health = "paused"  // by the configuration
	Retired Health = "retired" // by the configuration
	Held    Health = "held"    // asked us to wait (Retry-After)
	Moved   Health = "moved"   // answers, but permanently elsewhere
	Failing Health = "failing" // did not answer, or not with a feed
	Gone    Health = "gone"    // said 410: not asked again

	Parked      Health = "parked"      // the domain shows a page that offers it for sale
	Quarantined Health = "quarantined" // another feed answers: none of its posts is taken
)

// Names of failures that have a health of their own.
const (
	ErrorParked   = "Source.Parked"
	ErrorIdentity = "Source.Identity"
)

// Healths lists all of them, as lists of sources count them.
var Healths = []Health{Active, Moved, New, Held, Failing, Parked, Quarantined, Gone, Paused, Retired}

// Bad reports whether somebody has to look after the source.
func (h Health) Bad() bool { return h == Failing || h == Parked || h == Quarantined || h == Gone }

// Validators are what a conditional request sends, and what tells a 200 with
// the same body from a new one.
type Validators struct {
	URL          string `json:"url,omitempty"` // that was asked
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
	BodyHash     string `json:"body_hash,omitempty"`
	Bearer       string `json:"bearer,omitempty"` // the URL that bore them, after redirects
}

// State is what is known of one source.
type State struct {
	URL        string     `json:"url,omitempty"`   // the configured address this is the state of
	Use        string     `json:"use,omitempty"`   // the confirmed new address, once a 301 has been seen often enough
	Rules      string     `json:"rules,omitempty"` // hash of what decides which entries become posts
	Run        string     `json:"run,omitempty"`   // the execution that asked it last
	Validators Validators `json:"validators,omitzero"`

	Checked time.Time     `json:"checked,omitzero"` // last asked
	OK      time.Time     `json:"ok,omitzero"`      // last answered well (also 304)
	Changed time.Time     `json:"changed,omitzero"` // last brought a post
	Since   time.Time     `json:"since,omitzero"`   // since when the health is what it is
	Next    time.Time     `json:"next,omitzero"`    // due from then on
	Gap     time.Duration `json:"gap,omitempty"`    // the interval behind Next
	PostGap time.Duration `json:"post_gap,omitempty"`
	MaxAge  time.Duration `json:"max_age,omitempty"` // how long its last whole answer was to be fresh

	Failures int    `json:"failures,omitempty"` // in a row
	Error    string `json:"error,omitempty"`    // name, as in the error table
	Message  string `json:"message,omitempty"`
	Gone     bool   `json:"gone,omitempty"`

	MovedTo   string    `json:"moved_to,omitempty"` // where 301s point, not yet confirmed
	MovedSeen int       `json:"moved_seen,omitempty"`
	MovedAt   time.Time `json:"moved_at,omitzero"`
	Held      time.Time `json:"held,omitzero"` // Retry-After

	Identity string `json:"identity,omitempty"` // of the feed: its id, or its title and site
	Title    string `json:"title,omitempty"`
	Site     string `json:"site,omitempty"`
	Format   string `json:"format,omitempty"`
	Entries  int    `json:"entries,omitempty"` // in the last document
	Posts    int    `json:"posts,omitempty"`   // brought so far, as far as this state remembers

	TTL  time.Duration `json:"ttl,omitempty"` // how long the feed says it need not be asked
	Push Push          `json:"push,omitzero"`
	Log  []Turn        `json:"log,omitempty"` // changes of health, the newest last
}

// Outcome is what asking a source once came to.
type Outcome struct {
	At          time.Time
	NotModified bool
	Validators  Validators // of the body whose posts are now durable; zero: do not take over
	New         int        // posts it brought
	Entries     int
	Identity    string
	Title       string
	Site        string
	Format      string
	PostGap     time.Duration // mean time between its posts; 0: not known
	MaxAge      time.Duration // how long the server says its answer is fresh
	TTL         time.Duration // how long the feed says it need not be asked
	Asked       time.Time     // exactly when the request began; zero: At
	Hubs        *Hubs         // nil: not told anew, as it was
	Permanent   string        // where the permanent redirects end; "": nowhere
	Gone        bool
	Held        time.Time
	Error       string // name; "" when it went well
	Message     string
}

// Bounds limit the adaptive interval.
type Bounds struct{ Min, Max time.Duration }

// DefaultBounds are 15 minutes to 24 hours.
var DefaultBounds = Bounds{15 * time.Minute, 24 * time.Hour}

// confirmations is how many runs in a row must see a permanent redirect to the
// same place, by the same feed, before the new address is asked directly:
// hijacked and misconfigured hosts redirect everything for an hour. As many
// failures at the new address lead back to the configured one.
const confirmations = 3

// For returns the state to work with for a source as it is configured now: a
// changed address begins anew, changed rules only discard the validators (what
// was filtered out before may be wanted now).
func (s State) For(src coranto.Source, rules string) State {
	if s.URL != src.URL {
		return State{URL: src.URL, Rules: rules}
	}
	if s.Rules != rules {
		s.Rules = rules
		s.Validators = Validators{}
	}
	return s
}

// Address is where to ask.
func (s State) Address() string {
	if s.Use != "" {
		return s.Use
	}
	return s.URL
}

// Health says how the source stands at now.
func (s State) Health(src coranto.Source, now time.Time) Health {
	switch {
	case src.Retired:
		return Retired
	case s.Gone:
		return Gone
	case src.Paused:
		return Paused
	case s.Checked.IsZero():
		return New
	case s.Held.After(now):
		return Held
	case s.Failures > 0 && s.Error == ErrorParked:
		return Parked
	case s.Failures > 0 && s.Error == ErrorIdentity:
		return Quarantined
	case s.Failures > 0:
		return Failing
	case s.MovedTo != "" || s.Use != "":
		return Moved
	}
	return Active
}

// After is the state once o has happened. every is a fixed interval, 0 for the
// adaptive one within b.
func (s State) After(o Outcome, every time.Duration, b Bounds) State {
	s.Push = s.Push.after(o, s.Checked)
	return s.after(o, every, b).turned(s, o)
}

func (s State) after(o Outcome, every time.Duration, b Bounds) State {
	wasFailing := s.Failures > 0
	s.Checked = o.At
	s.Held = o.Held
	switch {
	case !o.Held.IsZero() && o.Error != "":
		// It answered, only not now: neither well nor failing.
		s.Error, s.Message = o.Error, o.Message
		s.Next = o.Held
		return s
	case o.Gone:
		s.Gone, s.Error, s.Message = true, o.Error, o.Message
		s.Failures++
		if !wasFailing {
			s.Since = o.At
		}
		return s
	case o.Error != "":
		s.Failures++
		s.Error, s.Message = o.Error, o.Message
		if !wasFailing {
			s.Since = o.At
		}
		if s.Failures >= confirmations && s.Use != "" {
			s.Use, s.Validators = "", Validators{}
		}
	default:
		s.OK, s.Gone = o.At, false
		s.Failures, s.Error, s.Message = 0, "", ""
		if wasFailing || s.Since.IsZero() {
			s.Since = o.At
		}
		if o.New > 0 {
			s.Changed = o.At
			s.Posts += o.New
		}
		if !o.NotModified {
			s.Entries, s.Title, s.Site, s.Format = o.Entries, o.Title, o.Site, o.Format
			s.PostGap, s.MaxAge, s.TTL = o.PostGap, o.MaxAge, o.TTL
		} else if o.MaxAge > 0 {
			s.MaxAge = o.MaxAge // a 304 that says nothing leaves what was said (RFC 9111, 4.3.4)
		}
		s.Validators = o.Validators
		s = s.moved(o)
		if o.Identity != "" {
			s.Identity = o.Identity
		}
	}
	s.Gap = s.interval(o.At, every, b)
	s.Next = o.At.Add(s.Gap)
	return s
}

// moved counts permanent redirects by the same feed to the same place.
func (s State) moved(o Outcome) State {
	same := o.Identity == "" || s.Identity == "" || o.Identity == s.Identity
	switch {
	case o.Permanent == "" || o.Permanent == s.Address() || !same:
		s.MovedTo, s.MovedSeen, s.MovedAt = "", 0, time.Time{}
	case o.Permanent != s.MovedTo:
		s.MovedTo, s.MovedSeen, s.MovedAt = o.Permanent, 1, o.At
	default:
		s.MovedSeen++
		if s.MovedSeen >= confirmations {
			s.Use = s.MovedTo
			s.MovedTo, s.MovedSeen, s.MovedAt = "", 0, time.Time{}
		}
	}
	return s
}

// interval is how long until the source is due again: a fixed time, or a
// quarter of the usual gap between its posts, never less than the server says
// its answer keeps, doubling with each failure. Where a hub tells of what is new
// it is longer, but never longer than b.Max.
func (s State) interval(now time.Time, every time.Duration, b Bounds) time.Duration {
	if b.Max == 0 {
		b = DefaultBounds
	}
	if every > 0 {
		return every
	}
	if s.Failures > 0 && (s.Error == ErrorParked || s.Error == ErrorIdentity) {
		return b.Max // it is looked at once in a while, in case its owner comes back
	}
	if s.Failures > 0 {
		return min(max(b.Min, time.Hour)<<min(s.Failures-1, 6), b.Max)
	}
	gap := b.Max / 8
	if s.PostGap > 0 {
		gap = s.PostGap / 4
	}
	gap = min(max(gap, b.Min, min(max(s.MaxAge, s.TTL), b.Max)), b.Max)
	if s.Push.Trusted(now) {
		gap = min(gap*stretch, b.Max)
	}
	return gap
}

// Due reports whether a source is to be asked at now, on a scheduled run, with
// the interval as it is configured now.
func (s State) Due(now time.Time, every time.Duration, b Bounds) bool {
	return s.Checked.IsZero() || !s.Checked.Add(s.interval(now, every, b)).After(now) || s.Push.Due(now)
}
