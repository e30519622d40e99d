package egress

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// maxErrorBody bounds the body of an answer that is no success: it is only
// ever looked at by people.
const maxErrorBody = 256 << 10

// trip is one Get: the hops from its URL to the answer.
type trip struct {
	c   *Client
	z   *zone
	req *Request
	at  *target
	res Response

	timeout   time.Duration
	budget    time.Duration // what is left of timeout
	home      string        // the origin that may see userinfo and Header; "" once it was left
	user      *target       // bears the userinfo for home
	permanent bool          // only permanent redirects so far
	held      time.Duration // spent waiting for a Retry-After to pass
}

// Get fetches r.URL and follows its redirects.
//
// An answer of whatever status is no error. When the connection fails within
// the body, the part that came is returned together with the error.
func (c *Client) Get(ctx context.Context, r Request) (*Response, error) {
	z, err := c.zone(r.Zone)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", redact(r.URL), err)
	}
	at, err := parseTarget(r.URL)
	if err != nil {
		return nil, err
	}
	t := &trip{c: c, z: z, req: &r, at: at, home: at.origin, user: at, permanent: true}
	t.timeout = cmp.Or(r.Timeout, c.o.Timeout)
	t.budget = t.timeout
	for {
		next, err := t.hop(ctx)
		if err != nil {
			if t.res.Status != 0 {
				return &t.res, err
			}
			return nil, err
		}
		if next == nil {
			return &t.res, nil
		}
		if err := t.follow(next); err != nil {
			return nil, err
		}
	}
}

// redirect is a hop to be made.
type redirect struct {
	to     *target
	status int
}

func (t *trip) follow(r *redirect) error {
	from, to := t.at.String(), r.to.String()
	fail := func(text string) error { return &failure{from, ErrRedirects, text, nil} }
	if len(t.res.Redirects) >= t.c.o.MaxRedirects {
		return fail(fmt.Sprintf("redirects on to %s after %d hops", to, len(t.res.Redirects)))
	}
	for _, seen := range t.res.Redirects {
		if seen.From == to {
			return fail("redirects in a circle, back to " + to)
		}
	}
	if from == to {
		return fail("redirects to itself")
	}
	t.res.Redirects = append(t.res.Redirects, Redirect{From: from, To: to, Status: r.status})
	t.permanent = t.permanent && (r.status == http.StatusMovedPermanently || r.status == http.StatusPermanentRedirect)
	if r.to.origin != t.home {
		t.home, t.user = "", nil
	}
	t.at = r.to
	return nil
}

// hop asks t.at in its turn. It returns the redirect to follow, or nil with the
// answer in t.res.
func (t *trip) hop(ctx context.Context) (next *redirect, err error) {
	if err := t.z.checkPort(t.at.port); err != nil {
		return nil, t.fail(ctx, err, "")
	}
	if t.at.addr.IsValid() {
		if err := t.z.checkAddr(t.at.addr); err != nil {
			return nil, t.fail(ctx, err, "")
		}
	}
	p, err := t.admit(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { p.leave(t.z.PerHost.Gap) }()
	hopCtx, cancel := context.WithTimeout(ctx, t.budget)
	defer cancel()
	acc := Access{At: t.c.o.Now(), Zone: t.z.Name, Origin: t.at.origin, Hop: len(t.res.Redirects), Address: p.address, Waited: p.waited}
	start := time.Now()
	p.sent = true
	next, err = t.exchange(ctx, hopCtx, &acc)
	acc.Took = time.Since(start)
	t.budget -= acc.Took
	t.res.Duration += acc.Took
	if acc.RetryAfter == 0 && (acc.Status == http.StatusTooManyRequests || acc.Status == http.StatusServiceUnavailable) {
		p.slow = true
	}
	if t.c.o.Observe != nil {
		acc.URL, acc.Err = t.at.String(), err
		t.c.o.Observe(acc)
	}
	return next, err
}

// exchange sends the request and reads the answer. ctx is the caller's, hopCtx
// ends when the time is up.
func (t *trip) exchange(ctx, hopCtx context.Context, acc *Access) (*redirect, error) {
	req := t.request(hopCtx, acc)
	resp, err := t.z.transport.RoundTrip(req)
	if err != nil {
		return nil, t.fail(ctx, err, "waiting for the answer")
	}
	defer resp.Body.Close()
	acc.Status = resp.StatusCode
	next, err := t.redirect(resp)
	if err != nil {
		return nil, err
	}
	if err := t.hold(ctx, resp, next, acc); err != nil {
		return nil, err
	}
	if next != nil {
		acc.WireBytes, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
		return next, nil
	}
	limit := cmp.Or(t.req.MaxBody, t.c.o.MaxBody)
	if resp.StatusCode >= 400 {
		limit = min(limit, maxErrorBody)
	}
	b := t.c.bodies.read(resp.Body, strings.Join(resp.Header["Content-Encoding"], ","), limit)
	acc.WireBytes = b.wire
	t.res.URL = t.at.String()
	t.res.Header = resp.Header
	if b.err == nil {
		t.res.Header.Del("Content-Encoding")
		t.res.Header.Del("Content-Length")
	}
	t.res.Body, t.res.Truncated, t.res.WireBytes = b.data, b.truncated, b.wire
	if resp.StatusCode >= 400 {
		b.err, b.wireErr = nil, nil // the status says all
	}
	if b.err != nil {
		return nil, &failure{t.at.String(), ErrBody, "the body cannot be decoded: " + b.err.Error(), nil}
	}
	t.res.Status = resp.StatusCode
	if b.wireErr != nil {
		return nil, t.fail(ctx, b.wireErr, fmt.Sprintf("reading the body, %d bytes in", b.wire))
	}
	return nil, nil
}

func (t *trip) fail(ctx context.Context, err error, doing string) error {
	return classify(ctx, t.at.String(), err, t.timeout, doing)
}

// redirect returns where resp leads, or nil when it is the answer.
func (t *trip) redirect(resp *http.Response) (*redirect, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	location := resp.Header.Get("Location")
	if location == "" || t.c.o.MaxRedirects < 0 {
		return nil, nil
	}
	to, err := t.at.follow(location)
	if err != nil {
		return nil, err
	}
	return &redirect{to, resp.StatusCode}, nil
}

// hold remembers a Retry-After: of 429 for the origin, of a server error for
// the URL, of a redirect for its goal.
func (t *trip) hold(ctx context.Context, resp *http.Response, next *redirect, acc *Access) error {
	v := resp.Header.Get("Retry-After")
	if v == "" {
		return nil
	}
	now := t.c.o.Now()
	d := retryAfter(v, now)
	var key string
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		key = t.at.origin
	case resp.StatusCode >= 500:
		key = t.at.String()
	case next != nil:
		key = next.to.String()
	}
	if d == 0 || key == "" {
		return nil
	}
	acc.RetryAfter = d
	if err := t.c.o.Holds.Hold(ctx, key, now.Add(d)); err != nil {
		return fmt.Errorf("remember the Retry-After of %s: %w", key, err)
	}
	return nil
}

// request makes the request of this hop. What identifies the user goes to the
// origin it was given for and to no other.
func (t *trip) request(ctx context.Context, acc *Access) *http.Request {
	h := make(http.Header, 8)
	if t.at.origin == t.home {
		for k, v := range t.req.Header {
			if k = http.CanonicalHeaderKey(k); !ours(k) {
				h[k] = v
			}
		}
	} else if v := t.req.Header.Values("Accept-Language"); v != nil {
		h["Accept-Language"] = v
	}
	if h["User-Agent"] == nil {
		h["User-Agent"] = []string{t.c.userAgent}
	}
	h["Accept"] = []string{cmp.Or(t.req.Accept, "*/*")}
	h["Accept-Encoding"] = []string{acceptEncoding}
	if t.conditional() {
		if v := t.req.ETag; v != "" && httpguts.ValidHeaderFieldValue(v) {
			h["If-None-Match"] = []string{v}
			acc.Conditional = true
		}
		if v := t.req.LastModified; v != "" && httpguts.ValidHeaderFieldValue(v) {
			h["If-Modified-Since"] = []string{v}
			acc.Conditional = true
		}
	}
	req := (&http.Request{
		Method: http.MethodGet, URL: t.at.url, Host: t.at.url.Host, Header: h,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if t.user != nil && t.user.user != nil && t.at.origin == t.home {
		pass, _ := t.user.user.Password()
		req.SetBasicAuth(t.user.user.Username(), pass)
	}
	return req
}

// ours reports the header fields that a caller cannot set.
func ours(key string) bool {
	switch key {
	case "Host", "Connection", "Content-Length", "Transfer-Encoding", "Te", "Trailer", "Upgrade", "Keep-Alive",
		"Accept-Encoding", "Referer", "If-None-Match", "If-Modified-Since":
		return true
	}
	return strings.HasPrefix(key, "Proxy-")
}

// conditional reports whether the validators are for this hop. Sent to another
// URL, a date would hide all that is older there.
func (t *trip) conditional() bool {
	if v := t.req.ValidatorURL; v != "" {
		return v == t.at.String()
	}
	return t.permanent
}

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
		c.all.leave("", 0)
	}
	if p.address.IsValid() {
		c.addresses.leave(p.address.String(), 0)
	}
	if p.domain != "" {
		c.domains.leave(p.domain, 0)
	}
	if !p.sent {
		gap = 0
	} else if p.slow {
		gap *= 5
	}
	c.origins.leave(p.origin, gap)
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
	if err := t.c.domains.enter(ctx, domain, t.z.MaxPerDomain); err != nil {
		return giveUp(err)
	}
	p.domain = domain
	looked, address, err := t.look(ctx)
	if err != nil {
		return giveUp(err)
	}
	if address.IsValid() {
		if err := t.c.addresses.enter(ctx, address.String(), t.z.MaxPerAddress); err != nil {
			return giveUp(err)
		}
		p.address = address
	}
	if err := t.c.all.enter(ctx, "", t.c.o.MaxConcurrent); err != nil {
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
		if err := t.c.origins.enter(ctx, t.at.origin, t.z.PerHost.Parallel); err != nil {
			return t.fail(ctx, err, "")
		}
		// Whoever was before us may have been asked to stay away.
		until, err := t.heldUntil(ctx)
		if err == nil && !until.After(t.c.o.Now()) {
			return nil
		}
		t.c.origins.leave(t.at.origin, 0)
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
