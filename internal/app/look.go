package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/engine/local"
	"github.com/coranto/coranto/internal/job"
	"github.com/coranto/coranto/internal/sqlite"
)

// Execution is one execution of the site in dir, as it is now, beside whoever
// serves it; "last" is the newest.
func Execution(ctx context.Context, dir, id string) (engine.Execution, error) {
	w, err := Watch(ctx, dir, id)
	if err != nil {
		return engine.Execution{}, err
	}
	defer w.Close()
	return w.Get(ctx)
}

// Look is all there is to see of an execution at one moment.
type Look struct {
	engine.Execution
	Definition []byte
	History    []asl.HistoryEvent
	Attempts   []job.Attempt // at its command tasks
}

// Watched is an execution that is looked at again and again.
type Watched struct {
	db    *sqlite.DB
	store *local.Store
	id    engine.ExecutionID
}

// Watch opens the journal of the site in dir to look at an execution, beside
// whoever runs it. "last" is the newest execution.
func Watch(ctx context.Context, dir, id string) (*Watched, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return nil, err
	}
	if _, err := l.readConfig(); err != nil {
		return nil, err
	}
	if !exists(l.database()) {
		return nil, fmt.Errorf("%s: %w", id, engine.ErrNotFound)
	}
	db, err := sqlite.Open(l.database(), sqlite.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	w := &Watched{db: db, id: engine.ExecutionID(id)}
	if w.store, err = local.NewStore(ctx, db, nil); err == nil && id == "last" {
		var list []engine.Execution
		if list, err = w.store.List(ctx, engine.Filter{Limit: 1}); err == nil && len(list) == 0 {
			err = fmt.Errorf("%s: %w", id, engine.ErrNotFound)
		} else if err == nil {
			w.id = list[0].ID
		}
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return w, nil
}

// Close gives the journal free.
func (w *Watched) Close() error { return w.db.Close() }

// Get is the execution as it is, which costs little.
func (w *Watched) Get(ctx context.Context) (engine.Execution, error) { return w.store.Get(ctx, w.id) }

// Look reads everything. It costs as much as the execution has done so far.
func (w *Watched) Look(ctx context.Context) (Look, error) {
	x, err := w.store.Get(ctx, w.id)
	if err != nil {
		return Look{}, err
	}
	l := Look{Execution: x}
	if l.Definition, err = w.store.Definition(ctx, w.id); err != nil {
		return l, err
	}
	for e, err := range w.store.History(ctx, w.id) {
		if err != nil {
			return l, err
		}
		l.History = append(l.History, e)
	}
	log, err := job.NewLog(ctx, w.db)
	if errors.Is(err, sqlite.ErrOlder) {
		return l, nil // no command has ever run here
	}
	if err != nil {
		return l, err
	}
	l.Attempts, err = log.Attempts(ctx, string(w.id))
	return l, err
}
