package content

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/git"
)

// Snapshot is the content at one commit. It never changes.
type Snapshot struct {
	store    *Store
	commit   git.OID
	ix       *index
	warnings []string
	dups     int

	once  sync.Once
	posts []coranto.Post
	err   error
}

// Commit names the commit; empty for a branch without one.
func (sn *Snapshot) Commit() string { return string(sn.commit) }

// Len is the number of posts.
func (sn *Snapshot) Len() int { return sn.ix.count - sn.dups }

// Carries reports whether a source has announced any post that is here.
func (sn *Snapshot) Carries(source string) bool {
	_, ok := sn.ix.names[source]
	return ok
}

// Duplicates is how many posts stand there more than once.
func (sn *Snapshot) Duplicates() int { return sn.dups }

// Warnings tell of what was read with a grain of salt.
func (sn *Snapshot) Warnings() []string { return sn.warnings }

// shardFiles lists the files of posts at a commit.
func (s *Store) shardFiles(ctx context.Context, commit git.OID) (files []git.Entry, warnings []string, err error) {
	seen := map[string]bool{}
	for _, root := range s.path.roots() {
		list, err := s.repo.List(ctx, commit, root)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range list {
			if seen[e.Path] || !s.path.holds(e.Path) {
				continue
			}
			seen[e.Path] = true
			if e.Mode != git.ModeFile && e.Mode != git.ModeExec {
				warnings = append(warnings, e.Path+": not read, it is no plain file")
				continue
			}
			files = append(files, e)
		}
	}
	slices.SortFunc(files, func(a, b git.Entry) int { return strings.Compare(a.Path, b.Path) })
	return files, warnings, nil
}

// load makes the snapshot of a commit, reading only shards not known by their blob.
func (s *Store) load(ctx context.Context, commit git.OID) (*Snapshot, error) {
	sn := &Snapshot{store: s, commit: commit}
	files, warnings, err := s.shardFiles(ctx, commit)
	if err != nil {
		return nil, err
	}
	sn.warnings = warnings
	list := make([]loaded, len(files))
	var bad []error
	for i, e := range files {
		f, err := s.facts(ctx, e)
		if errors.Is(err, ErrDamaged) {
			bad = append(bad, err) // tell all at once
			continue
		}
		if err != nil {
			return nil, err
		}
		list[i] = loaded{path: e.Path, blob: string(e.ID), facts: f}
		sn.warnings = append(sn.warnings, f.warnings...)
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	sn.ix = newIndex(list)
	sn.duplicates()
	return sn, nil
}

// duplicates notes posts whose ID another has already.
func (sn *Snapshot) duplicates() {
	for i, l := range sn.ix.shards {
		for at := range l.posts {
			p := &l.posts[at]
			if sn.ix.lookup(l.hashes[p.from]) == sn.ix.first[i]+at {
				continue // its ID's first
			}
			if sn.dups++; sn.dups <= 20 {
				sn.warnings = append(sn.warnings, fmt.Sprintf("%s: post %s stands there again; the first one counts", l.path, p.id))
			}
		}
	}
}

// facts returns a shard's facts from memory, from the cache, or from its bytes.
func (s *Store) facts(ctx context.Context, e git.Entry) (*facts, error) {
	key := string(e.ID) + " " + e.Path // warnings name the path
	s.mu.Lock()
	f := s.known[key]
	s.mu.Unlock()
	if f != nil {
		return f, nil
	}
	if s.cache != nil {
		if b := s.cache.Get(s.cacheName(e)); b != nil {
			if f, err := decodeFacts(b, s.seed); err == nil {
				s.remember(key, f)
				return f, nil
			}
		}
	}
	sh, err := s.shard(ctx, e)
	if err != nil {
		return nil, err
	}
	if f, err = factsOf(sh, s.seed); err != nil {
		return nil, err
	}
	s.remember(key, f)
	if s.cache != nil {
		s.cache.Put(s.cacheName(e), f.encode(s.seed))
	}
	return f, nil
}

func (s *Store) cacheName(e git.Entry) string { return string(e.ID) + "-" + digest(e.Path, 8) }

func (s *Store) remember(key string, f *facts) {
	s.mu.Lock()
	s.known[key] = f
	s.mu.Unlock()
}

// forget drops what no shard of the snapshot needs.
func (s *Store) forget(sn *Snapshot) {
	keep := map[string]bool{}
	blobs := map[string]bool{}
	names := []string{seedName}
	for _, l := range sn.ix.shards {
		e := git.Entry{ID: git.OID(l.blob), Path: l.path}
		keep[l.blob+" "+l.path] = true
		blobs[l.blob] = true
		names = append(names, s.cacheName(e))
	}
	s.mu.Lock()
	for k := range s.known {
		if !keep[k] {
			delete(s.known, k)
		}
	}
	for b := range s.decoded {
		if !blobs[b] {
			delete(s.decoded, b)
		}
	}
	s.mu.Unlock()
	if s.cache != nil {
		s.cache.Keep(names)
	}
}

// shard reads a file of posts.
func (s *Store) shard(ctx context.Context, e git.Entry) (*shard, error) {
	data, err := s.repo.Blob(ctx, e.ID)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", e.Path, err)
	}
	return parseShard(e.Path, data)
}

// Posts returns every post, sorted by Compare, each ID once. The slice is
// shared: it must not be changed. ErrDamaged when a shard cannot be read.
func (sn *Snapshot) Posts(ctx context.Context) ([]coranto.Post, error) {
	sn.once.Do(func() { sn.posts, sn.err = sn.read(context.WithoutCancel(ctx)) })
	return sn.posts, sn.err
}

func (sn *Snapshot) read(ctx context.Context) ([]coranto.Post, error) {
	all := make([]coranto.Post, 0, sn.ix.count)
	seen := make(map[string]struct{}, sn.ix.count)
	for _, l := range sn.ix.shards {
		posts, err := sn.store.decode(ctx, git.Entry{ID: git.OID(l.blob), Path: l.path})
		if err != nil {
			return nil, err
		}
		for i := range posts {
			if _, ok := seen[posts[i].ID]; !ok {
				seen[posts[i].ID] = struct{}{}
				all = append(all, posts[i])
			}
		}
	}
	slices.SortStableFunc(all, func(a, b coranto.Post) int { return a.Compare(&b) })
	return all, nil
}

// decode reads a shard's posts, once per blob.
func (s *Store) decode(ctx context.Context, e git.Entry) ([]coranto.Post, error) {
	s.mu.Lock()
	posts, ok := s.decoded[string(e.ID)]
	s.mu.Unlock()
	if ok {
		return posts, nil
	}
	sh, err := s.shard(ctx, e)
	if err != nil {
		return nil, err
	}
	posts = make([]coranto.Post, len(sh.spans))
	for i := range posts {
		if posts[i], err = sh.post(i); err != nil {
			return nil, err
		}
		s.finish(&posts[i])
	}
	s.mu.Lock()
	s.decoded[string(e.ID)] = posts
	s.mu.Unlock()
	return posts, nil
}

// finish gives a post as read what every post has.
func (s *Store) finish(p *coranto.Post) {
	complete(p)
	if p.Tags == nil {
		p.Tags = []string{}
	}
	if p.Date == "" && !p.Published.IsZero() {
		p.Date = p.Published.In(s.location).Format(coranto.DateLayout)
	}
}

// File returns any file at the commit, nil when there is none: the theme and
// the configuration of a release come from here.
func (sn *Snapshot) File(ctx context.Context, path string) ([]byte, error) {
	if sn.commit == "" {
		return nil, nil
	}
	b, err := sn.store.repo.ReadFile(ctx, sn.commit, path)
	if errors.Is(err, git.ErrNotFound) {
		return nil, nil
	}
	return b, err
}

// Tree lists the files below a folder, each with the name of its bytes: two
// snapshots in which that is equal have the same file.
func (sn *Snapshot) Tree(ctx context.Context, dir string) (map[string]string, error) {
	list, err := sn.store.repo.List(ctx, sn.commit, dir)
	if err != nil {
		return nil, err
	}
	m := make(map[string]string, len(list))
	for _, e := range list {
		m[e.Path] = string(e.ID)
	}
	return m, nil
}
