package egress

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
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
		if r.Permit != nil {
			if err := r.Permit(ctx, next.to.String()); err != nil {
				return nil, err
			}
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
	defer func() { p.leave(t.gap()) }()
	limit := newLimit(ctx, t.budget)
	defer limit.end()
	acc := Access{At: t.c.o.Now(), Zone: t.z.Name, Origin: t.at.origin, Hop: len(t.res.Redirects), Address: p.address, Waited: p.waited}
	start := time.Now()
	p.sent = true
	next, err = t.exchange(ctx, limit, &acc)
	acc.Took = time.Since(start)
	t.budget -= acc.Took - limit.paused
	t.res.Duration += acc.Took - limit.paused
	if acc.RetryAfter == 0 && (acc.Status == http.StatusTooManyRequests || acc.Status == http.StatusServiceUnavailable) {
		p.slow = true
	}
	if t.c.o.Observe != nil {
		acc.URL, acc.Err = t.at.String(), err
		t.c.o.Observe(acc)
	}
	return next, err
}

// gap is the pause after a request to t.at.
func (t *trip) gap() time.Duration {
	if len(t.res.Redirects) == 0 {
		return max(t.z.PerHost.Gap, t.req.Gap)
	}
	return t.z.PerHost.Gap
}

// exchange sends the request and reads the answer. ctx is the caller's, that of
// limit ends when the time is up.
func (t *trip) exchange(ctx context.Context, limit *limit, acc *Access) (*redirect, error) {
	req := t.request(limit.ctx, acc)
	resp, err := t.z.transport.RoundTrip(req)
	if err != nil {
		return nil, t.fail(ctx, limit.cause(err), "waiting for the answer")
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
	most := cmp.Or(t.req.MaxBody, t.c.o.MaxBody)
	if resp.StatusCode >= 400 {
		most = min(most, maxErrorBody)
	}
	var grow func() error
	if t.req.Grow != nil {
		grow = func() error { return limit.pause(func() error { return t.req.Grow(ctx) }) }
	}
	b := t.c.bodies.read(resp.Body, strings.Join(resp.Header["Content-Encoding"], ","), most, grow)
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
		return nil, t.fail(ctx, limit.cause(b.wireErr), fmt.Sprintf("reading the body, %d bytes in", b.wire))
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
	if location == "" || t.c.o.MaxRedirects < 0 || t.req.NoRedirects || t.req.Post != nil {
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
	if body := t.req.Post; body != nil {
		req.Method, req.ContentLength = http.MethodPost, int64(len(body))
		req.Body = io.NopCloser(bytes.NewReader(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
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
