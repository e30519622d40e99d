package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/schedule"
	"github.com/coranto/coranto/internal/workflows"
)

// Happening is something serve tells of.
type Happening struct {
	Run       *RunResult
	Published *Published
	Pictures  int // with Published: it is there for so many new pictures
	Reloaded  bool
	Ended     *engine.Execution // a workflow of the site's own
	Err       error
}

// ServeOptions configure Serve; the zero value works.
type ServeOptions struct {
	Tell func(Happening) // nil: nobody is told
	// Opened is the address that the listener was opened at: host.listen is
	// followed from there on. Empty: the listener stays.
	Opened string
}

// watchEvery is how often serve looks whether the branch or the configuration
// has moved. A commit it is told of at once, see branchWatch; where nothing
// tells, one is live within a second.
const watchEvery = 500 * time.Millisecond

// Serve hosts the site on l and runs its schedules, until ctx ends. A tick that
// was missed while nobody served runs once.
func (a *App) Serve(ctx context.Context, l net.Listener, o ServeOptions) error {
	if o.Tell == nil {
		o.Tell = func(Happening) {}
	}
	if _, err := a.secured(); err != nil {
		l.Close()
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	f := newFront(l, o.Opened, false, func(err error) { o.Tell(Happening{Err: err}) })
	f.sites.Store(&[]*App{a})
	hosted := make(chan error, 1)
	go func() { hosted <- f.run(ctx) }()
	tended := make(chan error, 1)
	go func() { tended <- a.tend(ctx, o.Tell) }()
	var err error
	select {
	case err = <-hosted:
		stop()
		<-tended
	case err = <-tended:
		stop()
		err = errors.Join(err, <-hosted)
	case <-ctx.Done():
		err = errors.Join(<-hosted, <-tended)
	}
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return nil
	}
	return err
}

// tend does all that keeps a site going but hosting it, until ctx ends.
func (a *App) tend(ctx context.Context, tell func(Happening)) error {
	ctx, stop := context.WithCancel(ctx)
	var under sync.WaitGroup
	for _, keep := range []func(context.Context){a.attend, a.subscribe, a.keepDeployed, a.keepPreviews, a.keepEncoded} {
		under.Go(func() { keep(ctx) })
	}
	defer under.Wait()
	defer stop()
	return a.work(ctx, tell)
}

// work runs the schedules and publishes what changes, until ctx ends. What
// fails is told and tried again: the site stays up whatever becomes of the
// state file or the network.
func (a *App) work(ctx context.Context, tell func(Happening)) error {
	tell = quieter(ctx, tell, a.o.Now)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	moved, unwatch := watchBranch(ctx, a.repo, a.branch)
	defer unwatch()
	var mine own
	if err := mine.resumed(ctx, a); err != nil {
		tell(Happening{Err: err})
	}
	var now underWay
	if err := now.resumed(ctx, a); err != nil {
		tell(Happening{Err: err})
	}
	for {
		began := time.Now()
		if again, err := a.runtime.revive(ctx, a.o.Now()); err != nil && ctx.Err() == nil {
			tell(Happening{Err: err})
			if again {
				a.o.Log.InfoContext(ctx, "the runtime has begun anew")
			}
		}
		if changed, err := a.Reload(ctx); err != nil || changed {
			tell(Happening{Reloaded: changed, Err: err})
		}
		a.follow(ctx, tell)
		now.publish(ctx, a, tell)
		mine.ended(ctx, a, tell)
		now.ended(ctx, a, tell)
		for i, s := range a.Config().Schedules {
			due, err := a.tick(ctx, i, s)
			switch {
			case err != nil:
				tell(Happening{Err: err})
			case due && s.Workflow != workflows.Aggregate:
				mine.scheduled(ctx, a, i, s, tell)
			case due:
				now.scheduled(ctx, a, s, tell)
			}
		}
		now.told(ctx, a, tell)
		if err := rest(ctx, tick.C, moved, began); err != nil {
			return err
		}
	}
}

// repeatAfter is how long an error that stays the same is told once.
const repeatAfter = 5 * time.Minute

// quieter tells an error that repeats itself only now and then.
func quieter(ctx context.Context, tell func(Happening), clock func() time.Time) func(Happening) {
	told := map[string]time.Time{}
	return func(h Happening) {
		if errors.Is(h.Err, context.Canceled) || h.Err != nil && ctx.Err() != nil {
			return // it is being ended, which not every error that comes of it wraps
		}
		if h.Err != nil {
			now := clock()
			if at, ok := told[h.Err.Error()]; ok && now.Sub(at) < repeatAfter {
				return
			}
			if len(told) > 100 {
				clear(told)
			}
			told[h.Err.Error()] = now
		}
		tell(h)
	}
}

// tick reports whether a schedule is due, and remembers that it was.
func (a *App) tick(ctx context.Context, i int, s config.Schedule) (bool, error) {
	at, err := schedule.Parse(s.At, s.Timezone)
	if err != nil {
		return false, fmt.Errorf("schedule %s: %w", s.At, err)
	}
	name := tickFact(i, s)
	last, err := a.catalog.Fact(ctx, name)
	if err != nil {
		return false, err
	}
	now := a.o.Now()
	then, _ := time.Parse(time.RFC3339Nano, last)
	if !schedule.Due(at, then, now) {
		return false, nil
	}
	return true, a.catalog.SetFact(ctx, name, now.UTC().Format(time.RFC3339Nano))
}

// fresh remembers that a tick found nobody to ask, unless that is because all
// who are followed fail.
func (a *App) fresh(ctx context.Context) error {
	states, err := a.catalog.States(ctx)
	if err != nil {
		return err
	}
	sources := a.Config().Sources
	well := len(sources) == 0
	for _, src := range sources {
		s := states[src.ID]
		well = well || src.Active() && s.URL == src.URL && !s.OK.IsZero() && s.Failures == 0
	}
	if !well {
		return nil
	}
	return a.catalog.SetFact(ctx, pipeline.FactLastOK, a.o.Now().UTC().Format(time.RFC3339))
}

// anyDue reports whether a run that asks only sources whose time has come would
// ask any.
func (a *App) anyDue(ctx context.Context) (bool, error) {
	states, err := a.catalog.States(ctx)
	if err != nil {
		return false, err
	}
	now, set := a.o.Now(), a.current.Load().settings
	for _, src := range set.Sources {
		if set.Due(src, states[src.ID], now) {
			return true, nil
		}
	}
	return false, nil
}

func (a *App) statusJSON(w http.ResponseWriter, r *http.Request) {
	st, err := a.Status(r.Context())
	if err != nil {
		http.Error(w, "status cannot be read", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(st.Public())
}
