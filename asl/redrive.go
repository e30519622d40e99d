package asl

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNotRedrivable is wrapped by the errors of Redrivable.
var ErrNotRedrivable = errors.New("execution cannot be redriven")

// Redrivable says why a Redriven event would be refused, nil when it would be
// taken: the execution is STANDARD and has ended FAILED, TIMED_OUT or ABORTED,
// and its history has room for the redrive and one event more.
//
// A redriven execution goes on from where it did not succeed, with the same
// input, variables and results; what has succeeded is not done again. Of a Map
// or Parallel only the items and branches that failed or were aborted go on,
// unless it failed with States.DataLimitExceeded: then all begin anew, as do the
// EXPRESS children of a distributed Map. Retriers and the machine's
// TimeoutSeconds start from the beginning. Tasks get new IDs.
func (x *Execution) Redrivable() error {
	switch limit := x.opts.Limits.History; {
	case x.root == nil:
		return fmt.Errorf("%w: it has not been started", ErrNotRedrivable)
	case x.status == StatusRunning, x.status == StatusSucceeded:
		return fmt.Errorf("%w: it is %s", ErrNotRedrivable, x.status)
	case x.opts.Type == Express:
		return fmt.Errorf("%w: it is %s", ErrNotRedrivable, Express)
	case limit > 0 && x.root.events.last >= int64(limit)-1:
		return fmt.Errorf("%w: its history has %d events of %d", ErrNotRedrivable, x.root.events.last, limit)
	}
	return nil
}

// redrive takes up an execution that has ended without success.
func (x *Execution) redrive() {
	x.status = StatusRunning
	x.home.again(x)
	x.redriven = x.write(x.root, HistoryEvent{Type: "ExecutionRedriven", Redrives: x.home.redrives}, true)
	x.limitTime()
	x.wake(x.root)
}

func (h *home) again(x *Execution) {
	h.redrives++
	h.redriven, h.fixed = x.now, nil
}

// wake puts a thread that was ended back to where it was.
func (x *Execution) wake(t *thread) {
	t.dead, t.attempt, t.tries, t.token, t.mapping = false, 0, nil, "", nil
	switch {
	case t.parent == nil || t.home == t.parent.home:
	case t.home.express:
		*t = thread{parent: t.parent, index: t.index, graph: t.graph, state: t.graph.start, input: t.home.input,
			scope: &scope{}, prefix: t.prefix, events: &numbering{last: 1}, home: t.home, silent: true}
		t.home.began, t.home.fixed = x.now, nil
	default:
		t.home.again(x)
	}
	switch {
	case t.parent == nil:
		t.prev = x.redriven
	case t.isIteration():
		x.recordAside(t, HistoryEvent{Type: "MapIterationStarted", Name: t.parent.state.name, Index: t.index}, false)
	}
	x.ready = append(x.ready, t)
}

// resume goes on in a state that a thread had entered. It has not left it, so
// it does not enter it again; but for Fail, of which the service says so.
func (x *Execution) resume(t *thread) {
	if t.broken != nil {
		x.rejoin(t, t.broken)
		return
	}
	if t.state.kind == "Fail" {
		x.enter(t)
		return
	}
	t.state.work.begin(x, t)
}

// rejoin goes on with the children of a Map or Parallel that have no result.
func (x *Execution) rejoin(t *thread, j *join) {
	t.broken, t.join = nil, j
	j.failed, j.running, j.again = 0, 0, nil
	j.results = slices.Clone(j.results) // they may have been handed out
	for _, c := range j.children {
		if c != nil {
			j.again = append(j.again, c)
		}
	}
	if w, ok := t.state.work.(*mapWork); ok && w.distributed {
		x.record(t, HistoryEvent{Type: "MapRunRedriven", Resource: x.mapRun(t), Redrives: x.home.redrives})
	}
	if !j.left() {
		x.joinDone(t, j)
		return
	}
	x.more(t, j)
}
