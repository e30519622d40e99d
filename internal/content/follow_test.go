package content_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/git"
)

const shard = "content/2026/01.json"

// TestUserKeeps: whatever the user is at, a commit leaves it, and goes on where
// nothing of theirs is in the way.
func TestUserKeeps(t *testing.T) {
	s := newSite(t, content.Options{})
	s.run(doc{"alice", entries(1, 2)})
	s.write("README", "mine\n")
	s.write("staged", "staged\n")
	s.git("add", "staged")
	s.write("staged", "staged, then edited\n")
	before := s.git("status", "--porcelain")
	s.run(doc{"alice", entries(1, 3)})
	if diff := cmp.Diff(before, s.git("status", "--porcelain")); diff != "" {
		t.Errorf("git status has changed: %s", diff)
	}

	// An edit of the shard itself stays; status says so; taken back, it follows.
	ours := s.read(shard)
	edited := strings.Replace(ours, `"Post 1"`, `"Post one"`, 1)
	s.write(shard, edited)
	r := s.run(doc{"alice", entries(1, 4)})
	if diff := cmp.Diff([]string{shard}, r.Behind); diff != "" || len(r.Added) != 1 {
		t.Errorf("%+v", r)
	}
	if s.read(shard) != edited {
		t.Error("the user's edit was overwritten")
	}
	if diff := cmp.Diff("Post 4", s.titles()[3]); diff != "" {
		t.Error(diff)
	}
	s.run(doc{"alice", entries(1, 5)})
	if b, err := s.store.Behind(t.Context()); err != nil || len(b) != 1 {
		t.Errorf("behind: %v, %v", b, err)
	}
	s.write(shard, ours)
	s.reopen() // to look changes nothing
	if b, err := s.store.Behind(t.Context()); err != nil || len(b) != 0 || s.read(shard) != ours {
		t.Errorf("behind: %v, %v", b, err)
	}
	if b, err := s.store.Follow(t.Context()); err != nil || len(b) != 0 {
		t.Errorf("behind: %v, %v", b, err)
	}
	if diff := cmp.Diff(before, s.git("status", "--porcelain")); diff != "" {
		t.Errorf("git status has changed: %s", diff)
	}
	if !strings.Contains(s.read(shard), "Post 5") {
		t.Error("the file has not followed")
	}
	if refs := s.git("for-each-ref", "--format=%(refname)"); refs != "refs/heads/main" {
		t.Errorf("refs are left: %s", refs)
	}
}

func TestStagedEditOfShard(t *testing.T) {
	s := newSite(t, content.Options{})
	s.run(doc{"alice", entries(1, 2)})
	edited := strings.Replace(s.read(shard), `"Post 1"`, `"Post one"`, 1)
	s.write(shard, edited)
	s.git("add", shard)
	r := s.run(doc{"alice", entries(1, 3)})
	if len(r.Behind) != 1 || s.read(shard) != edited || s.git("show", ":"+shard)+"\n" != edited {
		t.Errorf("%+v", r)
	}
}

func TestUserDeletesShard(t *testing.T) {
	s := newSite(t, content.Options{})
	s.run(doc{"alice", entries(1, 2)})
	os.Remove(filepath.Join(s.dir, shard))
	s.run(doc{"alice", entries(1, 3)})
	if _, err := os.Stat(filepath.Join(s.dir, shard)); err == nil {
		t.Error("a file that the user has deleted is back")
	}
	s.git("checkout", "HEAD", "--", shard)
	s.run(doc{"alice", entries(1, 4)})
	s.clean()
}

func TestUntrackedInTheWay(t *testing.T) {
	s := newSite(t, content.Options{})
	s.git("commit", "-q", "--allow-empty", "-m", "first")
	s.write(shard, "my notes\n")
	r := s.run(doc{"alice", entries(1, 2)})
	if len(r.Behind) != 1 || s.read(shard) != "my notes\n" || len(s.posts()) != 2 {
		t.Errorf("%+v", r)
	}
}

func TestIndexLocked(t *testing.T) {
	s := newSite(t, content.Options{})
	s.run(doc{"alice", entries(1, 2)})
	lock := filepath.Join(s.dir, ".git", "index.lock")
	if err := os.WriteFile(lock, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	r := s.run(doc{"alice", entries(1, 3)})
	if len(r.Behind) != 1 || len(r.Added) != 1 {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(lock); err != nil {
		t.Error("the user's lock is gone")
	}
	os.Remove(lock)
	s.reopen()
	if _, err := s.store.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.clean()
}

func TestSymlinkInTheWay(t *testing.T) {
	s := newSite(t, content.Options{})
	s.git("commit", "-q", "--allow-empty", "-m", "first")
	outside := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(s.dir, "content")); err != nil {
		t.Skip(err)
	}
	r := s.run(doc{"alice", entries(1, 2)})
	if list, _ := os.ReadDir(outside); len(list) > 0 || len(r.Behind) != 1 {
		t.Errorf("written through a symbolic link: %v, %+v", list, r)
	}
}

func TestOtherBranchAndBusy(t *testing.T) {
	s := newSite(t, content.Options{})
	s.run(doc{"alice", entries(1, 2)})
	s.git("switch", "-q", "-c", "draft")
	r := s.run(doc{"alice", entries(1, 3)})
	if r.Commit != s.git("rev-parse", "main") || r.Commit == s.git("rev-parse", "draft") {
		t.Errorf("%+v", r)
	}
	s.clean()
	s.git("switch", "-q", "main")
	s.clean()

	s.git("checkout", "-q", "--detach")
	if _, err := s.store.Commit(t.Context(), s.batch(doc{"alice", entries(1, 4)})); !errors.Is(err, git.ErrBusy) || !strings.Contains(err.Error(), "hint:") {
		t.Errorf("detached: %v", err)
	}
	s.git("switch", "-q", "main")
	s.git("branch", "-q", "-D", "draft")
	s.git("switch", "-q", "-c", "draft")
	s.write("f", "draft\n")
	s.git("add", "f")
	s.git("commit", "-q", "-m", "f")
	s.git("switch", "-q", "main")
	s.write("f", "main\n")
	s.git("add", "f")
	s.git("commit", "-q", "-m", "f")
	if out, err := runGit(s.dir, "merge", "draft"); err == nil {
		t.Fatalf("no conflict: %s", out)
	}
	b := s.batch(doc{"alice", entries(1, 4)})
	if _, err := s.store.Commit(t.Context(), b); !errors.Is(err, git.ErrBusy) {
		t.Errorf("merge: %v", err)
	}
	if _, err := s.store.CommitFile(t.Context(), "x", func([]byte) ([]byte, error) { return []byte("x"), nil }, "x"); !errors.Is(err, git.ErrBusy) {
		t.Errorf("merge: %v", err)
	}
	s.git("merge", "--abort")
	if _, err := s.store.Commit(t.Context(), b); err != nil {
		t.Error(err)
	}
	s.clean()
}

func TestAutocrlfAndSHA256(t *testing.T) {
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"init", "-q", "-b", "main", "--object-format=sha256"}} {
		dir := t.TempDir()
		gitIn(t, dir, args...)
		gitIn(t, dir, "config", "core.autocrlf", "true")
		s := openSite(t, dir, content.Options{})
		s.run(doc{"alice", entries(1, 2)})
		s.clean()
		os.Remove(filepath.Join(dir, shard))
		s.git("checkout", "--", shard) // with CRLF now
		if !strings.Contains(s.read(shard), "\r\n") {
			t.Fatal("git has not written CRLF")
		}
		s.run(doc{"alice", entries(1, 3)})
		s.clean()
		if n := strings.Count(s.read(shard), "\n"); n != strings.Count(s.read(shard), "\r\n") || n == 0 {
			t.Error("line ends are mixed")
		}
		if strings.Contains(s.git("cat-file", "blob", "main:"+shard), "\r") {
			t.Error("CRLF is committed")
		}
	}
}

func TestLinkedWorktreeAndBare(t *testing.T) {
	s := newSite(t, content.Options{})
	s.run(doc{"alice", entries(1, 2)})
	s.git("switch", "-q", "-c", "other")
	linked := filepath.Join(t.TempDir(), "linked")
	s.git("worktree", "add", "-q", linked, "main")
	l := openSite(t, linked, content.Options{})
	l.runs, l.clock = 10, s.clock
	l.run(doc{"alice", entries(1, 3)})
	l.clean()
	s.clean()

	bare := t.TempDir()
	gitIn(t, bare, "init", "-q", "--bare", "-b", "main")
	b := openSite(t, bare, content.Options{})
	b.run(doc{"alice", entries(1, 3)})
	if len(b.posts()) != 3 {
		t.Error("posts are missing")
	}
	b.fsck()
}

func TestCommitFile(t *testing.T) {
	s := newSite(t, content.Options{})
	ctx := t.Context()
	s.write("coranto.yaml", "a: 1\n")
	if _, err := s.store.CommitFiles(ctx, map[string][]byte{"coranto.yaml": []byte("a: 1\n"), ".gitignore": []byte(".coranto/\n")}, "Start the site"); err != nil {
		t.Fatal(err)
	}
	s.clean()
	add := func(old []byte) ([]byte, error) { return append(old, "b: 2\n"...), nil }
	c, err := s.store.CommitFile(ctx, "coranto.yaml", add, "Add b")
	if err != nil || c != s.git("rev-parse", "HEAD") || s.read("coranto.yaml") != "a: 1\nb: 2\n" {
		t.Errorf("%s, %v, %q", c, err, s.read("coranto.yaml"))
	}
	s.clean()
	if c, err := s.store.CommitFile(ctx, "coranto.yaml", func(old []byte) ([]byte, error) { return old, nil }, "Nothing"); c != "" || err != nil {
		t.Errorf("%s, %v", c, err)
	}
	s.write("coranto.yaml", "a: 1\nb: mine\n")
	if _, err := s.store.CommitFile(ctx, "coranto.yaml", add, "Add b"); !errors.Is(err, content.ErrEdited) {
		t.Error(err)
	}
	s.git("add", "coranto.yaml")
	if _, err := s.store.CommitFile(ctx, "coranto.yaml", add, "Add b"); !errors.Is(err, content.ErrEdited) {
		t.Error(err)
	}
	if s.read("coranto.yaml") != "a: 1\nb: mine\n" {
		t.Error("the user's edit was overwritten")
	}
	// Another file's edit is no hindrance.
	if _, err := s.store.CommitFile(ctx, "other", func([]byte) ([]byte, error) { return []byte("x"), nil }, "Other"); err != nil {
		t.Error(err)
	}
	if _, err := s.store.CommitFile(ctx, "other", func([]byte) ([]byte, error) { return nil, nil }, "Other no more"); err != nil {
		t.Error(err)
	}
	if st := s.git("status", "--porcelain"); st != "M  coranto.yaml" {
		t.Error(st)
	}
	s.write("untracked", "mine")
	if _, err := s.store.CommitFiles(ctx, map[string][]byte{"untracked": []byte("ours")}, "x"); !errors.Is(err, content.ErrEdited) {
		t.Error(err)
	}
	for _, bad := range []string{"../x", ".git/config", "a/../b", ".GIT/x", "a//b", "/x"} {
		if _, err := s.store.CommitFile(ctx, bad, add, "x"); err == nil {
			t.Errorf("%s was committed", bad)
		}
	}
}

// TestUserCommitsOlderShard: their commit, made of the file before ours, must
// not take our posts out.
func TestUserCommitsOlderShard(t *testing.T) {
	s := newSite(t, content.Options{})
	s.run(doc{"alice", entries(1, 2)})
	s.write(shard, strings.Replace(s.read(shard), `"Post 1"`, `"Post one"`, 1))
	s.run(doc{"alice", entries(1, 3)})
	s.run(doc{"alice", entries(2, 4)})
	s.git("commit", "-qam", "better words")
	if n := len(s.posts()); n != 2 {
		t.Fatalf("%d posts; the test has lost its point", n)
	}
	s.run() // no source has anything to say
	if diff := cmp.Diff([]string{"Post one", "Post 2", "Post 3", "Post 4"}, s.titles()); diff != "" {
		t.Error(diff)
	}
	s.clean()
	// What is taken out on purpose stays out.
	s.write(shard, "[]\n")
	s.git("commit", "-qam", "nothing at all")
	s.run()
	if n := len(s.posts()); n != 0 {
		t.Errorf("%d posts are back", n)
	}
	s.clean()
}

// TestWritersRace: two programs on one directory.
func TestWritersRace(t *testing.T) {
	a := newSite(t, content.Options{MaxAttempts: 50})
	b := openSite(t, a.dir, content.Options{MaxAttempts: 50})
	b.runs = 100
	var wg sync.WaitGroup
	for i, s := range []*site{a, b} {
		wg.Go(func() {
			for n := range 8 {
				if _, err := s.store.Commit(context.Background(), s.batch(doc{"alice", entries(n, n+3)})); err != nil {
					t.Errorf("writer %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := a.store.Follow(t.Context()); err != nil {
		t.Error(err)
	}
	if got := a.titles(); len(got) != 11 {
		t.Errorf("%q", got)
	}
	a.clean()
}

// TestConflict: a branch that cannot be had is told, and nothing is lost.
func TestConflict(t *testing.T) {
	s := newSite(t, content.Options{MaxAttempts: 1})
	s.run(doc{"alice", entries(1, 1)})
	lock := filepath.Join(s.dir, ".git", "refs", "heads", "main.lock")
	if err := os.WriteFile(lock, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	b := s.batch(doc{"alice", entries(1, 2)})
	if _, err := s.store.Commit(t.Context(), b); !errors.Is(err, content.ErrConflict) || !errors.Is(err, git.ErrLocked) {
		t.Errorf("%v", err)
	}
	os.Remove(lock)
	if r, err := s.store.Commit(t.Context(), b); err != nil || len(r.Added) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	s.clean()
}

func TestBatchRefused(t *testing.T) {
	s := newSite(t, content.Options{})
	for _, b := range []content.Batch{
		{FirstSeen: t0}, {Run: "x"}, {Run: "x\nCoranto: 2", FirstSeen: t0}, {Run: "x", FirstSeen: t0, Posts: []coranto.Post{{Title: "no keys"}}},
	} {
		if _, err := s.store.Commit(t.Context(), b); !errors.Is(err, content.ErrBatch) {
			t.Errorf("%+v: %v", b, err)
		}
	}
}
