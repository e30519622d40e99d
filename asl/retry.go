package asl

import (
	"math"
	"slices"
	"time"
)

// retrier is one entry of Retry.
type retrier struct {
	errors   []string
	interval float64 // seconds
	attempts int
	rate     float64
	maxDelay float64 // seconds, 0: none
	jitter   bool
}

// catcher is one entry of Catch.
type catcher struct {
	errors     []string
	next       *state
	resultPath *path
	discard    bool
	assign     expr
}

func matchesAny(names []string, f *fault) bool {
	return slices.ContainsFunc(names, func(n string) bool { return catches(n, f) })
}

// fail ends an attempt at a state: it is tried again, caught, or handed up.
func (x *Execution) fail(t *thread, f *fault) {
	if x.probe == nil {
		f = f.where(t.state.name, t.enteredID)
	}
	x.settle(t)
	if f.name == ErrorDataLimit {
		t.broken = nil // all that came of it was too much, so a redrive begins anew
	}
	if x.status != StatusRunning || x.retry(t, f) {
		return
	}
	if f.name != ErrorRuntime && (t.state.kind == "Map" || t.state.kind == "Parallel") {
		x.record(t, HistoryEvent{Type: t.state.kind + "StateFailed"})
	}
	if x.status != StatusRunning || x.catch(t, f) {
		return // one event too many, or caught
	}
	if f.name == ErrorRuntime && !t.parent.mayCatch(f, t) {
		x.end(StatusFailed, Value{}, f.name, f.cause)
		return
	}
	if t.parent == nil {
		x.end(StatusFailed, Value{}, f.name, f.cause)
		return
	}
	if f.name != ErrorRuntime && t.state.kind == "Task" {
		x.recordAside(t, HistoryEvent{Type: "TaskStateAborted"}, false)
	}
	x.childFailed(t, f)
}

// mayCatch reports whether a state around a thread that failed with
// States.Runtime names that error, tolerates failures, or is the border of
// another execution. If none does, the service ends the execution on the spot.
func (t *thread) mayCatch(f *fault, from *thread) bool {
	for ; t != nil; t = t.parent {
		if from.silent && !t.silent || t.join != nil && t.join.tolerate.given {
			return true
		}
		for _, r := range t.state.retriers {
			if matchesAny(r.errors, f) {
				return true
			}
		}
		for _, c := range t.state.catchers {
			if matchesAny(c.errors, f) {
				return true
			}
		}
		from = t
	}
	return false
}

// retry sets the timer of the next attempt when a retrier allows one. The first
// retrier that matches decides.
func (x *Execution) retry(t *thread, f *fault) bool {
	for i, r := range t.state.retriers {
		if !matchesAny(r.errors, f) {
			continue
		}
		if t.tries == nil {
			t.tries = make([]int, len(t.state.retriers))
		}
		if x.probe != nil {
			return x.probe.retried(i, r, f)
		}
		if t.tries[i] >= r.attempts {
			return false
		}
		delay := r.delay(t.tries[i])
		if r.jitter {
			delay *= x.random.Float64()
		}
		t.tries[i]++
		t.attempt++
		t.waiting = waitRetry
		t.broken = nil // all of it is tried again
		t.timer = x.timer(t, x.now.Add(time.Duration(delay*float64(time.Second))))
		return true
	}
	return false
}

// delay returns the seconds before the retry that n others went before.
func (r *retrier) delay(n int) float64 {
	d := r.interval * math.Pow(r.rate, float64(n))
	if r.maxDelay > 0 {
		d = min(d, r.maxDelay)
	}
	return min(d, maxSeconds)
}

// catch moves on to the state of the first catcher that matches.
func (x *Execution) catch(t *thread, f *fault) bool {
	for i, c := range t.state.catchers {
		if !matchesAny(c.errors, f) {
			continue
		}
		x.probe.caught(i, f)
		output := f.output()
		joined, err := pathFlow{resultPath: c.resultPath, discard: c.discard}.join(t.input, output)
		if err != nil {
			g := asFault(err).where(t.state.name, t.enteredID)
			x.end(StatusFailed, Value{}, g.name, g.cause)
			return true
		}
		x.leaveTo(t, c.next, joined, c.assign, output)
		return true
	}
	return false
}

// output is what a catcher makes of a failure.
func (f *fault) output() Value {
	return ObjectValue(Member{"Error", StringValue(f.name)}, Member{"Cause", StringValue(f.cause)})
}

// errors compiles Retry and Catch.
func (g *graphCompiler) errors(n node, s *state) {
	if list := g.list(n, "Retry"); list.kind == Array {
		for i := range list.Elements() {
			s.retriers = append(s.retriers, g.retrier(list.index(i), i == list.Len()-1))
		}
	}
	if list := g.list(n, "Catch"); list.kind == Array {
		s.catchers = make([]catcher, list.Len())
		for i := range list.Elements() {
			g.catcher(list.index(i), i == list.Len()-1, s, &s.catchers[i])
		}
	}
}

func (g *graphCompiler) list(n node, name string) node {
	f := n.get(name)
	if f.kind != Absent && f.kind != Array {
		g.schema(f.at, "Expected value of type Array")
		return node{at: f.at}
	}
	return f
}

func (g *graphCompiler) errorNames(n node, last bool) []string {
	f := n.get("ErrorEquals")
	var names []string
	for i, e := range f.Elements() {
		if e.kind != String {
			g.schema(f.index(i).at, "Expected value of type String")
		}
		names = append(names, e.text)
	}
	switch {
	case f.kind != Array:
		g.schema(f.at, "Expected value of type Array")
	case len(names) == 0:
		g.schema(f.at, "Value cannot be empty")
	case slices.Contains(names, ErrorAll) && len(names) > 1:
		g.schema(f.at, "States.ALL must appear alone")
	case slices.Contains(names, ErrorAll) && !last:
		g.schema(f.at, "States.ALL must appear in the last element")
	}
	return names
}

func (g *graphCompiler) retrier(n node, last bool) retrier {
	if !g.require(n, "ErrorEquals") {
		return retrier{}
	}
	g.only(n, func(name string) bool {
		return slices.Contains([]string{"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment"}, name)
	})
	r := retrier{
		errors:   g.errorNames(n, last),
		interval: float64(g.integer(n, "IntervalSeconds", 1, 0, maxSeconds)),
		attempts: g.integer(n, "MaxAttempts", 3, 0, maxSeconds),
		rate:     g.number(n, "BackoffRate", 2, 1),
		maxDelay: float64(g.integer(n, "MaxDelaySeconds", 0, 1, 31_622_400)),
	}
	switch strategy := g.text(n, "JitterStrategy"); strategy {
	case "FULL":
		r.jitter = true
	case "", "NONE":
	default:
		g.schema(n.at+"/JitterStrategy", "Value is not one of the allowed values: [FULL, NONE]")
	}
	return r
}

func (g *graphCompiler) catcher(n node, last bool, s *state, c *catcher) {
	if !g.require(n, "ErrorEquals", "Next") {
		return
	}
	g.only(n, func(name string) bool {
		return slices.Contains([]string{"ErrorEquals", "Next", "ResultPath", "Assign", "Output", "Comment"}, name)
	})
	c.errors = g.errorNames(n, last)
	g.target(s, n, "Next", &c.next)
	if n.has("Output") {
		return // of another language
	}
	c.resultPath, c.discard = g.resultPath(n)
	c.assign = g.assign(n)
}
