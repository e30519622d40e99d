package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/failpoint"
)

// loop is the one goroutine that changes executions.
func (r *Runtime) loop() {
	defer close(r.ended)
	var batch []message
	var alarm *time.Timer
	for {
		var last bool
		batch, last = r.in.take(batch)
		closing := r.pool.interrupted() || last
		if !closing {
			batch = r.fire(batch)
		}
		if len(batch) > 0 {
			if err := r.step(batch); err != nil {
				r.fail(err, batch)
				return
			}
			clear(batch)
			continue
		}
		if last {
			return
		}
		alarm = r.await(alarm, closing)
	}
}

// await sleeps until something happens or the next timer is due.
func (r *Runtime) await(alarm *time.Timer, closing bool) *time.Timer {
	if len(r.timers) == 0 || closing {
		<-r.in.wake
		return alarm
	}
	d := r.timers.sleep(r.o.Now())
	if alarm == nil {
		alarm = time.NewTimer(d)
	} else {
		alarm.Reset(d)
	}
	select {
	case <-r.in.wake:
		alarm.Stop()
	case <-alarm.C:
	}
	return alarm
}

// fire adds the timers that are due to what has happened.
func (r *Runtime) fire(batch []message) []message {
	if len(r.timers) == 0 {
		return batch
	}
	now := r.o.Now()
	for t := r.timers.due(now); t != nil; t = r.timers.due(now) {
		batch = append(batch, message{timer: t, event: asl.Event{Kind: asl.TimerFired, ID: t.id}})
	}
	return batch
}

// step makes a batch of what has happened durable and acts on it.
func (r *Runtime) step(batch []message) error {
	now := r.o.Now().UTC().Round(0)
	if slices.ContainsFunc(batch, func(m message) bool { return m.redrive != nil }) {
		r.pruning.Lock() // what is redriven must not be removed meanwhile
		defer r.pruning.Unlock()
	}
	var touched []*run
	var loose []message // blobs that belong to no execution
	for i := range batch {
		m := &batch[i]
		x, err := r.admit(m, now)
		if err != nil && m.reply != nil {
			m.reply <- err
			m.reply = nil
		}
		if err == nil && x == nil && m.blob != nil {
			loose = append(loose, *m)
		}
		if x != nil && !x.touched {
			x.touched = true
			touched = append(touched, x)
		}
	}
	if len(touched) > 0 || len(loose) > 0 {
		if err := r.commit(touched, loose, now); err != nil {
			return err
		}
	}
	for _, x := range touched {
		r.act(x)
	}
	for i := range batch {
		if reply := batch[i].reply; reply != nil {
			reply <- nil
		}
	}
	return nil
}

func (r *Runtime) commit(touched []*run, loose []message, now time.Time) error {
	if err := failpoint.Hit(fpBeforeJournal); err != nil {
		return err
	}
	err := r.db.Write(context.Background(), func(tx *sql.Tx) error {
		for _, x := range touched {
			if err := r.stmts.write(tx, x, now); err != nil {
				return fmt.Errorf("journal of %s: %w", x.id, err)
			}
		}
		for _, m := range loose {
			if err := r.stmts.writeBlob(tx, m.stored, 0, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return failpoint.Hit(fpAfterJournal)
}

// admit tells a message to the execution it is for, which it returns. The error
// is for who asked; without one and without an execution there is nothing to do.
func (r *Runtime) admit(m *message, now time.Time) (*run, error) {
	switch {
	case m.start != nil:
		return r.admitStart(m, now)
	case m.redrive != nil:
		return r.admitRedrive(m, now)
	case m.blob != nil:
		x := r.runs[m.id]
		if x != nil {
			x.values = append(x.values, m.stored)
		}
		return x, nil
	case m.timer != nil:
		if m.timer.run.timers[m.timer.id] != m.timer {
			return nil, nil
		}
		return r.happened(m.timer.run, m, now), nil
	case m.id != "":
		x := r.runs[m.id]
		if x == nil || x.final != nil {
			return nil, engine.ErrNotFound
		}
		return r.happened(x, m, now), nil
	}
	t := m.task
	if m.token != "" {
		t = r.tokens[m.token]
	}
	if t == nil || t.run.tasks[t.cmd.ID] != t {
		return nil, engine.ErrNotFound // it has ended, or nobody wants the result any more
	}
	m.event.ID = t.cmd.ID
	if m.handed {
		t.handed = true
	}
	return r.happened(t.run, m, now), nil
}

// happened journals the event of m and applies it.
func (r *Runtime) happened(x *run, m *message, now time.Time) *run {
	m.event.Time = x.at(now)
	if n := len(r.spare); x.lines == nil && n > 0 {
		x.lines, r.spare = r.spare[n-1], r.spare[:n-1]
	}
	x.record(m.event, m.stored)
	r.apply(x, m.event)
	return x
}

func (r *Runtime) apply(x *run, ev asl.Event) {
	from := len(x.dropped)
	if t := x.tasks[ev.ID]; t != nil && (ev.Kind == asl.TaskSucceeded || ev.Kind == asl.TaskFailed) {
		delete(r.tokens, t.cmd.Token)
	}
	begun := len(x.begun)
	x.apply(ev)
	for _, t := range x.begun[begun:] {
		if t.cmd.Token != "" {
			r.tokens[t.cmd.Token] = t
		}
	}
	for _, t := range x.dropped[from:] {
		delete(r.tokens, t.cmd.Token)
	}
	if x.final != nil {
		r.keepOutput(x)
	}
}

// keepOutput decides where the output of an execution that has ended is kept.
func (r *Runtime) keepOutput(x *run) {
	if x.final.Status != asl.StatusSucceeded {
		return
	}
	// Where Blobs cannot take it, it stands in the row, however long.
	s, err := r.storeValue(context.Background(), x.final.Output)
	if err != nil {
		r.o.Log.Warn("output kept in the state file", "execution", x.id, "error", err)
		s = storedValue{}
	}
	if s.ref != "" {
		x.values = append(x.values, s)
	}
	x.finalText = columnText(x.final.Output, s)
}

func (r *Runtime) admitStart(m *message, now time.Time) (*run, error) {
	s := m.start
	if x := r.runs[s.req.ID]; x != nil {
		return nil, same(x.machine.Hash(), x.input, s)
	}
	row, err := r.Store.row(context.Background(), s.req.ID)
	if err == nil {
		input, err := r.Store.value(context.Background(), row.input)
		if err != nil {
			return nil, err
		}
		return nil, same(row.definition, input, s)
	}
	if !errors.Is(err, engine.ErrNotFound) {
		return nil, err
	}
	x := r.newRun(s.req.ID, s.req.Workflow, s.machine, s.input, r.o.Limits)
	x.observe = true
	x.start = s
	x.inputText = columnText(s.input, m.stored)
	if m.stored.ref != "" {
		x.values = append(x.values, m.stored)
	}
	r.mu.Lock()
	r.runs[x.id] = x
	r.mu.Unlock()
	r.apply(x, asl.Event{Kind: asl.Started, Time: x.at(now), Seed: s.seed, Input: s.input})
	return x, nil
}

// same reports whether a second start means the execution that is there.
func same(definition string, input asl.Value, s *start) error {
	if definition != s.machine.Hash() || !input.Equal(s.input) {
		return engine.ErrExists
	}
	return nil
}

// Buffers for journal lines are used again, within reason.
const (
	spareBytes = 4 << 20
	spareCount = 4
)

// act does what follows from events that are durable now.
func (r *Runtime) act(x *run) {
	for _, h := range x.observed {
		r.o.Observe(x.id, h)
	}
	for _, t := range x.unset {
		r.timers.remove(t)
	}
	for _, t := range x.set {
		if x.timers[t.id] == t {
			r.timers.add(t)
		}
	}
	for _, t := range x.dropped {
		r.pool.drop(t)
	}
	begun := x.begun[:0]
	for _, t := range x.begun {
		if x.tasks[t.cmd.ID] == t {
			begun = append(begun, t)
		}
	}
	if len(begun) > 0 {
		r.pool.add(&x.lane, begun...)
	}
	if x.lines != nil && cap(x.lines) <= spareBytes && len(r.spare) < spareCount {
		r.spare = append(r.spare, x.lines[:0])
	}
	final := x.final
	x.settle()
	if final == nil {
		return
	}
	r.mu.Lock()
	delete(r.runs, x.id)
	r.mu.Unlock()
	close(x.done)
}

// fail ends the runtime because the journal cannot be written: nothing of the
// batch is acknowledged, nothing is tried again.
func (r *Runtime) fail(cause error, batch []message) {
	err := fmt.Errorf("%w: its journal cannot be written: %w", engine.ErrClosed, cause)
	r.o.Log.Error("runtime stopped", "error", err)
	r.mu.Lock()
	r.err = err
	r.mu.Unlock()
	r.pool.stop()
	r.pool.cancelAll()
	r.in.finish()
	rest, _ := r.in.take(nil)
	for _, m := range append(batch, rest...) {
		if m.reply != nil {
			m.reply <- err
		}
	}
}
