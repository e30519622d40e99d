package feed

import (
	"strconv"
	"strings"
	"time"

	"github.com/coranto/coranto"
)

// Gap is the mean time between entries, by their dates; 0 where it cannot be
// told: fewer than two are dated, or all within an hour, as where a feed dates
// everything by when it was asked.
func Gap(entries []coranto.Entry) time.Duration {
	var first, last time.Time
	n := 0
	for _, e := range entries {
		if e.Published.IsZero() {
			continue
		}
		if n == 0 || e.Published.Before(first) {
			first = e.Published
		}
		if n == 0 || e.Published.After(last) {
			last = e.Published
		}
		n++
	}
	if n < 2 || last.Sub(first) < time.Hour {
		return 0
	}
	return last.Sub(first) / time.Duration(n-1)
}

var periods = map[string]time.Duration{
	"hourly": time.Hour, "daily": 24 * time.Hour, "weekly": 7 * 24 * time.Hour, "monthly": 30 * 24 * time.Hour, "yearly": 365 * 24 * time.Hour,
}

// Every is how long the feed says that it need not be asked again: ttl of RSS,
// or sy:updatePeriod and sy:updateFrequency (the longer, where both are there);
// 0 where it does not say, at most a month.
func (i Info) Every() time.Duration {
	var every time.Duration
	if n, err := strconv.Atoi(strings.TrimSpace(i.TTL)); err == nil && n > 0 {
		every = time.Duration(min(n, 31*24*60)) * time.Minute
	}
	period, ok := periods[strings.ToLower(strings.TrimSpace(i.Period))]
	if !ok {
		return every
	}
	if n, err := strconv.Atoi(strings.TrimSpace(i.Frequency)); err == nil && n > 0 {
		period /= time.Duration(n)
	}
	return max(every, min(period, 31*24*time.Hour))
}
