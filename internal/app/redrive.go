package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/workflows"
)

// Redrive lets an execution of the site in dir that failed, or was cancelled, go
// on from there: what has succeeded in it is not done again. It returns the
// execution once it has ended; one that failed again is a *WorkflowError. Where
// another process has the directory, that one goes on with it, and Redrive
// returns it as it is then, RUNNING.
func Redrive(ctx context.Context, dir, id string, o Options) (engine.Execution, error) {
	x, err := Execution(ctx, dir, id)
	if err != nil {
		return x, err
	}
	if x.Status == asl.StatusRunning || x.Status == asl.StatusSucceeded {
		return x, fmt.Errorf("redrive %s: %w: it is %s", x.ID, engine.ErrNotRedrivable, x.Status)
	}
	a, err := Open(ctx, dir, o)
	if errors.Is(err, ErrLocked) {
		return askRedrive(ctx, dir, x)
	}
	if err != nil {
		return x, err
	}
	defer a.Close()
	if err := a.redrive(ctx, x.ID, x.Workflow); err != nil {
		return x, err
	}
	defer a.prune(ctx)
	if x, err = a.runtime.Wait(ctx, x.ID); err != nil {
		return x, err
	}
	if x.Status != asl.StatusSucceeded {
		return x, &WorkflowError{x.Workflow, x.ID, x.Error, x.Cause}
	}
	if x.Workflow == workflows.Aggregate {
		_, err = a.Publish(ctx, PublishOptions{})
	}
	return x, err
}

// redrive takes up an execution, unless another of a workflow of which there is
// never more than one is under way.
func (a *App) redrive(ctx context.Context, id engine.ExecutionID, workflow string) error {
	switch workflow {
	case workflows.Aggregate, workflows.Publish, workflows.Pictures:
		busy, err := a.Unfinished(ctx, workflow)
		if err != nil {
			return err
		}
		if busy {
			return fmt.Errorf("redrive %s: %w: another %s is running", id, engine.ErrNotRedrivable, workflow)
		}
	}
	return a.runtime.Redrive(ctx, id)
}

func (l Layout) redriveRequests() string { return l.state("redrive") }

// answerRedrives does what other processes ask for, like answerRequests. What is
// refused is told by the request's being gone.
func (a *App) answerRedrives(ctx context.Context) {
	list, _ := os.ReadDir(a.redriveRequests())
	for _, f := range list {
		x, err := a.runtime.Get(ctx, engine.ExecutionID(f.Name()))
		if err == nil {
			err = a.redrive(ctx, x.ID, x.Workflow)
		}
		if err != nil && ctx.Err() == nil {
			a.o.Log.WarnContext(ctx, "not redriven", "execution", f.Name(), "error", err)
		}
		if ctx.Err() == nil {
			_ = os.Remove(filepath.Join(a.redriveRequests(), f.Name()))
		}
	}
}

// askRedrive has the process that has the directory redrive x.
func askRedrive(ctx context.Context, dir string, x engine.Execution) (engine.Execution, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return x, err
	}
	request := filepath.Join(l.redriveRequests(), string(x.ID))
	if err := os.MkdirAll(l.redriveRequests(), 0o777); err != nil {
		return x, err
	}
	if err := os.WriteFile(request, nil, 0o666); err != nil {
		return x, err
	}
	for {
		gone := !exists(request)
		now, err := Execution(ctx, dir, string(x.ID))
		switch {
		case err != nil:
			return x, err
		case now.Redrives > x.Redrives:
			return now, nil
		case gone:
			return now, fmt.Errorf("redrive %s: %w: the process that has the directory says why in its log", x.ID, engine.ErrNotRedrivable)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			_ = os.Remove(request)
			return x, ctx.Err()
		}
	}
}
