package content

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/coranto/coranto/internal/git"
)

// CommitFile edits one file and commits that; commit is empty when the edit
// changes nothing. ErrEdited says that the working tree's file, or what is
// staged of it, is not the branch's: nothing is done. A remote that could not
// be reached is no error: the next commit pushes.
func (s *Store) CommitFile(ctx context.Context, path string, edit Edit, message string) (commit string, err error) {
	return s.commitEdit(ctx, message, func(head git.OID) (map[string][]byte, error) {
		old, err := s.fileAt(ctx, head, path)
		if err != nil {
			return nil, err
		}
		new, err := edit(bytes.Clone(old))
		if err != nil {
			return nil, err
		}
		return map[string][]byte{path: new}, nil
	}, false)
}

// CommitFiles does the same for several files at once, with their whole bytes
// (nil deletes). A file of the same bytes that is in the working tree already
// is no edit.
func (s *Store) CommitFiles(ctx context.Context, files map[string][]byte, message string) (commit string, err error) {
	return s.commitEdit(ctx, message, func(git.OID) (map[string][]byte, error) { return files, nil }, true)
}

func (s *Store) fileAt(ctx context.Context, head git.OID, path string) ([]byte, error) {
	if head == "" {
		return nil, nil
	}
	b, err := s.repo.ReadFile(ctx, head, path)
	if errors.Is(err, git.ErrNotFound) {
		return nil, nil
	}
	if b == nil && err == nil {
		b = []byte{}
	}
	return b, err
}

// commitEdit commits what make says the files shall be. Ahead allows that the
// working tree has them so already.
func (s *Store) commitEdit(ctx context.Context, message string, make func(git.OID) (map[string][]byte, error), ahead bool) (string, error) {
	s.write.Lock()
	defer s.write.Unlock()
	subject, _, _ := strings.Cut(message, "\n")
	if err := s.ready(ctx); err != nil {
		return "", fmt.Errorf("commit %q: %w", subject, err)
	}
	made := git.OID("")
	_, err := s.move(ctx, subject, func(head git.OID) (git.OID, error) {
		files, err := make(head)
		if err != nil {
			return "", err
		}
		made, err = s.commitOn(ctx, head, files, message, ahead)
		return made, err
	})
	if err != nil {
		return "", fmt.Errorf("commit %q: %w", subject, err)
	}
	if _, err := s.repo.Follow(ctx, s.branch); err != nil {
		return string(made), err
	}
	if s.remote != nil && made != "" {
		_, _ = s.push(ctx) // the next one tries again, and tells
	}
	return string(made), nil
}

// commitOn makes a commit of whole files on top of head; empty: nothing differs.
func (s *Store) commitOn(ctx context.Context, head git.OID, files map[string][]byte, message string, ahead bool) (git.OID, error) {
	paths := slices.Sorted(maps.Keys(files))
	allowed := map[string][]git.OID{}
	var values [][]byte
	var puts []git.Put
	for _, p := range paths {
		if err := git.CheckPath(p); err != nil {
			return "", err
		}
		old, err := s.fileAt(ctx, head, p)
		if err != nil {
			return "", err
		}
		was := git.OID("")
		if old != nil {
			was = s.repo.Name(old)
		}
		allowed[p] = []git.OID{was}
		new := files[p]
		if ahead && new != nil {
			allowed[p] = append(allowed[p], s.repo.Name(new))
		}
		if (old == nil) == (new == nil) && bytes.Equal(old, new) {
			continue
		}
		put := git.Put{Path: p}
		if new != nil {
			put.ID = s.repo.Name(new)
			values = append(values, new)
		}
		puts = append(puts, put)
	}
	edited, err := s.repo.Edited(ctx, s.branch, allowed)
	if err != nil {
		return "", err
	}
	if len(edited) > 0 {
		return "", fmt.Errorf("%w: %s (hint: commit or discard your changes to it first)", ErrEdited, strings.Join(edited, ", "))
	}
	if len(puts) == 0 {
		return "", nil
	}
	if _, err := s.repo.WriteBlobs(ctx, values...); err != nil {
		return "", err
	}
	tree, err := s.repo.WriteTree(ctx, head, puts)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("%s\n\n%s: %s\n", strings.TrimRight(message, "\n"), trailerOurs, oursVersion)
	return s.repo.MakeCommit(ctx, git.NewCommit{Tree: tree, Parents: parents(head), Message: text, When: s.now()})
}

// Behind lists the files where edits of the user (or their lock) keep the
// working tree from following the branch. It only looks.
func (s *Store) Behind(ctx context.Context) ([]string, error) {
	return s.repo.Stuck(ctx, s.branch)
}
