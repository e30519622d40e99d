package host

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	recentMax = 32              // releases kept besides the current one
	recentFor = 2 * time.Minute // since they were replaced, counted when the next one is
)

// recent remembers the releases that were live a moment ago, for the assets of
// pages that were sent from them.
type recent struct {
	now  func() time.Time
	last atomic.Pointer[seen] // the current one
	mu   sync.Mutex
	old  atomic.Pointer[[]seen] // newest first
}

type seen struct {
	rel      Release
	replaced time.Time
}

// see takes note of the release that is current.
func (c *recent) see(rel Release) {
	if s := c.last.Load(); s != nil && s.rel.ID() == rel.ID() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.last.Load()
	if was != nil && was.rel.ID() == rel.ID() {
		return
	}
	if was == nil {
		c.last.Store(&seen{rel: rel})
		return
	}
	now := c.now()
	list := []seen{{was.rel, now}}
	if old := c.old.Load(); old != nil {
		for _, s := range *old {
			if len(list) < recentMax && now.Sub(s.replaced) < recentFor && s.rel.ID() != rel.ID() {
				list = append(list, s)
			}
		}
	}
	// In this order: who finds rel to be known must find the one before it, too.
	c.old.Store(&list)
	c.last.Store(&seen{rel: rel})
}

// lookup finds a file in what was live lately.
func (c *recent) lookup(path string) (Release, File, bool) {
	old := c.old.Load()
	if old == nil {
		return nil, File{}, false
	}
	for _, s := range *old {
		if f, ok := s.rel.Lookup(path); ok {
			return s.rel, f, true
		}
	}
	return nil, File{}, false
}
