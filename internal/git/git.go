// Package git works on a repository through the git program's plumbing: it
// reads objects, makes blobs, trees and commits, moves refs by
// compare-and-swap, lets an untouched working tree follow, fetches and pushes.
//
// It promises never to run a hook or a porcelain command, to need neither HOME
// nor an identity, to make objects durable before a ref names them, to leave
// whatever the user has staged, edited or locked, and to show a credential to
// nothing but the origin it is for. What the files mean is decided elsewhere.
package git

import (
	"errors"
)

// Errors a caller branches on; they come wrapped with what was tried.
var (
	ErrMissing  = errors.New("the git program is missing or too old")
	ErrNotRepo  = errors.New("not a git repository")
	ErrSubdir   = errors.New("not the top of its repository")
	ErrNotFound = errors.New("no such object")
	ErrDamaged  = errors.New("the repository is damaged")  // what it holds cannot be read, or is not there
	ErrBusy     = errors.New("repository is busy")         // detached HEAD, a merge, rebase, bisect under way
	ErrMoved    = errors.New("the branch has moved")       // compare-and-swap failed
	ErrLocked   = errors.New("locked by another git")      // index.lock or a ref's lock; may pass
	ErrRemote   = errors.New("remote unreachable")         // may pass
	ErrAuth     = errors.New("remote refuses credentials") // wrong or missing user, password, key
	ErrBehind   = errors.New("remote has moved")           // a push was no fast-forward
	ErrRefused  = errors.New("remote refuses the push")    // a protected branch, a hook
)

// OID is an object's name in hex: 40 digits (SHA-1) or 64 (SHA-256). Empty
// stands for "does not exist".
type OID string

// Ident names who made a commit.
type Ident struct {
	Name  string
	Email string
}

// DefaultIdent signs commits where nobody says otherwise.
var DefaultIdent = Ident{Name: "Coranto", Email: "coranto@localhost"}

// Options configures a Repo; its zero value works.
type Options struct {
	Program string // the git program; empty: "git", found in PATH
	Author  Ident  // of commits; zero: git's user.name and user.email, else DefaultIdent
}

// Remote is where a branch is pushed to and fetched from.
type Remote struct {
	URL string // http(s)://, ssh://, git://, file://, host:path or a path
	// Credentials returns what to answer when the remote's own origin asks for
	// them. Nil, or an empty user and password: git's own helpers are asked.
	Credentials func() (user, password string, err error)
	// Way, if any, is asked for before each talk with a remote that is not a path.
	Way func() (*Way, error)
}
