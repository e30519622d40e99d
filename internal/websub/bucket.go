package websub

import "time"

// A hub may tell of much at once, but not for long: what is beyond is answered
// with 429, and its hub tries again (section 7).
const (
	burst  = 30
	refill = 2 * time.Second
)

// bucket holds the messages that may come still. Its zero value is full.
type bucket struct {
	spent int
	at    time.Time
}

func (b *bucket) take(now time.Time) bool {
	if back := int(now.Sub(b.at) / refill); back > 0 || b.at.IsZero() {
		b.spent = max(0, b.spent-back)
		b.at = now
	}
	if b.spent >= burst {
		return false
	}
	b.spent++
	return true
}
