package main

import (
	"fmt"
	"time"
)

// ago says how long something is past, as people do: "3m", "2h", "5d".
func ago(now, then time.Time) string {
	if then.IsZero() {
		return "-"
	}
	return span(now.Sub(then)) + " ago"
}

// until says how long something is off.
func until(now, then time.Time) string {
	switch {
	case then.IsZero():
		return "-"
	case !then.After(now):
		return "due"
	}
	return "in " + span(then.Sub(now))
}

func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// now is the clock of the commands.
func (c *cli) now() time.Time {
	if now := c.options().Now; now != nil {
		return now()
	}
	return time.Now()
}
