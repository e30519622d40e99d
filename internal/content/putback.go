package content

import (
	"context"
	"errors"
	"slices"

	"github.com/coranto/coranto/internal/git"
)

// maxPutBack bounds how many commits are looked at.
const maxPutBack = 200

// putBack finds posts that a person's commit has taken out unawares: they had
// edited a shard, our commit added to it, and theirs, made of the older file,
// came on top. The working tree is then noted as behind, which tells this from
// posts taken out on purpose. Their edit stays, and the posts come back.
func (s *Store) putBack(ctx context.Context) error {
	since, err := s.repo.Behind(ctx)
	if err != nil || since == "" {
		return err
	}
	_, err = s.move(ctx, "put back posts", func(head git.OID) (git.OID, error) {
		list, err := s.covered(ctx, since, head)
		if err != nil || len(list) == 0 {
			return "", err
		}
		now, err := s.repo.ReadCommit(ctx, string(head))
		if err != nil {
			return "", err
		}
		tip, tree := head, now.Tree
		for _, c := range list {
			if tip, tree, err = s.cover(ctx, c, tip, tree); err != nil {
				return "", err
			}
		}
		if tree == now.Tree {
			return "", nil
		}
		text := "Put back posts that were added while a shard was being edited\n\n" + trailerOurs + ": " + oursVersion + "\n"
		return s.repo.MakeCommit(ctx, git.NewCommit{Tree: tree, Parents: parents(head), Message: text, When: s.now()})
	})
	return err
}

// covered lists our commits after since that a person's commit came on top of,
// the oldest first.
func (s *Store) covered(ctx context.Context, since, head git.OID) ([]git.Commit, error) {
	var list []git.Commit
	people := false
	for at := head; at != since && at != "" && len(list) < maxPutBack; {
		c, err := s.repo.ReadCommit(ctx, string(at))
		if errors.Is(err, git.ErrNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch {
		case !ours(c):
			people = true
		case people && len(c.Parents) <= 1:
			list = append(list, c)
		}
		at = parentOf(c)
	}
	slices.Reverse(list)
	return list, nil
}

// cover brings the posts of one of our commits to the tree on top of tip. The
// intermediate tree is given a commit that nothing will name.
func (s *Store) cover(ctx context.Context, c git.Commit, tip, tree git.OID) (git.OID, git.OID, error) {
	m := &merger{store: s, base: parentOf(c), ours: c.ID, theirs: tip}
	next, err := m.posts(ctx)
	if err != nil || next == tree {
		return tip, tree, err
	}
	tip, err = s.repo.MakeCommit(ctx, git.NewCommit{Tree: next, Parents: []git.OID{tip}, Message: "put back\n", When: s.now()})
	return tip, next, err
}
