package app

import (
	"cmp"
	"context"
	"net"
	"strconv"
	"time"

	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/schedule"
	"github.com/coranto/coranto/internal/sqlite"
)

// PlannedServe is what serve would do, if it began now.
type PlannedServe struct {
	Listen    string        `json:"listen"`
	Schedules []PlannedTick `json:"schedules"`
	Warnings  []string      `json:"warnings,omitempty"`
}

// PlannedTick is a schedule and when it is next due.
type PlannedTick struct {
	Workflow string    `json:"workflow"`
	At       string    `json:"at"`
	Next     time.Time `json:"next"`
}

// PlanServe checks all that serve needs: configuration, theme and address. It
// tells when what would run; an address that is given wins over the
// configuration's, and that over the usual one.
func PlanServe(ctx context.Context, dir, given, usual string, o Options) (PlannedServe, error) {
	o.defaults()
	l, cfg, trusted, err := look(dir)
	if err != nil {
		return PlannedServe{}, err
	}
	if _, err := Validate(ctx, dir); err != nil {
		return PlannedServe{}, err
	}
	p := PlannedServe{Listen: cmp.Or(given, cfg.Host.Listen, usual), Schedules: []PlannedTick{}}
	if !trusted {
		p.Warnings = append(p.Warnings, "zones, tasks, workflows and receivers of this site have no effect until they are trusted: read them, then run `coranto trust`")
	}
	listener, err := net.Listen("tcp", p.Listen)
	if err != nil {
		return p, &ListenError{p.Listen, err}
	}
	listener.Close()
	p.Schedules, err = l.ticks(ctx, cfg, o.Now())
	return p, err
}

// ListenError is an address that cannot be listened on.
type ListenError struct {
	Address string
	Err     error
}

func (e *ListenError) Error() string { return e.Err.Error() }
func (e *ListenError) Unwrap() error { return e.Err }

// ticks tells when each schedule is next due.
func (l Layout) ticks(ctx context.Context, cfg *config.Config, now time.Time) ([]PlannedTick, error) {
	var facts *catalog.Catalog
	if exists(l.database()) {
		db, err := sqlite.Open(l.database(), sqlite.Options{ReadOnly: true})
		if err != nil {
			return nil, err
		}
		defer db.Close()
		facts = catalog.View(db)
	}
	out := []PlannedTick{}
	for i, s := range cfg.Schedules {
		at, err := schedule.Parse(s.At, s.Timezone)
		if err != nil {
			return nil, err
		}
		next := now
		if facts != nil {
			last, err := facts.Fact(ctx, tickFact(i, s))
			if err != nil {
				return nil, err
			}
			if then, err := time.Parse(time.RFC3339Nano, last); err == nil {
				next = at.Next(then)
			}
		}
		out = append(out, PlannedTick{cmp.Or(s.Workflow, "aggregate"), s.At, next.UTC().Truncate(time.Second)})
	}
	return out, nil
}

// tickFact remembers when a schedule was last due.
func tickFact(i int, s config.Schedule) string { return "schedule." + strconv.Itoa(i) + "." + s.At }
