package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/git"
	"github.com/coranto/coranto/internal/moderation"
	"github.com/coranto/coranto/internal/site"
)

// siteNote says of which state the site was built last. It lies beside what the
// site remembers.
type siteNote struct {
	Commit  string `json:"commit"` // "": the next build is of all posts
	Release string `json:"release"`
	Hash    string `json:"hash"` // Settings.Hash

	// What people had decided, and what came of it.
	Decided string               `json:"decided"`
	Over    int                  `json:"over,omitempty"`
	Sum     string               `json:"sum"`
	Deleted map[string]time.Time `json:"deleted,omitempty"`
	Pinned  map[string]bool      `json:"pinned,omitempty"`
}

// open takes up what an earlier process has left.
func (s *standing) open(p *Pipeline) {
	if s.site != nil {
		return
	}
	if p.Ledger == "" {
		s.site = site.NewResident()
		return
	}
	var note []byte
	if s.site, note = site.OpenResident(p.Ledger); note == nil {
		return
	}
	if json.Unmarshal(note, &s.note) != nil {
		s.note = siteNote{}
	}
}

// nothingDecided is the sum of posts that nobody has decided about.
var nothingDecided = func() string {
	h := sha256.Sum256(nil)
	return hex.EncodeToString(h[:8])
}()

// extendSite builds what differs between the commit of the last build and the
// branch's head, where that is posts that came or are told anew; false: that is
// not so, or not known, and nothing was made.
func (p *Pipeline) extendSite(ctx context.Context, set *Settings, begin beginner) (Built, bool, error) {
	s := &p.standing
	commit, err := p.Content.Head(ctx)
	// Whoever builds the same once more wants it made anew.
	if err != nil || s.note.Commit == "" || commit == "" || commit == s.note.Commit || s.note.Hash != set.Hash {
		return Built{}, false, err
	}
	decided, sum, err := p.DecisionsAt(ctx, commit)
	now := p.Now()
	if err != nil || sum != s.note.Decided || decided.Over(now) != s.note.Over {
		return Built{}, false, err
	}
	delta, ok, err := p.Content.Between(ctx, s.note.Commit, commit)
	if errors.Is(err, git.ErrNotFound) {
		return Built{}, false, nil // the commit of then is no more
	}
	if err != nil || !ok {
		return Built{}, false, err
	}
	if !decide(&delta, decided, moderationRules(set, now)) {
		return Built{}, false, nil
	}
	input, err := p.siteFrame(ctx, set, commit, moderation.Applied{Sum: s.note.Sum, Deleted: s.note.Deleted, Pinned: s.note.Pinned})
	if err != nil {
		return Built{}, false, err
	}
	want, err := Wanted(ctx, set, p.Pictures, commit, decided.Over(now))
	if err != nil {
		return Built{}, false, err
	}
	if !s.site.Fits(input) {
		return Built{}, false, nil
	}
	if s.manifest == nil || s.manifest.ID() != s.note.Release {
		if s.manifest, err = p.Releases.Base(s.note.Release); err != nil {
			return Built{}, false, nil
		}
	}
	b, err := begin(commit)
	if err != nil {
		return Built{}, false, err
	}
	defer b.Abort()
	done := false
	defer func() {
		if !done {
			s.forget()
			s.open(p)
			s.note = siteNote{}
		}
	}()
	to := s.begin(p, b)
	report, ok, err := s.site.Extend(ctx, input, site.Delta{Added: delta.Added, Changed: delta.Changed}, to)
	if err != nil || !ok {
		return Built{}, false, err
	}
	r, err := b.Finish(ctx)
	if err != nil {
		return Built{}, false, err
	}
	done = true
	s.manifest, s.images = b.Manifest(), input.Images
	s.note.Commit, s.note.Release = commit, r.ID
	p.keepNote(ctx)
	return Built{Release: r.ID, Commit: commit, New: r.New, Report: report, Want: want}, true, nil
}

// decide applies decisions to posts of a delta; false: one of them changes what
// is told of others.
func decide(d *content.Delta, decided *moderation.Decisions, rules moderation.Rules) bool {
	for _, list := range []*[]coranto.Post{&d.Added, &d.Changed} {
		a := decided.Apply(*list, rules)
		if a.Sum != nothingDecided || len(a.Pinned)+len(a.Deleted) > 0 {
			return false
		}
		*list = a.Posts
	}
	return true
}

// keepSite remembers a build of all posts.
func (p *Pipeline) keepSite(ctx context.Context, set *Settings, snap *content.Snapshot, in site.Input, id string) {
	s := &p.standing
	s.note = siteNote{}
	decided, sum, err := p.DecisionsAt(ctx, snap.Commit())
	if err == nil && snap.Duplicates() == 0 { // else which of two posts counts is not told by what differs
		s.note = siteNote{Commit: snap.Commit(), Release: id, Hash: set.Hash, Decided: sum, Over: decided.Over(p.Now()),
			Sum: in.Settings[len(set.Hash)+1:], Deleted: in.Deleted, Pinned: in.Pinned}
	}
	p.keepNote(ctx)
}

func (p *Pipeline) keepNote(ctx context.Context) {
	note, err := json.Marshal(p.standing.note)
	if err == nil {
		err = p.standing.site.Keep(note)
	}
	if err != nil {
		p.Log.WarnContext(ctx, "another process will build of all posts", KeyError, err)
	}
}
