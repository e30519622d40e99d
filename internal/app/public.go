package app

import (
	"time"

	"github.com/coranto/coranto/internal/catalog"
)

// PublicStatus is what /status.json tells readers: how fresh the site is and
// how its sources are. It is no part of a release.
type PublicStatus struct {
	Site    string                  `json:"site"`
	Checked time.Time               `json:"checked,omitzero"` // when a run last ended well
	Fresh   bool                    `json:"fresh"`
	Posts   int                     `json:"posts"`
	Release string                  `json:"release,omitempty"`
	Commit  string                  `json:"commit,omitempty"`
	Sources map[string]PublicSource `json:"sources"`
}

// PublicSource is how a source is: ok, failing, parked, quarantined, gone, held, new, paused or retired.
type PublicSource struct {
	State   string    `json:"state"`
	Since   time.Time `json:"since,omitzero"`
	Checked time.Time `json:"checked,omitzero"`
	Error   string    `json:"error,omitempty"` // the name of the failure; its text may tell of private networks
}

// Public leaves out what is for the keeper alone.
func (s Status) Public() PublicStatus {
	p := PublicStatus{Site: s.Site, Checked: s.LastOK, Fresh: !s.Stale, Posts: s.Posts, Sources: make(map[string]PublicSource, len(s.Sources))}
	if s.Release != nil {
		p.Release, p.Commit = s.Release.ID, s.Release.Commit
	}
	for _, src := range s.Sources {
		state := string(src.Health)
		if src.Health == catalog.Active || src.Health == catalog.Moved {
			state = "ok"
		}
		p.Sources[src.ID] = PublicSource{State: state, Since: src.Since, Checked: src.Checked, Error: src.Error}
	}
	return p
}
