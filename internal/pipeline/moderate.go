package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/moderation"
)

// decided is what was decided at one commit.
type decided struct {
	commit string
	sum    string // of the file
	d      *moderation.Decisions
}

// Decisions reads what was decided about single posts, as it is committed.
// Edits that are not committed decide nothing.
func (p *Pipeline) Decisions(ctx context.Context, snap *content.Snapshot) (*moderation.Decisions, error) {
	d, _, err := p.DecisionsAt(ctx, snap.Commit())
	return d, err
}

// DecisionsAt are those at a commit, and the name of the file's bytes.
func (p *Pipeline) DecisionsAt(ctx context.Context, commit string) (*moderation.Decisions, string, error) {
	if last := p.decided.Load(); last != nil && last.commit == commit {
		return last.d, last.sum, nil
	}
	data, err := p.Content.FileAt(ctx, commit, moderation.FileName)
	if err != nil {
		return nil, "", err
	}
	d, err := moderation.Parse(moderation.FileName, data)
	if err != nil {
		return nil, "", err
	}
	h := sha256.Sum256(data)
	sum := hex.EncodeToString(h[:8])
	p.decided.Store(&decided{commit, sum, d})
	return d, sum, nil
}

// ReadDecisions reads them without remembering.
func ReadDecisions(ctx context.Context, snap *content.Snapshot) (*moderation.Decisions, error) {
	data, err := snap.File(ctx, moderation.FileName)
	if err != nil {
		return nil, err
	}
	return moderation.Parse(moderation.FileName, data)
}

// moderationRules say how decisions apply.
func moderationRules(set *Settings, now time.Time) moderation.Rules {
	return ModerationRules(set.Sources, now)
}

// ModerationRules say how decisions apply to the posts of sources.
func ModerationRules(sources []coranto.Source, now time.Time) moderation.Rules {
	free := make(map[string]bool, len(sources))
	for _, s := range sources {
		free[s.ID] = s.Moderate != coranto.ModerateApprove
	}
	return moderation.Rules{Now: now, Moderated: func(source string) bool { return !free[source] }}
}

// queue marks what a moderated source has brought: its posts wait, and what it
// tells later of those that are approved is not taken over.
func queue(src coranto.Source, post *coranto.Post) {
	post.Queued = src.Moderate == coranto.ModerateApprove
}

// withoutRevisions drops the later wordings of a moderated source: what was
// approved is what is shown.
func withoutRevisions(src coranto.Source, list []content.Change) []content.Change {
	if src.Moderate != coranto.ModerateApprove {
		return list
	}
	out := make([]content.Change, len(list))
	for i, c := range list {
		c.Revision = nil
		out[i] = c
	}
	return out
}
