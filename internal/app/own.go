package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/workflows"
)

// own are the workflows that schedules have started besides aggregate. They run
// beside everything else: what they commit is published as any commit is.
type own struct {
	running map[string]engine.ExecutionID // by the schedule
}

// scheduled starts what a schedule names, unless its last is still running.
func (o *own) scheduled(ctx context.Context, a *App, i int, s config.Schedule, tell func(Happening)) {
	key := fmt.Sprint(i, " ", s.Workflow)
	if _, busy := o.running[key]; busy {
		return
	}
	id, err := a.startWorkflow(ctx, s.Workflow, s.Input)
	if err != nil {
		if ctx.Err() == nil {
			tell(Happening{Err: fmt.Errorf("schedule %s of %s: %w", s.At, s.Workflow, err)})
		}
		return
	}
	o.running[key] = id
}

// ended tells of those that have come to their end.
func (o *own) ended(ctx context.Context, a *App, tell func(Happening)) {
	for key, id := range o.running {
		x, err := a.runtime.Get(ctx, id)
		if err == nil && x.Status == asl.StatusRunning || ctx.Err() != nil {
			continue
		}
		delete(o.running, key)
		switch {
		case err != nil:
			tell(Happening{Err: err})
		case x.Status != asl.StatusSucceeded:
			tell(Happening{Err: &WorkflowError{x.Workflow, id, x.Error, x.Cause}})
		default:
			tell(Happening{Ended: &x})
		}
		a.prune(ctx)
	}
}

// resumed takes up those that an earlier process has started.
func (o *own) resumed(ctx context.Context, a *App) error {
	o.running = map[string]engine.ExecutionID{}
	list, err := a.runtime.List(ctx, engine.Filter{Status: asl.StatusRunning, Limit: 1000})
	if err != nil {
		return err
	}
	ids := map[string]engine.ExecutionID{}
	for _, x := range list {
		switch x.Workflow {
		case workflows.Aggregate, workflows.Publish, workflows.Pictures:
		default:
			ids[x.Workflow] = x.ID
		}
	}
	for i, s := range a.Config().Schedules {
		if id, ok := ids[s.Workflow]; ok {
			o.running[fmt.Sprint(i, " ", s.Workflow)] = id
			delete(ids, s.Workflow)
		}
	}
	for name, id := range ids {
		o.running[name] = id
	}
	return nil
}

// dueInput is what a schedule gives to aggregate: those whose time has come,
// unless its input says otherwise.
func dueInput(s config.Schedule) (pipeline.DueInput, error) {
	in := pipeline.DueInput{Due: true}
	if len(s.Input) == 0 {
		return in, nil
	}
	if err := json.Unmarshal(s.Input, &in); err != nil {
		return in, fmt.Errorf("schedule %s of %s: its input: %w", s.At, s.Workflow, err)
	}
	return in, nil
}

// cancelled is the name and the words of an execution that somebody ended.
const (
	cancelName  = "Coranto.Cancelled"
	cancelCause = "cancelled by `coranto runs cancel`"
)

func (l Layout) requests() string { return l.state("cancel") }

// requestsEvery is how often the process that has the directory looks for
// requests of others.
const requestsEvery = 300 * time.Millisecond

// answerRequests ends executions that another process asks to be ended, until
// ctx ends. A request is an empty file that bears the execution's ID.
func (a *App) answerRequests(ctx context.Context) {
	tick := time.NewTicker(requestsEvery)
	defer tick.Stop()
	for {
		list, _ := os.ReadDir(a.requests())
		for _, f := range list {
			id := engine.ExecutionID(f.Name())
			err := a.runtime.Stop(ctx, id, cancelName, cancelCause)
			if err == nil || errors.Is(err, engine.ErrNotFound) {
				_ = os.Remove(filepath.Join(a.requests(), f.Name()))
			}
		}
		a.answerRedrives(ctx)
		a.answerStarts(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Cancel ends an execution of the site in dir with the status ABORTED: at once,
// or through the process that has the directory. It returns the execution as it
// then is.
func Cancel(ctx context.Context, dir, id string, o Options) (engine.Execution, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return engine.Execution{}, err
	}
	x, err := Execution(ctx, dir, id)
	if err != nil || x.Status != asl.StatusRunning {
		return x, err
	}
	a, err := Open(ctx, dir, o)
	if err == nil {
		defer a.Close()
		if err := a.runtime.Stop(ctx, x.ID, cancelName, cancelCause); err != nil {
			return x, err
		}
		return a.runtime.Get(ctx, x.ID)
	}
	if !errors.Is(err, ErrLocked) {
		return x, err
	}
	if err := os.MkdirAll(l.requests(), 0o777); err != nil {
		return x, err
	}
	if err := os.WriteFile(filepath.Join(l.requests(), string(x.ID)), nil, 0o666); err != nil {
		return x, err
	}
	for ctx.Err() == nil {
		if x, err = Execution(ctx, dir, string(x.ID)); err != nil || x.Status != asl.StatusRunning {
			return x, err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return x, ctx.Err()
}

// background runs do until the function that it returns is called, which waits
// for its end.
func background(do func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		do(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}
