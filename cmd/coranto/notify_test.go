package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNotifiedOnce: however often the program is started, each change is told
// once, and what could not be delivered is tried again.
func TestNotifiedOnce(t *testing.T) {
	var got []string
	var refuse atomic.Bool
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuse.Load() {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		var m struct{ Subject, Text string }
		b, _ := io.ReadAll(r.Body)
		if json.Unmarshal(b, &m) != nil || r.Method != "POST" {
			t.Errorf("%s %s", r.Method, b)
		}
		got = append(got, m.Subject)
	}))
	defer hook.Close()
	web := newChanging(t)
	web.body.Store(rss("Alice", "https://alice.example", "one", "two"))
	dir := loopbackSite(t, "notify: [{webhook: "+hook.URL+"/hook, zone: loopback}]\n", web.URL+"/feed")
	run := func(step string, more ...string) string {
		t.Helper()
		_, out := typed(t, append([]string{"-C", dir, "run"}, more...)...)
		return out
	}
	expect := func(step string, want ...string) {
		t.Helper()
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: (-want +got):\n%s", step, d)
		}
		got = nil
	}
	if code, out := typed(t, "-C", dir, "notify", "--test"); code != 0 || !strings.Contains(out, "told    1 message") {
		t.Errorf("notify --test: %d %s", code, out)
	}
	expect("test", "A test")
	run("well")
	expect("well")
	web.body.Store("<html><body>oops")
	run("1")
	run("2")
	expect("two failures may pass")
	run("3")
	expect("three", "Alice is failing")
	run("4")
	expect("still failing")
	web.body.Store("<!doctype html><html><head><title>alice.example</title></head><body>Buy this domain</body></html>")
	refuse.Store(true)
	if out := run("parked"); !strings.Contains(out, "not delivered: webhook:") {
		t.Errorf("what is not delivered is not said: %s", out)
	}
	expect("refused")
	refuse.Store(false)
	t.Setenv("CORANTO_NOW", "2100-01-01T00:00:00Z")
	web.body.Store(rss("Alice", "https://alice.example", "one", "two"))
	run("well again, the old message is too old")
	expect("after the outage", "Alice is well again")
	typed(t, "-C", dir, "notify")
	expect("nothing new")
}
