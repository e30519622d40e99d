package egress

import (
	"context"
	"fmt"
	"net/netip"
	"time"
)

// pass is the right to send one request: places on four lanes.
type pass struct {
	t       *trip
	origin  string
	domain  string
	address netip.Addr
	global  bool
	waited  time.Duration
	sent    bool
	slow    bool // the server is overburdened
}

// leave gives the places back, the origin's after gap.
func (p *pass) leave(gap time.Duration) {
	c := p.t.c
	if p.global {
		c.manners.all.leave("", 0)
	}
	if p.address.IsValid() {
		c.manners.addresses.leave(p.address.String(), 0)
	}
	if p.domain != "" {
		c.manners.domains.leave(p.domain, 0)
	}
	if !p.sent {
		gap = 0
	} else if p.slow {
		gap *= 5
	}
	c.manners.origins.leave(p.origin, gap)
}

// admit waits until the hop may go on the wire. Only the lookup counts as time
// of the request.
func (t *trip) admit(ctx context.Context) (*pass, error) {
	begin := time.Now()
	if err := t.turn(ctx); err != nil {
		return nil, err
	}
	p := &pass{t: t, origin: t.at.origin}
	giveUp := func(err error) (*pass, error) {
		p.leave(0)
		return nil, t.fail(ctx, err, "looking the host up")
	}
	domain := t.at.domain()
	if err := t.c.manners.domains.enter(ctx, domain, t.z.MaxPerDomain); err != nil {
		return giveUp(err)
	}
	p.domain = domain
	looked, address, err := t.look(ctx)
	if err != nil {
		return giveUp(err)
	}
	if address.IsValid() {
		if err := t.c.manners.addresses.enter(ctx, address.String(), t.z.MaxPerAddress); err != nil {
			return giveUp(err)
		}
		p.address = address
	}
	if err := t.c.manners.all.enter(ctx, "", t.c.o.MaxConcurrent); err != nil {
		return giveUp(err)
	}
	p.global = true
	p.waited = time.Since(begin) - looked
	return p, nil
}

// look finds the address that will be dialled, and takes its time off the budget.
func (t *trip) look(ctx context.Context) (took time.Duration, a netip.Addr, err error) {
	if t.at.addr.IsValid() {
		return 0, t.at.addr, nil
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, t.budget)
	defer cancel()
	addrs, err := t.z.reach(ctx, t.at.host)
	took = time.Since(start)
	t.budget -= took
	t.res.Duration += took
	if len(addrs) > 0 {
		a = addrs[0]
	}
	return took, a, err
}

// turn waits until nobody asks the origin to be left alone and it is our turn
// there.
func (t *trip) turn(ctx context.Context) error {
	for {
		if err := t.waitHeld(ctx); err != nil {
			return err
		}
		if err := t.c.manners.origins.enter(ctx, t.at.origin, t.z.PerHost.Parallel); err != nil {
			return t.fail(ctx, err, "")
		}
		// Whoever was before us may have been asked to stay away.
		until, err := t.heldUntil(ctx)
		if err == nil && !until.After(t.c.o.Now()) {
			return nil
		}
		t.c.manners.origins.leave(t.at.origin, 0)
		if err != nil {
			return err
		}
	}
}

func (t *trip) heldUntil(ctx context.Context) (time.Time, error) {
	until, err := t.c.o.Holds.Held(ctx, t.at.origin)
	if err == nil {
		var u time.Time
		if u, err = t.c.o.Holds.Held(ctx, t.at.String()); u.After(until) {
			until = u
		}
	}
	if err != nil {
		return until, fmt.Errorf("recall the Retry-After of %s: %w", t.at, err)
	}
	return until, nil
}

func (t *trip) waitHeld(ctx context.Context) error {
	for {
		until, err := t.heldUntil(ctx)
		if err != nil {
			return err
		}
		d := until.Sub(t.c.o.Now())
		if d <= 0 {
			return nil
		}
		if t.held+d > t.c.o.MaxWait {
			return &HeldError{URL: t.at.String(), Until: until}
		}
		timer := time.NewTimer(d)
		select {
		case <-timer.C:
			t.held += d
		case <-ctx.Done():
			timer.Stop()
			return t.fail(ctx, ctx.Err(), "")
		}
	}
}
