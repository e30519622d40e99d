package app

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/git"
)

// TestBranchWatch: a branch that is moved by git's own commands is told of, the
// ways it may be stored; nothing else is waited for.
func TestBranchWatch(t *testing.T) {
	tests := []struct {
		name, branch string
		init         []string
		before       [][]string // once the watch stands
		worktree     bool
	}{
		{name: "plain", branch: "main"},
		{name: "with slashes", branch: "site/live/main"},
		{name: "packed, and its folders removed", branch: "site/live/main", before: [][]string{{"pack-refs", "--all", "--prune"}}},
		{name: "linked working tree", branch: "main", worktree: true},
		{name: "reftable", branch: "main", init: []string{"--ref-format=reftable"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			top := t.TempDir()
			dir := filepath.Join(top, "site")
			run := func(args ...string) {
				t.Helper()
				cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
				cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("git %v: %v\n%s", args, err, out)
				}
			}
			init := append([]string{"init", "-q", "-b", tt.branch, dir}, tt.init...)
			if out, err := exec.Command("git", init...).CombinedOutput(); err != nil {
				if tt.init != nil {
					t.Skipf("this git does not know %v: %s", tt.init, out)
				}
				t.Fatalf("git init: %v\n%s", err, out)
			}
			run("commit", "-q", "--allow-empty", "-m", "first")
			at := dir
			if tt.worktree {
				run("switch", "-q", "-c", "other")
				at = filepath.Join(top, "linked")
				run("worktree", "add", "-q", at, tt.branch)
			}
			repo, err := git.Open(t.Context(), at, git.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer repo.Close()
			moved, stop := watchBranch(t.Context(), repo, tt.branch)
			defer stop()
			if moved == nil {
				t.Skip("nothing can be watched here")
			}
			for _, args := range tt.before {
				run(args...)
				await(t, moved)
			}
			dir = at
			for range 8 { // more than the events of one change, which are told of together or not
				run("commit", "-q", "--allow-empty", "-m", "one more")
				await(t, moved)
			}
		})
	}
}

func await(t *testing.T, moved <-chan struct{}) {
	t.Helper()
	select {
	case <-moved:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing told of it")
	}
}
