package asl

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Type says how an execution is run by the service; here it decides what the
// context object tells, and what validation refuses.
type Type string

// The types, in the service's words.
const (
	Standard Type = "STANDARD"
	Express  Type = "EXPRESS"
)

// Options tells an execution who it is. The zero value works.
type Options struct {
	ID           string             // of the execution, for the context object
	Name         string             // of the execution
	StateMachine string             // id of the machine
	MachineName  string             // name of the machine
	RoleArn      string             // for the context object, left out when empty
	Type         Type               // zero: Standard
	Limits       Limits             // zero: none
	History      func(HistoryEvent) // called in order during Apply; nil: no history is made
}

// ErrMisuse is wrapped by the errors of Apply: an event before Started, a
// second Started, an event without its time.
var ErrMisuse = errors.New("asl: misuse")

// Execution is one run of a machine. It is a pure function of the events it is
// given: it starts no goroutine and reads no clock. Not for concurrent use.
type Execution struct {
	machine   *Machine
	opts      Options
	status    Status
	began     time.Time
	now       time.Time
	input     Value
	seed      uint64
	random    *rand.Rand
	lastID    uint64
	steps     int // states entered since the last event
	ready     []*thread
	pending   map[uint64]*thread // by the ID of a task or timer
	root      *thread
	deadline  uint64 // the timer of the machine's TimeoutSeconds
	out       []Command
	home      *home
	redriven  int64  // the event of the last redrive
	variables Value  // that are there from the start
	probe     *probe // of TestState; nil in every real execution
}

// New returns an execution that waits for its Started event.
func New(m *Machine, o Options) *Execution {
	if o.Type == "" {
		o.Type = Standard
	}
	if o.Limits.Steps == 0 {
		o.Limits.Steps = defaultSteps
	}
	return &Execution{machine: m, opts: o, status: StatusRunning, pending: map[uint64]*thread{}}
}

// Apply takes an event and returns what is to be done because of it, in order.
// An event whose ID is unknown or no longer of interest is ignored: results
// come late. After the Done command every event is, but Redriven. The error is
// for misuse only; an execution that fails says so in its Done command.
//
// The commands are the caller's to keep.
func (x *Execution) Apply(ev Event) ([]Command, error) {
	switch {
	case ev.Time.IsZero():
		return nil, fmt.Errorf("%w: %s event without its time", ErrMisuse, ev.Kind)
	case ev.Kind == Started && x.root != nil:
		return nil, fmt.Errorf("%w: started twice", ErrMisuse)
	case ev.Kind != Started && x.root == nil:
		return nil, fmt.Errorf("%w: %s event before started", ErrMisuse, ev.Kind)
	case ev.Kind == Redriven:
		if err := x.Redrivable(); err != nil {
			return nil, err
		}
	case x.status != StatusRunning:
		return nil, nil
	}
	if ev.Time.After(x.now) {
		x.now = ev.Time.UTC() // clocks step back; the execution's does not
	}
	x.out, x.steps = nil, 0
	switch ev.Kind {
	case Started:
		x.start(ev)
	case TaskSucceeded, TaskFailed, TaskSubmitted, TaskHeartbeat:
		x.taskEvent(ev)
	case TimerFired:
		x.timerFired(ev.ID)
	case Aborted:
		x.end(StatusAborted, Value{}, ev.Error, ev.Cause)
	case Redriven:
		x.redrive()
	default:
		return nil, fmt.Errorf("%w: unknown event %q", ErrMisuse, ev.Kind)
	}
	x.run()
	out := x.out
	x.out = nil
	return out, nil
}

// Status returns how the execution stands.
func (x *Execution) Status() Status { return x.status }

func (x *Execution) start(ev Event) {
	x.began, x.input, x.seed = x.now, ev.Input, ev.Seed
	if x.input.IsAbsent() {
		x.input = ObjectValue()
	}
	x.random = rand.New(rand.NewPCG(ev.Seed, 0x61736c)) // a stream of its own
	x.home = &home{input: x.input, began: x.began, express: x.opts.Type == Express}
	x.root = &thread{graph: x.machine.graph, state: x.machine.graph.start, input: x.input, scope: &scope{vars: x.variables}, events: &numbering{}, home: x.home}
	x.record(x.root, HistoryEvent{Type: "ExecutionStarted", Input: x.input})
	x.root.prev = 0
	x.limitTime()
	x.ready = append(x.ready, x.root)
}

// limitTime sets the timer of the machine's TimeoutSeconds.
func (x *Execution) limitTime() {
	if s := x.machine.graph.timeout; s > 0 {
		x.deadline = x.timer(nil, x.now.Add(time.Duration(s)*time.Second))
	}
}

// run lets every thread that can go on do so, first come first served.
func (x *Execution) run() {
	for len(x.ready) > 0 && x.status == StatusRunning {
		t := x.ready[0]
		x.ready[0] = nil
		x.ready = x.ready[1:]
		switch {
		case t.dead:
		case t.within:
			x.resume(t)
		default:
			x.enter(t)
		}
	}
	x.ready = nil
}

// enter lets a thread enter its state.
func (x *Execution) enter(t *thread) {
	x.steps++
	if limit := x.opts.Limits.Steps; x.steps > limit {
		x.end(StatusFailed, Value{}, ErrorRuntime, fmt.Sprintf("The execution entered more than %d states without waiting for anything.", limit))
		return
	}
	t.entered, t.attempt, t.tries, t.token = x.now, 0, nil, ""
	t.enteredID = x.record(t, HistoryEvent{Type: t.state.kind + "StateEntered", Name: t.state.name, Input: t.input})
	t.within = true
	if x.status == StatusRunning {
		t.state.work.begin(x, t)
	}
}

// finish ends a state with the result of its work.
func (x *Execution) finish(t *thread, result Value) {
	if t.state.flow == nil {
		x.leave(t, result, t.state.assign, result)
		return
	}
	e := x.env(t)
	shaped, err := t.state.flow.result(e, result)
	if err != nil {
		x.fail(t, asFault(err))
		return
	}
	output, err := t.state.flow.output(e, t.input, shaped)
	if err != nil {
		x.fail(t, asFault(err))
		return
	}
	x.leave(t, output, t.state.assign, shaped)
}

// leave ends a state with its output. The variables are assigned from what $
// stands for in Assign.
func (x *Execution) leave(t *thread, output Value, assign expr, from Value) {
	x.leaveTo(t, t.state.next, output, assign, from)
}

func (x *Execution) leaveTo(t *thread, next *state, output Value, assign expr, from Value) {
	if x.probe != nil {
		x.probe.left(next, output)
		return
	}
	if output.Size() > x.opts.Limits.payload() {
		x.fail(t, dataLimit(t.state.name))
		return
	}
	var vars Value
	if assign != nil {
		var err error
		if vars, err = assign.eval(x.env(t).with(from)); err != nil {
			x.fail(t, asFault(err))
			return
		}
		switch {
		case vars.Size() > x.opts.Limits.payload():
			x.fail(t, dataLimit(t.state.name))
			return
		case vars.Len() > 0:
			t.scope.assign(vars)
		default:
			vars = Value{}
		}
	}
	t.within, t.broken = false, nil
	x.record(t, HistoryEvent{Type: t.state.kind + "StateExited", Name: t.state.name, Output: output, Assigned: vars})
	if next == nil {
		x.threadDone(t, output)
		return
	}
	t.state, t.input = next, output
	x.ready = append(x.ready, t)
}

// threadDone ends a thread whose last state has ended.
func (x *Execution) threadDone(t *thread, output Value) {
	if x.status != StatusRunning {
		return
	}
	t.dead = true
	if t.parent == nil {
		x.end(StatusSucceeded, output, "", "")
		return
	}
	x.childDone(t, output)
}

func dataLimit(who string) *fault {
	return &fault{ErrorDataLimit, fmt.Sprintf("The state/task '%s' returned a result with a size exceeding the maximum number of bytes service limit.", who), true}
}

// end ends the execution. What is in flight is cancelled first.
func (x *Execution) end(s Status, output Value, name, cause string) {
	if x.status != StatusRunning {
		return
	}
	x.kill(x.root)
	if x.deadline != 0 {
		x.cancelTimer(&x.deadline)
	}
	ev := HistoryEvent{Output: output, Error: name, Cause: cause}
	switch s {
	case StatusSucceeded:
		ev.Type = "ExecutionSucceeded"
	case StatusTimedOut:
		ev.Type, name, cause = "ExecutionTimedOut", "", "" // only the history names it
	case StatusAborted:
		ev.Type = "ExecutionAborted"
	default:
		ev.Type = "ExecutionFailed"
	}
	x.write(x.root, ev, true)
	x.status, x.ready = s, nil
	x.out = append(x.out, Command{Kind: Done, Status: s, Output: output, Error: name, Cause: cause})
}

// record numbers an event and hands it to the history. It returns the number.
func (x *Execution) record(t *thread, ev HistoryEvent) int64 {
	return x.recordAside(t, ev, true)
}

// recordAside is record; some events are not what the next one follows from.
func (x *Execution) recordAside(t *thread, ev HistoryEvent, advance bool) int64 {
	if x.status != StatusRunning {
		return 0
	}
	// The event that ends the execution is the last one that the limit allows.
	if limit := x.opts.Limits.History; limit > 0 && !t.silent && t.events.last+1 >= int64(limit) {
		x.end(StatusFailed, Value{}, ErrorRuntime, fmt.Sprintf("The execution reached the maximum number of history events (%d).", limit))
		return 0
	}
	return x.write(t, ev, advance)
}

func (x *Execution) write(t *thread, ev HistoryEvent, advance bool) int64 {
	t.events.last++
	id := t.events.last
	ev.ID, ev.Prev, ev.Time = id, t.prev, x.now
	if advance {
		t.prev = id
	}
	if x.opts.History != nil && !t.silent {
		x.opts.History(ev)
	}
	return id
}
