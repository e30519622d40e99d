package egress

import (
	"context"
	"errors"
	"time"
)

// limit is the time a hop has. Unlike a deadline it can be stopped for a while.
type limit struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	left   time.Duration
	since  time.Time
	paused time.Duration
}

func newLimit(ctx context.Context, d time.Duration) *limit {
	l := &limit{left: d, since: time.Now()}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	l.timer = time.AfterFunc(d, func() { l.cancel(context.DeadlineExceeded) })
	return l
}

func (l *limit) end() {
	l.timer.Stop()
	l.cancel(nil)
}

// pause does something that takes no time of the hop.
func (l *limit) pause(do func() error) error {
	if !l.timer.Stop() {
		return context.DeadlineExceeded
	}
	stopped := time.Now()
	l.left -= stopped.Sub(l.since)
	err := do()
	l.since = time.Now()
	l.paused += l.since.Sub(stopped)
	l.timer.Reset(max(l.left, 0))
	return err
}

// cause says of an error of the network whether it came because the time was up.
func (l *limit) cause(err error) error {
	if errors.Is(context.Cause(l.ctx), context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return err
}
