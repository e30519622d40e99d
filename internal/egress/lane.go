package egress

import (
	"context"
	"sync"
	"time"
)

// lane is the queue before one thing that takes a limited number at a time: an
// origin, a domain, an address, the whole client. It only decides; lanes waits.
type lane struct {
	limit int
	used  int
	queue []chan struct{}
}

// ask takes a place, or returns the turn to wait for: it is closed when a place
// is given.
func (l *lane) ask() (turn chan struct{}) {
	if l.used < l.limit && len(l.queue) == 0 {
		l.used++
		return nil
	}
	turn = make(chan struct{})
	l.queue = append(l.queue, turn)
	return turn
}

// withdraw leaves the queue and reports whether the turn was still waiting.
func (l *lane) withdraw(turn chan struct{}) bool {
	for i, t := range l.queue {
		if t == turn {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			return true
		}
	}
	return false
}

// free gives a place back, to those who wait first.
func (l *lane) free() {
	l.used--
	for l.used < l.limit && len(l.queue) > 0 {
		l.used++
		close(l.queue[0])
		l.queue[0] = nil
		l.queue = l.queue[1:]
	}
}

func (l *lane) idle() bool { return l.used == 0 && len(l.queue) == 0 }

// Manners is what Clients know of each other's requests: who is asked now, who
// was a moment ago, and who waits for a turn. Clients that share it are as
// polite together as one is alone: a Client with changed options takes over
// from the old one so. Limits are those of the Client that asks.
type Manners struct {
	// Entered in this order, left in any: whoever waits for one holds places
	// only on those before it, so nobody waits in a circle.
	origins, domains, addresses, all lanes
}

// NewManners makes manners for Clients to share.
func NewManners() *Manners { return &Manners{} }

// lanes keeps a lane a key for as long as somebody is on it.
type lanes struct {
	mu sync.Mutex
	m  map[string]*lane
}

// enter waits for a place on the lane of key.
func (s *lanes) enter(ctx context.Context, key string, limit int) error {
	s.mu.Lock()
	l := s.m[key]
	if l == nil {
		if s.m == nil {
			s.m = map[string]*lane{}
		}
		l = &lane{}
		s.m[key] = l
	}
	l.limit = limit
	turn := l.ask()
	s.mu.Unlock()
	if turn == nil {
		return nil
	}
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	if !l.withdraw(turn) {
		l.free() // it was given in this very moment
	}
	if l.idle() {
		delete(s.m, key)
	}
	s.mu.Unlock()
	return context.Cause(ctx)
}

// leave gives the place back once cool has passed.
func (s *lanes) leave(key string, cool time.Duration) {
	if cool > 0 {
		time.AfterFunc(cool, func() { s.leave(key, 0) })
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.m[key]
	l.free()
	if l.idle() {
		delete(s.m, key)
	}
}
