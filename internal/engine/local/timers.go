package local

import (
	"container/heap"
	"time"
)

// timer is one that an execution waits for. It lives as long as the journal
// says so: after a restart it is made again, and fires at once if its time has
// passed meanwhile.
type timer struct {
	run   *run
	id    uint64
	at    time.Time
	index int // in the heap, -1 when not in it
}

// timers is a heap, the earliest first; of the same time, in the order of their
// making.
type timers []*timer

func (h timers) Len() int { return len(h) }

func (h timers) Less(i, j int) bool {
	if c := h[i].at.Compare(h[j].at); c != 0 {
		return c < 0
	}
	if h[i].run.key != h[j].run.key {
		return h[i].run.key < h[j].run.key
	}
	return h[i].id < h[j].id
}

func (h timers) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *timers) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}

// Pop implements heap.Interface.
func (h *timers) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}

func (h *timers) add(t *timer) { heap.Push(h, t) }

func (h *timers) remove(t *timer) {
	if t.index >= 0 {
		heap.Remove(h, t.index)
	}
}

// due takes the next timer whose time has come, nil when there is none.
func (h *timers) due(now time.Time) *timer {
	if len(*h) == 0 || (*h)[0].at.After(now) {
		return nil
	}
	return heap.Pop(h).(*timer)
}

// longestSleep bounds how late a timer can be after the machine was asleep:
// the clock that timers of Go use may stand still meanwhile.
const longestSleep = time.Minute

// sleep is how long the loop may wait if nothing else happens.
func (h timers) sleep(now time.Time) time.Duration {
	if len(h) == 0 {
		return longestSleep
	}
	return min(max(h[0].at.Sub(now), 0), longestSleep)
}
