package diagram

import (
	"strings"

	"github.com/coranto/coranto/asl"
)

// Run is what happened in an execution, by state and by transition. Names of
// states are unique in a definition.
type Run struct {
	Status asl.Status
	States map[string]*Tally
	Passed map[[2]string]int // transitions taken, from and to
}

// Tally counts what became of a state.
type Tally struct {
	Entered   int
	Succeeded int
	Caught    int // failed, and a Catch led on
	Failed    int
	Aborted   int // was under way when something else ended it
	Running   int
	Retries   int
	Error     string // the last

	// Of a Map: its items.
	Items, ItemsDone, ItemsFailed, ItemsRunning int
}

// Follow counts what a history tells.
func Follow(history []asl.HistoryEvent, status asl.Status) *Run {
	f := NewFollower()
	for _, e := range history {
		f.Add(e)
	}
	return f.Run(status)
}

// Follower counts events as they come, in order.
type Follower struct {
	run  Run
	inst map[int64]*instance // by event: the visit it belongs to
}

// instance is one visit of a state.
type instance struct {
	state   string
	failed  bool // its newest event is a failure
	done    bool
	ended   func(*Tally) *int // what counts it, when it was failed or aborted
	started int               // times its task was begun
	outer   *instance
	from    string // the state it came from
}

// NewFollower returns one that has seen nothing.
func NewFollower() *Follower {
	return &Follower{run: Run{States: map[string]*Tally{}, Passed: map[[2]string]int{}}, inst: map[int64]*instance{}}
}

func (f *Follower) tally(state string) *Tally {
	t := f.run.States[state]
	if t == nil {
		t = &Tally{}
		f.run.States[state] = t
	}
	return t
}

// Add takes the next event.
func (f *Follower) Add(e asl.HistoryEvent) {
	prev := f.inst[e.Prev]
	switch {
	case strings.HasSuffix(e.Type, "StateEntered"):
		at := &instance{state: e.Name}
		if prev != nil {
			at.outer = prev
			if prev.done {
				at.outer, at.from = prev.outer, prev.state
			}
		}
		if at.from != "" {
			f.run.Passed[[2]string{at.from, e.Name}]++
		}
		t := f.tally(e.Name)
		t.Entered++
		t.Running++
		f.inst[e.ID] = at
		return
	case strings.HasSuffix(e.Type, "StateExited"):
		if prev != nil && prev.state != e.Name { // of a Map or Parallel: its last item came before
			for prev != nil && prev.state != e.Name {
				prev = prev.outer
			}
		}
		f.revive(prev)
		if prev != nil && !prev.done {
			prev.done = true
			t := f.tally(e.Name)
			t.Running--
			if prev.failed {
				t.Caught++
			} else {
				t.Succeeded++
			}
		}
	case strings.HasPrefix(e.Type, "MapIteration"):
		prev = f.item(e, prev)
	case e.Type == "MapStateStarted":
		if prev != nil {
			f.tally(prev.state).Items += e.Length
		}
	case e.Type == "ExecutionRedriven":
		for _, t := range f.run.States {
			t.ItemsRunning, t.ItemsFailed = 0, 0 // those begin again
		}
	case strings.HasPrefix(e.Type, "Execution"):
		if strings.HasSuffix(e.Type, "Failed") || strings.HasSuffix(e.Type, "TimedOut") {
			for p := prev; p != nil; p = p.outer {
				f.fail(p, e.Error)
			}
		}
	default:
		f.work(e, prev)
	}
	f.inst[e.ID] = prev
}

// work counts what happens within a visit.
func (f *Follower) work(e asl.HistoryEvent, at *instance) {
	if at == nil {
		return
	}
	switch {
	case strings.HasSuffix(e.Type, "Scheduled"):
		f.revive(at)
		if at.started++; at.started > 1 {
			f.tally(at.state).Retries++
		}
		at.failed = false
	case strings.HasSuffix(e.Type, "Failed"), strings.HasSuffix(e.Type, "TimedOut"):
		for at.done && at.outer != nil {
			at = at.outer
		}
		at.failed = true
		f.tally(at.state).Error = e.Error
	case strings.HasSuffix(e.Type, "Aborted"):
		if at.failed { // that is how the state ends whose failure nobody caught
			f.fail(at, e.Error)
		} else {
			f.abort(at)
		}
	case strings.HasSuffix(e.Type, "Succeeded"):
		at.failed = false
	}
}

func (f *Follower) fail(at *instance, name string) {
	if at.done {
		return
	}
	at.done = true
	at.ended = func(t *Tally) *int { return &t.Failed }
	t := f.tally(at.state)
	t.Running--
	t.Failed++
	if name != "" {
		t.Error = name
	}
}

func (f *Follower) abort(at *instance) {
	if !at.done {
		at.done = true
		at.ended = func(t *Tally) *int { return &t.Aborted }
		t := f.tally(at.state)
		t.Running--
		t.Aborted++
	}
}

// revive takes back the end of a visit that goes on in a redrive.
func (f *Follower) revive(at *instance) {
	for ; at != nil && at.ended != nil; at = at.outer {
		t := f.tally(at.state)
		*at.ended(t)--
		t.Running++
		at.done, at.failed, at.ended = false, false, nil
	}
}

// item counts an item of a Map and returns the visit that goes on.
func (f *Follower) item(e asl.HistoryEvent, prev *instance) *instance {
	t := f.tally(e.Name)
	own := prev
	for own != nil && own.state != e.Name {
		own = own.outer
	}
	inner := func(end func(*instance)) {
		for p := prev; p != nil && p != own; p = p.outer {
			end(p)
		}
	}
	switch strings.TrimPrefix(e.Type, "MapIteration") {
	case "Started":
		f.revive(prev)
		t.ItemsRunning++
	case "Succeeded":
		t.ItemsRunning--
		t.ItemsDone++
	case "Failed":
		t.ItemsRunning--
		t.ItemsFailed++
		inner(func(p *instance) { f.fail(p, e.Error) })
	case "Aborted":
		t.ItemsRunning--
		inner(f.abort)
	}
	return own
}

// Run is what has happened so far. What was under way when an execution ended
// was aborted.
func (f *Follower) Run(status asl.Status) *Run {
	r := Run{Status: status, States: map[string]*Tally{}, Passed: f.run.Passed}
	for name, t := range f.run.States {
		c := *t
		if status != asl.StatusRunning {
			if c.Running > 0 && status == asl.StatusFailed && c.Error != "" {
				c.Failed += c.Running
			} else {
				c.Aborted += c.Running
			}
			c.Running, c.ItemsRunning = 0, 0
		}
		r.States[name] = &c
	}
	return &r
}

// The looks of a state.
const (
	lookPlain     = "plain"
	lookSucceeded = "succeeded"
	lookFailed    = "failed"
	lookCaught    = "caught"
	lookRunning   = "running"
	lookAborted   = "aborted"
	lookUnseen    = "unseen"
)

// look is what a state is coloured by: the worst that became of it, and before
// all what still goes on.
func (r *Run) look(n *node) string {
	if r == nil {
		return lookPlain
	}
	t := r.States[n.name]
	switch {
	case n.kind == kindStart:
		return lookSucceeded
	case n.kind == kindEnd:
		switch r.Status {
		case asl.StatusSucceeded:
			return lookSucceeded
		case asl.StatusRunning:
			return lookUnseen
		}
		return lookFailed
	case t == nil || t.Entered == 0:
		return lookUnseen
	case t.Running > 0:
		return lookRunning
	case t.Failed > 0 || n.kind == "Fail":
		return lookFailed
	case t.Caught > 0 || t.ItemsFailed > 0:
		return lookCaught
	case t.Succeeded == 0:
		return lookAborted
	}
	return lookSucceeded
}
