package local

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
)

// run is an execution under way. But for what is said otherwise it belongs to
// the loop. When it has ended it is forgotten.
type run struct {
	key      int64 // of its row, 0 until the first transaction
	id       engine.ExecutionID
	workflow string
	machine  *asl.Machine
	exec     *asl.Execution
	input    asl.Value
	last     time.Time // of the last event; times never go back
	tasks    map[uint64]*task
	timers   map[uint64]*timer
	lane     lane          // of the pool
	done     chan struct{} // closed once the end is durable
	observe  bool          // not while it is replayed

	// What has happened since the last transaction.
	start     *start
	redriven  bool
	inputText string
	lines     []byte // of the journal
	events    uint32 // in the journal, with those of lines
	written   uint32 // without those of lines
	values    []storedValue
	begun     []*task
	dropped   []*task
	set       []*timer
	unset     []*timer
	observed  []asl.HistoryEvent
	final     *asl.Command
	finalText any // of final.Output; nil: there is none
	touched   bool
}

// task is one that has no result yet.
type task struct {
	run       *run
	cmd       asl.Command
	scheduled time.Time
	handed    bool // its handler has returned; it waits for its token. Of the loop.

	// Of the pool.
	ctx       context.Context
	cancel    context.CancelFunc
	cancelled bool
}

func (t *task) lane() *lane { return &t.run.lane }

func (r *Runtime) newRun(id engine.ExecutionID, workflow string, m *asl.Machine, input asl.Value, limits asl.Limits) *run {
	x := &run{
		id: id, workflow: workflow, machine: m, input: input,
		tasks: map[uint64]*task{}, timers: map[uint64]*timer{}, done: make(chan struct{}),
	}
	o := executionOptions(id, workflow, limits)
	if r.o.Observe != nil {
		o.History = func(h asl.HistoryEvent) {
			if x.observe {
				x.observed = append(x.observed, h)
			}
		}
	}
	x.exec = asl.New(m, o)
	return x
}

// executionOptions must give the same for the same execution at any time, or
// replaying would go astray.
func executionOptions(id engine.ExecutionID, workflow string, l asl.Limits) asl.Options {
	return asl.Options{ID: string(id), Name: string(id), StateMachine: workflow, MachineName: workflow, Limits: l}
}

// at gives an event its time: now, unless the clock was put back.
func (x *run) at(now time.Time) time.Time {
	if now.After(x.last) {
		x.last = now
	}
	return x.last
}

// apply tells asl an event and notes what follows. An interpreter that panics
// fails this execution, again in each replay, and no other.
func (x *run) apply(ev asl.Event) {
	switch ev.Kind {
	case asl.TaskSucceeded, asl.TaskFailed:
		delete(x.tasks, ev.ID)
	case asl.TimerFired:
		delete(x.timers, ev.ID)
	case asl.Redriven:
		x.final, x.finalText = nil, nil
	}
	cmds, err := applySafely(x.exec, ev)
	if err != nil {
		x.end(asl.Command{Kind: asl.Done, Status: asl.StatusFailed, Error: engine.ErrorJournal, Cause: cutCause(err.Error())})
		return
	}
	for i := range cmds {
		x.obey(cmds[i], ev.Time)
	}
}

func applySafely(e *asl.Execution, ev asl.Event) (cmds []asl.Command, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the interpreter panicked at a %s event: %v", ev.Kind, p)
		}
	}()
	return e.Apply(ev)
}

func (x *run) obey(c asl.Command, at time.Time) {
	switch c.Kind {
	case asl.RunTask:
		t := &task{run: x, cmd: c, scheduled: at}
		x.tasks[c.ID] = t
		x.begun = append(x.begun, t)
	case asl.CancelTask:
		if t := x.tasks[c.ID]; t != nil {
			delete(x.tasks, c.ID)
			x.dropped = append(x.dropped, t)
		}
	case asl.StartTimer:
		t := &timer{run: x, id: c.ID, at: c.At, index: -1}
		x.timers[c.ID] = t
		x.set = append(x.set, t)
	case asl.CancelTimer:
		if t := x.timers[c.ID]; t != nil {
			delete(x.timers, c.ID)
			x.unset = append(x.unset, t)
		}
	case asl.Done:
		x.end(c)
	}
}

// end drops whatever is still under way: after it nothing matters.
func (x *run) end(c asl.Command) {
	x.final = &c
	for _, t := range x.tasks {
		x.dropped = append(x.dropped, t)
	}
	for _, t := range x.timers {
		x.unset = append(x.unset, t)
	}
	clear(x.tasks)
	clear(x.timers)
}

// record adds an event to the journal.
func (x *run) record(ev asl.Event, output storedValue) {
	x.lines = appendLine(x.lines, ev, output)
	x.events++
	if output.ref != "" {
		x.values = append(x.values, output)
	}
}

// settle forgets what the last transaction has made durable. Nothing is kept for
// the next one: ten thousand executions may be under way.
func (x *run) settle() {
	x.written = x.events
	x.start, x.redriven, x.inputText, x.touched = nil, false, "", false
	x.lines = nil
	x.values, x.begun, x.dropped, x.set, x.unset, x.observed = nil, nil, nil, nil, nil, nil
}

// outstanding lists the tasks without a result in the order of their making.
func (x *run) outstanding() []*task {
	out := make([]*task, 0, len(x.tasks))
	for _, t := range x.tasks {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b *task) int { return cmp.Compare(a.cmd.ID, b.cmd.ID) })
	return out
}

// maxCause is the service's limit of a cause, in bytes.
const maxCause = 32 << 10

func cutCause(s string) string {
	if len(s) > maxCause {
		return s[:maxCause-3] + "..."
	}
	return s
}
