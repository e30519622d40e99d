package content

import (
	"bytes"
	"context"
	"fmt"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/git"
)

// Rewrite changes posts that are there, and files besides them, and makes all
// of it one commit; commit is empty when nothing differs. Change gets each post
// and reports whether it has changed it; what names a post (ID, Keys, Also,
// Source, FirstSeen) stays as it was. Files get their new bytes as in CommitFile.
func (s *Store) Rewrite(ctx context.Context, change func(*coranto.Post) bool, files map[string]Edit, message string) (commit string, err error) {
	s.write.Lock()
	defer s.write.Unlock()
	if err := s.ready(ctx); err != nil {
		return "", fmt.Errorf("rewrite posts: %w", err)
	}
	made := git.OID("")
	_, err = s.move(ctx, "rewrite posts", func(head git.OID) (git.OID, error) {
		made = ""
		sn, err := s.at(ctx, head)
		if err != nil {
			return "", err
		}
		p, err := s.rewritten(ctx, sn, change)
		if err != nil {
			return "", err
		}
		bytes, err := s.edited(ctx, head, files)
		if err != nil {
			return "", err
		}
		if p.empty() && len(bytes) == 0 {
			return "", nil
		}
		made, err = s.commitRewrite(ctx, head, sn, p, bytes, message)
		return made, err
	})
	if err != nil {
		return "", fmt.Errorf("rewrite posts: %w", err)
	}
	if _, err := s.repo.Follow(ctx, s.branch); err != nil {
		return string(made), err
	}
	if s.remote != nil && made != "" {
		_, _ = s.push(ctx) // the next one tries again, and tells
	}
	return string(made), nil
}

// rewritten lays the changed posts on a board.
func (s *Store) rewritten(ctx context.Context, sn *Snapshot, change func(*coranto.Post) bool) (*plan, error) {
	posts, err := sn.Posts(ctx)
	if err != nil {
		return nil, err
	}
	p := newPlan(sn, s.now())
	for i := range posts {
		post := posts[i]
		if !change(&post) {
			continue
		}
		was := &posts[i]
		post.ID, post.Keys, post.Also, post.Source, post.FirstSeen = was.ID, was.Keys, was.Also, was.Source, was.FirstSeen
		if bytes.Equal(appendPost(nil, &post), appendPost(nil, was)) {
			continue
		}
		if n := p.find(inIDs, post.ID); n >= 0 {
			p.touched(n).whole = &post
		}
	}
	return p, nil
}

// edited makes the new bytes of files that differ, and refuses where the user
// has edits in one.
func (s *Store) edited(ctx context.Context, head git.OID, files map[string]Edit) (map[string][]byte, error) {
	out := map[string][]byte{}
	for path, edit := range files {
		old, err := s.fileAt(ctx, head, path)
		if err != nil {
			return nil, err
		}
		new, err := edit(bytes.Clone(old))
		if err != nil {
			return nil, err
		}
		if (old == nil) == (new == nil) && bytes.Equal(old, new) {
			continue
		}
		was := git.OID("")
		if old != nil {
			was = s.repo.Name(old)
		}
		mine, err := s.repo.Edited(ctx, s.branch, map[string][]git.OID{path: {was}})
		if err != nil {
			return nil, err
		}
		if len(mine) > 0 {
			return nil, fmt.Errorf("%w: %s (hint: commit or discard your changes to it first)", ErrEdited, path)
		}
		out[path] = new
	}
	return out, nil
}

func (s *Store) commitRewrite(ctx context.Context, head git.OID, sn *Snapshot, p *plan, files map[string][]byte, message string) (git.OID, error) {
	tree, err := s.writePlan(ctx, sn, p)
	if err != nil {
		return "", err
	}
	var puts []git.Put
	for path, b := range files {
		put := git.Put{Path: path}
		if b != nil {
			ids, err := s.repo.WriteBlobs(ctx, b)
			if err != nil {
				return "", err
			}
			put.ID = ids[0]
		}
		puts = append(puts, put)
	}
	if len(puts) > 0 {
		if tree, err = s.repo.WriteTree(ctx, tree, puts); err != nil {
			return "", err
		}
	}
	text := fmt.Sprintf("%s\n\n%s: %s\n", message, trailerOurs, oursVersion)
	return s.repo.MakeCommit(ctx, git.NewCommit{Tree: tree, Parents: parents(head), Message: text, When: s.now()})
}
