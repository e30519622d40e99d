package content

import "github.com/coranto/coranto"

// Planned is what a batch would change.
type Planned struct {
	Added  []coranto.Post // as they would be kept, with their IDs
	Merged []string       // IDs of posts that another source announces too
}

// Plan decides what Commit would do with a batch, on this snapshot, and writes
// nothing.
func (sn *Snapshot) Plan(b Batch) Planned {
	p := newPlan(sn, b.FirstSeen)
	p.batch(b)
	var out Planned
	for _, n := range p.added {
		out.Added = append(out.Added, *p.post(n))
	}
	for _, n := range p.merged {
		out.Merged = append(out.Merged, p.id(n))
	}
	return out
}
