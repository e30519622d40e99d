package egress

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func given(turn chan struct{}) bool {
	select {
	case <-turn:
		return true
	default:
		return false
	}
}

func TestLane(t *testing.T) {
	l := &lane{limit: 2}
	if first, second := l.ask(), l.ask(); first != nil || second != nil {
		t.Fatal("two places are not given at once")
	}
	a, b, c := l.ask(), l.ask(), l.ask()
	if !l.withdraw(b) || l.withdraw(b) {
		t.Error("a waiting turn is withdrawn once")
	}
	l.free()
	if !given(a) || given(c) {
		t.Error("the first in the queue is not the next")
	}
	if l.withdraw(a) {
		t.Error("a given turn was still waiting")
	}
	l.free()
	if !given(c) || l.idle() {
		t.Error("the second in the queue is passed over")
	}
	l.free()
	l.free()
	if !l.idle() {
		t.Errorf("not idle: %+v", l)
	}
}

func TestLanesInOrderWithGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			s     lanes
			wg    sync.WaitGroup
			order []int
			at    []time.Duration
			begin = time.Now()
		)
		for i := range 5 {
			wg.Go(func() {
				if err := s.enter(t.Context(), "k", 1); err != nil {
					t.Error(err)
				}
				order, at = append(order, i), append(at, time.Since(begin))
				time.Sleep(time.Second)
				s.leave("k", 2*time.Second)
			})
			synctest.Wait()
		}
		wg.Wait()
		if want := []int{0, 1, 2, 3, 4}; !slices.Equal(order, want) {
			t.Errorf("order %v, want %v", order, want)
		}
		if want := []time.Duration{0, 3e9, 6e9, 9e9, 12e9}; !slices.Equal(at, want) {
			t.Errorf("begun at %v, want %v", at, want)
		}
		time.Sleep(3 * time.Second)
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.m) != 0 {
			t.Errorf("%d lanes are kept for nobody", len(s.m))
		}
	})
}

func TestLanesCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s lanes
		_ = s.enter(t.Context(), "k", 1)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.enter(ctx, "k", 1) }()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		s.leave("k", 0)
		if err := s.enter(t.Context(), "k", 1); err != nil || len(s.m) != 1 {
			t.Errorf("the place is lost: %v, %v", err, s.m)
		}
	})
}
