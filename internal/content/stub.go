package content

import (
	"context"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/git"
)

// Store is the content of one branch. Its methods may be called from many
// goroutines; commits wait for each other.
type Store struct{}

// Open opens the content of repo, and lets the working tree follow the branch
// where a crash has kept it from doing so.
func Open(ctx context.Context, repo *git.Repo, o Options) (*Store, error) { panic("soon") }

// Snapshot returns the content at the branch's head. It is cheap when the head
// has not moved. A branch without a commit has an empty one.
func (s *Store) Snapshot(ctx context.Context) (*Snapshot, error) { panic("soon") }

// SnapshotAt returns the content at any commit.
func (s *Store) SnapshotAt(ctx context.Context, commit string) (*Snapshot, error) { panic("soon") }

// Commit makes the batch one commit on the branch, or none if it changes
// nothing, lets the working tree follow, and pushes. It may be called again
// with the same Run: it then returns the commit that is there.
func (s *Store) Commit(ctx context.Context, b Batch) (Result, error) { panic("soon") }

// CommitFile edits one file and commits that. ErrEdited says that the working
// tree's file, or what is staged of it, is not the branch's: nothing is done.
func (s *Store) CommitFile(ctx context.Context, path string, edit Edit, message string) (commit string, err error) {
	panic("soon")
}

// CommitFiles does the same for several files at once, with their whole bytes.
// A file of the same bytes that is in the working tree already is no edit.
func (s *Store) CommitFiles(ctx context.Context, files map[string][]byte, message string) (commit string, err error) {
	panic("soon")
}

// Sync fetches the remote, joins its history and ours, and pushes. Without a
// remote it only lets the working tree follow.
func (s *Store) Sync(ctx context.Context) (Synced, error) { panic("soon") }

// Behind lists the files where edits of the user (or their lock) keep the
// working tree from following the branch.
func (s *Store) Behind(ctx context.Context) ([]string, error) { panic("soon") }

// Close ends nothing but the store's own work; the repo stays open.
func (s *Store) Close() error { panic("soon") }

// Snapshot is the content at one commit. It never changes.
type Snapshot struct{}

// Commit names the commit; empty for a branch without one.
func (sn *Snapshot) Commit() string { panic("soon") }

// Posts returns every post, sorted by Compare, each ID once. The slice is
// shared: it must not be changed. ErrDamaged when a shard cannot be read.
func (sn *Snapshot) Posts(ctx context.Context) ([]coranto.Post, error) { panic("soon") }

// Len is the number of posts.
func (sn *Snapshot) Len() int { panic("soon") }

// Warnings tell of what was read with a grain of salt.
func (sn *Snapshot) Warnings() []string { panic("soon") }

// File returns any file at the commit (nil: none there), Tree the paths below
// a folder: the theme and the configuration of a release come from here.
func (sn *Snapshot) File(ctx context.Context, path string) ([]byte, error) { panic("soon") }

// Tree lists the files below a folder.
func (sn *Snapshot) Tree(ctx context.Context, dir string) ([]string, error) { panic("soon") }

// Match compares a source's document with the posts there are. It is pure and
// fast, and runs before anything is scraped.
func (sn *Snapshot) Match(source coranto.Source, entries []coranto.Entry) Matched { panic("soon") }

// Assemble makes a post of an entry and of what its page told (nil: nothing).
func Assemble(source coranto.Source, c Candidate, page *PageFacts, a Assembly) coranto.Post {
	panic("soon")
}

// CanonicalLink is the form under which links of different sources are
// compared: without fragment, tracking parameters, default port, scheme and
// trailing slash. Empty when link is no http(s) address.
func CanonicalLink(link string) string { panic("soon") }

// DirCache is a Cache in a folder; it makes it when it first writes.
func DirCache(dir string) Cache { panic("soon") }
