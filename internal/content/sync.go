package content

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coranto/coranto/internal/git"
)

// Sync fetches the remote, joins its history and ours, and pushes. Without a
// remote it only lets the working tree follow.
func (s *Store) Sync(ctx context.Context) (Synced, error) {
	s.write.Lock()
	defer s.write.Unlock()
	var y Synced
	if err := s.ready(ctx); err != nil {
		return y, fmt.Errorf("sync: %w", err)
	}
	was, err := s.repo.Branch(ctx, s.branch)
	if err != nil {
		return y, fmt.Errorf("sync: %w", err)
	}
	if s.remote != nil {
		err = s.sync(ctx, &y)
	}
	head, herr := s.repo.Branch(ctx, s.branch)
	y.Commit, y.Changed = string(head), head != was
	behind, ferr := s.repo.Follow(ctx, s.branch)
	y.Behind = behind
	err = cmp.Or(err, herr, ferr)
	if err != nil {
		return y, fmt.Errorf("sync: %w", err)
	}
	return y, nil
}

func (s *Store) sync(ctx context.Context, y *Synced) error {
	theirs, err := s.repo.Fetch(ctx, *s.remote, s.branch)
	if err != nil {
		return err
	}
	if y.Pulled, err = s.join(ctx, theirs); err != nil {
		return err
	}
	head, err := s.repo.Branch(ctx, s.branch)
	if err != nil || head == theirs || head == "" {
		return err
	}
	moved, err := s.push(ctx)
	y.Pulled = y.Pulled || moved
	y.Pushed = err == nil
	return err
}

// push brings the branch to the remote. Where that has moved, it fetches, joins
// the two, and tries again. Moved reports that the branch is another than before.
func (s *Store) push(ctx context.Context) (moved bool, err error) {
	for try := range s.attempts {
		if try > 0 && !pause(ctx, time.Duration(try)*30*time.Millisecond) {
			return moved, context.Cause(ctx)
		}
		head, err := s.repo.Branch(ctx, s.branch)
		if err != nil || head == "" {
			return moved, err
		}
		if at, err := s.repo.Tracked(ctx, *s.remote, s.branch); err != nil || at == head {
			return moved, err
		}
		err = s.repo.Push(ctx, *s.remote, s.branch, head)
		if err == nil {
			return moved, nil
		}
		if !errors.Is(err, git.ErrBehind) {
			return moved, err
		}
		theirs, err := s.repo.Fetch(ctx, *s.remote, s.branch)
		if err != nil {
			return moved, err
		}
		now, err := s.join(ctx, theirs)
		moved = moved || now
		if err != nil {
			return moved, err
		}
	}
	return moved, fmt.Errorf("push: %w: the remote, %d tries", ErrConflict, s.attempts)
}

// join makes the remote's history part of the branch: by moving forward where
// we have nothing of our own, by making our own commits again on top of it, or,
// where people have committed here, by a merge. It reports whether the branch
// has moved.
func (s *Store) join(ctx context.Context, theirs git.OID) (bool, error) {
	if theirs == "" {
		return false, nil
	}
	var was git.OID
	head, err := s.move(ctx, "join the remote", func(head git.OID) (git.OID, error) {
		was = head
		if head == "" || head == theirs {
			return theirs, nil
		}
		base, err := s.repo.MergeBase(ctx, head, theirs)
		switch {
		case err != nil:
			return "", err
		case base == theirs:
			return "", nil
		case base == head:
			return theirs, nil
		}
		list, err := s.own(ctx, base, head)
		if err != nil {
			return "", err
		}
		if list == nil {
			return s.mergeCommit(ctx, base, head, theirs)
		}
		return s.replay(ctx, list, theirs)
	})
	if err != nil {
		return false, err
	}
	if head == was {
		return false, nil
	}
	_, err = s.repo.Follow(ctx, s.branch)
	return true, err
}

// own lists the commits from base to head when all are ours, one after the
// other; nil otherwise.
func (s *Store) own(ctx context.Context, base, head git.OID) ([]git.Commit, error) {
	ids, err := s.repo.Since(ctx, base, head)
	if err != nil {
		return nil, err
	}
	var list []git.Commit
	at := base
	for _, id := range ids {
		c, err := s.repo.ReadCommit(ctx, string(id))
		if err != nil {
			return nil, err
		}
		if !ours(c) || len(c.Parents) > 1 || parentOf(c) != at {
			return nil, nil
		}
		list = append(list, c)
		at = id
	}
	return list, nil
}

// parentOf is a commit's first parent; empty for the first commit.
func parentOf(c git.Commit) git.OID {
	if len(c.Parents) == 0 {
		return ""
	}
	return c.Parents[0]
}

// replay makes our commits again on top of tip, with their messages and so
// their Run trailers. One that adds nothing any more is left out.
func (s *Store) replay(ctx context.Context, list []git.Commit, tip git.OID) (git.OID, error) {
	for _, c := range list {
		on, err := s.repo.ReadCommit(ctx, string(tip))
		if err != nil {
			return "", err
		}
		m := &merger{store: s, base: parentOf(c), ours: c.ID, theirs: tip}
		tree, err := m.tree(ctx)
		if err != nil {
			return "", err
		}
		if tree == on.Tree {
			continue
		}
		if tip, err = s.repo.MakeCommit(ctx, git.NewCommit{
			Tree: tree, Parents: []git.OID{tip}, Message: c.Message, Author: c.Author, Date: c.Date, When: s.now(),
		}); err != nil {
			return "", err
		}
	}
	return tip, nil
}

func (s *Store) mergeCommit(ctx context.Context, base, head, theirs git.OID) (git.OID, error) {
	m := &merger{store: s, base: base, ours: head, theirs: theirs}
	tree, err := m.tree(ctx)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("Merge the remote's %s\n\n%s: %s\n", s.branch, trailerOurs, oursVersion)
	return s.repo.MakeCommit(ctx, git.NewCommit{Tree: tree, Parents: []git.OID{head, theirs}, Message: text, When: s.now()})
}
