package content_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/git"
)

// TestCrashChild is the process that dies: it commits one batch in a directory.
func TestCrashChild(t *testing.T) {
	dir := os.Getenv("CORANTO_TEST_CRASH")
	if dir == "" {
		t.Skip("only as a child")
	}
	s := openSite(t, dir, crashOptions(dir))
	s.runs, s.clock = 1, t0.Add(5e12)
	if err := failpoint.Arm(os.Getenv(failpoint.Env)); err != nil {
		t.Fatal(err)
	}
	_, err := s.store.Commit(context.Background(), s.batch(doc{"alice", entries(2, 5)}, doc{"bob", entries(7, 7)}))
	if err != nil && !errors.Is(err, failpoint.ErrInjected) {
		t.Fatal(err)
	}
}

func crashOptions(dir string) content.Options {
	return content.Options{Path: "content/{source}.json", Remote: &git.Remote{URL: dir + ".remote"}, Cache: content.DirCache(filepath.Join(dir, ".git", "cache"))}
}

// TestCrashSweep dies before and after every durable step of a commit, and of
// another that follows it up: each post once, one commit a run, all whole, and
// the working tree as the user left it.
func TestCrashSweep(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	names := slices.DeleteFunc(failpoint.Names(), func(n string) bool {
		return !strings.HasPrefix(n, "git.") && !strings.HasPrefix(n, "content.")
	})
	slices.Sort(names)
	var hit atomic.Int32
	t.Run("at", func(t *testing.T) { sweep(t, exe, names, &hit) })
	if n := hit.Load(); n < 15 {
		t.Errorf("only %d crashes at %d points: %v", n, len(names), names)
	}
}

func sweep(t *testing.T, exe string, names []string, hit *atomic.Int32) {
	for _, name := range names {
		for _, action := range []string{"1", "2", "1:error"} {
			if action == "2" && !strings.HasSuffix(name, "-refs") {
				continue
			}
			spec := name + ":" + action
			t.Run(spec, func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "site")
				gitIn(t, filepath.Dir(dir), "init", "-q", "--bare", "-b", "main", dir+".remote")
				s := openSite(t, dir, crashOptions(dir))
				s.run(doc{"alice", entries(1, 2)})
				s.write("notes", "mine\n")
				before := s.git("status", "--porcelain")

				cmd := exec.Command(exe, "-test.run", "^TestCrashChild$")
				cmd.Env = append(os.Environ(), "CORANTO_TEST_CRASH="+dir, failpoint.Env+"="+spec)
				out, err := cmd.CombinedOutput()
				var exit *exec.ExitError
				if errors.As(err, &exit) && exit.ExitCode() == 137 {
					hit.Add(1)
				} else if err != nil {
					t.Fatalf("%v\n%s", err, out)
				} else if !strings.HasSuffix(action, "error") {
					return // the point is not passed so often
				}
				s.reopen()
				s.runs, s.clock = 1, t0.Add(5e12)
				s.run(doc{"alice", entries(2, 5)}, doc{"bob", entries(7, 7)})
				if diff := strings.Join(s.titles(), ","); diff != "Post 1,Post 2,Post 3,Post 4,Post 5,Post 7" {
					t.Errorf("posts: %s", diff)
				}
				if n := s.git("rev-list", "--count", "main"); n != "2" {
					t.Errorf("%s commits", n)
				}
				if after := s.git("status", "--porcelain"); after != before {
					t.Errorf("git status was %q, is %q", before, after)
				}
				if a, b := s.git("rev-parse", "main"), gitIn(t, dir+".remote", "rev-parse", "main"); a != b {
					t.Errorf("the remote is at %s, not %s", b, a)
				}
				s.fsck()
			})
		}
	}
}
