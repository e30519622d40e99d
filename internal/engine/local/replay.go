package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/sqlite"
)

// errRevision says that an execution was begun by another interpreter.
var errRevision = errors.New("begun by another revision of the interpreter")

// machine gives the definition to which w is pinned, where this program may
// replay it.
func (s *Store) machine(ctx context.Context, w *row) (*asl.Machine, error) {
	if w.revision != asl.Revision {
		return nil, fmt.Errorf("%w: %d, this program has %d", errRevision, w.revision, asl.Revision)
	}
	body, err := s.definition(ctx, w.definition)
	if err != nil {
		return nil, err
	}
	m, err := s.machines.parse(body)
	if err != nil {
		return nil, fmt.Errorf("%w: definition: %w", errLine, err)
	}
	if m.Hash() != w.definition {
		return nil, fmt.Errorf("%w: the definition is not the one that was pinned", errLine)
	}
	return m, nil
}

func (w *row) pinnedLimits() (l asl.Limits, err error) {
	if err := json.Unmarshal([]byte(w.limits), &l); err != nil {
		return l, fmt.Errorf("%w: limits: %w", errLine, err)
	}
	return l, nil
}

// journalPage is how many rows are read at a time, so that a slow reader of a
// history does not keep the WAL from being folded in.
const journalPage = 64

// events yields the journal of w after its start, with outputs fetched from
// Blobs.
func (s *Store) events(ctx context.Context, w *row) iter.Seq2[asl.Event, error] {
	return func(yield func(asl.Event, error) bool) {
		values := map[engine.Ref]asl.Value{}
		stop := errors.New("stop")
		next, end := journalID(w.key, 0), journalID(w.key+1, 0)
		for next < end {
			page, err := s.page(ctx, &next, end)
			if err != nil {
				yield(asl.Event{}, sqlite.Explain(err))
				return
			}
			for _, lines := range page {
				err := parseLines(lines, func(ev asl.Event, ref engine.Ref) error {
					if ref != "" {
						v, err := s.shared(ctx, ref, values)
						if err != nil {
							return err
						}
						ev.Output = v
					}
					if !yield(ev, nil) {
						return stop
					}
					return nil
				})
				if errors.Is(err, stop) {
					return
				}
				if err != nil {
					yield(asl.Event{}, err)
					return
				}
			}
		}
	}
}

// shared gives a value of Blobs, one and the same however often it is asked for.
func (s *Store) shared(ctx context.Context, ref engine.Ref, values map[engine.Ref]asl.Value) (asl.Value, error) {
	if v, ok := values[ref]; ok {
		return v, nil
	}
	v, err := s.value(ctx, string(ref))
	if err != nil {
		return v, err
	}
	values[ref] = v
	return v, nil
}

// page reads rows from *next on and moves it behind them, to end when there are
// no more.
func (s *Store) page(ctx context.Context, next *int64, end int64) ([][]byte, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, events FROM engine_journal WHERE id >= ? AND id < ? ORDER BY id LIMIT ?`, *next, end, journalPage)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page [][]byte
	for rows.Next() {
		var id int64
		var lines []byte
		if err := rows.Scan(&id, &lines); err != nil {
			return nil, err
		}
		page = append(page, lines)
		*next = id + 1
	}
	if len(page) < journalPage {
		*next = end
	}
	return page, rows.Err()
}

// started is the first event of w.
func (s *Store) started(ctx context.Context, w *row) (asl.Event, error) {
	input, err := s.value(ctx, w.input)
	if err != nil {
		return asl.Event{}, fmt.Errorf("input: %w", err)
	}
	return asl.Event{Kind: asl.Started, Time: fromNano(w.started), Seed: uint64(w.seed), Input: input}, nil
}

// resume takes up every execution that has not ended.
func (r *Runtime) resume(ctx context.Context) error {
	rows, err := r.running(ctx)
	if err != nil {
		return sqlite.Explain(err)
	}
	runs := make([]*run, len(rows))
	for i := range rows {
		x, err := r.rebuild(ctx, &rows[i])
		if err != nil && !hopeless(err) {
			return fmt.Errorf("resume %s: %w", rows[i].id, err)
		}
		if err != nil {
			x = r.condemn(&rows[i], err)
		}
		if x.final != nil {
			x.settle()
			r.keepOutput(x)
			if err := r.commit([]*run{x}, nil, x.last); err != nil {
				return fmt.Errorf("resume %s: %w", x.id, err)
			}
		}
		runs[i] = x
	}
	for _, x := range runs {
		r.revive(x)
	}
	return nil
}

// hopeless says that the next try would fail in the same way: what is written
// cannot be replayed, rather than not be read just now.
func hopeless(err error) bool {
	return errors.Is(err, errRevision) || errors.Is(err, errLine) || errors.Is(err, engine.ErrNotFound) || errors.Is(err, asl.ErrJSON)
}

func (r *Runtime) running(ctx context.Context) ([]row, error) {
	rows, err := r.Store.db.QueryContext(ctx, `SELECT `+rowColumns+` FROM engine_executions WHERE ended IS NULL ORDER BY key`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []row
	for rows.Next() {
		var w row
		if err := w.scan(rows); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, rows.Err()
}

// rebuild replays an execution up to where its journal ends.
func (r *Runtime) rebuild(ctx context.Context, w *row) (*run, error) {
	m, err := r.Store.machine(ctx, w)
	if err != nil {
		return nil, err
	}
	ev, err := r.Store.started(ctx, w)
	if err != nil {
		return nil, err
	}
	limits, err := w.pinnedLimits()
	if err != nil {
		return nil, err
	}
	x := r.newRun(engine.ExecutionID(w.id), w.workflow, m, ev.Input, limits)
	x.key, x.last = w.key, ev.Time
	x.apply(ev)
	for ev, err := range r.Store.events(ctx, w) {
		if err != nil {
			return nil, err
		}
		x.events++
		x.last = ev.Time
		if t := x.tasks[ev.ID]; t != nil && ev.Kind == asl.TaskSubmitted {
			t.handed = true
		}
		x.apply(ev)
	}
	return x, nil
}

// condemn makes a run that ends at once, with the reason why it cannot go on.
func (r *Runtime) condemn(w *row, why error) *run {
	x := &run{key: w.key, id: engine.ExecutionID(w.id), workflow: w.workflow, last: fromNano(w.started), done: make(chan struct{})}
	name := engine.ErrorJournal
	if errors.Is(why, errRevision) {
		name = engine.ErrorRevision
	}
	x.at(r.o.Now().UTC().Round(0))
	x.end(asl.Command{Kind: asl.Done, Status: asl.StatusFailed, Error: name, Cause: cutCause(why.Error())})
	r.o.Log.Warn("execution cannot be resumed", "execution", x.id, "error", why)
	return x
}

// revive starts what a replayed execution waits for.
func (r *Runtime) revive(x *run) {
	x.settle()
	for _, t := range x.outstanding() {
		if t.cmd.Token != "" {
			r.tokens[t.cmd.Token] = t
		}
		if !t.handed {
			x.begun = append(x.begun, t)
		}
	}
	for _, t := range x.timers {
		x.set = append(x.set, t)
	}
	x.observe = true
	r.runs[x.id] = x
	r.act(x)
}

// History yields what happened to an execution, in the service's event types.
// It is not stored: the journal is told to asl again. Of an execution that runs
// it yields what is durable so far.
func (s *Store) History(ctx context.Context, id engine.ExecutionID) iter.Seq2[asl.HistoryEvent, error] {
	return func(yield func(asl.HistoryEvent, error) bool) {
		fail := func(err error) { yield(asl.HistoryEvent{}, fmt.Errorf("history of %s: %w", id, err)) }
		w, err := s.row(ctx, id)
		if err != nil {
			fail(err)
			return
		}
		m, err := s.machine(ctx, &w)
		if err != nil {
			fail(err)
			return
		}
		ev, err := s.started(ctx, &w)
		if err != nil {
			fail(err)
			return
		}
		var told []asl.HistoryEvent
		limits, err := w.pinnedLimits()
		if err != nil {
			fail(err)
			return
		}
		o := executionOptions(id, w.workflow, limits)
		o.History = func(h asl.HistoryEvent) { told = append(told, h) }
		x := asl.New(m, o)
		tell := func(ev asl.Event) (more bool, err error) {
			_, err = applySafely(x, ev)
			for _, h := range told {
				if !yield(h, nil) {
					return false, nil
				}
			}
			told = told[:0]
			return true, err
		}
		more, err := tell(ev)
		for ev, jerr := range s.events(ctx, &w) {
			if err = errors.Join(err, jerr); err != nil || !more {
				break
			}
			more, err = tell(ev)
		}
		if err != nil && more {
			fail(err)
		}
	}
}
