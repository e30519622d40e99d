package local

import (
	"context"
	"sync"
	"time"
)

// pool does tasks, a bounded number at a time, taking turns between executions:
// three tasks queued behind ten thousand of another run start at once. So that
// this holds while the others hang, one execution may not fill the last eighth
// of the workers. A worker is a goroutine that lives while there is work.
type pool struct {
	do    func(context.Context, *task)
	limit int // workers
	share int // of one execution

	mu      sync.Mutex
	ctx     context.Context // of all tasks
	cancel  context.CancelFunc
	ring    []*lane // lanes whose next task may start, in turn
	workers int
	stopped bool
	idle    chan struct{} // closed when stopped and no worker is left
}

// lane is the queue of one execution. The pool's lock guards it.
type lane struct {
	queue   []*task
	running int
	listed  bool // in the ring
}

func newPool(limit int, do func(context.Context, *task)) *pool {
	p := &pool{do: do, limit: limit, share: limit - limit/8, idle: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// add queues tasks of one execution.
func (p *pool) add(l *lane, tasks ...*task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.queue = append(l.queue, tasks...)
	p.list(l)
	p.staff()
}

// list gives l a turn if it may have one.
func (p *pool) list(l *lane) {
	if !l.listed && len(l.queue) > 0 && l.running < p.share {
		l.listed = true
		p.ring = append(p.ring, l)
	}
}

func (p *pool) staff() {
	for p.workers < p.limit {
		t := p.next()
		if t == nil {
			return
		}
		p.workers++
		go p.worker(t)
	}
}

func (p *pool) worker(t *task) {
	defer func() {
		if t == nil {
			return
		}
		// The handler has ended this goroutine (runtime.Goexit).
		if t = p.finished(t); t != nil {
			go p.worker(t)
		}
	}()
	for t != nil {
		p.do(t.ctx, t)
		t = p.finished(t)
	}
}

// next takes the next task in turn.
func (p *pool) next() *task {
	for len(p.ring) > 0 && !p.stopped {
		l := p.ring[0]
		p.ring = p.ring[1:]
		l.listed = false
		var t *task
		for len(l.queue) > 0 && t == nil {
			if !l.queue[0].cancelled {
				t = l.queue[0]
				l.running++
			}
			l.queue[0] = nil
			l.queue = l.queue[1:]
		}
		p.list(l)
		if t != nil {
			t.ctx, t.cancel = context.WithCancel(p.ctx)
			return t
		}
	}
	return nil
}

func (p *pool) finished(t *task) *task {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.cancel()
	t.lane().running--
	p.list(t.lane())
	next := p.next()
	if next == nil {
		p.workers--
		if p.stopped && p.workers == 0 {
			close(p.idle)
		}
	}
	return next
}

// drop cancels a task that runs and forgets one that waits.
func (p *pool) drop(t *task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.cancelled = true
	if t.cancel != nil {
		t.cancel()
	}
}

// stop lets no further task start.
func (p *pool) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return
	}
	p.stopped = true
	if p.workers == 0 {
		close(p.idle)
	}
}

// cancelAll cancels the tasks in hand.
func (p *pool) cancelAll() { p.cancel() }

// interrupted reports whether tasks have been cancelled because the runtime
// closes, so that their failures mean nothing.
func (p *pool) interrupted() bool { return p.ctx.Err() != nil }

// wait reports whether, after stop, the last task has ended within d.
func (p *pool) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.idle:
		return true
	default:
	}
	select {
	case <-p.idle:
		return true
	case <-timer.C:
		return false
	}
}

func (p *pool) busy() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.workers
}
