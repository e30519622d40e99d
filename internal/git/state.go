package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Checked is what the working tree stands on.
type Checked struct {
	Branch string // empty: detached, or bare
	Busy   string // what the user is in the middle of, with the way out; empty: nothing
}

// underWay are the files by which git remembers an unfinished operation.
var underWay = []struct{ file, what, out string }{
	{"rebase-merge", "a rebase", "git rebase --continue, or --abort"},
	{"rebase-apply", "a rebase or am", "git rebase --continue, or --abort"},
	{"MERGE_HEAD", "a merge", "git commit, or git merge --abort"},
	{"CHERRY_PICK_HEAD", "a cherry-pick", "git cherry-pick --continue, or --abort"},
	{"REVERT_HEAD", "a revert", "git revert --continue, or --abort"},
	{"BISECT_LOG", "a bisect", "git bisect reset"},
}

// Checked tells which branch is checked out and what is under way.
func (r *Repo) Checked(ctx context.Context) (Checked, error) {
	var c Checked
	for _, u := range underWay {
		if _, err := os.Lstat(filepath.Join(r.gitDir, u.file)); err == nil {
			c.Busy = u.what + " is under way (hint: " + u.out + ")"
			break
		}
	}
	out, err := r.run(ctx, nil, "symbolic-ref", "-q", "HEAD")
	var f *failure
	if errors.As(err, &f) && f.code == 1 {
		if c.Busy == "" {
			c.Busy = "HEAD is detached (hint: git switch to a branch)"
		}
		return c, nil
	}
	if err != nil {
		return c, r.brokenHead(ctx, err)
	}
	c.Branch, _ = strings.CutPrefix(strings.TrimSpace(string(out)), "refs/heads/")
	return c, nil
}

// brokenHead says more of a HEAD that git cannot follow: what it names is broken.
func (r *Repo) brokenHead(ctx context.Context, err error) error {
	b, rerr := os.ReadFile(filepath.Join(r.gitDir, "HEAD"))
	name, ok := strings.CutPrefix(strings.TrimSpace(string(b)), "ref: ")
	if rerr != nil || !ok {
		return err
	}
	if broken := r.unborn(ctx, name); errors.Is(broken, ErrDamaged) {
		return fmt.Errorf("%w (hint: the last line of %s names the commit that it had)", broken, filepath.Join(r.common, "logs", filepath.FromSlash(name)))
	}
	return err
}

// Ready refuses with ErrBusy while the branch must not move under the user.
func (r *Repo) Ready(ctx context.Context) error {
	if r.bare {
		return nil
	}
	c, err := r.Checked(ctx)
	if err == nil && c.Busy != "" {
		err = fmt.Errorf("%w: %s", ErrBusy, c.Busy)
	}
	return err
}
