package websub_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/sqlite"
	"github.com/coranto/coranto/internal/websub"
)

// hub is a hub as the specification has it, with the misdeeds that a test asks
// for. It calls the subscriber by its handler.
type hub struct {
	t    *testing.T
	call func(*http.Request) *http.Response

	mu       sync.Mutex
	requests []url.Values
	answer   func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
	lease    string                                            // granted; "": what was asked for
	quiet    bool                                              // does not verify
	sync     bool                                              // verifies before it answers
	verdicts []verdict                                         // of verifications
	wg       sync.WaitGroup
}

type verdict struct {
	status int
	body   string
	header http.Header
}

const challenge = "c-1234567890"

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	h.mu.Lock()
	h.requests = append(h.requests, form)
	answer, quiet, now := h.answer, h.quiet, h.sync
	h.mu.Unlock()
	if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		h.t.Errorf("the hub got %q", r.Header.Get("Content-Type"))
	}
	if answer != nil && answer(w, r) {
		return
	}
	switch {
	case quiet:
	case now:
		h.verify(form)
	default:
		h.wg.Go(func() { h.verify(form) })
	}
	w.WriteHeader(http.StatusAccepted)
}

// verify asks the subscriber whether it meant it.
func (h *hub) verify(form url.Values) verdict {
	h.mu.Lock()
	lease := h.lease
	h.mu.Unlock()
	if lease == "" {
		lease = form.Get("hub.lease_seconds")
	}
	v := h.get(form.Get("hub.callback"), url.Values{"hub.mode": form["hub.mode"], "hub.topic": form["hub.topic"], "hub.challenge": {challenge}, "hub.lease_seconds": {lease}})
	h.mu.Lock()
	h.verdicts = append(h.verdicts, v)
	h.mu.Unlock()
	return v
}

func (h *hub) get(callback string, q url.Values) verdict {
	r := httptest.NewRequest(http.MethodGet, callback+"?"+q.Encode(), nil)
	resp := h.call(r)
	b, _ := io.ReadAll(resp.Body)
	return verdict{resp.StatusCode, string(b), resp.Header}
}

func (h *hub) post(callback string, body io.Reader, signature string) int {
	r := httptest.NewRequest(http.MethodPost, callback, body)
	r.Header.Set("Content-Type", "application/atom+xml")
	if signature != "" {
		r.Header.Set("X-Hub-Signature", signature)
	}
	return h.call(r).StatusCode
}

func (h *hub) all() []url.Values {
	h.wg.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]url.Values(nil), h.requests...)
}

func (h *hub) last() url.Values {
	h.t.Helper()
	list := h.all()
	if len(list) == 0 {
		h.t.Fatal("the hub was not asked")
	}
	return list[len(list)-1]
}

func sign(method string, body []byte, secret string) string {
	m := hmac.New(map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}[method], []byte(secret))
	m.Write(body)
	return method + "=" + hex.EncodeToString(m.Sum(nil))
}

// rig is a subscriber, a hub and the network between them.
type rig struct {
	*hub
	sub    *websub.Subscriber
	db     *sqlite.DB
	web    *egress.Client
	server *httptest.Server
	clock  *clock
	pings  []string
	fail   error // of those who are told
}

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }
func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{hub: &hub{t: t}, clock: &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
	var err error
	if r.db, err = sqlite.Open(filepath.Join(t.TempDir(), "state.db"), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.db.Close() })
	o := egress.Options{Zones: []egress.Zone{{Name: "near", Allow: loopback}}, Now: r.clock.now, MaxWait: -1}
	o.PerHost.Gap = egress.NoGap
	if r.web, err = egress.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.web.Close)
	r.server = httptest.NewServer(r.hub)
	t.Cleanup(r.server.Close)
	t.Cleanup(r.wg.Wait)
	r.reopen()
	r.call = func(req *http.Request) *http.Response {
		w := httptest.NewRecorder()
		r.sub.ServeHTTP(w, req)
		return w.Result()
	}
	return r
}

// reopen is a new process.
func (r *rig) reopen() {
	r.t.Helper()
	var err error
	r.sub, err = websub.Open(r.t.Context(), r.db, websub.Options{Now: r.clock.now, MaxBody: 1 << 20, Pinged: func(_ context.Context, source string) error {
		if r.fail == nil {
			r.pings = append(r.pings, source)
		}
		return r.fail
	}})
	if err != nil {
		r.t.Fatal(err)
	}
}

const (
	base  = "https://news.example.org/planet"
	topic = "https://alice.example/feed?format=atom&lang=en"
)

func (r *rig) want(hubs ...string) websub.Want {
	if len(hubs) == 0 {
		hubs = []string{r.server.URL + "/hub"}
	}
	return websub.Want{Source: "alice", Zone: "near", Topic: topic, Hubs: hubs}
}

func (r *rig) keep(wants ...websub.Want) {
	r.t.Helper()
	if err := r.sub.Keep(r.t.Context(), base, wants); err != nil {
		r.t.Fatal(err)
	}
	r.step()
}

func (r *rig) step() {
	r.t.Helper()
	if err := r.sub.Step(r.t.Context(), r.web); err != nil {
		r.t.Fatal(err)
	}
	r.wg.Wait()
}

// one is the only subscription.
func (r *rig) one() websub.Subscription {
	r.t.Helper()
	list := r.sub.List()
	if len(list) != 1 {
		r.t.Fatalf("%d subscriptions, want one: %+v", len(list), list)
	}
	return list[0]
}

func (r *rig) is(want websub.State) websub.Subscription {
	r.t.Helper()
	s := r.one()
	if got := s.State(r.clock.now()); got != want {
		r.t.Fatalf("the subscription is %s, want %s: %+v", got, want, s)
	}
	return s
}

func TestSubscribe(t *testing.T) {
	for _, atOnce := range []bool{false, true} {
		r := newRig(t)
		r.sync = atOnce
		r.keep(r.want())
		s := r.is(websub.Verified)
		f := r.last()
		if f.Get("hub.mode") != "subscribe" || f.Get("hub.topic") != topic || f.Get("hub.lease_seconds") != "864000" {
			t.Errorf("asked with %v", f)
		}
		if n := len(f.Get("hub.secret")); n < 32 || n >= 200 {
			t.Errorf("a secret of %d bytes", n)
		}
		token, ok := strings.CutPrefix(f.Get("hub.callback"), base+websub.Path)
		if !ok || len(token) < 32 || token == f.Get("hub.secret") {
			t.Errorf("callback %s", f.Get("hub.callback"))
		}
		if want := r.clock.now().Add(10 * 24 * time.Hour); !s.Until.Equal(want) || s.Pending != "" {
			t.Errorf("%+v, want it until %s", s, want)
		}
		if v := r.verdicts[0]; v.status != 200 || v.body != challenge || v.header.Get("Content-Type") != "application/octet-stream" || v.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("the challenge came back as %+v", v)
		}
		// Nothing more to do, today and after a restart.
		r.step()
		r.reopen()
		r.keep(r.want())
		if n := len(r.all()); n != 1 {
			t.Errorf("the hub was asked %d times", n)
		}
		// What is shown to people has no secret in it.
		if text := fmt.Sprintf("%+v", r.sub.List()); strings.Contains(text, token) || strings.Contains(text, f.Get("hub.secret")) {
			t.Errorf("secrets in %s", text)
		}
	}
}

// TestVerifyOnlyWhatIsPending: a challenge comes back only for a request of ours.
func TestVerifyOnlyWhatIsPending(t *testing.T) {
	r := newRig(t)
	r.quiet = true
	r.keep(r.want())
	f := r.last()
	callback := f.Get("hub.callback")
	good := func() url.Values {
		return url.Values{"hub.mode": {"subscribe"}, "hub.topic": {topic}, "hub.challenge": {challenge}, "hub.lease_seconds": {"864000"}}
	}
	with := func(k, v string) url.Values {
		q := good()
		q.Set(k, v)
		return q
	}
	tests := []struct {
		name, callback string
		q              url.Values
	}{
		{"another token", callback[:len(callback)-1] + "x", good()},
		{"no token", base + websub.Path, good()},
		{"another topic", callback, with("hub.topic", "https://mallory.example/feed")},
		{"another mode", callback, with("hub.mode", "unsubscribe")},
		{"an unknown mode", callback, with("hub.mode", "publish")},
		{"no challenge", callback, with("hub.challenge", "")},
		{"a challenge that is a page", callback, with("hub.challenge", "<script>\x00")},
		{"a challenge without end", callback, with("hub.challenge", strings.Repeat("a", 5000))},
	}
	for _, tt := range tests {
		if v := r.get(tt.callback, tt.q); v.status != 404 || strings.Contains(v.body, challenge) {
			t.Errorf("%s: %d %q, want 404", tt.name, v.status, v.body)
		}
	}
	r.is(websub.Asked)
	if v := r.get(callback, good()); v.status != 200 || v.body != challenge {
		t.Errorf("the right one: %+v", v)
	}
	r.is(websub.Verified)
	if v := r.get(callback, good()); v.status != 404 {
		t.Errorf("a replay is answered with %d, want 404", v.status)
	}
	r.reopen()
	if v := r.get(callback, with("hub.mode", "unsubscribe")); v.status != 404 {
		t.Errorf("somebody else ends the subscription: %d", v.status)
	}
	r.is(websub.Verified)
}

// TestMessages: what is signed makes the source due; nothing else does, and
// whoever sends it does not learn so.
func TestMessages(t *testing.T) {
	r := newRig(t)
	r.keep(r.want())
	f := r.last()
	callback, secret := f.Get("hub.callback"), f.Get("hub.secret")
	body := []byte("<feed>new</feed>")
	flip := func(s string) string {
		b := []byte(s)
		b[len(b)-1] ^= 1
		return string(b)
	}
	tests := []struct {
		name, callback, signature string
		body                      []byte
		status, pings             int
	}{
		{"sha1", callback, sign("sha1", body, secret), body, 202, 1},
		{"sha256", callback, sign("sha256", body, secret), body, 202, 1},
		{"sha384", callback, sign("sha384", body, secret), body, 202, 1},
		{"sha512", callback, sign("sha512", body, secret), body, 202, 1},
		{"upper case", callback, strings.ToUpper(sign("sha1", body, secret)), body, 202, 1},
		{"an empty message", callback, sign("sha256", nil, secret), nil, 202, 1},
		{"not signed", callback, "", body, 202, 0},
		{"another secret", callback, sign("sha256", body, "guess"), body, 202, 0},
		{"another body", callback, sign("sha256", body, secret), []byte("<feed/>"), 202, 0},
		{"a bit", callback, flip(sign("sha256", body, secret)), body, 202, 0},
		{"half of it", callback, sign("sha256", body, secret)[:40], body, 202, 0},
		{"nothing of it", callback, "sha256=", body, 202, 0},
		{"an unknown method", callback, "md5=" + strings.Repeat("0", 32), body, 202, 0},
		{"no method", callback, "0123", body, 202, 0},
		{"a huge one", callback, sign("sha256", make([]byte, 2<<20), secret), make([]byte, 2<<20), 413, 0},
		{"another token", callback[:len(callback)-1] + "x", sign("sha1", body, secret), body, 410, 0},
	}
	for _, tt := range tests {
		r.pings = nil
		if got := r.post(tt.callback, bytes.NewReader(tt.body), tt.signature); got != tt.status || len(r.pings) != tt.pings {
			t.Errorf("%s: %d and %d pings, want %d and %d", tt.name, got, len(r.pings), tt.status, tt.pings)
		}
	}
	if s := r.one(); s.Pings != 6 || s.Unsigned != 8 {
		t.Errorf("counted %d and %d", s.Pings, s.Unsigned)
	}
	// Who cannot note it down says so, and the hub tries again.
	r.fail = fmt.Errorf("the disk is full")
	if got := r.post(callback, bytes.NewReader(body), sign("sha1", body, secret)); got != 503 {
		t.Errorf("a message that was not kept: %d, want 503", got)
	}
	if v := r.call(httptest.NewRequest(http.MethodPut, callback, nil)); v.StatusCode != 405 {
		t.Errorf("PUT: %d", v.StatusCode)
	}
}

// TestFlood: a hub that goes on and on is slowed down, and nobody else is.
func TestFlood(t *testing.T) {
	r := newRig(t)
	bob := r.want()
	bob.Source, bob.Topic = "bob", "https://bob.example/feed"
	r.keep(r.want(), bob)
	by := map[string]url.Values{}
	for _, f := range r.all() {
		by[f.Get("hub.topic")] = f
	}
	flood, other := by[topic], by[bob.Topic]
	taken := 0
	for range 1000 {
		if r.post(flood.Get("hub.callback"), strings.NewReader("x"), sign("sha1", []byte("x"), flood.Get("hub.secret"))) == 202 {
			taken++
		}
	}
	if taken == 0 || taken > 100 {
		t.Errorf("%d of 1000 messages in no time were taken", taken)
	}
	if got := r.post(other.Get("hub.callback"), strings.NewReader("x"), sign("sha1", []byte("x"), other.Get("hub.secret"))); got != 202 {
		t.Errorf("another hub beside it: %d", got)
	}
	r.clock.add(time.Minute)
	if got := r.post(flood.Get("hub.callback"), strings.NewReader("x"), sign("sha1", []byte("x"), flood.Get("hub.secret"))); got != 202 {
		t.Errorf("a minute later: %d", got)
	}
}

// TestSlow: bodies that do not come hold up a bounded number of places, and the
// rest is told to come again.
func TestSlow(t *testing.T) {
	r := newRig(t)
	var wants []websub.Want
	for i := range 20 {
		w := r.want()
		w.Source, w.Topic = fmt.Sprint("s", i), fmt.Sprint("https://a.example/", i)
		wants = append(wants, w)
	}
	r.keep(wants...)
	for range 5 {
		r.step() // a hub gets a few requests at a time
	}
	list := r.all()
	if len(list) != 20 {
		t.Fatalf("%d requests, want 20", len(list))
	}
	var open []*io.PipeWriter
	done := make(chan int, 100)
	status := 0
	for _, f := range list {
		body, w := io.Pipe()
		open = append(open, w)
		go func() { done <- r.post(f.Get("hub.callback"), body, sign("sha1", nil, f.Get("hub.secret"))) }()
		read := make(chan bool, 1)
		go func() { _, err := w.Write([]byte("x")); read <- err == nil }() // returns when it is read
		select {
		case <-read:
		case status = <-done:
		}
		if status != 0 {
			break
		}
	}
	if status != 503 || len(open) > 17 {
		t.Errorf("%d bodies are waited for at once, then %d", len(open)-1, status)
	}
	for _, w := range open {
		w.Close()
	}
	for range len(open) - 1 {
		if got := <-done; got != 202 {
			t.Errorf("a slow body that came: %d", got)
		}
	}
}

// TestSlowHub: one that lets us wait for all of its messages keeps no other's out.
func TestSlowHub(t *testing.T) {
	r := newRig(t)
	bob := r.want()
	bob.Source, bob.Topic = "bob", "https://bob.example/feed"
	r.keep(r.want(), bob)
	by := map[string]url.Values{}
	for _, f := range r.all() {
		by[f.Get("hub.topic")] = f
	}
	slow, other := by[topic], by[bob.Topic]
	var open []*io.PipeWriter
	done := make(chan int, 100)
	for range 20 {
		body, w := io.Pipe()
		go func() { done <- r.post(slow.Get("hub.callback"), body, sign("sha1", nil, slow.Get("hub.secret"))) }()
		read := make(chan bool, 1)
		go func() { _, err := w.Write([]byte("x")); read <- err == nil }() // returns when it is read
		select {
		case <-read:
			open = append(open, w)
		case <-done:
			w.Close()
		}
	}
	if got := r.post(other.Get("hub.callback"), strings.NewReader("x"), sign("sha1", []byte("x"), other.Get("hub.secret"))); got != 202 {
		t.Errorf("another hub beside it: %d", got)
	}
	for _, w := range open {
		w.Close()
	}
	for range open {
		<-done
	}
}
