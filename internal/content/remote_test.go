package content_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/git"
)

const password = "s3cret/with:odd@chars"

// server is git's own HTTP backend behind basic auth.
type server struct {
	*httptest.Server
	dir  string // the bare repository
	asks atomic.Int32
	down atomic.Bool
}

func newServer(t testing.TB) *server {
	t.Helper()
	root := t.TempDir()
	s := &server{dir: filepath.Join(root, "site.git")}
	gitIn(t, root, "init", "-q", "--bare", "-b", "main", s.dir)
	gitIn(t, s.dir, "config", "http.receivepack", "true")
	path, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{Path: path, Args: []string{"http-backend"}, Env: []string{
		"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
	}, Stderr: new(strings.Builder)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asks.Add(1)
		user, pass, ok := r.BasicAuth()
		switch {
		case s.down.Load():
			http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
		case !ok || user != "bot" || pass != password:
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you", http.StatusUnauthorized)
		default:
			r.Header.Del("Authorization")
			backend.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) remote() *git.Remote {
	return &git.Remote{URL: s.URL + "/site.git", Credentials: func() (string, string, error) { return "bot", password, nil }}
}

func (s *server) log(t testing.TB, format string) []string {
	t.Helper()
	return strings.Split(gitIn(t, s.dir, "log", "--format="+format, "main"), "\n")
}

func TestPush(t *testing.T) {
	srv := newServer(t)
	s := newSite(t, content.Options{Remote: srv.remote()})
	r := s.run(doc{"alice", entries(1, 3)})
	if !r.Pushed || r.PushError != nil || srv.log(t, "%H")[0] != r.Commit {
		t.Fatalf("%+v", r)
	}
	s.clean()
	asked := srv.asks.Load()
	if r := s.run(doc{"alice", entries(1, 3)}); !r.None || !r.Pushed || srv.asks.Load() != asked {
		t.Errorf("nothing new, yet %d requests: %+v", srv.asks.Load()-asked, r)
	}
	// Away: the commit stays, and goes with the next.
	srv.down.Store(true)
	r = s.run(doc{"alice", entries(1, 4)})
	if r.Pushed || !errors.Is(r.PushError, git.ErrRemote) || len(r.Added) != 1 {
		t.Errorf("%+v", r)
	}
	srv.down.Store(false)
	if r := s.run(doc{"alice", entries(1, 4)}); !r.None || !r.Pushed || len(srv.log(t, "%H")) != 2 {
		t.Errorf("%+v", r)
	}
	if c := s.git("config", "--list", "--local"); strings.Contains(c, "s3cret") || strings.Contains(c, "remote.") {
		t.Errorf("the repository's settings were changed: %s", c)
	}
}

// TestSecretStaysSecret: no error, argument, environment or file shows it.
func TestSecretStaysSecret(t *testing.T) {
	srv := newServer(t)
	wrong := &git.Remote{URL: srv.URL + "/site.git", Credentials: func() (string, string, error) { return "bot", "wr0ng-secret", nil }}
	s := newSite(t, content.Options{Remote: wrong})
	r := s.run(doc{"alice", entries(1, 2)})
	if !errors.Is(r.PushError, git.ErrAuth) || strings.Contains(r.PushError.Error(), "wr0ng") {
		t.Errorf("%v", r.PushError)
	}
	s.opts.Remote = &git.Remote{URL: strings.Replace(srv.URL, "://", "://bot:wr0ng-secret@", 1) + "/site.git"}
	s.reopen()
	r = s.run(doc{"alice", entries(1, 3)})
	if !errors.Is(r.PushError, git.ErrAuth) || strings.Contains(r.PushError.Error(), "wr0ng") {
		t.Errorf("%v", r.PushError)
	}

	// A redirect to another origin gets nothing.
	var leaked atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaked.Store(true)
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer other.Close()
	from := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.RequestURI(), http.StatusFound)
	}))
	defer from.Close()
	s.opts.Remote = &git.Remote{URL: from.URL + "/site.git", Credentials: srv.remote().Credentials}
	s.reopen()
	if r = s.run(doc{"alice", entries(1, 4)}); r.PushError == nil || leaked.Load() {
		t.Errorf("redirect followed: %v", r.PushError)
	}
	grep := exec.Command("grep", "-rl", "-e", "wr0ng", "-e", "s3cret", s.dir)
	if out, _ := grep.Output(); len(out) > 0 {
		t.Errorf("the secret is in %s", out)
	}
}

// TestSecretNotInProc watches what git's processes show while they talk.
func TestSecretNotInProc(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip(err)
	}
	srv := newServer(t)
	var seen []string
	var mu sync.Mutex
	inner := srv.Config.Handler
	srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, f := range files {
			for _, name := range []string{f, strings.Replace(f, "cmdline", "environ", 1)} {
				if b, _ := os.ReadFile(name); strings.Contains(string(b), "s3cret") {
					mu.Lock()
					seen = append(seen, name)
					mu.Unlock()
				}
			}
		}
		inner.ServeHTTP(w, r)
	})
	s := newSite(t, content.Options{Remote: srv.remote()})
	if r := s.run(doc{"alice", entries(1, 3)}); !r.Pushed {
		t.Fatalf("%+v", r)
	}
	if len(seen) > 0 {
		t.Errorf("the password is seen in %v", seen)
	}
}

// TestTwoShareARemote: two writers race; nothing is lost, nothing twice.
func TestTwoShareARemote(t *testing.T) {
	srv := newServer(t)
	var sites []*site
	for i := range 2 {
		s := newSite(t, content.Options{Remote: srv.remote(), MaxAttempts: 30})
		s.runs = i * 100
		sites = append(sites, s)
	}
	var wg sync.WaitGroup
	for i, s := range sites {
		wg.Go(func() {
			for n := range 6 {
				// They share a source, have one of their own, and each other's articles.
				own := []coranto.Entry{e(fmt.Sprint(n), fmt.Sprintf("https://own%d.example/%d", i, n), fmt.Sprintf("Own %d %d", i, n))}
				r, err := s.store.Commit(context.Background(), s.batch(doc{"shared", entries(1+n, 4+n)}, doc{fmt.Sprintf("own%d", i), own}))
				if err != nil || r.PushError != nil {
					t.Errorf("site %d: %v %v", i, err, r.PushError)
				}
			}
		})
	}
	wg.Wait()
	for _, s := range sites {
		if _, err := s.store.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.clean()
	}
	a, b := sites[0].titles(), sites[1].titles()
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("the two differ: %s", diff)
	}
	slices.Sort(a)
	var want []string
	for n := range 6 {
		want = append(want, fmt.Sprintf("Own 0 %d", n), fmt.Sprintf("Own 1 %d", n))
	}
	for n := 1; n <= 9; n++ {
		want = append(want, fmt.Sprintf("Post %d", n))
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
	runs := srv.log(t, "%(trailers:key=Run,valueonly,separator=)")
	slices.Sort(runs)
	if len(runs) != len(slices.Compact(slices.Clone(runs))) {
		t.Errorf("a run is in the history twice: %q", runs)
	}
}

// TestUserCommitIsKept: a person's commit, here and there, survives the joining.
func TestUserCommitIsKept(t *testing.T) {
	srv := newServer(t)
	a := newSite(t, content.Options{Remote: srv.remote()})
	a.write("coranto.yaml", "a: 1\nb: 2\nc: 3\n")
	a.git("add", ".")
	a.git("commit", "-q", "-m", "start")
	a.run(doc{"alice", entries(1, 2)})
	b := newSite(t, content.Options{Remote: srv.remote()})
	b.runs, b.clock = 50, a.clock
	if y, err := b.store.Sync(t.Context()); err != nil || !y.Pulled || len(b.posts()) != 2 {
		t.Fatalf("%+v, %v", y, err)
	}
	b.clean()

	// Elsewhere: posts and an edit of the configuration. Here: an edit of its
	// other end, a corrected title, and posts.
	b.write("coranto.yaml", "a: 9\nb: 2\nc: 3\n")
	b.git("commit", "-qam", "theirs")
	b.run(doc{"alice", entries(2, 3)})
	a.write("coranto.yaml", "a: 1\nb: 2\nc: 9\n")
	a.write(shard, strings.Replace(a.read(shard), `"Post 1"`, `"Post one"`, 1))
	a.git("commit", "-qam", "mine")
	r := a.run(doc{"alice", entries(2, 4)}, doc{"bob", []coranto.Entry{e("x", "https://example.org/3", "Three, says Bob")}})
	if !r.Pushed {
		t.Fatalf("%+v", r)
	}
	a.clean()
	if got := a.read("coranto.yaml"); got != "a: 9\nb: 2\nc: 9\n" {
		t.Errorf("%q", got)
	}
	if diff := cmp.Diff([]string{"Post one", "Post 2", "Post 3", "Post 4"}, a.titles()); diff != "" {
		t.Error(diff)
	}
	if p := a.posts()[2]; len(p.Also) != 1 || p.Also[0].Source != "bob" {
		t.Errorf("%+v", p)
	}
	subjects := strings.Join(srv.log(t, "%s"), "\n")
	for _, want := range []string{"mine", "theirs", "start"} {
		if !strings.Contains(subjects, want) {
			t.Errorf("%q is not in the history:\n%s", want, subjects)
		}
	}
	if _, err := b.store.Sync(t.Context()); err != nil {
		t.Error(err)
	}
	b.clean()
	if diff := cmp.Diff(a.titles(), b.titles()); diff != "" {
		t.Error(diff)
	}

	// The same lines on both sides need a person; nothing is lost meanwhile.
	b.write("coranto.yaml", "a: theirs\n")
	b.git("commit", "-qam", "theirs 2")
	b.run(doc{"alice", entries(5, 5)})
	a.write("coranto.yaml", "a: mine\n")
	a.git("commit", "-qam", "mine 2")
	r = a.run(doc{"alice", entries(6, 6)})
	if !errors.Is(r.PushError, content.ErrDiverged) || !strings.Contains(r.PushError.Error(), "coranto.yaml") || len(a.posts()) != 5 {
		t.Errorf("%+v", r)
	}
	a.clean()
}

func TestRefusedPush(t *testing.T) {
	srv := newServer(t)
	hook := filepath.Join(srv.dir, "hooks", "pre-receive")
	os.MkdirAll(filepath.Dir(hook), 0o777)
	if err := os.WriteFile(hook, []byte("#!/bin/sh\necho protected branch >&2\nexit 1\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, content.Options{Remote: srv.remote()})
	r := s.run(doc{"alice", entries(1, 2)})
	if !errors.Is(r.PushError, git.ErrRefused) || len(s.posts()) != 2 {
		t.Errorf("%+v", r)
	}
	// A hook of the user's own does not run.
	own := filepath.Join(s.dir, ".git", "hooks", "pre-push")
	os.MkdirAll(filepath.Dir(own), 0o777)
	os.WriteFile(own, []byte("#!/bin/sh\ntouch ran\n"), 0o777)
	os.WriteFile(filepath.Join(filepath.Dir(own), "reference-transaction"), []byte("#!/bin/sh\ntouch ran\n"), 0o777)
	s.run(doc{"alice", entries(1, 3)})
	if _, err := os.Stat(filepath.Join(s.dir, "ran")); err == nil {
		t.Error("a hook has run")
	}
}

func TestPathRemote(t *testing.T) {
	bare := t.TempDir()
	gitIn(t, bare, "init", "-q", "--bare", "-b", "main")
	s := newSite(t, content.Options{Remote: &git.Remote{URL: bare}})
	if r := s.run(doc{"alice", entries(1, 2)}); !r.Pushed {
		t.Errorf("%+v", r)
	}
	for _, bad := range []string{"", "-upload-pack=touch x", "ext::sh -c touch% x", filepath.Join(bare, "none")} {
		s.opts.Remote = &git.Remote{URL: bad}
		s.reopen()
		if r := s.run(doc{"alice", entries(1, 3+len(bad))}); !errors.Is(r.PushError, git.ErrRemote) {
			t.Errorf("%q: %+v", bad, r)
		}
	}
}

func TestSyncDamagedRemote(t *testing.T) {
	srv := newServer(t)
	a := newSite(t, content.Options{Remote: srv.remote()})
	a.run(doc{"alice", entries(1, 2)})
	b := newSite(t, content.Options{Remote: srv.remote()})
	b.runs = 50
	if _, err := b.store.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.write(shard, "[{]")
	a.git("commit", "-qam", "oops")
	a.store.Sync(t.Context())
	r := b.run(doc{"alice", entries(1, 3)})
	if !errors.Is(r.PushError, content.ErrDamaged) || len(b.posts()) != 3 {
		t.Errorf("%+v", r)
	}
	b.clean()
}

// TestRemoteChanges: a remote that was wiped, or is another now, gets all.
func TestRemoteChanges(t *testing.T) {
	first, second := newServer(t), newServer(t)
	s := newSite(t, content.Options{Remote: first.remote()})
	s.run(doc{"alice", entries(1, 2)})
	s.opts.Remote = second.remote()
	s.reopen()
	if r := s.run(doc{"alice", entries(1, 2)}); !r.None || !r.Pushed || len(second.log(t, "%H")) != 1 {
		t.Errorf("%+v", r)
	}
	gitIn(t, second.dir, "update-ref", "-d", "refs/heads/main")
	if y, err := s.store.Sync(t.Context()); err != nil || !y.Pushed || len(second.log(t, "%H")) != 1 {
		t.Errorf("%+v, %v", y, err)
	}
	if y, err := s.store.Sync(t.Context()); err != nil || y.Pushed || y.Pulled || y.Changed {
		t.Errorf("%+v, %v", y, err)
	}
}
