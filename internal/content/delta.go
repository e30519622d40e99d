package content

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/git"
)

// Delta is how the posts of one commit differ from those of another, where the
// difference is posts that came and posts that are told anew.
type Delta struct {
	Added   []coranto.Post // sorted by Compare
	Changed []coranto.Post
}

// Head returns the branch's commit, empty where it has none. Nothing is read of
// the content.
func (s *Store) Head(ctx context.Context) (string, error) {
	head, err := s.repo.Branch(ctx, s.branch)
	if err != nil {
		return "", fmt.Errorf("read branch %s: %w", s.branch, err)
	}
	return string(head), nil
}

// FileAt returns any file at a commit, nil when there is none.
func (s *Store) FileAt(ctx context.Context, commit, path string) ([]byte, error) {
	return (&Snapshot{store: s, commit: git.OID(commit)}).File(ctx, path)
}

// Between compares the posts of two commits by the files that differ: its cost
// is that of the difference. It reports false where posts are gone, a file of
// posts is, or whether an ID that came is new cannot be told within its file;
// whoever asks has to look whether another file has it. ErrDamaged as for Posts.
func (s *Store) Between(ctx context.Context, from, to string) (Delta, bool, error) {
	var d Delta
	if from == to {
		return d, true, nil
	}
	files, err := s.repo.Diff(ctx, git.OID(from), git.OID(to))
	if err != nil {
		return d, false, fmt.Errorf("compare %.12s and %.12s: %w", from, to, err)
	}
	for _, f := range files {
		if !s.path.holds(f.Path) {
			continue
		}
		plain := func(e git.Entry) bool { return e.ID == "" || e.Mode == git.ModeFile || e.Mode == git.ModeExec }
		if f.New.ID == "" || !plain(f.Old) || !plain(f.New) {
			return d, false, nil
		}
		if ok, err := s.compare(ctx, f, &d); err != nil || !ok {
			return d, false, err
		}
	}
	slices.SortStableFunc(d.Added, func(a, b coranto.Post) int { return a.Compare(&b) })
	ids := map[string]bool{}
	for _, list := range [][]coranto.Post{d.Added, d.Changed} {
		for i := range list {
			if ids[list[i].ID] {
				return d, false, nil
			}
			ids[list[i].ID] = true
		}
	}
	return d, true, nil
}

// compare adds the difference of one file. Elements that are the same bytes are
// not decoded.
func (s *Store) compare(ctx context.Context, f git.Delta, d *Delta) (bool, error) {
	now, err := s.shard(ctx, f.New)
	if err != nil {
		return false, err
	}
	was := &shard{path: f.Path}
	if f.Old.ID != "" {
		if was, err = s.shard(ctx, f.Old); err != nil {
			return false, nil // it was damaged: what stood there is not known
		}
	}
	same := 0
	for same < len(was.spans) && same < len(now.spans) && bytes.Equal(was.raw(same), now.raw(same)) {
		same++
	}
	old := map[string][]byte{}
	for i := same; i < len(was.spans); i++ {
		p, err := was.post(i)
		if err != nil {
			return false, nil
		}
		s.finish(&p)
		if _, twice := old[p.ID]; twice {
			return false, nil
		}
		old[p.ID] = was.raw(i)
	}
	for i := same; i < len(now.spans); i++ {
		p, err := now.post(i)
		if err != nil {
			return false, err
		}
		s.finish(&p)
		raw, known := old[p.ID]
		delete(old, p.ID)
		switch {
		case !known:
			d.Added = append(d.Added, p)
		case !bytes.Equal(raw, now.raw(i)):
			d.Changed = append(d.Changed, p)
		}
	}
	return len(old) == 0, nil
}
