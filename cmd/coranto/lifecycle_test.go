package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coranto/coranto/internal/app"
)

// changing is a server whose answer a test changes.
type changing struct {
	*httptest.Server
	body atomic.Value
}

func newChanging(t *testing.T) *changing {
	c := &changing{}
	c.body.Store("")
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/feed" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, c.body.Load())
	}))
	t.Cleanup(c.Close)
	return c
}

func rss(title, link string, items ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0"?><rss version="2.0"><channel><title>%s</title><link>%s</link>`, title, link)
	for _, i := range items {
		fmt.Fprintf(&b, `<item><title>%s</title><link>%s/%s</link><guid>%s%s</guid></item>`, i, link, i, link, i)
	}
	return b.String() + `</channel></rss>`
}

// typed runs a command as a user would and returns its exit code and output.
func typed(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := run(context.Background(), args, strings.NewReader(""), &out, &out)
	return code, out.String()
}

// loopbackSite follows one address.
func loopbackSite(t *testing.T, more, feedURL string) string {
	t.Helper()
	root := t.TempDir()
	t.Setenv("CORANTO_TRUST_DIR", filepath.Join(root, "trusted"))
	t.Setenv("CORANTO_KEY_FILE", filepath.Join(root, "key.txt"))
	dir := filepath.Join(root, "site")
	yaml := "site: {title: T}\nfetch: {timeout: 5s, zone: loopback, per_host: {gap: 0s}}\nimages: none\nzones: {loopback: {allow: [127.0.0.0/8]}}\n" + more +
		"sources:\n  - {id: alice, url: " + feedURL + "}\n"
	if _, err := app.Init(t.Context(), dir, []byte(yaml), app.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Trust(dir, false); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestQuarantine: a domain that is sold does not publish in its old name.
func TestQuarantine(t *testing.T) {
	web := newChanging(t)
	dir := loopbackSite(t, "", web.URL+"/feed")
	expect := func(step string, wantCode int, args []string, texts ...string) {
		t.Helper()
		code, out := typed(t, append([]string{"-C", dir}, args...)...)
		if code != wantCode {
			t.Errorf("%s: exit code %d, want %d:\n%s", step, code, wantCode, out)
		}
		for _, text := range texts {
			if !strings.Contains(out, text) {
				t.Errorf("%s: no %q in:\n%s", step, text, out)
			}
		}
	}
	web.body.Store(rss("Alice", "https://alice.example", "one", "two"))
	expect("first", 0, []string{"run"}, "2 new")
	web.body.Store(rss("Alice renamed", "https://alice.example", "one", "three"))
	expect("renamed", 0, []string{"run"}, "1 new")
	web.body.Store(rss("Casino", "https://casino.example"))
	expect("an empty feed proves nothing", 0, []string{"run"}, "nothing new")
	web.body.Store(rss("Casino", "https://casino.example", "win", "lose"))
	expect("another feed", 3, []string{"run"}, "quarantined", "Source.Identity", "nothing new")
	expect("status", 3, []string{"status"}, "quarantined", "Alice renamed")
	expect("show", 0, []string{"source", "show", "alice"}, "health   quarantined since", "coranto source accept alice", "once in 24h0m0s", "history")
	expect("list", 0, []string{"source", "list", "--health", "bad"}, "alice\tquarantined")
	web.body.Store("<!doctype html><html><head><title>alice.example</title></head><body>Buy this domain</body></html>")
	expect("parked", 3, []string{"run"}, "Source.Parked", "looks like a parked domain")
	expect("show parked", 0, []string{"source", "show", "alice"}, "health   parked", "coranto source retire alice")
	expect("accept what is not quarantined", 1, []string{"source", "accept", "alice"}, "is not quarantined but parked")
	web.body.Store(rss("Casino", "https://casino.example", "win", "lose"))
	expect("again", 3, []string{"run"}, "quarantined")
	expect("accept", 0, []string{"source", "accept", "alice"}, "the next run reads it")
	expect("taken", 0, []string{"run"}, "2 new")
	expect("well", 0, []string{"source", "show", "alice"}, "health   active", "posts    5")
}
