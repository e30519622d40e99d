package git_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/internal/git"
)

// TestMain takes the machine's git settings away: neither HOME nor an identity
// is needed.
func TestMain(m *testing.M) {
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "EMAIL"} {
		os.Unsetenv(name)
	}
	os.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	os.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	os.Exit(m.Run())
}

func sh(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=U", "-c", "user.email=u@example.com"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimRight(string(out), "\n")
}

func initRepo(t testing.TB) *git.Repo {
	t.Helper()
	r, err := git.Init(t.Context(), t.TempDir(), "main", git.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// put commits files on the branch by plumbing.
func put(t testing.TB, r *git.Repo, message string, files map[string]string) git.OID {
	t.Helper()
	ctx := t.Context()
	head, err := r.Branch(ctx, "main")
	if err != nil {
		t.Fatal(err)
	}
	var puts []git.Put
	for p, data := range files {
		ids, err := r.WriteBlobs(ctx, []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		puts = append(puts, git.Put{Path: p, ID: ids[0]})
	}
	tree, err := r.WriteTree(ctx, head, puts)
	if err != nil {
		t.Fatal(err)
	}
	c := git.NewCommit{Tree: tree, Message: message, When: time.Unix(1e9, 0)}
	if head != "" {
		c.Parents = []git.OID{head}
	}
	id, err := r.MakeCommit(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Advance(ctx, "main", id, head, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Follow(ctx, "main"); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestOpenErrors(t *testing.T) {
	ctx := t.Context()
	r := initRepo(t)
	if _, err := git.Open(ctx, t.TempDir(), git.Options{}); !errors.Is(err, git.ErrNotRepo) || !strings.Contains(err.Error(), "hint:") {
		t.Errorf("no repository: %v", err)
	}
	if _, err := git.Open(ctx, filepath.Join(r.Dir(), "none"), git.Options{}); !errors.Is(err, git.ErrNotRepo) {
		t.Errorf("no folder: %v", err)
	}
	sub := filepath.Join(r.Dir(), "sub")
	os.Mkdir(sub, 0o777)
	if _, err := git.Open(ctx, sub, git.Options{}); !errors.Is(err, git.ErrSubdir) {
		t.Errorf("below the top: %v", err)
	}
	if _, err := git.Open(ctx, r.Dir(), git.Options{Program: "git-that-is-not-there"}); !errors.Is(err, git.ErrMissing) {
		t.Errorf("no git: %v", err)
	}
	old := filepath.Join(t.TempDir(), "git")
	os.WriteFile(old, []byte("#!/bin/sh\necho git version 2.17.1\n"), 0o777)
	if _, err := git.Open(ctx, r.Dir(), git.Options{Program: old}); !errors.Is(err, git.ErrMissing) || !strings.Contains(err.Error(), "2.17.1") {
		t.Errorf("old git: %v", err)
	}
	nested, err := git.Init(ctx, sub, "main", git.Options{})
	if err != nil || nested.Dir() != sub {
		t.Errorf("a repository within another: %v", err)
	}
	nested.Close()
	if _, err := nested.Resolve(ctx, "HEAD"); err == nil {
		t.Error("a closed repository reads")
	}
}

// TestEnvironment: what is set for the user's own git must not lead us astray.
func TestEnvironment(t *testing.T) {
	other := t.TempDir()
	sh(t, other, "init", "-q", "-b", "main")
	for name, v := range map[string]string{
		"GIT_DIR": filepath.Join(other, ".git"), "GIT_INDEX_FILE": filepath.Join(other, "index"), "GIT_WORK_TREE": other,
		"GIT_AUTHOR_DATE": "nonsense", "GIT_COMMITTER_NAME": "Somebody", "GIT_TRACE": filepath.Join(other, "trace"), "LC_ALL": "de_DE.UTF-8",
	} {
		t.Setenv(name, v)
	}
	r := initRepo(t)
	put(t, r, "one", map[string]string{"a": "1\n"})
	c, err := r.ReadCommit(t.Context(), "main")
	if err != nil || c.Author != git.DefaultIdent || c.Message != "one" && c.Message != "one\n" || c.When.Unix() != 1e9 {
		t.Errorf("%+v, %v", c, err)
	}
	if list, _ := os.ReadDir(other); len(list) != 1 {
		t.Errorf("written elsewhere: %v", list)
	}
}

func TestIdentity(t *testing.T) {
	r := initRepo(t)
	sh(t, r.Dir(), "config", "user.name", "Ada")
	sh(t, r.Dir(), "config", "user.email", "ada@example.com")
	for _, tt := range []struct{ set, want git.Ident }{
		{git.Ident{}, git.Ident{Name: "Ada", Email: "ada@example.com"}},
		{git.Ident{Name: "Bot", Email: "b@example.com"}, git.Ident{Name: "Bot", Email: "b@example.com"}},
	} {
		o, err := git.Open(t.Context(), r.Dir(), git.Options{Author: tt.set})
		if err != nil || o.Author() != tt.want {
			t.Errorf("%+v, %v", o.Author(), err)
		}
		o.Close()
	}
}

func TestTrees(t *testing.T) {
	r := initRepo(t)
	ctx := t.Context()
	first := put(t, r, "first", map[string]string{"a": "1\n", "d/x": "2\n", "d/e/y": "3\n", "d.txt": "4\n", "d/ä b": "5\n"})
	if got := sh(t, r.Dir(), "status", "--porcelain"); got != "" {
		t.Error(got)
	}
	second := put(t, r, "second", map[string]string{"a": "1b\n", "d/e/z": "6\n"})
	list, err := r.List(ctx, second, "d")
	var paths []string
	for _, e := range list {
		paths = append(paths, e.Path)
	}
	if diff := cmp.Diff([]string{"d/e/y", "d/e/z", "d/x", "d/ä b"}, paths); diff != "" || err != nil {
		t.Error(diff, err)
	}
	deltas, err := r.Diff(ctx, first, second)
	if err != nil || len(deltas) != 2 || deltas[0].Path != "a" || deltas[1].Path != "d/e/z" || deltas[1].Old.ID != "" {
		t.Errorf("%+v, %v", deltas, err)
	}
	if all, err := r.Diff(ctx, "", second); err != nil || len(all) != 6 {
		t.Errorf("%+v, %v", all, err)
	}
	if b, err := r.ReadFile(ctx, second, "d/e/z"); err != nil || string(b) != "6\n" {
		t.Errorf("%q, %v", b, err)
	}
	for _, p := range []string{"d", "none", "a/b", "d/e/none"} {
		if _, err := r.ReadFile(ctx, second, p); !errors.Is(err, git.ErrNotFound) {
			t.Errorf("%s: %v", p, err)
		}
	}
	// The last file of a folder takes the folder along.
	tree, err := r.WriteTree(ctx, second, []git.Put{{Path: "d/e/y"}, {Path: "d/e/z"}, {Path: "none"}})
	if err != nil || strings.Contains(sh(t, r.Dir(), "ls-tree", "-rt", string(tree)), "d/e") {
		t.Errorf("%v", err)
	}
	id := list[0].ID
	for _, bad := range [][]git.Put{
		{{Path: "a/b", ID: id}}, {{Path: "d", ID: id}}, {{Path: "x", ID: id}, {Path: "x/y", ID: id}}, {{Path: "x", ID: id}, {Path: "x", ID: id}},
		{{Path: "../x", ID: id}}, {{Path: "x/.git/y", ID: id}}, {{Path: "", ID: id}}, {{Path: "a\u200c/.g\u200cit", ID: id}}, {{Path: "git~1/x", ID: id}},
	} {
		if _, err := r.WriteTree(ctx, second, bad); err == nil {
			t.Errorf("%+v was written", bad)
		}
	}
	many := make([][]byte, 300)
	for i := range many {
		many[i] = []byte(strings.Repeat("x", i) + "\r\n")
	}
	ids, err := r.WriteBlobs(ctx, many...)
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		if b, err := r.Blob(ctx, id); err != nil || string(b) != string(many[i]) || r.Name(many[i]) != id {
			t.Fatalf("blob %d: %q, %v", i, b, err)
		}
	}
	if out := sh(t, r.Dir(), "fsck", "--strict"); strings.Contains(out, "error") {
		t.Error(out)
	}
}

func TestCompareAndSwap(t *testing.T) {
	r := initRepo(t)
	ctx := t.Context()
	first := put(t, r, "first", map[string]string{"a": "1\n"})
	second := put(t, r, "second", map[string]string{"a": "2\n"})
	for _, old := range []git.OID{first, ""} {
		if err := r.Advance(ctx, "main", first, old, "x"); !errors.Is(err, git.ErrMoved) {
			t.Errorf("from %q: %v", old, err)
		}
	}
	if err := r.Advance(ctx, "new", first, second, "x"); !errors.Is(err, git.ErrMoved) {
		t.Errorf("a branch that is not there: %v", err)
	}
	lock := filepath.Join(r.Dir(), ".git", "refs", "heads", "other.lock")
	os.WriteFile(lock, nil, 0o666)
	if err := r.UpdateRefs(ctx, "x", git.RefUpdate{Name: "refs/heads/other", New: first}); !errors.Is(err, git.ErrLocked) {
		t.Errorf("locked: %v", err)
	}
	if head, err := r.Branch(ctx, "main"); err != nil || head != second {
		t.Errorf("%s, %v", head, err)
	}
	if head, err := r.Branch(ctx, "none"); err != nil || head != "" {
		t.Errorf("%s, %v", head, err)
	}
}

// TestReaderSurvives: refs that move, repacking, and the reader's death.
func TestReaderSurvives(t *testing.T) {
	r := initRepo(t)
	ctx := t.Context()
	put(t, r, "first", map[string]string{"a": "1\n"})
	sh(t, r.Dir(), "commit", "-q", "--allow-empty", "-m", "by hand")
	if head, err := r.Branch(ctx, "main"); err != nil || string(head) != sh(t, r.Dir(), "rev-parse", "main") {
		t.Errorf("%s, %v", head, err)
	}
	sh(t, r.Dir(), "gc", "-q", "--prune=now")
	sh(t, r.Dir(), "commit", "-q", "--allow-empty", "-m", "by hand")
	sh(t, r.Dir(), "pack-refs", "--all")
	if head, err := r.Branch(ctx, "main"); err != nil || string(head) != sh(t, r.Dir(), "rev-parse", "main") {
		t.Errorf("%s, %v", head, err)
	}
	if b, err := r.ReadFile(ctx, "HEAD", "a"); err != nil || string(b) != "1\n" {
		t.Errorf("%q, %v", b, err)
	}
	for _, rev := range []string{"", "none", "a\nb", strings.Repeat("0", 40)} {
		if _, err := r.Resolve(ctx, rev); !errors.Is(err, git.ErrNotFound) {
			t.Errorf("%q: %v", rev, err)
		}
	}
}

// TestFollowEverything: not only posts follow: modes, links, folders that become files.
func TestFollowEverything(t *testing.T) {
	r := initRepo(t)
	put(t, r, "first", map[string]string{"a": "1\n", "d/x": "2\n"})
	clone := t.TempDir()
	sh(t, clone, "clone", "-q", r.Dir(), "c")
	clone = filepath.Join(clone, "c")
	sh(t, clone, "rm", "-q", "-r", "d", "a")
	os.WriteFile(filepath.Join(clone, "d"), []byte("a file now\n"), 0o666)
	os.MkdirAll(filepath.Join(clone, "a", "b"), 0o777)
	os.WriteFile(filepath.Join(clone, "a", "b", "run"), []byte("#!/bin/sh\n"), 0o777)
	os.Symlink("d", filepath.Join(clone, "link"))
	os.WriteFile(filepath.Join(clone, "bin"), []byte{0, 1, '\r', '\n', 2}, 0o666)
	sh(t, clone, "add", ".")
	sh(t, clone, "commit", "-q", "-m", "all else")
	ctx := t.Context()
	old, _ := r.Branch(ctx, "main")
	new, err := r.Fetch(ctx, git.Remote{URL: clone}, "main")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Advance(ctx, "main", new, old, "pull"); err != nil {
		t.Fatal(err)
	}
	if behind, err := r.Follow(ctx, "main"); err != nil || len(behind) > 0 {
		t.Errorf("%v, %v", behind, err)
	}
	if st := sh(t, r.Dir(), "status", "--porcelain"); st != "" {
		t.Error(st)
	}
	if to, err := os.Readlink(filepath.Join(r.Dir(), "link")); err != nil || to != "d" {
		t.Error(to, err)
	}
}

// TestSSH: the address goes to ssh, which here is a script that runs its last argument.
func TestSSH(t *testing.T) {
	script := filepath.Join(t.TempDir(), "ssh")
	os.WriteFile(script, []byte("#!/bin/sh\nfor last; do :; done\nexec sh -c \"$last\"\n"), 0o777)
	t.Setenv("GIT_SSH_COMMAND", script)
	t.Setenv("GIT_SSH_VARIANT", "ssh")
	bare := t.TempDir()
	sh(t, bare, "init", "-q", "--bare", "-b", "main")
	r := initRepo(t)
	head := put(t, r, "first", map[string]string{"a": "1\n"})
	for _, url := range []string{"ssh://git@host.example" + bare, "git@host.example:" + bare} {
		if err := r.Push(t.Context(), git.Remote{URL: url}, "main", head); err != nil {
			t.Error(err)
		}
	}
	if got := sh(t, bare, "rev-parse", "main"); got != string(head) {
		t.Error(got)
	}
	if id, err := r.Fetch(t.Context(), git.Remote{URL: "ssh://git@host.example" + bare}, "none"); err != nil || id != "" {
		t.Errorf("%s, %v", id, err)
	}
}

func TestTidy(t *testing.T) {
	r := initRepo(t)
	ctx := t.Context()
	id := put(t, r, "first", map[string]string{"a": "1\n"})
	// Objects spread evenly, so a count of one folder's is taken for all.
	var many [][]byte
	for i := 0; len(many) < 8; i++ {
		if b := []byte(fmt.Sprint("blob ", i)); strings.HasPrefix(string(r.Name(b)), "17") {
			many = append(many, b)
		}
	}
	ids, err := r.WriteBlobs(ctx, many...)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Tidy(ctx); err != nil {
		t.Fatal(err)
	}
	if n := sh(t, r.Dir(), "count-objects", "-v"); !strings.Contains(n, "packs: 1") {
		t.Error(n)
	}
	for _, id := range []git.OID{id, ids[7]} {
		if _, err := r.Resolve(ctx, string(id)); err != nil {
			t.Error(err)
		}
	}
}

// TestKilledWhole: when git processes of ours die too, their locks stay. Those
// that are ours are taken away, those of the user's are not.
func TestKilledWhole(t *testing.T) {
	r := initRepo(t)
	put(t, r, "first", map[string]string{"a": "1\n"})
	dir := filepath.Join(r.Dir(), ".git")
	ours, theirs := filepath.Join(dir, "refs", "heads", "main.lock"), filepath.Join(dir, "index.lock")
	note := filepath.Join(dir, "coranto.lock")
	for _, f := range []struct{ name, data string }{{note, ours + "\n" + theirs + "\n/etc/passwd.lock\n"}, {ours, ""}, {theirs, ""}} {
		if err := os.WriteFile(f.name, []byte(f.data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(theirs, later, later); err != nil {
		t.Fatal(err)
	}
	if err := r.UpdateRefs(t.Context(), "x", git.RefUpdate{Name: "refs/heads/x", New: headOf(t, r)}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(ours); err == nil {
		t.Error("our own lock is still there")
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Error("a lock that is not ours is gone")
	}
	if b, err := os.ReadFile(note); err != nil || len(b) > 0 {
		t.Errorf("%q, %v", b, err)
	}
}

func headOf(t testing.TB, r *git.Repo) git.OID {
	id, err := r.Branch(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	return id
}
