package content

import (
	"bytes"
	"context"

	"github.com/coranto/coranto/internal/git"
)

// recount tells what a commit made earlier has done, so that a run that was
// interrupted after its commit reports the same.
func (s *Store) recount(ctx context.Context, id git.OID, r *Result) error {
	c, err := s.repo.ReadCommit(ctx, string(id))
	if err != nil {
		return err
	}
	m := &merger{store: s, base: parentOf(c), ours: id}
	b, o, err := m.sides(ctx)
	if err != nil {
		return err
	}
	for _, id := range o.order {
		was, now := b.posts[id], o.posts[id]
		switch {
		case b.raw[id] == nil:
			r.Added = append(r.Added, id)
		case bytes.Equal(b.raw[id], o.raw[id]):
		case len(now.Also) > len(was.Also):
			r.Merged = append(r.Merged, id)
		case now.Title != was.Title:
			r.Revised = append(r.Revised, id)
		default:
			r.Keyed++
		}
	}
	return nil
}

// sides reads the posts of the shards that differ between base and ours.
func (m *merger) sides(ctx context.Context) (before, after *side, err error) {
	changed, err := m.store.repo.Diff(ctx, m.base, m.ours)
	if err != nil {
		return nil, nil, err
	}
	var old, new []git.Entry
	for _, d := range changed {
		if !m.store.path.holds(d.Path) {
			continue
		}
		if d.Old.ID != "" {
			old = append(old, d.Old)
		}
		if d.New.ID != "" {
			new = append(new, d.New)
		}
	}
	if before, err = m.side(ctx, old); err != nil {
		return nil, nil, err
	}
	after, err = m.side(ctx, new)
	return before, after, err
}
