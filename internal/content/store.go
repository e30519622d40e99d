package content

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/git"
)

// Store is the content of one branch. Its methods may be called from many
// goroutines; commits wait for each other.
type Store struct {
	repo     *git.Repo
	path     template
	branch   string
	remote   *git.Remote
	location *time.Location
	now      func() time.Time
	attempts int
	cache    Cache
	seed     *seed

	write sync.Mutex // one writer at a time

	mu      sync.Mutex // guards what follows
	last    *Snapshot
	known   map[string]*facts
	decoded map[string][]coranto.Post
}

// Open opens the content of repo. It changes nothing there: see Follow.
func Open(ctx context.Context, repo *git.Repo, o Options) (*Store, error) {
	s := &Store{
		repo: repo, branch: o.Branch, remote: o.Remote, location: o.Location, now: o.Now, attempts: o.MaxAttempts, cache: o.Cache,
		known: map[string]*facts{}, decoded: map[string][]coranto.Post{},
	}
	if o.Path == "" {
		o.Path = DefaultPath
	}
	var err error
	if s.path, err = parseTemplate(o.Path); err != nil {
		return nil, err
	}
	if s.branch == "" {
		s.branch = "main"
	}
	if s.location == nil {
		s.location = time.UTC
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.attempts <= 0 {
		s.attempts = 8
	}
	s.seed = loadSeed(s.cache)
	return s, nil
}

// Follow lets the working tree follow the branch where a crash has kept it from
// doing so, and returns what Behind does. Whatever writes follows by itself.
func (s *Store) Follow(ctx context.Context) ([]string, error) {
	return s.repo.Follow(ctx, s.branch)
}

// Snapshot returns the content at the branch's head. It is cheap when the head
// has not moved. A branch without a commit has an empty one.
func (s *Store) Snapshot(ctx context.Context) (*Snapshot, error) {
	head, err := s.repo.Branch(ctx, s.branch)
	if err != nil {
		return nil, fmt.Errorf("read branch %s: %w", s.branch, err)
	}
	return s.at(ctx, head)
}

// Loaded is the snapshot that was read last; nil: none has been.
func (s *Store) Loaded() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// at is the snapshot of a commit that the branch has or is to have.
func (s *Store) at(ctx context.Context, commit git.OID) (*Snapshot, error) {
	s.mu.Lock()
	sn := s.last
	s.mu.Unlock()
	if sn != nil && sn.commit == commit {
		return sn, nil
	}
	sn, err := s.load(ctx, commit)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.last = sn
	s.mu.Unlock()
	s.forget(sn)
	return sn, nil
}

// SnapshotAt returns the content at any commit.
func (s *Store) SnapshotAt(ctx context.Context, commit string) (*Snapshot, error) {
	c, err := s.repo.ReadCommit(ctx, commit)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	sn := s.last
	s.mu.Unlock()
	if sn != nil && sn.commit == c.ID {
		return sn, nil
	}
	return s.load(ctx, c.ID)
}

// Close waits for a write in hand. The repo stays open.
func (s *Store) Close() error {
	s.write.Lock()
	defer s.write.Unlock()
	return nil
}
