package app_test

import (
	"context"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/sampleweb"
)

// sweptBriefly are the points that the short form of the sweep takes.
var sweptBriefly = []string{"catalog.before-record", "engine.after-journal", "git.before-index"}

// TestServeErrorSweep: at each durable write in turn one fails, once, in one
// process that goes on serving; the next run heals it, and nothing is lost or
// doubled. The long form takes every point.
func TestServeErrorSweep(t *testing.T) {
	web, err := sampleweb.Start(t.Context(), sampleweb.Options{Sources: 3, PostsPer: 3, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(web.Close)
	f := newServed(t, web)
	names := failpoint.Names()
	slices.Sort(names)
	long := os.Getenv("CORANTO_E2E") != ""
	defer func() { _ = failpoint.Arm("") }()
	swept := 0
	for _, name := range names {
		if !long && !slices.Contains(sweptBriefly, name) {
			continue
		}
		swept++
		if err := failpoint.Arm(name + ":1:error"); err != nil {
			t.Fatal(err)
		}
		f.shows(name, web.Publish(1)[0].Title)
	}
	_ = failpoint.Arm("")
	f.shows("the end", web.Publish(1)[0].Title) // what the last point has left is mended by the next run
	f.end()
	f.whole(len(web.Posts()))
	t.Logf("%d points", swept)
	if swept < 3 {
		t.Errorf("only %d points were swept", swept)
	}
}

// served is a site that is served in this process.
type served struct {
	t   *testing.T
	dir string
	url string
	end func()
	err chan error
}

func newServed(t *testing.T, web *sampleweb.Web) *served {
	t.Helper()
	root := t.TempDir()
	t.Setenv("CORANTO_TRUST_DIR", root+"/trusted")
	s := &served{t: t, dir: root + "/site", err: make(chan error, 1)}
	text := "site: {title: Sweep}\nschedule: rate(1 second)\nfetch: {every: 1s, zone: loopback, per_host: {gap: 0s}}\nimages: none\nzones: {loopback: {allow: [127.0.0.0/8]}}\nsources:\n"
	for _, src := range web.Sources() {
		text += "  - {id: " + src.ID + ", url: \"" + src.FeedURL + "\"}\n"
	}
	if _, err := app.Init(t.Context(), s.dir, []byte(text), app.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Trust(s.dir, false); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), s.dir, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	go func() { s.err <- a.Serve(ctx, l, app.ServeOptions{}) }()
	ended := false
	s.end = func() {
		if ended {
			return
		}
		ended = true
		stop()
		if err := <-s.err; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	t.Cleanup(s.end)
	s.shows("the start", web.Posts()[0].Title)
	return s
}

// shows waits until a post is live.
func (s *served) shows(when, title string) {
	s.t.Helper()
	begin := time.Now()
	for {
		select {
		case err := <-s.err:
			s.err <- err
			s.t.Fatalf("%s: serve has ended: %v", when, err)
		case <-time.After(50 * time.Millisecond):
		}
		if strings.Contains(get(s.t, s.url+"/feed.json"), title) {
			return
		}
		if time.Since(begin) > time.Minute {
			s.t.Fatalf("%s: %q is not live after a minute", when, title)
		}
	}
}

// whole fails unless every post is there once, each run has one commit, and the
// working tree is clean.
func (s *served) whole(posts int) {
	s.t.Helper()
	list := titles(s.t, s.dir)
	if len(list) != posts {
		s.t.Errorf("%d posts, want %d", len(list), posts)
	}
	if got := git(s.t, s.dir, "status", "--porcelain"); got != "" {
		s.t.Errorf("git status says %s", got)
	}
	runs := strings.Fields(git(s.t, s.dir, "log", "--format=%(trailers:key=Run,valueonly)"))
	slices.Sort(runs)
	if len(slices.Compact(slices.Clone(runs))) != len(runs) {
		s.t.Error("a run has two commits")
	}
	git(s.t, s.dir, "fsck", "--strict")
}
