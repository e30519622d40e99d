package git_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coranto/coranto/internal/git"
)

// TestDamage: whatever of a repository is broken, it is told apart from one that
// is not there and from a branch that is new, and what is broken is named.
func TestDamage(t *testing.T) {
	tests := []struct {
		name, harm string // in a shell within the repository; $c, $t and $b are commit, tree and blob
		says       string
	}{
		{"HEAD is missing", "rm .git/HEAD", "HEAD is missing"},
		{"HEAD is empty", ": > .git/HEAD", "HEAD is not what git writes"},
		{"HEAD is garbage", "echo garbage > .git/HEAD", "HEAD is not what git writes"},
		{"objects are missing", "rm -rf .git/objects", "objects is missing"},
		{"the ref is empty", ": > .git/refs/heads/main", "names no commit"},
		{"the ref is garbage", "echo zzzz > .git/refs/heads/main", "names no commit"},
		{"the configuration is garbage", "echo '[core' > .git/config", "bad config line 1"},
		{"the commit is missing", "rm -f .git/objects/$(echo $c | cut -c1-2)/$(echo $c | cut -c3-)", "refs/heads/main names the commit"},
		{"the commit is garbage", "f=.git/objects/$(echo $c | cut -c1-2)/$(echo $c | cut -c3-); chmod u+w $f; echo garbage > $f", "missing or broken"},
		{"the tree is missing", "rm -f .git/objects/$(echo $t | cut -c1-2)/$(echo $t | cut -c3-)", "^{tree}"},
		{"the blob is missing", "rm -f .git/objects/$(echo $b | cut -c1-2)/$(echo $b | cut -c3-)", "no such object"},
		{"the blob is garbage", "f=.git/objects/$(echo $b | cut -c1-2)/$(echo $b | cut -c3-); chmod u+w $f; echo garbage > $f", "no such object"},
		{"the pack is cut", "git gc -q; chmod u+w .git/objects/pack/*.pack; for f in .git/objects/pack/*.pack; do head -c 60 $f > x; cp x $f; done", ""},
		{"the pack is missing", "git gc -q; rm -f .git/objects/pack/*.pack", "missing"},
		{"the pack's index is cut", "git gc -q; chmod u+w .git/objects/pack/*.idx; for f in .git/objects/pack/*.idx; do head -c 60 $f > x; cp x $f; done", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			repo, err := git.Init(t.Context(), dir, "main", git.Options{Author: git.Ident{Name: "T", Email: "t@example.org"}})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "a"), []byte("a text\n"), 0o666); err != nil {
				t.Fatal(err)
			}
			repo.Close()
			sh := exec.Command("sh", "-ec", "git add a; git -c user.name=T -c user.email=t@example.org commit -qm a; c=$(git rev-parse HEAD); t=$(git rev-parse HEAD^{tree}); b=$(git rev-parse HEAD:a)\n"+tt.harm)
			sh.Dir = dir
			if out, err := sh.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			err = read(t, dir)
			if !errors.Is(err, git.ErrDamaged) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, want ErrDamaged and %q", err, tt.says)
			}
			if errors.Is(err, git.ErrNotRepo) {
				t.Errorf("it counts as no repository: %v", err)
			}
		})
	}
}

// read reads the file as every command does: what is checked out, the branch,
// its tree, the blob.
func read(t *testing.T, dir string) error {
	repo, err := git.Open(t.Context(), dir, git.Options{})
	if err != nil {
		return err
	}
	defer repo.Close()
	c, err := repo.Checked(t.Context())
	if err != nil {
		return err
	}
	head, err := repo.Branch(t.Context(), c.Branch)
	if err != nil {
		return err
	}
	_, err = repo.ReadFile(t.Context(), head, "a")
	return err
}

// TestNewBranch: a branch that does not exist yet is no damage.
func TestNewBranch(t *testing.T) {
	repo, err := git.Init(t.Context(), t.TempDir(), "main", git.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	for _, name := range []string{"main", "other", "a/b"} {
		if id, err := repo.Branch(t.Context(), name); id != "" || err != nil {
			t.Errorf("%s: %q, %v", name, id, err)
		}
	}
}
