package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/workflows"
)

// underWay is what serve has begun and not ended: a run may take an hour, and
// what a person commits meanwhile goes live all the same.
type underWay struct {
	run, pictures engine.ExecutionID // "": none
	resumedRun    bool
	came          int       // pictures that the next release shows for the first time
	notBefore     time.Time // of the next try, after a publishing that failed for now
	shown         string    // what was published last, but for its pictures
	shownAt       time.Time
}

// picturesEvery is how often pictures that come one after the other go live
// before all of them are there.
const picturesEvery = 10 * time.Second

// resumed takes up what an earlier process has begun.
func (u *underWay) resumed(ctx context.Context, a *App) error {
	for name, id := range map[string]*engine.ExecutionID{workflows.Aggregate: &u.run, workflows.Pictures: &u.pictures} {
		open, err := a.runtime.List(ctx, engine.Filter{Workflow: name, Status: asl.StatusRunning, Limit: 1})
		if err != nil {
			return err
		}
		if len(open) > 0 {
			*id = open[0].ID
		}
	}
	u.resumedRun = u.run != ""
	return nil
}

// scheduled begins a run, unless one is under way or nobody is to be asked.
func (u *underWay) scheduled(ctx context.Context, a *App, s config.Schedule, tell func(Happening)) {
	if u.run != "" {
		return
	}
	in, err := dueInput(s)
	if err != nil {
		tell(Happening{Err: err})
		return
	}
	if err := a.Sync(ctx); err != nil && ctx.Err() == nil {
		tell(Happening{Err: err})
	}
	if changed, err := a.Reload(ctx); err != nil || changed {
		tell(Happening{Reloaded: changed, Err: err})
	}
	if in.Due && len(in.Only) == 0 {
		due, err := a.anyDue(ctx)
		if err == nil && !due {
			err = a.fresh(ctx)
		}
		if err != nil {
			tell(Happening{Err: err})
		}
		if !due {
			return
		}
	}
	if u.run, err = a.start(ctx, workflows.Aggregate, in); err != nil && ctx.Err() == nil {
		u.run = ""
		tell(Happening{Err: err})
	}
}

// ended tells of what has come to its end.
func (u *underWay) ended(ctx context.Context, a *App, tell func(Happening)) {
	if u.run != "" && a.over(ctx, u.run) {
		res := RunResult{Resumed: u.resumedRun}
		err := a.finish(ctx, u.run, &res.Summary)
		pipeline.Tidy(res.New)
		u.run, u.resumedRun = "", false
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			tell(Happening{Err: err})
		default:
			tell(Happening{Run: &res})
			u.publish(ctx, a, tell)
		}
		a.prune(ctx)
	}
	if u.pictures != "" && a.over(ctx, u.pictures) {
		n, err := a.illustrated(ctx, u.pictures)
		u.pictures = ""
		if err != nil && ctx.Err() == nil {
			tell(Happening{Err: err})
		}
		u.came += n
	}
}

// over reports whether an execution has ended, well or not.
func (a *App) over(ctx context.Context, id engine.ExecutionID) bool {
	x, err := a.runtime.Get(ctx, id)
	return err != nil && ctx.Err() == nil || err == nil && x.Status != asl.StatusRunning
}

// Waits after a publishing that failed for a reason that may pass.
const publishAgain = 15 * time.Second

// final are failures that only a change of content, theme or configuration mends.
var final = []string{"Site.Guard", "Site.Theme"}

// publish makes live what should be, and then asks for the pictures it wants.
func (u *underWay) publish(ctx context.Context, a *App, tell func(Happening)) {
	want, err := a.wanted(ctx)
	if err != nil {
		if ctx.Err() == nil {
			tell(Happening{Err: err})
		}
		return
	}
	if a.refused.is(want) || a.o.Now().Before(u.notBefore) {
		return
	}
	words, err := a.wantedWith(ctx, nil)
	if err == nil && u.pictures != "" && words == u.shown && a.o.Now().Sub(u.shownAt) < picturesEvery {
		return
	}
	p, err := a.Publish(ctx, PublishOptions{})
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		w, ok := errors.AsType[*WorkflowError](err)
		if ok && slices.Contains(final, pipeline.KindNamed(w.Name).Name) {
			a.refused.set(want)
		}
		u.notBefore = a.o.Now().Add(publishAgain)
		tell(Happening{Err: err})
		return
	}
	if p == nil {
		return
	}
	u.shown, u.shownAt = words, a.o.Now()
	tell(Happening{Published: p, Pictures: u.came})
	u.came = 0
	if u.pictures != "" {
		return
	}
	if u.pictures, err = a.startPictures(ctx); err != nil && ctx.Err() == nil {
		tell(Happening{Err: err})
	}
}
