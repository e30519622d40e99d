package content

import (
	"context"

	"github.com/coranto/coranto"
)

// Planned is what a batch would change.
type Planned struct {
	Added   []coranto.Post // as they would be kept, with their IDs
	Merged  []string       // IDs of posts that another source announces too
	Revised []string       // IDs of posts that get a later wording
	// Changed are the posts that are there and would differ, as they would be:
	// those merged, revised, or known by one more key.
	Changed []coranto.Post
}

// Plan decides what Commit would do with a batch, on this snapshot, and writes
// nothing. Where nothing needs a commit, nothing is changed.
func (sn *Snapshot) Plan(ctx context.Context, b Batch) (Planned, error) {
	p := newPlan(sn, b.FirstSeen)
	p.batch(b)
	var out Planned
	if p.idle() {
		return out, nil
	}
	for _, n := range p.added {
		out.Added = append(out.Added, *p.post(n))
	}
	for _, n := range p.merged {
		out.Merged = append(out.Merged, p.id(n))
	}
	for _, n := range p.revised {
		out.Revised = append(out.Revised, p.id(n))
	}
	if len(p.order) == 0 {
		return out, nil
	}
	posts, err := sn.Posts(ctx)
	if err != nil {
		return Planned{}, err
	}
	touched := make(map[string]*touch, len(p.order))
	for _, n := range p.order {
		touched[p.id(n)] = p.extra[n]
	}
	for i := range posts {
		if t := touched[posts[i].ID]; t != nil {
			post := posts[i]
			post.Keys, post.Also = append([]string(nil), post.Keys...), append([]coranto.Also(nil), post.Also...)
			t.apply(&post)
			out.Changed = append(out.Changed, post)
		}
	}
	return out, nil
}
