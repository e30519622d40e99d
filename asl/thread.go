package asl

import (
	"slices"
	"strconv"
	"time"
)

// thread is one line of states in progress: the execution's own, a branch of a
// Parallel, an item of a Map.
type thread struct {
	parent *thread
	index  int // among the parent's children
	graph  *graph
	state  *state
	input  Value
	scope  *scope
	item   *item  // of a Map
	prefix string // of Command.Path: "Each[3]/"
	events *numbering
	prev   int64
	home   *home // the execution it belongs to
	silent bool  // in a distributed Map: its history is its own
	dead   bool

	// In the state it is in.
	within    bool // it has entered the state and not left it
	entered   time.Time
	enteredID int64
	attempt   int   // counts retries
	tries     []int // of each retrier
	join      *join // what it waits for, in a Map or Parallel
	broken    *join // what is left of it once it has ended, for a redrive

	// What it waits for outside; 0: nothing.
	task, timer, beat uint64
	waiting           waitKind // what the timer is for
	token             string
	submitted         bool
	mapping           *mapping // a Map that reads its items or writes its results
}

// item is what a Map gives a thread.
type item struct {
	index int
	value Value
}

// numbering counts the events of one history.
type numbering struct{ last int64 }

type waitKind uint8

const (
	waitNothing waitKind = iota
	waitState
	waitRetry
	waitTimeout
)

// join is a Map or Parallel in progress.
type join struct {
	children []*thread // by index, nil when not begun or succeeded; dead when failed
	results  []Value
	next     int       // the first that has not begun
	again    []*thread // those that failed and begin again, in a redrive
	running  int
	failed   int
	limit    int // how many may run at once, 0: all
	spawn    func(i int) (*thread, error)
	tolerate tolerance
}

// env returns what expressions see in the thread's state. $ is its input.
func (x *Execution) env(t *thread) *env {
	return &env{input: t.input, context: func() Value { return x.context(t, t.item) }, scope: t.scope, random: x.random, trace: x.probe.tracer()}
}

// timer asks for a timer.
func (x *Execution) timer(t *thread, at time.Time) uint64 {
	if x.status != StatusRunning {
		return 0
	}
	x.lastID++
	x.pending[x.lastID] = t
	x.out = append(x.out, Command{Kind: StartTimer, ID: x.lastID, At: at, State: t.name(), Path: t.path()})
	return x.lastID
}

func (t *thread) name() string {
	if t == nil {
		return ""
	}
	return t.state.name
}

func (t *thread) path() string {
	if t == nil {
		return ""
	}
	return t.prefix + t.state.name
}

func (x *Execution) cancelTimer(id *uint64) {
	if *id == 0 {
		return
	}
	delete(x.pending, *id)
	x.out = append(x.out, Command{Kind: CancelTimer, ID: *id})
	*id = 0
}

// settle cancels what the thread waits for outside.
func (x *Execution) settle(t *thread) {
	if t.task != 0 {
		delete(x.pending, t.task)
		x.out = append(x.out, Command{Kind: CancelTask, ID: t.task})
		t.task = 0
	}
	x.cancelTimer(&t.timer)
	x.cancelTimer(&t.beat)
	t.waiting = waitNothing
}

// kill ends a thread and all below it, with nothing said.
func (x *Execution) kill(t *thread) {
	x.settle(t)
	t.dead = true
	if t.join == nil {
		return
	}
	for _, c := range t.join.children {
		if c != nil && !c.dead {
			x.kill(c)
		}
	}
	t.broken, t.join = t.join, nil
}

func (x *Execution) timerFired(id uint64) {
	if id == x.deadline && id != 0 {
		delete(x.pending, id)
		x.deadline = 0
		x.end(StatusTimedOut, Value{}, ErrorTimeout, "")
		return
	}
	t := x.pending[id]
	if t == nil || id != t.timer && id != t.beat {
		return
	}
	delete(x.pending, id)
	if id == t.beat {
		t.beat = 0
		x.taskTimedOut(t, ErrorHeartbeat)
		return
	}
	t.timer = 0
	kind := t.waiting
	t.waiting = waitNothing
	switch kind {
	case waitState:
		x.finishWait(t)
	case waitRetry:
		t.state.work.begin(x, t)
	case waitTimeout:
		x.taskTimedOut(t, ErrorTimeout)
	}
}

// begin starts a join's children, as many as may run at once.
func (x *Execution) begin(t *thread, j *join) {
	t.join = j
	if len(j.children) == 0 {
		x.joinDone(t, j)
		return
	}
	x.more(t, j)
}

// more starts children until the limit is reached.
func (x *Execution) more(t *thread, j *join) {
	for x.status == StatusRunning && j.left() && (j.limit == 0 || j.running < j.limit) {
		if len(j.again) > 0 {
			c := j.again[0]
			j.again = j.again[1:]
			j.running++
			x.wake(c)
			continue
		}
		i := j.next
		j.next++
		c, err := j.spawn(i)
		if err != nil {
			j.next--
			x.cut(t, j, t)
			t.broken, t.join = j, nil
			x.fail(t, asFault(err))
			return
		}
		j.children[i] = c
		j.running++
		x.ready = append(x.ready, c)
	}
}

// left reports whether some children have yet to begin.
func (j *join) left() bool { return j.next < len(j.children) || len(j.again) > 0 }

// child makes a thread below t.
func (t *thread) child(i int, g *graph, input Value) *thread {
	return &thread{parent: t, index: i, graph: g, state: g.start, input: input, scope: &scope{outer: t.scope}, item: t.item,
		prefix: t.prefix + t.state.name + "[" + strconv.Itoa(i) + "]/", events: t.events, prev: t.prev, home: t.home, silent: t.silent}
}

// childDone takes the output of a thread that has ended.
func (x *Execution) childDone(c *thread, output Value) {
	t := c.parent
	j := t.join
	if j == nil {
		return // the execution has ended meanwhile
	}
	inner := c.prev
	if c.isIteration() {
		x.record(c, HistoryEvent{Type: "MapIterationSucceeded", Name: t.state.name, Index: c.index})
	}
	j.children[c.index] = nil
	j.results[c.index] = output
	j.running--
	x.childEnded(t, j, c, inner)
}

// childEnded starts more children, or ends the join when it was the last.
func (x *Execution) childEnded(t *thread, j *join, c *thread, inner int64) {
	switch {
	case j.left():
		if !c.silent || t.silent {
			t.prev = inner
		}
		x.more(t, j)
	case j.running == 0:
		if !c.silent || t.silent {
			t.prev = c.prev
		}
		x.joinDone(t, j)
	}
}

// isIteration reports whether the thread is an item of an inline Map.
func (t *thread) isIteration() bool {
	if t.parent == nil {
		return false
	}
	m, ok := t.parent.state.work.(*mapWork)
	return ok && !m.distributed
}

func (x *Execution) joinDone(t *thread, j *join) {
	t.broken, t.join = j, nil
	switch w := t.state.work.(type) {
	case *mapWork:
		w.done(x, t, j)
	case *parallelWork:
		x.recordAside(t, HistoryEvent{Type: "ParallelStateSucceeded"}, false)
		x.finish(t, ArrayValue(j.results...))
	}
}

// childFailed takes the failure of a thread. The events of what it ends all
// follow from the last one of the thread that failed.
func (x *Execution) childFailed(c *thread, f *fault) {
	t := c.parent
	j := t.join
	if j == nil {
		return // the execution has ended meanwhile
	}
	inner := c.prev
	x.kill(c)
	j.failed++
	j.running--
	tolerated := j.tolerate.allows(j.failed, len(j.children))
	if !tolerated {
		x.cut(t, j, c)
	}
	if c.isIteration() && f.name != ErrorRuntime {
		x.recordAside(c, HistoryEvent{Type: "MapIterationFailed", Name: t.state.name, Index: c.index}, false)
	}
	if tolerated {
		x.childEnded(t, j, c, inner)
		return
	}
	t.broken, t.join = j, nil
	if !c.silent || t.silent {
		t.prev = inner
	}
	if m, ok := t.state.work.(*mapWork); ok {
		f = m.broken(x, t, j.tolerate.given, f)
	}
	x.fail(t, f)
}

// cut ends the children of a join that has failed.
func (x *Execution) cut(t *thread, j *join, failed *thread) {
	for _, c := range j.children {
		if c == nil || c.dead {
			continue
		}
		if c.isIteration() {
			x.recordAside(failed, HistoryEvent{Type: "MapIterationAborted", Name: t.state.name, Index: c.index}, false)
		}
		if !c.silent && c.enteredID != 0 && slices.Contains([]string{"Task", "Wait", "Map", "Parallel"}, c.state.kind) {
			x.recordAside(failed, HistoryEvent{Type: c.state.kind + "StateAborted"}, false)
		}
		x.kill(c)
	}
}
