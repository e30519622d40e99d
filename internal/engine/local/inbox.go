package local

import (
	"sync"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
)

// message is something that happened, on its way to the loop. One of task, id,
// token, start, redrive and blob says to what.
type message struct {
	task    *task              // by a worker
	id      engine.ExecutionID // of a running execution
	token   string             // of a callback task
	start   *start
	redrive *redrive
	blob    *blob  // to be kept, with nothing else; id names the execution it belongs to, if any
	timer   *timer // that has fired
	event   asl.Event
	handed  bool         // a callback task's handler has returned
	stored  storedValue  // of event.Output or start.input
	reply   chan<- error // buffered; nil when nobody waits
}

type start struct {
	req     engine.StartRequest
	machine *asl.Machine
	input   asl.Value
	limits  string // as JSON
	seed    uint64
}

// size is roughly what m holds in memory.
func (m *message) size() int {
	n := 256 + m.event.Output.Size() + len(m.event.Cause)
	if m.blob != nil {
		n += len(m.blob.body)
	}
	return n
}

// inboxBytes is what may wait for the loop; beyond it workers wait too, or ten
// thousand large results would pile up behind a slow disk.
const inboxBytes = 32 << 20

// inbox gathers what happens while the loop writes what happened before.
type inbox struct {
	mu      sync.Mutex
	space   sync.Cond
	waiting []message
	bytes   int
	refused bool // from outside
	done    bool // from anybody; the loop ends once it has taken the rest
	wake    chan struct{}
}

func newInbox() *inbox {
	in := &inbox{wake: make(chan struct{}, 1)}
	in.space.L = &in.mu
	return in
}

// put adds m, and reports false when the runtime takes no more.
func (in *inbox) put(m message) bool {
	n := m.size()
	in.mu.Lock()
	defer in.mu.Unlock()
	for in.bytes > inboxBytes && !in.refuses(&m) {
		in.space.Wait()
	}
	if in.refuses(&m) {
		return false
	}
	in.waiting = append(in.waiting, m)
	in.bytes += n
	in.signal()
	return true
}

func (in *inbox) refuses(m *message) bool {
	return in.done || in.refused && m.task == nil && m.blob == nil
}

func (in *inbox) signal() {
	select {
	case in.wake <- struct{}{}:
	default:
	}
}

// take empties the inbox into a slice whose room is used again; last says that
// nothing will ever follow.
func (in *inbox) take(into []message) (got []message, last bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	got, in.waiting = in.waiting, into[:0]
	in.bytes = 0
	in.space.Broadcast()
	return got, in.done
}

// refuse makes put take results of tasks only.
func (in *inbox) refuse() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.refused = true
	in.space.Broadcast()
}

// finish makes put take nothing any more.
func (in *inbox) finish() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.done = true
	in.space.Broadcast()
	in.signal()
}
