package app

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/engine/local"
)

// reviving is the runtime of a process that goes on. One that could not write
// its journal does nothing any more, for it no longer knows what is durable; a
// new one reads that from the journal, and goes on with what was unfinished.
type reviving struct {
	now  atomic.Pointer[local.Runtime]
	open func(context.Context) (*local.Runtime, error)
	next time.Time // of the next try
}

// reviveEvery is how long a runtime that ended, or did not open, is left alone.
const reviveEvery = 2 * time.Second

func openReviving(ctx context.Context, open func(context.Context) (*local.Runtime, error)) (*reviving, error) {
	r := &reviving{open: open}
	first, err := open(ctx)
	if err != nil {
		return nil, err
	}
	r.now.Store(first)
	return r, nil
}

// revive replaces a runtime that has ended. It reports whether it did; one
// goroutine may call it.
func (r *reviving) revive(ctx context.Context, now time.Time) (bool, error) {
	old := r.now.Load()
	select {
	case <-old.Ended():
	default:
		return false, nil
	}
	if now.Before(r.next) {
		return false, nil
	}
	r.next = now.Add(reviveEvery)
	why := old.Err()
	_ = old.Close() // tells what it ended of, again
	fresh, err := r.open(ctx)
	if err != nil {
		return false, fmt.Errorf("begin anew after %w: %w", why, err)
	}
	r.now.Store(fresh)
	return true, why
}

// The methods of the runtime of the moment.

func (r *reviving) Start(ctx context.Context, req engine.StartRequest) error {
	return r.now.Load().Start(ctx, req)
}

func (r *reviving) Wait(ctx context.Context, id engine.ExecutionID) (engine.Execution, error) {
	return r.now.Load().Wait(ctx, id)
}

func (r *reviving) Get(ctx context.Context, id engine.ExecutionID) (engine.Execution, error) {
	return r.now.Load().Get(ctx, id)
}

func (r *reviving) List(ctx context.Context, f engine.Filter) ([]engine.Execution, error) {
	return r.now.Load().List(ctx, f)
}

func (r *reviving) Stop(ctx context.Context, id engine.ExecutionID, name, cause string) error {
	return r.now.Load().Stop(ctx, id, name, cause)
}

func (r *reviving) Redrive(ctx context.Context, id engine.ExecutionID) error {
	return r.now.Load().Redrive(ctx, id)
}

func (r *reviving) Prune(ctx context.Context, keep int, before time.Time) (int, error) {
	return r.now.Load().Prune(ctx, keep, before)
}

func (r *reviving) Close() error { return r.now.Load().Close() }
