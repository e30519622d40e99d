package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coranto/coranto/internal/failpoint"
)

var (
	fpBeforeMarker = failpoint.Name("release.before-marker")
	fpAfterMarker  = failpoint.Name("release.after-marker")
	fpBlob         = failpoint.Name("release.blob")
	fpBeforeSync   = failpoint.Name("release.before-sync")
	fpAfterSync    = failpoint.Name("release.after-sync")
)

// Build is a release being made. Put, Reuse and Remove may be called from many
// goroutines; Finish or Abort ends it.
type Build struct {
	store  *Store
	meta   Meta
	base   *Manifest // From
	live   *Manifest // what was live at the beginning, whose blobs are known to be there
	unlock func()

	mu      sync.Mutex
	files   map[string]entry // hash "" : removed
	known   map[string]int64 // blobs seen on disk in this build, and their size
	created []string         // hashes of blobs written
	lists   []string         // hashes of lists written
	wrote   bool             // blobs or lists have been written or replaced
	marked  bool
	done    *Manifest // of Finish
	err     error     // the first failure; the build cannot finish
	ended   bool
}

// Begin starts a release, or fails with ErrLocked while another is being built.
func (s *Store) Begin(meta Meta) (*Build, error) {
	unlock, err := s.lock()
	if err != nil {
		return nil, err
	}
	if err := s.recoverBuild(); err != nil {
		unlock()
		return nil, err
	}
	live := s.liveBase()
	return &Build{store: s, meta: meta, live: live, unlock: unlock,
		files: map[string]entry{}, known: map[string]int64{}}, nil
}

// liveBase is what is live; nil: nothing is, or it cannot be read.
func (s *Store) liveBase() *Manifest {
	if l := s.live.Load(); l != nil && l.m != nil {
		if m, err := s.Current(); err == nil {
			return m
		}
		return nil
	}
	p, err := s.readPointer()
	if err != nil || p.Current == "" {
		return nil
	}
	m, err := s.openManifest(p.Current)
	if err != nil {
		return nil
	}
	return m
}

// From takes over every file of an earlier release, before anything is put: a
// build that changes forty pages of ten thousand then names only those.
func (b *Build) From(m *Manifest) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.files) > 0 || b.base != nil {
		return b.fail(errors.New("build from a release: files have been put already"))
	}
	if _, err := b.store.readHead(m.ID()); err != nil {
		return b.fail(fmt.Errorf("build from release %s: %w", m.ID(), ErrNotFound))
	}
	b.base = m
	return nil
}

// Put adds a file and returns the hash of its content, which is written unless
// the store has it.
func (b *Build) Put(path string, body []byte) (hash string, err error) {
	if err := CheckPath(path); err != nil {
		return "", b.poison(err)
	}
	sum := sha256.Sum256(body)
	hash = hex.EncodeToString(sum[:])
	e := entry{path: strings.Clone(path), hash: hash, size: int64(len(body))}
	if !b.has(path, hash, e.size) {
		if err := b.write(hash, body); err != nil {
			return "", b.poison(fmt.Errorf("release file %s: %w", path, full(err)))
		}
	}
	return hash, b.add(e)
}

// Reuse adds a file whose content the store already has, by its hash; it fails
// with ErrNotFound where it has not, and the build can go on.
func (b *Build) Reuse(path, hash string) error {
	if err := CheckPath(path); err != nil {
		return b.poison(err)
	}
	if !validHash(hash) {
		return fmt.Errorf("release file %s: blob %q: %w", path, hash, ErrNotFound)
	}
	size, err := b.sizeOf(path, hash)
	if err != nil {
		return fmt.Errorf("release file %s: %w", path, err)
	}
	return b.add(entry{path: strings.Clone(path), hash: hash, size: size})
}

// Remove drops a file that From or Put brought.
func (b *Build) Remove(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.files[path] = entry{path: path}
}

func (b *Build) add(e entry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return errors.New("release build has ended")
	}
	if old, ok := b.files[e.path]; ok && old.hash != "" && old.hash != e.hash {
		return b.fail(fmt.Errorf("release file %s: made twice, with different content", e.path))
	}
	b.files[e.path] = e
	return nil
}

// has reports whether the content is on disk. What From brought is known to be;
// of all else the file is looked at, so that one which was lost or cut short is
// made again rather than relied upon for ever.
func (b *Build) has(path, hash string, size int64) bool {
	if b.base != nil {
		if e, ok := b.base.find(path); ok && e.hash == hash {
			return true
		}
	}
	b.mu.Lock()
	_, ok := b.known[hash]
	b.mu.Unlock()
	if ok {
		return true
	}
	st, err := os.Stat(b.store.blobPath(hash))
	if err != nil || st.Size() != size {
		return false
	}
	b.know(hash, size)
	return true
}

func (b *Build) sizeOf(path, hash string) (int64, error) {
	if b.base != nil {
		if e, ok := b.base.find(path); ok && e.hash == hash {
			return e.size, nil
		}
	}
	b.mu.Lock()
	size, ok := b.known[hash]
	b.mu.Unlock()
	if ok {
		return size, nil
	}
	st, err := os.Stat(b.store.blobPath(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("blob %s: %w", hash, ErrNotFound)
	}
	if err != nil {
		return 0, err
	}
	if b.live != nil {
		if e, ok := b.live.find(path); ok && e.hash == hash && e.size != st.Size() {
			return 0, fmt.Errorf("blob %s has %d bytes, not %d: %w", hash, st.Size(), e.size, ErrNotFound)
		}
	}
	b.know(hash, st.Size())
	return st.Size(), nil
}

func (b *Build) know(hash string, size int64) {
	b.mu.Lock()
	b.known[hash] = size
	b.mu.Unlock()
}

// write creates the blob under its final name. It becomes durable in Finish;
// the marker tells a later Open that it may not be.
func (b *Build) write(hash string, body []byte) error {
	if err := b.mark(); err != nil {
		return err
	}
	if err := failpoint.Hit(fpBlob); err != nil {
		return err
	}
	name := b.store.blobPath(hash)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return b.replaceCut(hash, name, body)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(name)
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.created = append(b.created, hash)
	b.known[hash] = int64(len(body))
	b.wrote = true
	return nil
}

// replaceCut deals with a blob that is there already. One of the wrong length
// was damaged from outside (another goroutine may still be writing the same,
// though: then it is in this build's hands).
func (b *Build) replaceCut(hash, name string, body []byte) error {
	st, err := os.Stat(name)
	if err != nil {
		return err
	}
	if st.Size() == int64(len(body)) {
		b.know(hash, st.Size())
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known[hash] = int64(len(body))
	b.wrote = true
	return nil
}

// mark leaves, durably and before the first blob, the sign that a build is under way.
func (b *Build) mark() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.markLocked()
}

func (b *Build) markLocked() error {
	if b.marked {
		return nil
	}
	text := fmt.Sprintf("%s pid %d\n", b.store.now().UTC().Format(time.RFC3339), os.Getpid())
	if err := writeAtomic(b.store.path(markerFile), []byte(text), fpBeforeMarker, fpAfterMarker); err != nil {
		return err
	}
	b.marked = true
	return nil
}

// poison remembers the first failure: a release that lacks a file is never finished.
func (b *Build) poison(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fail(err)
}

func (b *Build) fail(err error) error {
	if b.err == nil {
		b.err = err
	}
	return err
}

// Finish makes the release durable and returns it. It is not live until
// activated. When a release with the same files exists, that one is returned,
// from then on with this build's Meta, and New is false.
func (b *Build) Finish(ctx context.Context) (Release, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return Release{}, errors.New("release build has ended")
	}
	r, err := b.finish(ctx)
	if err != nil {
		b.abort()
		return Release{}, fmt.Errorf("finish release: %w", err)
	}
	b.ended = true
	err = b.store.dropMarker()
	b.unlock()
	return r, err
}

// Has reports whether the build has a file of that path.
func (b *Build) Has(path string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, ok := b.files[path]; ok {
		return e.hash != ""
	}
	if b.base != nil {
		_, ok := b.base.find(path)
		return ok
	}
	return false
}

// Manifest is what Finish has made; nil before.
func (b *Build) Manifest() *Manifest {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done
}

func (b *Build) finish(ctx context.Context) (Release, error) {
	if b.err != nil {
		return Release{}, b.err
	}
	if err := ctx.Err(); err != nil {
		return Release{}, err
	}
	m, lines, err := b.join()
	if err != nil {
		return Release{}, err
	}
	old, err := b.store.readHead(m.info.ID)
	exists := err == nil && old.Files == m.info.Files && old.Size == m.info.Size
	if exists && (b.live == nil || b.live.ID() != m.info.ID) {
		_, err := b.store.readManifest(m.info.ID)
		exists = err == nil
	}
	if exists {
		m.info.Created = old.Created
		if old.Meta.Previous != "" || b.meta.Previous == m.info.ID {
			m.info.Previous = old.Previous
		}
		if old.Meta == m.info.Meta && len(b.created) == 0 {
			b.done = m
			return m.info, nil
		}
	}
	if err := b.writeLists(m); err != nil {
		return Release{}, err
	}
	if err := b.sync(); err != nil {
		return Release{}, err
	}
	if err := b.store.writeManifest(m, lines); err != nil {
		return Release{}, err
	}
	b.done = m
	b.store.built.Store(m)
	m.info.New = !exists
	return m.info, nil
}

func (b *Build) sync() error {
	if err := failpoint.Hit(fpBeforeSync); err != nil {
		return err
	}
	if b.wrote {
		names := make([]string, 0, len(b.created)+len(b.lists))
		for _, h := range b.created {
			names = append(names, b.store.blobPath(h))
		}
		for _, h := range b.lists {
			names = append(names, b.store.listPath(h))
		}
		if err := syncAll(b.store.dir, names, []string{b.store.path(blobsDir), b.store.path(listsDir)}); err != nil {
			return fmt.Errorf("make %d files durable: %w", len(names), err)
		}
	}
	return failpoint.Hit(fpAfterSync)
}

// join makes the manifest of what From brought and what was put since.
func (b *Build) join() (m *Manifest, lines []byte, err error) {
	changed := make([]entry, 0, len(b.files))
	for _, e := range b.files {
		changed = append(changed, e)
	}
	slices.SortFunc(changed, func(x, y entry) int { return strings.Compare(x.path, y.path) })
	info := Release{Created: b.store.now().UTC().Truncate(time.Second), Meta: b.meta}
	if b.base == nil {
		changed = slices.DeleteFunc(changed, func(e entry) bool { return e.hash == "" })
		if err := checkTree(changed); err != nil {
			return nil, nil, err
		}
		m, lines = newManifest(changed, info)
		m.store = b.store
	} else {
		c := listCutter{base: b.base}
		if err := c.change(changed); err != nil {
			return nil, nil, err
		}
		m, lines = joinLists(c.out, b.store, info)
		if err := b.checkTree(m); err != nil {
			return nil, nil, err
		}
	}
	if m.info.Files == 0 {
		return nil, nil, errors.New("it has no files")
	}
	return m, lines, nil
}

// writeLists writes the lists that no release has yet.
func (b *Build) writeLists(m *Manifest) error {
	for _, l := range m.lists {
		if l.stored {
			continue
		}
		data := encodeList(*l.loaded.Load())
		name := b.store.listPath(l.hash)
		if st, err := os.Stat(name); err != nil || st.Size() != int64(len(data)) {
			if err := b.markLocked(); err != nil {
				return err
			}
			if err := os.WriteFile(name, data, 0o644); err != nil {
				return full(err)
			}
			b.lists = append(b.lists, l.hash)
			b.wrote = true
		}
		l.stored = true
	}
	return nil
}

// checkTree checks the files that the base did not have already.
func (b *Build) checkTree(m *Manifest) error {
	for p, e := range b.files {
		if _, ok := b.base.find(p); ok || e.hash == "" {
			continue
		}
		for d := p[:max(strings.LastIndexByte(p, '/'), 0)]; d != ""; d = d[:max(strings.LastIndexByte(d, '/'), 0)] {
			if _, ok := m.find(d); ok {
				return fmt.Errorf("%s is a file and a folder (of %s): %w", d, p, ErrPath)
			}
		}
		if f, ok := m.after(p + "/"); ok && strings.HasPrefix(f.path, p+"/") {
			return fmt.Errorf("%s is a file and a folder (of %s): %w", p, f.path, ErrPath)
		}
	}
	return nil
}

// checkTree refuses a path that is a file and a folder at once: such a release
// could be hosted but not exported. files are sorted.
func checkTree(files []entry) error {
	folders := make(map[string]bool)
	last := ""
	for _, e := range files {
		dir := e.path[:max(strings.LastIndexByte(e.path, '/'), 0)]
		if dir != last {
			for d := dir; d != ""; d = d[:max(strings.LastIndexByte(d, '/'), 0)] {
				if folders[d] {
					break // checked before
				}
				folders[d] = true
				if _, ok := slices.BinarySearchFunc(files, d, func(e entry, p string) int { return strings.Compare(e.path, p) }); ok {
					return fmt.Errorf("%s is a file and a folder (of %s): %w", d, e.path, ErrPath)
				}
			}
			last = dir
		}
	}
	return nil
}

// Abort gives up the build and removes what it wrote. After Finish it does
// nothing, so it can be deferred.
func (b *Build) Abort() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return nil
	}
	return b.abort()
}

func (b *Build) abort() error {
	b.ended = true
	defer b.unlock()
	if !b.marked {
		return nil
	}
	blobs, lists, err := b.store.referenced() // a failed Finish may have got as far as its manifest
	if err != nil {
		return err // the marker stays; the next Open cleans up
	}
	remove := func(name string, named bool) error {
		if named {
			return nil
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	for _, h := range b.created {
		_, named := blobs[h]
		if err := remove(b.store.blobPath(h), named); err != nil {
			return err
		}
	}
	for _, h := range b.lists {
		_, named := lists[h]
		if err := remove(b.store.listPath(h), named); err != nil {
			return err
		}
	}
	return b.store.dropMarker()
}
