// Package websub subscribes to hubs (WebSub, W3C Recommendation of 23 January
// 2018): a hub that a source names tells at once when the source has something
// new, and whoever follows need not ask so often.
//
// It promises that a subscription is asked for, verified, renewed before its
// lease ends and given back when nobody wants it any more, across restarts; that
// what reaches the callback counts only if a hub that was told the secret signed
// it; and that whoever calls it in vain costs next to nothing. What a message
// says of the source is not read: it makes the source due, no more. Asking the
// source, and being a hub, stay outside.
package websub

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/sqlite"
)

// Path is where callbacks are, below the address of the site: a token follows.
const Path = "/-/websub/"

// Want is a source that names a hub.
type Want struct {
	Source string
	Zone   string   // of requests to the hub
	Topic  string   // the address that the hub knows the source by
	Hubs   []string // in the order of preference; the first that takes us will do
}

// State is how a subscription stands.
type State string

// The states.
const (
	Asked    State = "asked"    // not answered yet
	Verified State = "verified" // the hub tells of what is new
	Failing  State = "failing"  // the hub does not answer, or does not verify
	Denied   State = "denied"   // the hub does not want us
	Leaving  State = "leaving"  // being given back
)

// Subscription is what is known of one, but for what must stay secret.
type Subscription struct {
	Source   string    `json:"source"`
	Zone     string    `json:"zone,omitempty"`
	Topic    string    `json:"topic"`
	Hub      string    `json:"hub"` // that is asked now
	Hubs     []string  `json:"hubs"`
	Base     string    `json:"base"`              // of the callback
	Leaving  bool      `json:"leaving,omitempty"` // nobody wants it any more
	Pending  string    `json:"pending,omitempty"` // mode of the request that is not verified yet
	Denied   bool      `json:"denied,omitempty"`
	Asked    time.Time `json:"asked,omitzero"` // the last request
	Since    time.Time `json:"since,omitzero"` // verified since then, without a gap
	Until    time.Time `json:"until,omitzero"` // end of the lease
	Next     time.Time `json:"next,omitzero"`  // when the hub is asked again
	Failures int       `json:"failures,omitempty"`
	Error    string    `json:"error,omitempty"`
	Pinged   time.Time `json:"pinged,omitzero"`    // last told of something new
	Pings    int       `json:"pings,omitempty"`    // so often
	Unsigned int       `json:"unsigned,omitempty"` // messages without the right signature
}

// Live reports whether the hub tells of what is new, at now.
func (s Subscription) Live(now time.Time) bool { return !s.Leaving && s.Until.After(now) }

// State says how the subscription stands at now.
func (s Subscription) State(now time.Time) State {
	switch {
	case s.Leaving:
		return Leaving
	case s.Until.After(now):
		return Verified
	case s.Denied:
		return Denied
	case s.Failures > 0:
		return Failing
	}
	return Asked
}

// Getter asks hubs; *egress.Client is one.
type Getter interface {
	Get(ctx context.Context, r egress.Request) (*egress.Response, error)
}

// Options of a Subscriber. The zero value works.
type Options struct {
	Now     func() time.Time // nil: time.Now
	Lease   time.Duration    // asked for; 0: ten days, as the specification has it (section 8.2)
	MaxBody int64            // bytes of a message, of which none is kept; 0: 32 MiB
	Random  io.Reader        // nil: crypto/rand
	Log     *slog.Logger     // nil: none
	// Pinged is told that a source has something new, before the hub is
	// answered; nil: nobody is. After an error the hub is told to try again.
	Pinged func(ctx context.Context, source string) error
}

// Subscriber keeps subscriptions. It is safe for concurrent use.
type Subscriber struct {
	o        Options
	db       *sqlite.DB
	receive  chan struct{} // a token a message that is being read
	mu       sync.Mutex
	by       map[string]*subscription // by token
	sequence uint64                   // changes of leases so far
}

// subscription is one with what only it and its hub know.
type subscription struct {
	Subscription
	token   string // ends the callback
	secret  string
	bucket  bucket
	busy    bool // a request is under way
	reading int  // messages
}

// secretBytes is how long tokens and secrets are; in hexadecimal they are twice
// as many characters, fewer than the 200 that a secret may have (section 5.1).
const secretBytes = 32

// Open takes up what an earlier process has subscribed to.
func Open(ctx context.Context, db *sqlite.DB, o Options) (*Subscriber, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Lease <= 0 {
		o.Lease = 10 * 24 * time.Hour
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 32 << 20
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Pinged == nil {
		o.Pinged = func(context.Context, string) error { return nil }
	}
	if err := db.Migrate(ctx, "websub", schema); err != nil {
		return nil, err
	}
	s := &Subscriber{o: o, db: db, receive: make(chan struct{}, maxReceiving)}
	var err error
	s.by, err = load(ctx, db)
	return s, err
}

// Keep makes the subscriptions what is wanted, with callbacks below base, the
// public address of the site. Those that are no longer wanted, or whose hub,
// topic or callback has become another, are given back; Step asks the hubs.
// base "": there is no public address, and nothing is wanted.
func (s *Subscriber) Keep(ctx context.Context, base string, wants []Want) error {
	base = strings.TrimSuffix(base, "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	have := make(map[string]*subscription, len(s.by))
	for _, x := range s.by {
		if !x.Leaving {
			have[x.Source] = x
		}
	}
	var changed []*subscription
	for _, w := range wants {
		if base == "" || w.Topic == "" || len(w.Hubs) == 0 {
			continue
		}
		x := have[w.Source]
		if x != nil && x.Topic == w.Topic && x.Zone == w.Zone && x.Base == base && slices.Contains(w.Hubs, x.Hub) {
			delete(have, w.Source)
			if !slices.Equal(x.Hubs, w.Hubs) {
				next := *x
				next.Hubs = w.Hubs
				changed = append(changed, &next)
			}
			continue
		}
		fresh, err := s.fresh(base, w)
		if err != nil {
			return err
		}
		changed = append(changed, fresh)
	}
	for _, x := range have { // what is left is not wanted as it is
		next := *x
		next.Leaving, next.Pending, next.Failures, next.Next = true, "", 0, time.Time{}
		changed = append(changed, &next)
	}
	return s.put(ctx, changed...)
}

// fresh makes a subscription that nobody has been asked for yet.
func (s *Subscriber) fresh(base string, w Want) (*subscription, error) {
	b := make([]byte, 2*secretBytes)
	if _, err := io.ReadFull(s.o.Random, b); err != nil {
		return nil, fmt.Errorf("make a secret for the hub of %s: %w", w.Source, err)
	}
	x := &subscription{token: hex.EncodeToString(b[:secretBytes]), secret: hex.EncodeToString(b[secretBytes:])}
	x.Subscription = Subscription{Source: w.Source, Zone: w.Zone, Topic: w.Topic, Hub: w.Hubs[0], Hubs: slices.Clone(w.Hubs), Base: base}
	return x, nil
}

// List returns the subscriptions, by source; those that are being given back last.
func (s *Subscriber) List() []Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	return listed(s.by)
}

// Changes counts how often a lease began, was renewed or ended before its time:
// while it stays the same, List says the same of them.
func (s *Subscriber) Changes() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sequence
}

func listed(by map[string]*subscription) []Subscription {
	out := make([]Subscription, 0, len(by))
	for _, x := range by {
		out = append(out, x.Subscription)
	}
	slices.SortFunc(out, func(a, b Subscription) int {
		if a.Leaving != b.Leaving {
			if a.Leaving {
				return 1
			}
			return -1
		}
		return strings.Compare(a.Source+" "+a.Topic, b.Source+" "+b.Topic)
	})
	return out
}
