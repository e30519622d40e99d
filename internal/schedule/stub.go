package schedule

import "time"

// Parse reads an expression; times of cron(…) are those of zone, nil: UTC.
func Parse(expr string, zone *time.Location) (Schedule, error) { panic("soon") }
