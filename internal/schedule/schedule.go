// Package schedule reads the schedule expressions of EventBridge, rate(…) and
// cron(…), and says when they are due.
//
// It holds no clock and starts nothing: times come in, times go out. On top of
// the service's language it takes rates in seconds.
package schedule

import "time"

// Schedule says when something is due.
type Schedule interface {
	// Next returns the first time after the given one, whole seconds, or the
	// zero time when there is none. A rate counts from the time given; a cron
	// expression looks at the clock of its zone.
	Next(after time.Time) time.Time
	// String returns the expression, in its normal form.
	String() string
}

// Due reports whether a tick lies in (last, now]: however many were missed,
// there is one run to start. A zero last is due at once.
func Due(s Schedule, last, now time.Time) bool {
	if last.IsZero() {
		return true
	}
	next := s.Next(last)
	return !next.IsZero() && !next.After(now)
}
