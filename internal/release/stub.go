package release

import (
	"context"
	"os"
)

// Store is a directory of releases.
type Store struct{}

// Build is a release being made.
type Build struct{}

// Manifest is the list of files of one release; it never changes.
type Manifest struct{}

// Memo maps the key of something rendered to the hash of what came out.
type Memo map[[32]byte]string

func Open(dir string, o Options) (*Store, error) { panic("soon") }

func (s *Store) Begin(meta Meta) (*Build, error)                       { panic("soon") }
func (b *Build) Put(path string, body []byte) (hash string, err error) { panic("soon") }
func (b *Build) Reuse(path, hash string) error                         { panic("soon") }

// From takes over every file of an earlier release; Put and Reuse replace, Remove drops.
func (b *Build) From(m *Manifest) error                      { panic("soon") }
func (b *Build) Remove(path string)                          { panic("soon") }
func (b *Build) Finish(ctx context.Context) (Release, error) { panic("soon") }

// Abort gives up the build; after Finish it does nothing, so it can be deferred.
func (b *Build) Abort() error { panic("soon") }

func (s *Store) Activate(ctx context.Context, id string) error                { panic("soon") }
func (s *Store) Current() (*Manifest, error)                                  { panic("soon") }
func (s *Store) Get(id string) (*Manifest, error)                             { panic("soon") }
func (s *Store) List() ([]Release, error)                                     { panic("soon") }
func (s *Store) History() ([]Activation, error)                               { panic("soon") }
func (s *Store) Previous() (string, error)                                    { panic("soon") }
func (s *Store) Withdrawn(id string) (bool, error)                            { panic("soon") }
func (s *Store) Rollback(ctx context.Context, id string) (Release, error)     { panic("soon") }
func (s *Store) Export(ctx context.Context, id, dir string) (Exported, error) { panic("soon") }
func (s *Store) GC(ctx context.Context, keep int) (Collected, error)          { panic("soon") }
func (s *Store) Verify(ctx context.Context) ([]Problem, error)                { panic("soon") }
func (s *Store) Blob(hash string) ([]byte, error)                             { panic("soon") }
func (s *Store) OpenBlob(hash string) (*os.File, error)                       { panic("soon") }
func (s *Store) LoadMemo() (Memo, error)                                      { panic("soon") }
func (s *Store) SaveMemo(m Memo) error                                        { panic("soon") }

func (m *Manifest) ID() string                      { panic("soon") }
func (m *Manifest) Release() Release                { panic("soon") }
func (m *Manifest) Lookup(path string) (File, bool) { panic("soon") }
func (m *Manifest) Files() []File                   { panic("soon") }

// Exported counts what an export did.
type Exported struct{ Written, Removed, Kept int }

// Collected counts what GC removed.
type Collected struct {
	Releases, Blobs int
	Bytes           int64
}
