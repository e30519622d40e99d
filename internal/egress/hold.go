package egress

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxHold bounds what a server can ask for: by mistake or malice it may be
// years, and on a shared origin that would silence its neighbours too.
const maxHold = 7 * 24 * time.Hour

// retryAfter reads the header of that name (RFC 9110, 10.2.3): seconds or a
// date. It returns 0 for none, unreadable or past ones, and at most maxHold.
func retryAfter(v string, now time.Time) time.Duration {
	v = strings.TrimSpace(v)
	if v == "" {
		return 0
	}
	if s, _, ok := strings.Cut(v, "."); ok && isDigits(s) {
		v = s // "120.5" is seen in the wild
	}
	if isDigits(v) {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n > int64(maxHold/time.Second) {
			return maxHold
		}
		return time.Duration(n) * time.Second
	}
	t, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	return max(0, min(t.Sub(now), maxHold))
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// memoryHolds is the Holds of a Client that is given none.
type memoryHolds struct {
	now func() time.Time
	mu  sync.Mutex
	m   map[string]time.Time
}

func (h *memoryHolds) Hold(_ context.Context, key string, until time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.m == nil {
		h.m = map[string]time.Time{}
	}
	if len(h.m) >= 1024 {
		now := h.now()
		for k, t := range h.m {
			if !t.After(now) {
				delete(h.m, k)
			}
		}
	}
	h.m[key] = until
	return nil
}

func (h *memoryHolds) Held(_ context.Context, key string) (time.Time, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.m[key], nil
}
