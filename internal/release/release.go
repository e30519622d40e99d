// Package release keeps built sites. A release is a manifest, path to hash of
// content, over a store of blobs that all releases share; going live is one
// swap of a pointer file, and rolling back is another.
//
// It promises that the current release is whole at any instant, whatever
// crashed before: blobs are durable before a manifest names them, a manifest is
// durable before the pointer does. The same files make the same release.
// What the files say, and how they are served, stays outside.
package release

import (
	"errors"
	"time"
)

// Errors a caller branches on; they come wrapped with what was tried.
var (
	// ErrNone is returned while no release is live.
	ErrNone = errors.New("no release")
	// ErrNoEarlier is returned where no release is left to go back to.
	ErrNoEarlier = errors.New("no earlier release is kept")
	// ErrNotFound is returned for an ID or hash that the store does not have.
	ErrNotFound = errors.New("not in the release store")
	// ErrAmbiguous is returned for the beginning of an ID that several releases share.
	ErrAmbiguous = errors.New("several releases begin so")
	// ErrLocked is returned while another process, or another build, writes to the store.
	ErrLocked = errors.New("the release store is being written by another build")
	// ErrPath is returned for a path that cannot be part of a site.
	ErrPath = errors.New("not a path of a site")
	// ErrFull is returned when the disk has no space left. What was live stays live.
	ErrFull = errors.New("no space left for the release")
	// ErrCorrupt is returned for a manifest, pointer or blob that is not what its name says.
	ErrCorrupt = errors.New("release store is damaged")
	// ErrForeign is returned by Export where a file that it has not written is in the way.
	ErrForeign = errors.New("file was not written by an export")
)

// Options of a Store; the zero value works.
type Options struct {
	// Recheck is how long Current trusts its memory before it looks whether
	// another process has moved the pointer; 0: one second.
	Recheck time.Duration
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// ReadOnly is for who only looks: nothing is made in the directory, which
	// may be missing (it then holds no release), and nothing is cleaned up.
	// Methods that write must not be called.
	ReadOnly bool
}

// Meta says what a release was made from. It is no part of its identity.
type Meta struct {
	Commit    string `json:"commit,omitempty"`    // of the content, in hex
	Run       string `json:"run,omitempty"`       // the execution that built it
	Config    string `json:"config,omitempty"`    // hash of the configuration
	Generator string `json:"generator,omitempty"` // name and version of what built it
	Previous  string `json:"previous,omitempty"`  // ID of the release it was built upon
}

// Release is what is known of one without reading its list of files.
type Release struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	Meta
	Files   int   `json:"files"`
	Size    int64 `json:"size"` // bytes of all files together
	Current bool  `json:"current,omitempty"`
	// New is set by Finish when no release with these files was there before.
	New bool `json:"-"`
}

// File is one file of a release.
type File struct {
	Path string // slash-separated, relative: "posts/x/index.html"
	Hash string // SHA-256 of the content, 64 hex digits
	Size int64
	Type string // media type by extension, with charset for text
}

// Activation is one movement of the pointer.
type Activation struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Rollback bool      `json:"rollback,omitempty"`
}

// Problem is something Verify found.
type Problem struct {
	Release string // ID, may be empty
	Path    string // may be empty
	Hash    string // may be empty
	What    string
}
