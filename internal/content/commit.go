package content

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/git"
)

// Commit makes the batch one commit on the branch, or none if it changes
// nothing, lets the working tree follow, and pushes. It may be called again
// with the same Run: it then returns the commit that is there.
//
// An error means that nothing is committed. What went wrong later, with the
// working tree or the remote, is told by the Result and mended by the next call.
func (s *Store) Commit(ctx context.Context, b Batch) (Result, error) {
	if err := b.check(); err != nil {
		return Result{}, err
	}
	s.write.Lock()
	defer s.write.Unlock()
	if err := s.ready(ctx); err != nil {
		return Result{}, fmt.Errorf("commit run %s: %w", b.Run, err)
	}
	var r Result
	head, err := s.move(ctx, "run "+b.Run, func(head git.OID) (git.OID, error) {
		r = Result{}
		if id, err := s.findRun(ctx, head, b.Run, b.FirstSeen); err != nil || id != "" {
			if err == nil {
				r.Commit, r.Again = string(id), true
				err = s.recount(ctx, id, &r)
			}
			return "", err
		}
		return s.commitBatch(ctx, head, b, &r)
	})
	if err != nil {
		return Result{}, fmt.Errorf("commit run %s: %w", b.Run, err)
	}
	if head != "" && !r.Again && !r.None {
		r.Commit = string(head)
	}
	s.after(ctx, b, &r)
	return r, nil
}

func (b *Batch) check() error {
	switch {
	case b.Run == "" || len(b.Run) > 200 || b.Run != oneLine(b.Run, 200):
		return fmt.Errorf("%w: the run %q cannot stand in a trailer", ErrBatch, b.Run)
	case b.FirstSeen.IsZero():
		return fmt.Errorf("%w: run %s has no first_seen", ErrBatch, b.Run)
	}
	for _, p := range b.Posts {
		if len(p.Keys) == 0 {
			return fmt.Errorf("%w: post %q has no keys", ErrBatch, p.Title)
		}
	}
	return nil
}

// ready mends what a crash has left, and refuses while the user is in the
// middle of something.
func (s *Store) ready(ctx context.Context) error {
	if err := s.repo.Ready(ctx); err != nil {
		return err
	}
	if err := s.putBack(ctx); err != nil {
		return err
	}
	_, err := s.repo.Follow(ctx, s.branch)
	return err
}

// move tries to advance the branch until nobody comes between. Make returns
// the new commit for a head, or "" when the head may stay.
func (s *Store) move(ctx context.Context, why string, make func(head git.OID) (git.OID, error)) (git.OID, error) {
	var last error
	for try := range s.attempts {
		if try > 0 && !pause(ctx, time.Duration(try)*20*time.Millisecond) {
			return "", context.Cause(ctx)
		}
		head, err := s.repo.Branch(ctx, s.branch)
		if err != nil {
			return "", err
		}
		new, err := make(head)
		if err != nil {
			return "", err
		}
		if new == "" || new == head {
			return head, nil
		}
		err = s.repo.Advance(ctx, s.branch, new, head, why)
		if err == nil {
			return new, nil
		}
		if !errors.Is(err, git.ErrMoved) && !errors.Is(err, git.ErrLocked) {
			return "", err
		}
		last = err
	}
	return "", fmt.Errorf("%w: %d tries: %w", ErrConflict, s.attempts, last)
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

// commitBatch makes the commit of a batch on top of head.
func (s *Store) commitBatch(ctx context.Context, head git.OID, b Batch, r *Result) (git.OID, error) {
	sn, err := s.at(ctx, head)
	if err != nil {
		return "", err
	}
	p := newPlan(sn, b.FirstSeen)
	p.batch(b)
	p.tell(r)
	if p.idle() {
		r.None, r.Keyed = true, 0
		return "", nil
	}
	tree, err := s.writePlan(ctx, sn, p)
	if err != nil {
		return "", err
	}
	return s.repo.MakeCommit(ctx, git.NewCommit{Tree: tree, Parents: parents(head), Message: p.message(b), When: s.now()})
}

func parents(head git.OID) []git.OID {
	if head == "" {
		return nil
	}
	return []git.OID{head}
}

// tell reports the plan.
func (p *plan) tell(r *Result) {
	name := func(list []int) []string {
		var ids []string
		for _, n := range list {
			ids = append(ids, p.id(n))
		}
		return ids
	}
	r.Added, r.Merged, r.Revised, r.Keyed = name(p.added), name(p.merged), name(p.revised), 0
	for _, n := range p.keyed {
		if !slices.Contains(p.merged, n) && !slices.Contains(p.revised, n) {
			r.Keyed++
		}
	}
}

// writePlan writes the shards a plan changes and returns the tree with them.
func (s *Store) writePlan(ctx context.Context, sn *Snapshot, p *plan) (git.OID, error) {
	blobs := map[string]git.OID{}
	for _, l := range sn.ix.shards {
		blobs[l.path] = git.OID(l.blob)
	}
	shards := map[string]*shard{}
	open := func(path string) (*shard, error) {
		if shards[path] == nil {
			sh := &shard{path: path, close: -1}
			if id := blobs[path]; id != "" {
				var err error
				if sh, err = s.shard(ctx, git.Entry{ID: id, Path: path}); err != nil {
					return nil, err
				}
			}
			shards[path] = sh
		}
		return shards[path], nil
	}
	files, err := p.files(s.path.path, func(i, at int) (coranto.Post, error) {
		sh, err := open(sn.ix.shards[i].path)
		if err != nil {
			return coranto.Post{}, err
		}
		return sh.post(at)
	})
	if err != nil {
		return "", err
	}
	w := blobWriter{repo: s.repo}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		sh, err := open(path)
		if err != nil {
			return "", err
		}
		f := files[path]
		add := additions{len(f.posts), func(b []byte, i int) []byte { return appendPost(b, f.posts[i]) }}
		if err := w.add(ctx, path, sh.edit(f.replace, add)); err != nil {
			return "", err
		}
		delete(shards, path)
		delete(files, path)
	}
	puts, err := w.end(ctx)
	if err != nil {
		return "", err
	}
	return s.repo.WriteTree(ctx, sn.commit, puts)
}

// blobWriter writes files as blobs, many at a time but few bytes.
type blobWriter struct {
	repo  *git.Repo
	paths []string
	held  [][]byte // of the last paths
	bytes int
	puts  []git.Put
}

// maxHeld is how many bytes wait to be written.
const maxHeld = 4 << 20

func (w *blobWriter) add(ctx context.Context, path string, value []byte) error {
	w.paths, w.held = append(w.paths, path), append(w.held, value)
	if w.bytes += len(value); w.bytes < maxHeld {
		return nil
	}
	return w.flush(ctx)
}

func (w *blobWriter) flush(ctx context.Context) error {
	ids, err := w.repo.WriteBlobs(ctx, w.held...)
	if err != nil {
		return err
	}
	for i, id := range ids {
		w.puts = append(w.puts, git.Put{Path: w.paths[i], ID: id})
	}
	w.paths, w.held, w.bytes = nil, nil, 0
	return nil
}

func (w *blobWriter) end(ctx context.Context) ([]git.Put, error) {
	err := w.flush(ctx)
	return w.puts, err
}

// How far back a run's commit is looked for: a retry comes soon, and a commit
// cannot be much older than the run it is of. The first commits are looked at
// whatever their dates say.
const (
	runSlack   = 24 * time.Hour
	runAlways  = 64
	runFurther = 10_000
)

// findRun finds the commit that bears the run's trailer; empty: none.
func (s *Store) findRun(ctx context.Context, head git.OID, run string, since time.Time) (git.OID, error) {
	queue, seen := parents(head), map[git.OID]bool{}
	for n := 0; len(queue) > 0 && n < runFurther; n++ {
		id := queue[0]
		queue = queue[1:]
		c, err := s.repo.ReadCommit(ctx, string(id))
		if errors.Is(err, git.ErrNotFound) {
			continue // a shallow clone ends here
		}
		if err != nil {
			return "", err
		}
		if c.Trailer(trailerRun) == run {
			return id, nil
		}
		if n >= runAlways && c.When.Before(since.Add(-runSlack)) {
			continue
		}
		for _, p := range c.Parents {
			if !seen[p] {
				seen[p] = true
				queue = append(queue, p)
			}
		}
	}
	return "", nil
}

// after lets the working tree follow and pushes. The commit stands, so nothing
// here is its failure.
func (s *Store) after(ctx context.Context, b Batch, r *Result) {
	r.Behind, r.TreeError = s.repo.Follow(ctx, s.branch)
	_ = s.repo.Tidy(ctx) // the next commit tries again
	if s.remote == nil {
		return
	}
	moved, err := s.push(ctx)
	r.Pushed, r.PushError = err == nil, err
	if moved {
		s.afterJoin(ctx, b, r)
	}
}

// afterJoin tells the result anew when the commit was made again on top of the
// remote's history.
func (s *Store) afterJoin(ctx context.Context, b Batch, r *Result) {
	head, err := s.repo.Branch(ctx, s.branch)
	if err != nil {
		return
	}
	id, err := s.findRun(ctx, head, b.Run, b.FirstSeen)
	if err != nil {
		return
	}
	r.Commit = string(id)
	if id == "" {
		r.None = true // all it had was there already
	}
	sn, err := s.at(ctx, head)
	if err != nil {
		return
	}
	r.Added = slices.DeleteFunc(r.Added, func(post string) bool {
		return sn.ix.lookup(s.seed.hash(inIDs, post)) < 0
	})
	r.Behind, r.TreeError = s.repo.Follow(ctx, s.branch)
}
