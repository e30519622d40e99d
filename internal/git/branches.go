package git

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Head is a branch and where it is.
type Head struct {
	Branch string
	Commit OID
	When   time.Time // of the commit
}

// Heads lists the branches of the repository, the newest first.
func (r *Repo) Heads(ctx context.Context) ([]Head, error) { return r.heads(ctx, "refs/heads/") }

// TrackedHeads lists the branches of a remote as they were when last fetched.
func (r *Repo) TrackedHeads(ctx context.Context, to Remote) ([]Head, error) {
	return r.heads(ctx, to.trackRef(""))
}

func (r *Repo) heads(ctx context.Context, under string) ([]Head, error) {
	out, err := r.run(ctx, nil, "for-each-ref", "--sort=-committerdate", "--format=%(objectname) %(committerdate:unix) %(refname)", under)
	if err != nil {
		return nil, fmt.Errorf("list branches: %w", err)
	}
	var list []Head
	for line := range strings.Lines(string(out)) {
		id, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		at, name, ok := strings.Cut(rest, " ")
		seconds, err := strconv.ParseInt(at, 10, 64)
		if branch, under := strings.CutPrefix(name, under); ok && under && err == nil {
			list = append(list, Head{branch, OID(id), time.Unix(seconds, 0)})
		}
	}
	return list, nil
}

// FetchHeads brings all branches of a remote, and forgets those it has no more.
func (r *Repo) FetchHeads(ctx context.Context, to Remote) error {
	return r.talk(ctx, to, "fetch", "-q", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules",
		"--end-of-options", "URL", "+refs/heads/*:"+to.trackRef("*"))
}

// Borrow makes dir a repository that has the objects of r, and the one branch
// at a commit. It is for reading.
func (r *Repo) Borrow(ctx context.Context, dir, branch string, at OID) (*Repo, error) {
	out, err := r.run(ctx, nil, "rev-parse", "--path-format=absolute", "--git-path", "objects")
	if err != nil {
		return nil, fmt.Errorf("borrow objects: %w", err)
	}
	b, err := Init(ctx, dir, branch, Options{Author: r.author})
	if err != nil {
		return nil, err
	}
	if err = b.borrow(strings.TrimSpace(string(out))); err == nil {
		err = b.UpdateRefs(ctx, "borrowed", RefUpdate{Name: "refs/heads/" + branch, New: at})
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (r *Repo) borrow(objects string) error {
	return os.WriteFile(filepath.Join(r.gitDir, "objects", "info", "alternates"), []byte(objects+"\n"), 0o666)
}
