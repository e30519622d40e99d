// Package opml reads and writes lists of sources as OPML, in the forms that
// feed readers exchange. What it writes it reads back unchanged.
//
// Whether a source can be read, and what becomes of it, stays outside.
package opml

import (
	"errors"

	"github.com/coranto/coranto"
)

// ErrNotOPML is returned for a document in which no outline can be found.
var ErrNotOPML = errors.New("not an OPML document")

// Outline is a list of sources.
type Outline struct {
	Title   string
	Sources []coranto.Source // by document order; ID may be empty
	Skipped []string         // entries that are no source, and why; each begins with its "line 12: "
	Notes   []string         // likewise, settings of other readers that have no counterpart, or one that differs
}
