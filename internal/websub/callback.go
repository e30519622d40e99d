package websub

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Limits of what comes to the callback.
const (
	maxReceiving = 16               // messages that are read at a time
	maxOfOne     = 2                // of them of one subscription: whose hub is slow keeps no other's out
	readTime     = 30 * time.Second // for the body of one
	maxChallenge = 1024
	maxLease     = 90 * 24 * time.Hour
)

// ServeHTTP answers what comes to a callback: a hub that asks whether we meant
// it or that denies (GET), and one that has something new (POST). The token is
// what follows the last Path in the request's.
func (s *Subscriber) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	at := strings.LastIndex(r.URL.Path, Path)
	if at < 0 {
		http.NotFound(w, r)
		return
	}
	token := r.URL.Path[at+len(Path):]
	switch r.Method {
	case http.MethodGet:
		s.asked(w, r, token)
	case http.MethodPost:
		s.told(w, r, token)
	default:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "405 hubs ask with GET and tell with POST", http.StatusMethodNotAllowed)
	}
}

// asked answers a GET of the hub (sections 5.2 and 5.3). The challenge comes
// back only where the request is one of ours that is not verified yet.
func (s *Subscriber) asked(w http.ResponseWriter, r *http.Request, token string) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	mode, challenge := q.Get("hub.mode"), q.Get("hub.challenge")
	if err != nil || mode != modeDenied && !plain(challenge) {
		http.NotFound(w, r)
		return
	}
	known, err := s.verify(r.Context(), token, mode, q)
	switch {
	case err != nil:
		s.o.Log.WarnContext(r.Context(), "a hub could not be answered", "error", err)
		http.Error(w, "500 try again", http.StatusInternalServerError)
	case !known:
		http.NotFound(w, r)
	case mode == modeDenied:
		w.WriteHeader(http.StatusOK)
	default:
		// A type that no reader's browser shows (section 8.2).
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", "attachment")
		_, _ = io.WriteString(w, challenge)
	}
}

// plain reports whether a challenge is one that is safe to send back.
func plain(challenge string) bool {
	for i := range len(challenge) {
		if c := challenge[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return challenge != "" && len(challenge) <= maxChallenge
}

// verify takes what a hub asks for granted, or reports that it is not known of.
func (s *Subscriber) verify(ctx context.Context, token, mode string, q url.Values) (known bool, err error) {
	ctx = context.WithoutCancel(ctx) // a hub that hangs up has still been asked
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.by[token]
	if x == nil || !sameAddress(q.Get("hub.topic"), x.Topic) {
		return false, nil
	}
	now := s.o.Now()
	next := *x
	switch {
	case mode == modeDenied:
		if x.Leaving {
			return true, s.drop(ctx, token)
		}
		next.Pending, next.Denied, next.Since, next.Until = "", true, time.Time{}, time.Time{}
		why := x.Hub + " denies the subscription"
		if reason := readable([]byte(q.Get("hub.reason"))); reason != "" {
			why += ": " + reason
		}
		next.fail(now, why)
	case mode != x.Pending:
		return false, nil
	case mode == modeUnsubscribe:
		return true, s.drop(ctx, token)
	case mode == modeSubscribe:
		lease := s.lease(q.Get("hub.lease_seconds"))
		if !x.Until.After(now) {
			next.Since = now
		}
		next.Pending, next.Denied, next.Failures, next.Error = "", false, 0, ""
		next.Until = now.Add(lease)
		next.Next = now.Add(renewal(lease, token, int(now.Unix())))
	}
	return true, s.put(ctx, &next)
}

// lease reads what a hub grants; one that does not say grants what was asked for.
func (s *Subscriber) lease(text string) time.Duration {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return s.o.Lease
	}
	return time.Duration(min(n, int64(maxLease/time.Second))) * time.Second
}

// told answers a POST of the hub (section 7). That is always quick, and says
// nothing of whether the signature was right.
func (s *Subscriber) told(w http.ResponseWriter, r *http.Request, token string) {
	status, source := s.admit(token)
	if status != 0 {
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "60")
		}
		w.Header().Set("Connection", "close") // the body is not read
		http.Error(w, strconv.Itoa(status)+" "+http.StatusText(status), status)
		return
	}
	defer s.received(token)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTime))
	signed, err := s.read(w, r, token)
	if err != nil {
		status := http.StatusBadRequest
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, strconv.Itoa(status)+" the message could not be read", status)
		return
	}
	if err := s.heard(context.WithoutCancel(r.Context()), token, source, signed); err != nil {
		s.o.Log.WarnContext(r.Context(), "a hub's message could not be kept", "error", err)
		http.Error(w, "503 try again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// admit says whether a message is read: status 0, and then a token of s.receive
// is taken.
func (s *Subscriber) admit(token string) (status int, source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.by[token]
	switch {
	case x == nil || x.Leaving:
		return http.StatusGone, "" // by which the hub may know that it is over
	case x.Since.IsZero():
		return http.StatusNotFound, "" // nobody has said yes to this
	case !x.bucket.take(s.o.Now()):
		return http.StatusTooManyRequests, ""
	}
	if x.reading < maxOfOne {
		select {
		case s.receive <- struct{}{}:
			x.reading++
			return 0, x.Source
		default:
		}
	}
	x.bucket.spent--
	return http.StatusServiceUnavailable, ""
}

// received gives back what admit has taken.
func (s *Subscriber) received(token string) {
	<-s.receive
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.by[token]; x != nil {
		x.reading--
	}
}

// read reads a message to its end, keeping none of it, and reports whether it
// was signed with the secret of the subscription.
func (s *Subscriber) read(w http.ResponseWriter, r *http.Request, token string) (bool, error) {
	s.mu.Lock()
	x := s.by[token]
	s.mu.Unlock()
	body := http.MaxBytesReader(w, r.Body, s.o.MaxBody)
	if x == nil {
		return false, nil
	}
	sign := newSignature(r.Header.Get("X-Hub-Signature"), x.secret)
	if sign == nil {
		_, err := io.Copy(io.Discard, body)
		return false, err
	}
	_, err := io.Copy(sign.mac, body)
	return err == nil && sign.right(), err
}

// heard tells of a message, and counts it.
func (s *Subscriber) heard(ctx context.Context, token, source string, signed bool) error {
	if signed {
		if err := s.o.Pinged(ctx, source); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.by[token]
	if x == nil {
		return nil
	}
	next := *x
	if signed {
		next.Pinged = s.o.Now()
		next.Pings++
	} else {
		next.Unsigned++
	}
	return s.put(ctx, &next)
}

// sameAddress compares topics; hubs may write what is escaped in another way.
func sameAddress(a, b string) bool {
	if a == b {
		return true
	}
	x, err := url.Parse(a)
	y, err2 := url.Parse(b)
	if err != nil || err2 != nil {
		return false
	}
	x.RawPath, y.RawPath = "", ""
	return x.String() == y.String()
}
