package schedule

import "time"

// Next walks over the days of the local calendar. Where clocks are put forward,
// a time that does not exist runs at the first moment after the gap, once
// however many fall into it; where they are put back, a time that comes twice
// runs the first time. An expression for every hour is about elapsed time
// instead: it neither makes up for the hour that is missing nor skips the one
// that is repeated.
func (c *cron) Next(after time.Time) time.Time {
	after = after.In(c.zone)
	y, m, d := after.Date()
	day := time.Date(y, m, d-2, 0, 0, 0, 0, time.UTC) // a gap may be as long as a day
	if y := day.Year(); y < firstYear {
		day = time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	for day.Year() <= lastYear {
		y, m, d := day.Date()
		switch {
		case !c.year.has(y - firstYear):
			day = time.Date(y+1, 1, 1, 0, 0, 0, 0, time.UTC)
			continue
		case !c.month.has(int(m)):
			day = time.Date(y, m+1, 1, 0, 0, 0, 0, time.UTC)
			continue
		}
		if c.matchDay(y, m, d) {
			if t := c.firstOn(y, m, d, after); !t.IsZero() {
				return t
			}
		}
		day = day.AddDate(0, 0, 1)
	}
	return time.Time{}
}

// firstOn returns the earliest tick of one local day that is after a time.
func (c *cron) firstOn(y int, m time.Month, d int, after time.Time) (first time.Time) {
	steady := c.steady(y, m, d)
	for h := range 24 {
		if !c.hour.has(h) {
			continue
		}
		for mi := range 60 {
			if !c.minute.has(mi) {
				continue
			}
			if steady {
				if t := time.Date(y, m, d, h, mi, 0, 0, c.zone); t.After(after) {
					return t
				}
				continue
			}
			for _, t := range c.ticks(time.Date(y, m, d, h, mi, 0, 0, time.UTC)) {
				if t.After(after) && (first.IsZero() || t.Before(first)) {
					first = t
				}
			}
		}
	}
	return first
}

// steady reports that no clock is moved around a day.
func (c *cron) steady(y int, m time.Month, d int) bool {
	noon := time.Date(y, m, d, 12, 0, 0, 0, c.zone)
	start, end := noon.ZoneBounds()
	const margin = 40 * time.Hour
	return (start.IsZero() || noon.Sub(start) > margin) && (end.IsZero() || end.Sub(noon) > margin)
}

// ticks returns the moments at which a local time, written as if it were UTC,
// runs: one, or two for an expression of every hour, or none.
func (c *cron) ticks(wall time.Time) []time.Time {
	everyHour := c.hour[0]&(1<<24-1) == 1<<24-1
	var out []time.Time
	// Walk over the zones that are in force around the time.
	for at := wall.Add(-40 * time.Hour).In(c.zone); ; {
		_, offset := at.Zone()
		start, end := at.ZoneBounds()
		t := wall.Add(-time.Duration(offset) * time.Second).In(c.zone)
		if (start.IsZero() || !t.Before(start)) && (end.IsZero() || t.Before(end)) {
			out = append(out, t)
		}
		if end.IsZero() || end.After(wall.Add(40*time.Hour)) {
			break
		}
		_, next := end.Zone()
		inGap := !wall.Before(end.Add(time.Duration(offset)*time.Second).UTC()) && wall.Before(end.Add(time.Duration(next)*time.Second).UTC())
		if inGap && !everyHour {
			out = append(out, end)
		}
		at = end
	}
	if len(out) > 1 && !everyHour {
		out = out[:1]
	}
	return out
}
