package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coranto/coranto/internal/failpoint"
)

var (
	fpSwapBegin = failpoint.Name("release.swap-begin")
	fpSwapLink  = failpoint.Name("release.swap-link")
	fpSwapEnd   = failpoint.Name("release.swap-end")
)

// keptTrees is how many trees stay beside the one that the link shows: readers
// may be in the middle of the one before.
const keptTrees = 2

// Swap makes link a symbolic link to a folder that holds the files of the
// release, so that a web server which serves it goes from the old site to the
// new one at once. The trees are in "link.releases"; files that the one before
// has too are hard links. A folder or file that stands at link is left alone:
// ErrForeign.
func (s *Store) Swap(ctx context.Context, id, link string) (Exported, error) {
	var x Exported
	m, err := s.Get(id)
	if err != nil {
		return x, fmt.Errorf("take the site to %s: %w", link, err)
	}
	if x, err = s.swap(ctx, m, filepath.Clean(link)); err != nil {
		return x, fmt.Errorf("take release %s to %s: %w", m.ID(), link, full(err))
	}
	return x, nil
}

func (s *Store) swap(ctx context.Context, m *Manifest, link string) (x Exported, err error) {
	st, err := os.Lstat(link)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return x, err
	case st.Mode()&fs.ModeSymlink == 0:
		return x, fmt.Errorf("something that is no symbolic link is there; move it away, or export to it with `coranto build --out`: %w", ErrForeign)
	}
	trees := link + ".releases"
	if err := os.MkdirAll(trees, 0o777); err != nil {
		return x, err
	}
	unlock, err := tryLock(filepath.Join(trees, ".lock"))
	if err != nil {
		return x, err
	}
	defer unlock()
	if err := failpoint.Hit(fpSwapBegin); err != nil {
		return x, err
	}
	was, _ := os.Readlink(link)
	to := filepath.Join(trees, m.ID())
	if x, err = s.plant(ctx, m, to, previousTree(link, was)); err != nil {
		return x, err
	}
	if err := failpoint.Hit(fpSwapLink); err != nil {
		return x, err
	}
	tmp := link + ".new"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return x, err
	}
	if err := os.Symlink(filepath.Join(filepath.Base(trees), m.ID()), tmp); err != nil {
		return x, err
	}
	if err := os.Rename(tmp, link); err != nil {
		return x, err
	}
	if err := syncDir(filepath.Dir(link)); err != nil {
		return x, err
	}
	if err := failpoint.Hit(fpSwapEnd); err != nil {
		return x, err
	}
	return x, pruneTrees(trees, m.ID(), filepath.Base(was))
}

// previousTree is the folder the link shows, where it is one of ours.
func previousTree(link, was string) string {
	if was == "" || filepath.Dir(was) != filepath.Base(link)+".releases" {
		return ""
	}
	return filepath.Join(filepath.Dir(link), was)
}

// plant makes the tree of a release, in a folder that gets its name when it is whole.
func (s *Store) plant(ctx context.Context, m *Manifest, to, from string) (x Exported, err error) {
	if _, err := os.Stat(to); err == nil {
		x.Kept = m.Len()
		return x, nil
	}
	tmp := to + ".tmp"
	if err := os.RemoveAll(tmp); err != nil {
		return x, err
	}
	old := map[string]string{} // what the tree before has
	if from != "" {
		if b, err := s.readManifest(filepath.Base(from)); err == nil {
			for f := range b.All() {
				old[f.Path] = f.Hash
			}
		}
	}
	var written []string
	folders := map[string]bool{}
	files, err := m.all()
	if err != nil {
		return x, err
	}
	for _, e := range files {
		if err := ctx.Err(); err != nil {
			return x, err
		}
		name := filepath.Join(tmp, filepath.FromSlash(e.path))
		if dir := filepath.Dir(name); !folders[dir] {
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return x, err
			}
			folders[dir] = true
		}
		if old[e.path] == e.hash {
			if st, err := os.Lstat(filepath.Join(from, filepath.FromSlash(e.path))); err == nil && st.Mode().IsRegular() && st.Size() == e.size &&
				os.Link(filepath.Join(from, filepath.FromSlash(e.path)), name) == nil {
				x.Kept++
				continue
			}
		}
		body, err := s.Blob(e.hash)
		if err != nil {
			return x, err
		}
		if err := os.WriteFile(name, body, 0o644); err != nil {
			return x, err
		}
		written = append(written, name)
		x.Written++
	}
	dirs := []string{tmp}
	for d := range folders {
		dirs = append(dirs, d)
	}
	if err := syncAll(tmp, written, dirs); err != nil {
		return x, err
	}
	return x, os.Rename(tmp, to)
}

// pruneTrees removes all but the newest trees, and what a crash left.
func pruneTrees(trees, live, before string) error {
	list, err := os.ReadDir(trees)
	if err != nil {
		return err
	}
	type tree struct {
		name string
		at   int64
	}
	var old []tree
	for _, d := range list {
		name, tmp := strings.CutSuffix(d.Name(), ".tmp")
		if !d.IsDir() || len(name) != idLen || !isHex(name) || name == live && !tmp || name == before && !tmp {
			continue
		}
		info, err := d.Info()
		if err != nil {
			continue
		}
		at := info.ModTime().UnixNano()
		if tmp {
			at = 0
		}
		old = append(old, tree{d.Name(), at})
	}
	slices.SortFunc(old, func(a, b tree) int { return int(b.at/1e6 - a.at/1e6) })
	for _, t := range old[min(len(old), keptTrees-1):] {
		if err := os.RemoveAll(filepath.Join(trees, t.name)); err != nil {
			return err
		}
	}
	return nil
}
