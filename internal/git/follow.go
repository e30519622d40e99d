package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coranto/coranto/internal/failpoint"
)

var (
	fpFile    = failpoint.Name("git.before-file")
	fpFiled   = failpoint.Name("git.after-file")
	fpIndex   = failpoint.Name("git.before-index")
	fpIndexed = failpoint.Name("git.after-index")
	fpLevel   = failpoint.Name("git.before-level")
)

// behindRef names what the working tree still stands on while it has not yet
// followed the branch. It is set in the transaction that moves the branch and
// deleted once the tree is level, so a crash in between is found and mended
// without any memory outside git. It belongs to one working tree.
const behindRef = "refs/worktree/coranto-behind"

// Advance moves a branch from old ("": it must not exist) to new, in one
// transaction with the note that the working tree is behind. ErrMoved says
// that the branch was elsewhere.
func (r *Repo) Advance(ctx context.Context, branch string, new, old OID, why string) error {
	updates := []RefUpdate{{Name: "refs/heads/" + branch, New: new, Old: old}}
	if !r.bare {
		c, err := r.Checked(ctx)
		if err != nil {
			return err
		}
		if c.Busy != "" {
			return fmt.Errorf("%w: %s", ErrBusy, c.Busy)
		}
		since, err := r.ref(ctx, behindRef)
		if err != nil {
			return err
		}
		note := RefUpdate{Name: behindRef, New: since, Old: since}
		if since == "" {
			if note.New = old; old == "" {
				if note.New, err = r.emptyTree(ctx); err != nil {
					return err
				}
			}
		}
		// Also where it is noted already: another of us may be about to delete it.
		if c.Branch == branch {
			updates = append(updates, note)
		}
	}
	return r.UpdateRefs(ctx, why, updates...)
}

func (r *Repo) emptyTree(ctx context.Context) (OID, error) {
	out, err := r.run(ctx, []byte{}, "mktree")
	return OID(strings.TrimSpace(string(out))), err
}

// Follow lets index and working tree follow the branch, if that is checked out
// and they are behind. A path moves on only where its index entry and its file
// are what the branch had; the user's edits, staged changes and locks stay, and
// their paths are returned. It may be called at any time, and repeats what a
// crash has interrupted.
func (r *Repo) Follow(ctx context.Context, branch string) (behind []string, err error) {
	if r.bare {
		return nil, nil
	}
	since, err := r.ref(ctx, behindRef)
	if err != nil || since == "" {
		return nil, err
	}
	r.follow.Lock()
	defer r.follow.Unlock()
	lock, err := r.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer lock.unlock()
	for range followTries {
		level := false
		if behind, level, err = r.followOnce(ctx, lock, branch); err != nil || level {
			return behind, err
		}
	}
	return nil, nil // the branch keeps moving; whoever moves it follows
}

// Stuck returns the paths that Follow would leave behind, and changes nothing.
func (r *Repo) Stuck(ctx context.Context, branch string) ([]string, error) {
	if r.bare {
		return nil, nil
	}
	since, err := r.ref(ctx, behindRef)
	if err != nil || since == "" {
		return nil, err
	}
	c, err := r.Checked(ctx)
	if err != nil || c.Branch != branch {
		return nil, err
	}
	head, err := r.Branch(ctx, branch)
	if err != nil || head == "" {
		return nil, err
	}
	f := &follower{repo: r, since: since, head: head, look: true}
	behind, err := f.all(ctx, c.Busy != "")
	if err != nil {
		return nil, fmt.Errorf("working tree: %w", err)
	}
	return behind, nil
}

// followTries bounds how often a branch may move under a Follow.
const followTries = 5

// followOnce reports whether it has done all that can be done for now.
func (r *Repo) followOnce(ctx context.Context, lock *treeLock, branch string) (behind []string, level bool, err error) {
	since, err := r.ref(ctx, behindRef)
	if err != nil || since == "" {
		return nil, true, err
	}
	c, err := r.Checked(ctx)
	if err != nil || c.Branch != branch {
		return nil, true, err
	}
	head, err := r.Branch(ctx, branch)
	if err != nil || head == "" {
		return nil, true, err
	}
	f := &follower{repo: r, lock: lock, since: since, head: head}
	if behind, err = f.all(ctx, c.Busy != ""); err != nil {
		return behind, true, fmt.Errorf("working tree: %w", err)
	}
	if len(behind) > 0 {
		return behind, true, nil
	}
	if err := failpoint.Hit(fpLevel); err != nil {
		return nil, true, err
	}
	err = r.updateRefs(ctx, lock, "working tree is level",
		RefUpdate{Name: behindRef, Old: since}, RefUpdate{Name: "refs/heads/" + branch, New: head, Old: head})
	if errors.Is(err, ErrMoved) || errors.Is(err, ErrLocked) {
		return nil, false, nil
	}
	return nil, true, err
}

// Behind names what the working tree still stands on while it has not
// followed the branch; empty: it has.
func (r *Repo) Behind(ctx context.Context) (OID, error) { return r.ref(ctx, behindRef) }

// follower is one attempt at moving on.
type follower struct {
	repo        *Repo
	lock        *treeLock
	since, head OID
	mids        []OID // commits between the two, read only when needed
	look        bool  // only to say what would be left behind
}

// lockWait is how long the user's own git may hold the index before we put it off.
const (
	lockTries = 5
	lockPause = 60 * time.Millisecond
)

func (f *follower) all(ctx context.Context, busy bool) ([]string, error) {
	deltas, err := f.repo.Diff(ctx, f.since, f.head)
	if err != nil || len(deltas) == 0 {
		return nil, err
	}
	paths := make([]string, len(deltas))
	for i, d := range deltas {
		paths[i] = d.Path
	}
	if busy || !f.look && !f.unlocked(ctx) {
		return paths, nil
	}
	index, err := f.index(ctx, paths)
	if err != nil {
		return paths, err
	}
	// Deletions first: a file may have become a folder.
	slices.SortStableFunc(deltas, func(a, b Delta) int { return deleted(b) - deleted(a) })
	var behind []string
	var puts []Delta
	for _, d := range deltas {
		entry := index[d.Path]
		ok, err := f.may(ctx, d, entry)
		if err != nil {
			return paths, err
		}
		if ok && !entry.skip {
			ok, err = f.file(ctx, d)
		}
		if err != nil {
			return paths, err
		}
		if !ok {
			behind = append(behind, d.Path)
			continue
		}
		if entry.id != d.New.ID || entry.mode != d.New.Mode {
			puts = append(puts, d)
		}
	}
	if f.look {
		return behind, nil
	}
	late, err := f.stage(ctx, puts, index)
	return append(behind, late...), err
}

func deleted(d Delta) int {
	if d.New.ID == "" {
		return 1
	}
	return 0
}

// unlocked waits a little for the user's own git to let go of the index.
func (f *follower) unlocked(ctx context.Context) bool {
	for range lockTries {
		if _, err := os.Lstat(filepath.Join(f.repo.gitDir, "index.lock")); errors.Is(err, fs.ErrNotExist) {
			return true
		}
		if !pause(ctx, lockPause) {
			return false
		}
	}
	return false
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// staged is an index entry; zero: none.
type staged struct {
	id       OID
	mode     string
	unmerged bool
	skip     bool // skip-worktree: a sparse checkout has no file
}

// index reads the entries of the paths.
func (f *follower) index(ctx context.Context, paths []string) (map[string]staged, error) {
	args := []string{"ls-files", "-s", "-t", "-z", "--"}
	if len(paths) <= 500 {
		args = append(args, paths...)
	}
	out, err := f.repo.run(ctx, nil, args...)
	if err != nil {
		return nil, err
	}
	m := map[string]staged{}
	for line := range strings.SplitSeq(string(out), "\x00") {
		head, path, ok := strings.Cut(line, "\t")
		part := strings.Fields(head) // tag mode oid stage
		if !ok || len(part) != 4 {
			continue
		}
		s := staged{mode: part[1], id: OID(part[2]), unmerged: part[3] != "0", skip: strings.EqualFold(part[0], "S")}
		s.unmerged = s.unmerged || m[path].unmerged
		m[path] = s
	}
	return m, nil
}

// may reports whether the index entry is one that we may move on: what the
// branch had, has, or had in between.
func (f *follower) may(ctx context.Context, d Delta, s staged) (bool, error) {
	if s.unmerged {
		return false, nil
	}
	return f.ours(ctx, d, func(id OID) bool { return id == s.id })
}

// ours reports whether is holds for a state of the path between since and head.
func (f *follower) ours(ctx context.Context, d Delta, is func(OID) bool) (bool, error) {
	if is(d.Old.ID) || is(d.New.ID) {
		return true, nil
	}
	mids, err := f.between(ctx)
	if err != nil {
		return false, err
	}
	for _, m := range mids {
		e, _, err := f.repo.lookup(ctx, m, d.Path)
		if err != nil {
			return false, err
		}
		if is(e.ID) {
			return true, nil
		}
	}
	return false, nil
}

// maxBetween bounds how far back an intermediate state is looked for.
const maxBetween = 256

func (f *follower) between(ctx context.Context) ([]OID, error) {
	if f.mids != nil {
		return f.mids, nil
	}
	f.mids = []OID{}
	for at := f.head; at != f.since && len(f.mids) < maxBetween; {
		c, err := f.repo.ReadCommit(ctx, string(at))
		if err != nil {
			return nil, err
		}
		f.mids = append(f.mids, at)
		if len(c.Parents) == 0 {
			break
		}
		at = c.Parents[0]
	}
	return f.mids, nil
}

// stage moves the index entries on, and returns the paths that a lock of the
// user's git has kept from it.
func (f *follower) stage(ctx context.Context, puts []Delta, index map[string]staged) ([]string, error) {
	if len(puts) == 0 {
		return nil, nil
	}
	var in bytes.Buffer
	var skip []string
	paths := make([]string, len(puts))
	for i, d := range puts {
		paths[i] = d.Path
		if d.New.ID == "" {
			fmt.Fprintf(&in, "0 %s\t%s\x00", f.repo.zero(), d.Path)
			continue
		}
		fmt.Fprintf(&in, "%s %s\t%s\x00", d.New.Mode, d.New.ID, d.Path)
		if index[d.Path].skip {
			skip = append(skip, d.Path)
		}
	}
	if err := failpoint.Hit(fpIndex); err != nil {
		return paths, err
	}
	for try := 1; ; try++ {
		err := f.updateIndex(ctx, in.Bytes(), "-z", "--index-info")
		if err == nil {
			break
		}
		var fail *failure
		if !errors.As(err, &fail) || !fail.says("index.lock") {
			return paths, err
		}
		if try == lockTries || !pause(ctx, lockPause) {
			return paths, nil
		}
	}
	if len(skip) > 0 {
		in := []byte(strings.Join(skip, "\x00") + "\x00")
		if err := f.updateIndex(ctx, in, "--skip-worktree", "-z", "--stdin"); err != nil {
			return nil, err
		}
	}
	// Fills in times and sizes, so that git status need not read the files. It
	// fails where anything else is edited, which is no matter.
	_ = f.updateIndex(ctx, nil, "-q", "--refresh")
	return nil, failpoint.Hit(fpIndexed)
}

func (f *follower) updateIndex(ctx context.Context, in []byte, args ...string) error {
	return f.lock.during([]string{filepath.Join(f.repo.gitDir, "index.lock")}, func() error {
		_, err := f.repo.run(ctx, in, append([]string{"update-index"}, args...)...)
		return err
	})
}

// Edited returns those paths whose index entry or working file is none of the
// given blobs ("": not there), when branch is checked out. Of another branch no
// path is.
func (r *Repo) Edited(ctx context.Context, branch string, paths map[string][]OID) ([]string, error) {
	if r.bare || len(paths) == 0 {
		return nil, nil
	}
	c, err := r.Checked(ctx)
	if err != nil || c.Branch != branch {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(paths))
	index, err := (&follower{repo: r}).index(ctx, names)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, p := range names {
		w, err := readWorking(filepath.Join(r.dir, filepath.FromSlash(p)), r.hexLen)
		s := index[p]
		fine := err == nil && !s.unmerged && slices.Contains(paths[p], s.id) &&
			(s.skip && w.missing || slices.ContainsFunc(paths[p], w.is))
		if !fine {
			out = append(out, p)
		}
	}
	return out, nil
}

// Name is the name that git gives these bytes as a blob.
func (r *Repo) Name(data []byte) OID { return blobID(data, r.hexLen) }
