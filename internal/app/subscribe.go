package app

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/websub"
)

// told are the sources of which a hub says that they have something new, and
// that have not been asked since.
type told struct {
	mu      sync.Mutex
	sources map[string]bool
}

func (t *told) add(ids ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sources == nil {
		t.sources = map[string]bool{}
	}
	for _, id := range ids {
		t.sources[id] = true
	}
}

func (t *told) list() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]string, 0, len(t.sources))
	for id := range t.sources {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

func (t *told) done(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.sources, id)
}

// openSubscriber takes up the subscriptions, and what hubs have told that no
// run has looked at.
func (a *App) openSubscriber(ctx context.Context) (err error) {
	states, err := a.catalog.States(ctx)
	if err != nil {
		return err
	}
	for id, s := range states {
		if s.Push.Waiting() {
			a.told.add(id)
		}
	}
	a.subscriber, err = websub.Open(ctx, a.db, websub.Options{Now: a.o.Now, Log: a.o.Log, Pinged: a.pinged})
	return err
}

// pinged notes that a source has something new. What its hub sends is not read:
// the source itself is asked, as it always is.
func (a *App) pinged(ctx context.Context, source string) error {
	now := a.o.Now()
	err := a.catalog.Update(ctx, []string{source}, func(_ string, s catalog.State) catalog.State {
		s.Push.Pinged = now
		return s
	})
	if err == nil {
		a.told.add(source)
	}
	return err
}

// toldOf lists the sources that are to be asked now because a hub said so.
func (a *App) toldOf(ctx context.Context) ([]string, error) {
	ids := a.told.list()
	if len(ids) == 0 {
		return nil, nil
	}
	states, err := a.catalog.Some(ctx, ids)
	if err != nil {
		return nil, err
	}
	now := a.o.Now()
	var out []string
	for _, id := range ids {
		s := states[id]
		src, ok := a.Config().Source(id)
		switch {
		case !ok || !src.Active() || s.Gone || !s.Push.Waiting():
			a.told.done(id)
		case s.URL == src.URL && s.Push.Due(now) && !s.Held.After(now):
			out = append(out, id)
		}
	}
	return out, nil
}

// told begins a run of the sources of which hubs have told, unless one is under
// way: those that are told of meanwhile are in the next.
func (u *underWay) told(ctx context.Context, a *App, tell func(Happening)) {
	if u.run != "" {
		return
	}
	ids, err := a.toldOf(ctx)
	if err == nil && len(ids) > 0 {
		u.run, err = a.start(ctx, "aggregate", pipeline.DueInput{Only: ids})
	}
	if err != nil && ctx.Err() == nil {
		u.run = ""
		tell(Happening{Err: err})
	}
}

// How often serve looks after its subscriptions.
const (
	subscribeEvery = time.Second
	subscribeAnew  = time.Minute // also where nothing seems to have changed
	subscribeRest  = 30 * time.Second
)

// subscribe keeps the subscriptions what the sources call for, until ctx ends.
func (a *App) subscribe(ctx context.Context) {
	tick := time.NewTicker(subscribeEvery)
	defer tick.Stop()
	var seen looked
	rest := time.Time{}
	for {
		if now := a.o.Now(); !now.Before(rest) {
			err := a.subscribed(ctx, &seen)
			if err == nil {
				err = a.subscriber.Step(ctx, a.current.Load().web)
			}
			if err != nil && ctx.Err() == nil {
				a.o.Log.WarnContext(ctx, "the subscriptions could not be looked after", "error", err)
				seen, rest = looked{}, now.Add(subscribeRest)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// looked is what the subscriptions were last made of.
type looked struct {
	of      *current
	run     string
	changes uint64
	at      time.Time
}

// subscribed brings subscriptions and the states of sources together, where one
// of them may have changed.
func (a *App) subscribed(ctx context.Context, seen *looked) error {
	run, err := a.catalog.Fact(ctx, pipeline.FactLastRun)
	if err != nil {
		return err
	}
	now := looked{a.current.Load(), run, a.subscriber.Changes(), a.o.Now()}
	if now.of == seen.of && now.run == seen.run && now.changes == seen.changes && now.at.Sub(seen.at) < subscribeAnew {
		return nil
	}
	states, err := a.catalog.States(ctx)
	if err != nil {
		return err
	}
	if err := a.subscriber.Keep(ctx, callbacks(now.of.config), wanted(now.of, states, now.at)); err != nil {
		return err
	}
	if err := a.leases(ctx, now.of.settings, states, now.at); err != nil {
		return err
	}
	*seen = now
	return nil
}

// callbacks is the address below which hubs find the site; "": nobody subscribes.
func callbacks(cfg *config.Config) string {
	if cfg.Fetch.WebSub == config.WebSubOff {
		return ""
	}
	return cfg.Site.URL
}

// websubPaths are where hubs call: below the address of the site, whether or not
// what stands before serve takes its path away.
func websubPaths(site string) []string {
	paths := []string{websub.Path}
	if u, err := url.Parse(site); err == nil && strings.Trim(u.Path, "/") != "" {
		paths = append(paths, strings.TrimSuffix(u.Path, "/")+websub.Path)
	}
	return paths
}

// wanted are the sources whose hub is to tell.
func wanted(c *current, states map[string]catalog.State, now time.Time) []websub.Want {
	var out []websub.Want
	own := private(c.config.Site.URL)
	for _, src := range c.settings.Sources {
		s := states[src.ID]
		if s.URL != src.URL || own && (src.Zone == "" || src.Zone == egress.DefaultZone) {
			continue // a hub of the public network does not find us
		}
		switch s.Health(src, now) {
		case catalog.Paused, catalog.Retired, catalog.Gone, catalog.Parked, catalog.Quarantined:
			continue
		}
		if h := s.Push.Hubs; len(h.Names) > 0 && h.Topic != "" {
			out = append(out, websub.Want{Source: src.ID, Zone: src.Zone, Topic: h.Topic, Hubs: h.Names})
		}
	}
	return out
}

// leases tells the states of sources whether a hub tells of what is new there,
// which makes their intervals longer.
func (a *App) leases(ctx context.Context, set *pipeline.Settings, states map[string]catalog.State, now time.Time) error {
	live := map[string]websub.Subscription{}
	for _, x := range a.subscriber.List() {
		if !x.Leaving {
			live[x.Source] = x
		}
	}
	var ids []string
	for id, s := range states {
		if x := live[id]; !x.Since.Equal(s.Push.Since) || !x.Until.Equal(s.Push.Until) {
			ids = append(ids, id)
		}
	}
	return a.catalog.Update(ctx, ids, func(id string, s catalog.State) catalog.State {
		src, _ := a.Config().Source(id)
		return set.Subscribed(src, s, live[id].Since, live[id].Until, now)
	})
}

// private reports whether an address is of this machine or of a network of its
// own, or only an example.
func private(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return true
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if ip, err := netip.ParseAddr(host); err == nil {
		return !ip.IsGlobalUnicast() || ip.IsPrivate()
	}
	if !strings.Contains(host, ".") {
		return true
	}
	// RFC 6761, RFC 6762, RFC 8375 and the names ICANN keeps for networks of one's own.
	for _, end := range []string{"localhost", "local", "internal", "home.arpa", "test", "invalid", "example", "example.org", "example.com", "example.net"} {
		if host == end || strings.HasSuffix(host, "."+end) {
			return true
		}
	}
	return false
}
