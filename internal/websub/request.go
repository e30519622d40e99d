package websub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coranto/coranto/internal/egress"
)

// Modes of a request, and of what a hub asks in return.
const (
	modeSubscribe   = "subscribe"
	modeUnsubscribe = "unsubscribe"
	modeDenied      = "denied"
)

const (
	patience    = 10 * time.Minute // for a hub to verify what it has accepted
	soonest     = time.Minute      // between two requests for a subscription
	longest     = 24 * time.Hour
	afterDenial = 24 * time.Hour
	perHub      = 5 // requests a step: one hub does not hold up the others
	maxHops     = 3 // of redirects to another hub
	maxAnswer   = 16 << 10
	leaveTries  = 3 // then the lease ends by itself
)

// Step sends the requests whose time has come, a hub's one after the other, and
// waits for the answers. That a hub fails is no error of Step: it is remembered,
// and tried again.
func (s *Subscriber) Step(ctx context.Context, g Getter) error {
	due, err := s.due(ctx)
	if err != nil {
		return err
	}
	errs := make([]error, len(due))
	var wg sync.WaitGroup
	for i, tokens := range due {
		wg.Go(func() {
			for _, token := range tokens {
				if errs[i] = s.send(ctx, g, token); errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// due lists what is to be sent, for each hub the most urgent first.
func (s *Subscriber) due(ctx context.Context) ([][]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	var list []*subscription
	for token, x := range s.by {
		switch {
		case x.busy || x.Next.After(now):
		case x.Leaving && (x.Since.IsZero() || !x.Until.After(now) || x.Failures >= leaveTries):
			if err := s.drop(ctx, token); err != nil { // there is nothing to give back, or no way
				return nil, err
			}
		default:
			list = append(list, x)
		}
	}
	slices.SortFunc(list, func(a, b *subscription) int {
		return cmp.Or(a.Next.Compare(b.Next), strings.Compare(a.token, b.token))
	})
	at := map[string]int{}
	var out [][]string
	for _, x := range list {
		host := x.Hub
		if u, err := url.Parse(x.Hub); err == nil {
			host = u.Host
		}
		i, ok := at[host]
		if !ok {
			i = len(out)
			at[host] = i
			out = append(out, nil)
		}
		if len(out[i]) < perHub {
			out[i] = append(out[i], x.token)
		}
	}
	return out, nil
}

// send asks the hub of one subscription, and remembers the answer. That it is
// asked is durable before it is asked: it may verify before it answers.
func (s *Subscriber) send(ctx context.Context, g Getter, token string) error {
	x, err := s.begin(ctx, token)
	if err != nil || x == nil {
		return err
	}
	form := url.Values{"hub.mode": {x.Pending}, "hub.topic": {x.Topic}, "hub.callback": {x.Base + Path + x.token}}
	if x.Pending == modeSubscribe {
		form.Set("hub.lease_seconds", fmt.Sprint(int64(s.o.Lease/time.Second)))
		form.Set("hub.secret", x.secret)
	}
	err = ask(ctx, g, x.Zone, x.Hub, []byte(form.Encode()))
	if ctx.Err() != nil {
		err = nil // being ended is no fault of the hub's; the next process asks again
	}
	return s.answered(ctx, x, err)
}

// begin notes that a hub is being asked. nil: there is nothing to ask any more.
func (s *Subscriber) begin(ctx context.Context, token string) (*subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	x := s.by[token]
	if x == nil || x.busy || x.Next.After(now) {
		return nil, nil
	}
	next := *x
	mode := modeSubscribe
	if x.Leaving {
		mode = modeUnsubscribe
	}
	wait := patience
	if x.Pending == mode {
		next.fail(now, x.Hub+" did not verify the request")
		wait = max(wait, next.Next.Sub(now))
	}
	next.Pending, next.Asked, next.Next, next.busy = mode, now, now.Add(wait), true
	if err := s.put(ctx, &next); err != nil {
		return nil, err
	}
	return s.by[token], nil
}

// answered notes how a hub has answered, unless the request has been verified or
// become needless meanwhile.
func (s *Subscriber) answered(ctx context.Context, was *subscription, failed error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.by[was.token]
	if x == nil {
		return nil
	}
	x.busy = false
	next := *x
	if failed == nil || x.Pending != was.Pending || !x.Asked.Equal(was.Asked) {
		return nil
	}
	now := s.o.Now()
	next.Pending = "" // what has not been accepted is not verified either
	next.fail(now, failed.Error())
	if h, ok := errors.AsType[*egress.HeldError](failed); ok && h.Until.After(next.Next) {
		next.Next = h.Until
	}
	return s.put(context.WithoutCancel(ctx), &next)
}

// fail counts a request in vain: the next hub of the list is asked at once, or,
// when all have been, the first again after a while.
func (x *subscription) fail(now time.Time, why string) {
	x.Failures++
	x.Error = clip(why, 300)
	wait := time.Duration(0)
	if n := len(x.Hubs); x.Leaving || n == 0 || x.Failures%n == 0 {
		wait = backoff(x.Failures/max(1, n), x.token)
		if x.Denied {
			wait = max(wait, afterDenial)
		}
	}
	if at := slices.Index(x.Hubs, x.Hub); at >= 0 && !x.Leaving {
		x.Hub = x.Hubs[(at+1)%len(x.Hubs)]
	}
	x.Next = now.Add(wait)
}

// backoff is the wait after n failures: a minute that doubles up to a day, a
// fifth more or less, so that many do not come back at once.
func backoff(n int, token string) time.Duration {
	d := min(soonest<<min(max(n-1, 0), 20), longest)
	return d - d/5 + time.Duration(jitter(token, n)*float64(d)*2/5)
}

// renewal is when a lease of this length is asked for again: when three quarters
// to nine tenths of it are over, so that there is time to try again.
func renewal(lease time.Duration, token string, n int) time.Duration {
	return max(soonest, time.Duration(float64(lease)*(0.75+0.15*jitter(token, n))))
}

// jitter is a number in [0, 1) that is the same for the same n.
func jitter(token string, n int) float64 {
	h := fnv.New32a()
	fmt.Fprintln(h, token, n)
	return float64(h.Sum32()) / (1 << 32)
}

// ask posts a request to a hub, and to where it redirects (section 5.1.2).
func ask(ctx context.Context, g Getter, zone, hub string, form []byte) error {
	for hop := 0; ; hop++ {
		r, err := g.Get(ctx, egress.Request{URL: hub, Zone: zone, Post: form, MaxBody: maxAnswer,
			Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}})
		switch {
		case err != nil && r == nil:
			return err
		case r.Status >= 200 && r.Status < 300:
			return nil
		case r.Status == http.StatusTemporaryRedirect || r.Status == http.StatusPermanentRedirect:
			to, err := elsewhere(hub, r.Header.Get("Location"))
			if err == nil && hop == maxHops {
				err = fmt.Errorf("%s leads on to %s after %d redirects", hub, to, hop)
			}
			if err != nil {
				return err
			}
			hub = to
		default:
			why := ""
			if text := readable(r.Body); text != "" {
				why = ": " + text
			}
			return fmt.Errorf("%s answers %d%s", hub, r.Status, why)
		}
	}
}

// elsewhere reads where a hub redirects to. What was asked for by HTTPS is asked
// for by HTTPS there too: the secret is in it.
func elsewhere(hub, location string) (string, error) {
	from, err := url.Parse(hub)
	if err != nil {
		return "", err
	}
	to, err := from.Parse(location)
	if err != nil || location == "" {
		return "", fmt.Errorf("%s redirects to nowhere", hub)
	}
	text, ok := address(to.String())
	if !ok || from.Scheme == "https" && to.Scheme != "https" {
		return "", fmt.Errorf("%s redirects to %s, which is not asked", hub, clip(to.Redacted(), 100))
	}
	return text, nil
}

// readable is the first words of what a hub says of an error.
func readable(body []byte) string {
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return ' '
		}
		return r
	}, string(body[:min(len(body), 500)]))
	if strings.Contains(text, "<") {
		return "" // a page
	}
	return clip(strings.Join(strings.Fields(text), " "), 150)
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
