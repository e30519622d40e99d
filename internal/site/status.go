package site

import "time"

// Status is /status.json, which lies beside the release: the sources page of
// the embedded theme reads it. It changes without a build.
type Status struct {
	Checked time.Time               `json:"checked,omitzero"` // when the last run ended
	Fresh   bool                    `json:"fresh"`            // false once that is longer ago than the site allows
	Sources map[string]SourceStatus `json:"sources"`          // by coranto.Source.ID
}

// SourceStatus is the health of one source. Message is for people and is shown
// to every reader: no addresses of internal hosts, no credentials.
type SourceStatus struct {
	State   string    `json:"state"` // "ok", "failing", "held" (asked us to wait), "gone" or "new" (not asked yet)
	Message string    `json:"message,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}
