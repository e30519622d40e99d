package release

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// PlanExport tells what Export of a release of these files would do to dir, and
// does nothing: neither the release nor the folder need to be there.
func PlanExport(files []File, dir string) (Exported, error) {
	all := make([]entry, 0, len(files))
	for _, f := range files {
		all = append(all, entry{path: f.Path, hash: f.Hash, size: f.Size})
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.path, b.path) })
	m, _ := newManifest(all, Release{})
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Exported{Written: m.Len()}, nil
	}
	if err != nil {
		return Exported{}, fmt.Errorf("export to %s: %w", dir, err)
	}
	defer root.Close()
	x := &export{m: m, root: root, dir: dir}
	if err := x.readRecord(); err != nil {
		return Exported{}, fmt.Errorf("export to %s: %w", dir, err)
	}
	if err := x.plan(); err != nil {
		return Exported{}, fmt.Errorf("export to %s: %w", dir, err)
	}
	x.done.Written, x.done.Removed = len(x.todo), len(x.gone)
	return x.done, nil
}
