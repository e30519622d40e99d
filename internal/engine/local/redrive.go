package local

import (
	"context"
	"fmt"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
)

// redrive is an execution as it was when it had ended.
type redrive struct {
	run      *run
	redrives int // how often it had been redriven
}

// Redrive implements engine.Runtime. The execution is replayed by the caller, so
// that the others need not wait for it.
func (r *Runtime) Redrive(ctx context.Context, id engine.ExecutionID) error {
	d, err := r.atItsEnd(ctx, id)
	if err == nil {
		err = r.ask(ctx, message{redrive: d, event: asl.Event{Kind: asl.Redriven}})
	}
	if err != nil {
		return fmt.Errorf("redrive %s: %w", id, err)
	}
	return nil
}

// atItsEnd replays an execution that has ended and can be redriven.
func (r *Runtime) atItsEnd(ctx context.Context, id engine.ExecutionID) (*redrive, error) {
	select {
	case <-r.ended:
		return nil, r.closedError()
	default:
	}
	w, err := r.Store.row(ctx, id)
	if err != nil {
		return nil, err
	}
	// Told before the costly way to the same answer.
	if s := asl.Status(w.status); s == asl.StatusRunning || s == asl.StatusSucceeded {
		return nil, fmt.Errorf("%w: it is %s", engine.ErrNotRedrivable, s)
	}
	x, err := r.rebuild(ctx, &w)
	if err != nil && hopeless(err) {
		err = fmt.Errorf("%w: %w", engine.ErrNotRedrivable, err)
	}
	if err == nil {
		err = x.exec.Redrivable()
	}
	if err != nil {
		return nil, err
	}
	x.settle()
	return &redrive{x, w.redrives}, nil
}

// admitRedrive takes up an execution, unless something has happened to it since
// it was replayed.
func (r *Runtime) admitRedrive(m *message, now time.Time) (*run, error) {
	x := m.redrive.run
	w, err := r.Store.row(context.Background(), x.id)
	if err != nil {
		return nil, err
	}
	if r.runs[x.id] != nil || w.key != x.key || w.redrives != m.redrive.redrives || !w.ended.Valid {
		return nil, fmt.Errorf("%w: it has been redriven by another", engine.ErrNotRedrivable)
	}
	x.observe, x.redriven = true, true
	r.mu.Lock()
	r.runs[x.id] = x
	r.mu.Unlock()
	return r.happened(x, m, now), nil
}
