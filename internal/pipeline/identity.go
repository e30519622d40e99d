package pipeline

import (
	"errors"
	"fmt"

	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/feed"
)

// ErrIdentity is wrapped where another feed answers at a source's address.
var ErrIdentity = errors.New("another feed answers at this address")

func parked(err error) bool {
	e, ok := errors.AsType[*feed.NotFeedError](err)
	return ok && e.Parked != ""
}

// stranger refuses a feed that calls itself otherwise than the source's did and
// of which no entry is known, though the source has posts: a sold domain, or a
// hijacked one. Were it followed, its posts would be published in the source's
// name. A blog that is merely renamed still has entries that are known.
func stranger(ask Ask, o Outcome, m content.Matched, snap *content.Snapshot) error {
	if ask.Identity == "" || o.Identity == "" || o.Identity == ask.Identity || m.Known > 0 || len(m.New) == 0 || !snap.Carries(ask.ID) {
		return nil
	}
	for _, c := range m.New {
		if c.Merge != "" {
			return nil // it tells what others of ours tell
		}
	}
	return fmt.Errorf("%w: it was %q, now %q answers, and none of its %d entries is known; it is quarantined (hint: if that is right, `coranto source accept %s`)",
		ErrIdentity, ask.Identity, o.Identity, len(m.New), ask.ID)
}

// verified makes an outcome say who answered only where entries have shown it:
// a feed without entries proves nothing.
func verified(out *catalog.Outcome, s catalog.State, r Result, fresh int) {
	if s.Identity != "" && out.Identity != s.Identity && r.Known.Count == 0 && fresh == 0 {
		out.Identity = ""
		if !out.NotModified {
			out.Permanent = ""
		}
	}
}
