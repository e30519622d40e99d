package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/coranto/coranto/internal/failpoint"
)

var (
	fpBeforeCollect = failpoint.Name("release.before-collect")
	fpMidCollect    = failpoint.Name("release.mid-collect")
	fpAfterCollect  = failpoint.Name("release.after-collect")
)

// Collected counts what GC removed.
type Collected struct {
	Releases int   `json:"releases"`
	Blobs    int   `json:"blobs"`
	Bytes    int64 `json:"bytes"`
}

// GC removes all but the newest keep releases, and the blobs that none of the
// others names. The live release and the one before it always stay: readers
// may still be in the middle of the latter.
func (s *Store) GC(ctx context.Context, keep int) (Collected, error) {
	var c Collected
	unlock, err := s.lock()
	if err != nil {
		return c, fmt.Errorf("collect releases: %w", err)
	}
	defer unlock()
	if err := s.recoverBuild(); err != nil {
		return c, err
	}
	if err := failpoint.Hit(fpBeforeCollect); err != nil {
		return c, err
	}
	if c.Releases, err = s.dropManifests(ctx, keep); err != nil {
		return c, fmt.Errorf("collect releases: %w", err)
	}
	if err := failpoint.Hit(fpMidCollect); err != nil {
		return c, err
	}
	swept, err := s.sweep(ctx.Err)
	c.Blobs, c.Bytes = swept.Blobs, swept.Bytes
	if err != nil {
		return c, fmt.Errorf("collect blobs: %w", err)
	}
	return c, failpoint.Hit(fpAfterCollect)
}

// dropManifests removes old manifests. It holds the pointer still meanwhile,
// so that nobody activates what is being removed.
func (s *Store) dropManifests(ctx context.Context, keep int) (int, error) {
	unlock, err := waitLock(s.path(pointerLock))
	if err != nil {
		return 0, err
	}
	defer unlock()
	p, err := s.readPointer()
	if err != nil {
		return 0, err // not knowing what is live, keep everything
	}
	stays := map[string]bool{p.Current: true}
	if n := len(p.Back); n > 0 {
		stays[p.Back[n-1]] = true
	}
	list, err := s.List()
	if err != nil {
		return 0, err
	}
	n := 0
	for i, r := range list {
		if i < keep || stays[r.ID] {
			continue
		}
		if err := ctx.Err(); err != nil {
			return n, err
		}
		if err := os.Remove(s.path(manifestsDir, r.ID)); err != nil {
			return n, err
		}
		n++
	}
	if n == 0 {
		return 0, nil
	}
	return n, syncDir(s.path(manifestsDir))
}

// referenced collects the hashes of blobs and of lists that readable manifests
// name.
func (s *Store) referenced() (blobs, lists map[string]struct{}, err error) {
	ids, err := s.ids()
	if err != nil {
		return nil, nil, err
	}
	blobs, lists = map[string]struct{}{}, map[string]struct{}{}
	for _, id := range ids {
		m, err := s.openManifest(id)
		if errors.Is(err, ErrCorrupt) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		for _, l := range m.lists {
			if _, ok := lists[l.hash]; ok {
				continue
			}
			lists[l.hash] = struct{}{}
			all, err := m.entries(l)
			if errors.Is(err, ErrCorrupt) {
				continue
			}
			if err != nil {
				return nil, nil, err
			}
			for _, e := range all {
				blobs[e.hash] = struct{}{}
			}
		}
	}
	return blobs, lists, nil
}

// sweep removes the blobs and lists that no manifest names, and temporary
// files. The caller holds the build lock.
func (s *Store) sweep(stop func() error) (c Collected, err error) {
	blobs, lists, err := s.referenced()
	if err != nil {
		return c, err
	}
	if c.Blobs, c.Bytes, err = s.sweepDir(blobsDir, blobs, stop); err != nil {
		return c, err
	}
	if _, _, err = s.sweepDir(listsDir, lists, stop); err != nil {
		return c, err
	}
	return c, s.dropTemp()
}

// sweepDir removes the files of a folder that are not named.
func (s *Store) sweepDir(dir string, named map[string]struct{}, stop func() error) (files int, bytes int64, err error) {
	names, err := readNames(s.path(dir))
	if err != nil {
		return 0, 0, err
	}
	for i, n := range names {
		if i%1000 == 0 && stop != nil && stop() != nil {
			return files, bytes, stop()
		}
		if _, ok := named[n]; ok {
			continue
		}
		file := s.path(dir, n)
		st, err := os.Lstat(file)
		if err != nil || st.IsDir() {
			continue
		}
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return files, bytes, err
		}
		bytes += st.Size()
		files++
	}
	return files, bytes, nil
}

// dropTemp removes what crashed atomic writes of manifests left. (Those of the
// pointer are left alone: another process may be moving it right now.)
func (s *Store) dropTemp() error {
	names, err := readNames(s.path(manifestsDir))
	if err != nil {
		return err
	}
	for _, n := range names {
		if n[0] == '.' {
			if err := os.Remove(s.path(manifestsDir, n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// Verify reads everything and returns what is not as its name says. A blob is
// read once however many releases name it.
func (s *Store) Verify(ctx context.Context) ([]Problem, error) {
	var found []Problem
	p, err := s.readPointer()
	if errors.Is(err, ErrCorrupt) {
		found = append(found, Problem{What: "the pointer cannot be read; activate a release to replace it"})
	} else if err != nil {
		return nil, err
	}
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	state := map[string]string{} // blob → what is wrong with it
	seen := false
	for _, id := range ids {
		m, err := s.readManifest(id)
		if err != nil {
			found = append(found, Problem{Release: id, What: err.Error()})
			continue
		}
		seen = seen || id == p.Current
		all, err := m.all()
		if err != nil {
			return found, err
		}
		for _, e := range all {
			if err := ctx.Err(); err != nil {
				return found, err
			}
			what, ok := state[e.hash]
			if !ok {
				what = s.verifyBlob(e)
				state[e.hash] = what
			}
			if what != "" {
				found = append(found, Problem{Release: id, Path: e.path, Hash: e.hash, What: what})
			}
		}
	}
	if p.Current != "" && !seen {
		found = append(found, Problem{Release: p.Current, What: "the live release is missing or damaged"})
	}
	return found, nil
}

func (s *Store) verifyBlob(e entry) string {
	f, err := s.OpenBlob(e.hash)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	switch {
	case err != nil:
		return err.Error()
	case n != e.size:
		return fmt.Sprintf("has %d bytes where the manifest says %d", n, e.size)
	case hex.EncodeToString(h.Sum(nil)) != e.hash:
		return "content does not match its hash"
	}
	return ""
}
