package content_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/git"
)

// t0 is when the first run of every test begins.
var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// site is a repository with its store, driven as the pipeline does.
type site struct {
	t     testing.TB
	dir   string
	repo  *git.Repo
	store *content.Store
	opts  content.Options
	runs  int
	clock time.Time
}

func newSite(t testing.TB, o content.Options) *site {
	t.Helper()
	return openSite(t, t.TempDir(), o)
}

func openSite(t testing.TB, dir string, o content.Options) *site {
	t.Helper()
	s := &site{t: t, dir: dir, opts: o, clock: t0}
	repo, err := git.Init(t.Context(), dir, "main", git.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.repo = repo
	if s.opts.Now == nil {
		s.opts.Now = func() time.Time { return s.clock }
	}
	s.reopen()
	t.Cleanup(func() { repo.Close() })
	return s
}

func (s *site) reopen() {
	s.t.Helper()
	store, err := content.Open(s.t.Context(), s.repo, s.opts)
	if err != nil {
		s.t.Fatal(err)
	}
	s.store = store
}

// git runs the user's git.
func (s *site) git(args ...string) string {
	s.t.Helper()
	return gitIn(s.t, s.dir, args...)
}

func gitIn(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=User", "-c", "user.email=user@example.com"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimRight(string(out), "\n")
}

// doc is what one source announces in a run.
type doc struct {
	source  string
	entries []coranto.Entry
}

// batch matches documents and assembles what is new.
func (s *site) batch(docs ...doc) content.Batch {
	s.t.Helper()
	s.runs++
	s.clock = s.clock.Add(time.Hour)
	sn, err := s.store.Snapshot(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	b := content.Batch{Run: fmt.Sprintf("run-%d", s.runs), FirstSeen: s.clock}
	for _, d := range docs {
		src := coranto.Source{ID: d.source}
		m := sn.Match(src, d.entries)
		for _, c := range m.New {
			b.Posts = append(b.Posts, content.Assemble(src, c, nil, content.Assembly{FirstSeen: b.FirstSeen}))
		}
		b.Changes = append(b.Changes, m.Changes...)
	}
	// It travels as JSON.
	data, err := json.Marshal(b)
	if err != nil {
		s.t.Fatal(err)
	}
	var got content.Batch
	if err := json.Unmarshal(data, &got); err != nil {
		s.t.Fatal(err)
	}
	return got
}

func (s *site) run(docs ...doc) content.Result {
	s.t.Helper()
	r, err := s.store.Commit(s.t.Context(), s.batch(docs...))
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *site) posts() []coranto.Post {
	s.t.Helper()
	sn, err := s.store.Snapshot(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	posts, err := sn.Posts(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return posts
}

func (s *site) titles() []string {
	s.t.Helper()
	list := []string{}
	for _, p := range s.posts() {
		list = append(list, p.Title)
	}
	return list
}

func (s *site) write(path, data string) {
	s.t.Helper()
	name := filepath.Join(s.dir, path)
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(data), 0o666); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) read(path string) string {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, path))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// clean fails unless git finds all whole and the working tree as the branch is.
func (s *site) clean() {
	s.t.Helper()
	if st := s.git("status", "--porcelain"); st != "" {
		s.t.Errorf("git status is not clean:\n%s", st)
	}
	s.fsck()
}

func (s *site) fsck() {
	s.t.Helper()
	if out := s.git("fsck", "--full", "--strict", "--no-dangling"); out != "" {
		s.t.Errorf("git fsck: %s", out)
	}
}

func entry(n int) coranto.Entry {
	return coranto.Entry{
		ID: fmt.Sprintf("tag:example.org,2026:%d", n), Title: fmt.Sprintf("Post %d", n), Link: fmt.Sprintf("https://example.org/%d", n),
		Published: t0.Add(time.Duration(n-1000) * time.Hour), Summary: fmt.Sprintf("<p>About %d &amp; more</p>", n),
	}
}

func entries(from, to int) []coranto.Entry {
	var list []coranto.Entry
	for n := from; n <= to; n++ {
		list = append(list, entry(n))
	}
	return list
}

func TestCommit(t *testing.T) {
	s := newSite(t, content.Options{})
	r := s.run(doc{"alice", entries(1, 3)})
	if len(r.Added) != 3 || r.None || r.Again || r.Commit != s.git("rev-parse", "main") {
		t.Errorf("first run: %+v", r)
	}
	s.clean()
	want := `Add 3 posts from 1 source

+ alice: Post 1
+ alice: Post 2
+ alice: Post 3

Run: run-1
Coranto: 1`
	if diff := cmp.Diff(want, s.git("log", "-1", "--format=%B")); diff != "" {
		t.Error(diff)
	}
	if got := s.git("log", "-1", "--format=%an <%ae> %cI"); got != "Coranto <coranto@localhost> 2026-01-02T04:04:05+00:00" && !strings.HasSuffix(got, "2026-01-02T04:04:05Z") {
		t.Error(got)
	}
	first := s.read("content/2026/01.json")

	r = s.run(doc{"alice", entries(1, 3)})
	if !r.None || r.Commit != "" {
		t.Errorf("nothing new: %+v", r)
	}
	r = s.run(doc{"alice", entries(2, 4)})
	if len(r.Added) != 1 {
		t.Errorf("one new: %+v", r)
	}
	s.clean()
	if got := s.read("content/2026/01.json"); !strings.HasPrefix(got, strings.TrimSuffix(first, "\n]\n")) {
		t.Errorf("posts that have not changed were written anew:\n%s", got)
	}
	if n := s.git("rev-list", "--count", "main"); n != "2" {
		t.Errorf("%s commits", n)
	}
	if diff := cmp.Diff([]string{"Post 1", "Post 2", "Post 3", "Post 4"}, s.titles()); diff != "" {
		t.Error(diff)
	}
	p := s.posts()[3]
	if p.ID == "" || !strings.HasPrefix(p.ID, "post-4-") || p.Date != "Nov 21, 2025" || p.Intro != "About 4 & more" || !p.FirstSeen.Equal(t0.Add(3*time.Hour)) {
		t.Errorf("%+v", p)
	}
}

func TestCommitAgain(t *testing.T) {
	s := newSite(t, content.Options{})
	b := s.batch(doc{"alice", entries(1, 3)})
	first, err := s.store.Commit(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	s.run(doc{"alice", entries(1, 4)})
	again, err := s.store.Commit(t.Context(), b)
	if diff := cmp.Diff(first.Added, again.Added); err != nil || !again.Again || again.Commit != first.Commit || diff != "" {
		t.Errorf("%+v, %v, %s", again, err, diff)
	}
	if n := len(s.posts()); n != 4 {
		t.Errorf("%d posts", n)
	}
}

func TestShardPaths(t *testing.T) {
	for path, want := range map[string]string{
		"":                               "content/2026/01.json",
		"content.json":                   "content.json",
		"content/{source}/{year}.json":   "content/alice/2026.json",
		"{year}-{month}-{day}.json":      "2026-01-02.json",
		"data/{year}/{month}/{day}.json": "data/2026/01/02.json",
	} {
		s := newSite(t, content.Options{Path: path})
		s.write("package.json", "{}")
		s.git("add", ".")
		s.git("commit", "-q", "-m", "mine")
		s.run(doc{"alice", entries(1, 2)})
		s.clean()
		if got := s.git("ls-files", "--", ":!package.json"); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
		s.opts.Path = "content/{year}/{month}.json"
		if path == "{year}-{month}-{day}.json" || strings.HasPrefix(path, "data") {
			continue // not below what a later template looks at
		}
		s.reopen()
		if r := s.run(doc{"alice", entries(1, 2)}); !r.None {
			t.Errorf("%q: not found after the template has changed: %+v", path, r)
		}
	}
	for _, path := range []string{"x.txt", "../a.json", "content/{week}.json", "/a.json", ".git/a.json", "a}.json"} {
		if _, err := content.Open(t.Context(), newSite(t, content.Options{}).repo, content.Options{Path: path}); !errors.Is(err, content.ErrPath) {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// runGit is the user's git where it may fail.
func runGit(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-c", "user.name=User", "-c", "user.email=user@example.com"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}
