package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/engine"
)

// Ask is one source as a run asks it: what the configuration says, and what
// the request needs to be conditional. It is all that fetching needs, so the
// task may run elsewhere.
type Ask struct {
	coranto.Source
	Address    string             `json:"address"` // where to ask: the configured URL, or the confirmed new one
	Validators catalog.Validators `json:"validators,omitzero"`
	Rules      string             `json:"rules"`
	Age        time.Duration      `json:"age,omitempty"`      // since its last good answer
	Identity   string             `json:"identity,omitempty"` // of the feed that has answered so far
}

// DueInput says whom a run asks.
type DueInput struct {
	Due  bool     `json:"due,omitempty"`  // only those whose time has come
	Only []string `json:"only,omitempty"` // only these IDs, whatever their time
}

// DueOutput lists them, spread by host.
type DueOutput struct {
	Sources []Ask  `json:"sources"`
	Skipped int    `json:"skipped"` // active, but not due or on hold
	Head    string `json:"head"`    // the commit whose posts the validators stand for
	Posts   int    `json:"posts"`   // how many it holds
}

func (p *Pipeline) dueSources(ctx context.Context, _ engine.Task, in DueInput) (DueOutput, error) {
	set, now := p.Settings(), p.Now()
	if p.Ready != nil {
		// Where nothing can be committed nobody is asked.
		if err := p.Ready(ctx); err != nil {
			return DueOutput{}, err
		}
	}
	if err := p.forgetRolledBack(ctx); err != nil {
		return DueOutput{}, err
	}
	states, err := p.Catalog.States(ctx)
	if err != nil {
		return DueOutput{}, err
	}
	snap, err := p.Content.Snapshot(ctx)
	if err != nil {
		return DueOutput{}, err
	}
	out := DueOutput{Sources: []Ask{}, Head: snap.Commit(), Posts: snap.Len()}
	for _, src := range set.Sources {
		if !src.Active() {
			continue
		}
		ask, st := AskOf(src, states[src.ID], set.TagMap)
		chosen := len(in.Only) == 0 || slices.Contains(in.Only, src.ID)
		if !chosen {
			continue
		}
		named := len(in.Only) > 0 // who is named is asked, even if it once said 410
		if st.Gone && !named || st.Held.After(now) || in.Due && !named && !st.Due(now, set.every(src), set.Bounds) {
			out.Skipped++
			continue
		}
		out.Sources = append(out.Sources, ask)
	}
	out.Sources = spread(out.Sources)
	return out, nil
}

// Facts that the catalog remembers between runs.
const (
	factCommit = "content.commit" // the commit that holds the posts of all validators
	factPosts  = "content.posts"  // how many there were
)

// forgetRolledBack discards every validator when the branch no longer holds
// what had been read when they became current: after a reset, a force push or
// a deleted file, a 304 would hide posts that are gone.
func (p *Pipeline) forgetRolledBack(ctx context.Context) error {
	snap, err := p.Content.Snapshot(ctx)
	if err != nil {
		return err
	}
	lost, err := RolledBack(ctx, p.Catalog, snap, p.Contains)
	if err != nil || !lost {
		return err
	}
	at := snap.Commit()
	p.Log.WarnContext(ctx, "the content was rolled back: every source is read anew", KeyCommit, at)
	states, err := p.Catalog.States(ctx)
	if err != nil {
		return err
	}
	ids := make([]string, 0, len(states))
	for id := range states {
		ids = append(ids, id)
	}
	return p.Catalog.Update(ctx, ids, func(_ string, s catalog.State) catalog.State {
		s.Validators = catalog.Validators{}
		return s
	})
}

// RolledBack reports whether the content no longer holds what had been read when
// the validators became current, so that a run reads every source anew. contains
// tells whether head has a commit among its ancestors.
func RolledBack(ctx context.Context, c *catalog.Catalog, snap *content.Snapshot, contains func(ctx context.Context, head, commit string) (bool, error)) (bool, error) {
	at, err := c.Fact(ctx, factCommit)
	if err != nil || at == "" {
		return false, err
	}
	had, err := c.Fact(ctx, factPosts)
	if err != nil {
		return false, err
	}
	posts, _ := strconv.Atoi(had)
	return isLost(ctx, snap, at, posts, contains)
}

// AskOf is what a run would ask a source, knowing its state, and the state it
// would go on from.
func AskOf(src coranto.Source, s catalog.State, tags map[string]string) (Ask, catalog.State) {
	s = s.For(src, rules(src, tags))
	return Ask{Source: src, Address: s.Address(), Validators: s.Validators, Rules: s.Rules, Identity: s.Identity}, s
}

// rules is the hash of what decides which entries of a source become posts.
func rules(src coranto.Source, tags map[string]string) string {
	b, _ := json.Marshal(struct {
		Include, Exclude *coranto.Filter
		FullText         string
		Limit            int             `json:",omitempty"`
		Scrape           *coranto.Recipe `json:",omitempty"`
	}{src.Include, src.Exclude, src.FullText, src.Limit, src.Scrape})
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:8])
}

// spread orders sources so that those of one host stand as far apart as can
// be: round after round takes one of each host.
func spread(list []Ask) []Ask {
	var hosts []string
	by := map[string][]Ask{}
	for _, a := range list {
		host := a.Address
		if u, err := url.Parse(a.Address); err == nil {
			host = u.Host
		}
		if by[host] == nil {
			hosts = append(hosts, host)
		}
		by[host] = append(by[host], a)
	}
	out := make([]Ask, 0, len(list))
	for round := 0; len(out) < len(list); round++ {
		for _, h := range hosts {
			if round < len(by[h]) {
				out = append(out, by[h][round])
			}
		}
	}
	return out
}
