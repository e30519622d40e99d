package pipeline

import (
	"context"

	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/engine"
)

// MatchInput is a document that was read.
type MatchInput struct {
	Source  Ask     `json:"source"`
	Fetched Fetched `json:"fetched"`
}

// Matched is a document compared with the repository.
type Matched struct {
	Count int                 `json:"count"` // of New
	New   []content.Candidate `json:"new"`
	Known Known               `json:"known"`
}

// Known is what a document says of posts that are there already.
type Known struct {
	Count   int               `json:"count"`
	Changes []content.Change  `json:"changes,omitempty"`
	Dropped []content.Dropped `json:"dropped,omitempty"`
}

// matchEntries finds what is new by key, before any page is asked for.
func (p *Pipeline) matchEntries(ctx context.Context, _ engine.Task, in MatchInput) (Matched, error) {
	snap, err := p.Content.Snapshot(ctx)
	if err != nil {
		return Matched{}, err
	}
	m := snap.Match(in.Source.Source, in.Fetched.Entries)
	if err := stranger(in.Source, in.Fetched.Outcome, m, snap); err != nil {
		return Matched{}, err
	}
	return Matched{Count: len(m.New), New: m.New, Known: Known{Count: m.Known, Changes: m.Changes, Dropped: m.Dropped}}, nil
}
