package git

import "context"

// Repo is an open repository. Its methods may be called from many goroutines.
type Repo struct{}

// Init makes dir a repository whose first branch is branch, or opens it when
// it is one already.
func Init(ctx context.Context, dir, branch string, o Options) (*Repo, error) { panic("soon") }

// Open opens the repository whose working tree (or bare folder) is dir.
func Open(ctx context.Context, dir string, o Options) (*Repo, error) { panic("soon") }

// Close ends the processes kept for reading.
func (r *Repo) Close() error { panic("soon") }

// Dir is the working tree's top, or the bare folder.
func (r *Repo) Dir() string { panic("soon") }

// Resolve returns the object a revision names, or ErrNotFound.
func (r *Repo) Resolve(ctx context.Context, rev string) (OID, error) { panic("soon") }

// ReadFile returns a file as it is in a commit, or ErrNotFound.
func (r *Repo) ReadFile(ctx context.Context, commit OID, path string) ([]byte, error) { panic("soon") }
