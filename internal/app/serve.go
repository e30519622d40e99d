package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
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
}

// watchEvery is how often serve looks whether the branch or the configuration
// has moved: a commit is live within a second.
const watchEvery = 500 * time.Millisecond

// Serve hosts the site on l and runs its schedules, until ctx ends. A tick that
// was missed while nobody served runs once.
func (a *App) Serve(ctx context.Context, l net.Listener, o ServeOptions) error {
	if o.Tell == nil {
		o.Tell = func(Happening) {}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	hosted := make(chan error, 1)
	go func() { hosted <- a.host(ctx, l) }()
	worked := make(chan error, 1)
	go func() { worked <- a.work(ctx, o.Tell) }()
	var err error
	select {
	case err = <-hosted:
		stop()
		<-worked
	case err = <-worked:
		stop()
		err = errors.Join(err, <-hosted)
	case <-ctx.Done():
		err = errors.Join(<-hosted, <-worked)
	}
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return nil
	}
	return err
}

// work runs the schedules and publishes what changes, one thing after another.
func (a *App) work(ctx context.Context, tell func(Happening)) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	if open, err := a.Unfinished(ctx, workflows.Aggregate); err == nil && open {
		a.scheduled(ctx, pipeline.DueInput{Due: true}, tell)
	}
	var mine own
	if err := mine.resumed(ctx, a); err != nil {
		return err
	}
	for {
		if changed, err := a.Reload(ctx); err != nil || changed {
			tell(Happening{Reloaded: changed, Err: err})
		}
		a.follow(ctx, tell)
		a.publish(ctx, tell)
		mine.ended(ctx, a, tell)
		for i, s := range a.Config().Schedules {
			due, err := a.tick(ctx, i, s)
			if err != nil {
				return err
			}
			if due && s.Workflow != workflows.Aggregate {
				mine.scheduled(ctx, a, i, s, tell)
			} else if due {
				in, err := dueInput(s)
				if err != nil {
					tell(Happening{Err: err})
				}
				a.scheduled(ctx, in, tell)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tick reports whether a schedule is due, and remembers that it was.
func (a *App) tick(ctx context.Context, i int, s config.Schedule) (bool, error) {
	at, err := schedule.Parse(s.At, s.Timezone)
	if err != nil {
		return false, fmt.Errorf("schedule %s: %w", s.At, err)
	}
	name := "schedule." + strconv.Itoa(i) + "." + s.At
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

// scheduled runs and publishes; what fails is told and the service goes on.
func (a *App) scheduled(ctx context.Context, in pipeline.DueInput, tell func(Happening)) {
	if err := a.Sync(ctx); err != nil && ctx.Err() == nil {
		tell(Happening{Err: err})
	}
	if due, err := a.anyDue(ctx); err == nil && !due {
		// Nobody is to be asked: that is as fresh as can be, and no run.
		_ = a.catalog.SetFact(ctx, pipeline.FactLastOK, a.o.Now().UTC().Format(time.RFC3339))
		return
	}
	res, err := a.Run(ctx, in)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		tell(Happening{Err: err})
		return
	}
	tell(Happening{Run: &res})
	a.publish(ctx, tell)
	a.prune(ctx)
}

// anyDue reports whether a run that asks only sources whose time has come would
// ask any, or one is waiting to be ended.
func (a *App) anyDue(ctx context.Context) (bool, error) {
	if open, err := a.Unfinished(ctx, workflows.Aggregate); err != nil || open {
		return open, err
	}
	states, err := a.catalog.States(ctx)
	if err != nil {
		return false, err
	}
	now := a.o.Now()
	for _, src := range a.Config().Sources {
		s := states[src.ID]
		if src.Active() && (s.URL != src.URL || !s.Gone && !s.Held.After(now) && s.Due(now)) {
			return true, nil
		}
	}
	return false, nil
}

// publish makes live what should be, and then fetches the pictures it wants.
func (a *App) publish(ctx context.Context, tell func(Happening)) {
	want, err := a.wanted(ctx)
	if err != nil || a.refused.is(want) {
		return // the same build has failed before; only a change makes a new try
	}
	p, err := a.Publish(ctx, false)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		a.refused.set(want)
		tell(Happening{Err: err})
	case p != nil:
		tell(Happening{Published: p})
		if n, err := a.Illustrate(ctx); err == nil && n > 0 {
			a.publish(ctx, func(h Happening) {
				h.Pictures = n
				tell(h)
			})
		}
	}
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
