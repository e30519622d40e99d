package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/coranto/coranto/internal/failpoint"
)

var (
	fpExportBegin  = failpoint.Name("release.export-begin")
	fpExportStaged = failpoint.Name("release.export-staged")
	fpExportRename = failpoint.Name("release.export-rename")
	fpExportRecord = failpoint.Name("release.export-record")
	fpExportEnd    = failpoint.Name("release.export-end")
)

// An exported folder holds the record of what was written there, and, while an
// export is under way or has crashed, the folder of files not yet in place.
const (
	recordName = ".coranto-export.json"
	stageName  = ".coranto-export.tmp"
	maxRecord  = 1 << 30
)

// Exported counts what an export did.
type Exported struct {
	Written int `json:"written"`
	Removed int `json:"removed"`
	Kept    int `json:"kept"` // were right already
}

// record is what an earlier export left, by path.
type record struct {
	Release string              `json:"release"`
	Files   map[string]exported `json:"files"`
	// Begun is set while files are written straight into a folder that was empty.
	Begun bool `json:"begun,omitempty"`
}

// exported says what was written. Size and Time are the file's as they were
// then; while they still are, its content is not looked at. Hash, Size and Time
// are empty for a file that a Folder wrote, and for one that an export which did
// not end was about to write.
type exported struct {
	Hash string `json:"hash,omitempty"`
	Size int64  `json:"size,omitempty"`
	Time int64  `json:"time,omitempty"` // nanoseconds
}

// Export makes dir hold the files of the release as a plain tree. Only what
// differs is written; files of an earlier export that are in it no more are
// removed; a file that no export wrote is never touched, and where one stands
// in the way with other content, nothing is done (ErrForeign). Each file is
// replaced in one step, pages after all they refer to.
func (s *Store) Export(ctx context.Context, id, dir string) (Exported, error) {
	m, err := s.Get(id)
	if err != nil {
		return Exported{}, fmt.Errorf("export: %w", err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return Exported{}, fmt.Errorf("export to %s: %w", dir, full(err))
	}
	root, err := os.OpenRoot(dir) // a symbolic link in the tree must not lead out of it
	if err != nil {
		return Exported{}, fmt.Errorf("export to %s: %w", dir, err)
	}
	defer root.Close()
	unlock, err := tryLock(s.path("export.lock"))
	if err != nil {
		return Exported{}, fmt.Errorf("export to %s: %w", dir, err)
	}
	defer unlock()
	x := &export{store: s, m: m, root: root, dir: dir}
	if err := x.run(ctx); err != nil {
		return x.done, fmt.Errorf("export release %s to %s: %w", m.ID(), dir, full(err))
	}
	return x.done, nil
}

type export struct {
	store *Store
	m     *Manifest
	root  *os.Root
	dir   string
	old   record
	todo  []entry
	gone  []string
	done  Exported
}

func (x *export) run(ctx context.Context) error {
	if err := x.root.RemoveAll(stageName); err != nil {
		return err
	}
	if err := x.readRecord(); err != nil {
		return err
	}
	if err := x.plan(); err != nil {
		return err
	}
	if len(x.todo)+len(x.gone) == 0 && x.old.Release == x.m.ID() {
		return nil
	}
	if err := failpoint.Hit(fpExportBegin); err != nil {
		return err
	}
	if err := x.announce(); err != nil {
		return err
	}
	if err := x.stage(ctx); err != nil {
		return err
	}
	for i, e := range x.todo {
		if err := failpoint.Hit(fpExportRename); err != nil {
			return err
		}
		if err := x.place(i, e); err != nil {
			return err
		}
	}
	for _, p := range x.gone {
		if err := x.remove(p); err != nil {
			return err
		}
	}
	if err := x.root.RemoveAll(stageName); err != nil {
		return err
	}
	return x.finish()
}

func (x *export) readRecord() error {
	x.old = record{Files: map[string]exported{}}
	f, err := x.root.Open(recordName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, maxRecord)).Decode(&x.old); err != nil {
		return fmt.Errorf("%s cannot be read, so whose files these are is not known; remove the folder and export again: %w", recordName, ErrCorrupt)
	}
	for p := range x.old.Files {
		if CheckPath(p) != nil {
			return fmt.Errorf("%s names %q: %w", recordName, p, ErrCorrupt)
		}
	}
	if x.old.Files == nil {
		x.old.Files = map[string]exported{}
	}
	return nil
}

// plan decides what to write and what to remove, and refuses where a foreign
// file is in the way, before anything is touched.
func (x *export) plan() error {
	var foreign []string
	files, err := x.m.all()
	if err != nil {
		return err
	}
	for _, e := range files {
		st, err := x.root.Lstat(e.path)
		if err == nil && st.Mode().IsRegular() {
			was, ours := x.old.Files[e.path]
			if ours && was.Hash == e.hash && st.Size() == was.Size && st.ModTime().UnixNano() == was.Time || x.same(e, st) {
				x.done.Kept++
				continue
			}
		}
		switch f, err := x.obstacle(e.path, st, err); {
		case err != nil:
			return err
		case f != "":
			foreign = append(foreign, f)
		default:
			x.todo = append(x.todo, e)
		}
	}
	if err := inTheWay(foreign); err != nil {
		return err
	}
	slices.SortStableFunc(x.todo, func(a, b entry) int { return rank(a.path) - rank(b.path) })
	for p := range x.old.Files {
		if _, ok := x.m.find(p); !ok {
			x.gone = append(x.gone, p)
		}
	}
	slices.SortFunc(x.gone, func(a, b string) int { return strings.Compare(b, a) })
	return nil
}

// obstacle is what stands where p is to be written and no export wrote; "": p may
// be written. st and serr are what Lstat says of p.
func (x *export) obstacle(p string, st fs.FileInfo, serr error) (string, error) {
	_, ours := x.old.Files[p]
	switch {
	case errors.Is(serr, fs.ErrNotExist) || isNotDir(serr):
		return x.foreignParent(p), nil
	case serr != nil:
		return "", serr
	case st.IsDir(): // ours of another layout, or somebody's
		return x.foreignIn(p), nil
	case !ours:
		return p, nil
	}
	return "", nil
}

// inTheWay names the foreign files that keep an export from anything.
func inTheWay(foreign []string) error {
	slices.Sort(foreign)
	foreign = slices.Compact(foreign)
	n := len(foreign)
	if n == 0 {
		return nil
	}
	if n > 5 {
		foreign = append(foreign[:5], "…")
	}
	return fmt.Errorf("%d in the way (%s); remove them or choose another folder: %w", n, strings.Join(foreign, ", "), ErrForeign)
}

// rank orders writing: what pages refer to first, the home page last.
func rank(p string) int {
	switch {
	case p == "index.html":
		return 3
	case path.Base(p) == "index.html" && strings.Count(p, "/") == 1:
		return 2
	case strings.HasSuffix(p, ".html") || strings.HasSuffix(p, ".xml"):
		return 1
	}
	return 0
}

// same reports whether the file already has the content.
func (x *export) same(e entry, st fs.FileInfo) bool {
	if st.Size() != e.size {
		return false
	}
	f, err := x.root.Open(e.path)
	if err != nil {
		return false
	}
	defer f.Close()
	return hashOf(f) == e.hash
}

// foreignParent returns the parent of p that is a file no export wrote.
func (x *export) foreignParent(p string) string {
	for d := path.Dir(p); d != "."; d = path.Dir(d) {
		st, err := x.root.Lstat(d)
		if err == nil && !st.IsDir() {
			if _, ours := x.old.Files[d]; !ours {
				return d
			}
			return ""
		}
	}
	return ""
}

// foreignIn returns a file below folder p that no export wrote.
func (x *export) foreignIn(p string) string {
	found := ""
	_ = fs.WalkDir(x.root.FS(), p, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if _, ours := x.old.Files[name]; !ours {
			found = name
			return fs.SkipAll
		}
		return nil
	})
	return found
}

// announce records, before the first of them is there, which files are ours.
func (x *export) announce() error {
	next := record{Files: make(map[string]exported, len(x.old.Files)+len(x.todo))}
	for p, f := range x.old.Files {
		next.Files[p] = f
	}
	for _, e := range x.todo {
		next.Files[e.path] = exported{}
	}
	return x.writeRecord(next)
}

// stage writes the new files beside their places and makes them durable.
func (x *export) stage(ctx context.Context) error {
	if err := x.root.Mkdir(stageName, 0o777); err != nil {
		return err
	}
	names := make([]string, len(x.todo))
	for i, e := range x.todo {
		if err := ctx.Err(); err != nil {
			return err
		}
		body, err := x.store.Blob(e.hash)
		if err != nil {
			return err
		}
		name := stageName + "/" + strconv.Itoa(i)
		if err := x.root.WriteFile(name, body, 0o644); err != nil {
			return err
		}
		names[i] = filepath.Join(x.dir, name)
	}
	if err := syncAll(x.dir, names, []string{filepath.Join(x.dir, stageName)}); err != nil {
		return err
	}
	return failpoint.Hit(fpExportStaged)
}

// place moves a staged file to its place.
func (x *export) place(i int, e entry) error {
	if dir := path.Dir(e.path); dir != "." {
		if err := x.root.MkdirAll(dir, 0o777); err != nil {
			if err := x.clearParents(dir); err != nil {
				return err
			}
			if err := x.root.MkdirAll(dir, 0o777); err != nil {
				return err
			}
		}
	}
	from := stageName + "/" + strconv.Itoa(i)
	err := x.root.Rename(from, e.path)
	if err != nil {
		if st, serr := x.root.Lstat(e.path); serr == nil && st.IsDir() { // only files of ours are in it, see plan
			if err := x.root.RemoveAll(e.path); err != nil {
				return err
			}
			err = x.root.Rename(from, e.path)
		}
	}
	if err != nil {
		return err
	}
	x.done.Written++
	return nil
}

// clearParents removes a file of ours that stands where a folder must be.
func (x *export) clearParents(dir string) error {
	for d := dir; d != "."; d = path.Dir(d) {
		if st, err := x.root.Lstat(d); err == nil && !st.IsDir() {
			if _, ours := x.old.Files[d]; !ours {
				return fmt.Errorf("%s: %w", d, ErrForeign)
			}
			return x.root.Remove(d)
		}
	}
	return nil
}

// remove deletes a file of an earlier export, and the folders it leaves empty.
func (x *export) remove(p string) error {
	st, err := x.root.Lstat(p)
	if errors.Is(err, fs.ErrNotExist) || isNotDir(err) || err == nil && st.IsDir() {
		return nil
	}
	if err != nil {
		return err
	}
	if err := x.root.Remove(p); err != nil {
		return err
	}
	x.done.Removed++
	for d := path.Dir(p); d != "."; d = path.Dir(d) {
		if x.root.Remove(d) != nil { // not empty
			break
		}
	}
	return nil
}

// finish records what is there now.
func (x *export) finish() error {
	next := record{Release: x.m.ID(), Files: make(map[string]exported, x.m.Len())}
	files, err := x.m.all()
	if err != nil {
		return err
	}
	for _, e := range files {
		st, err := x.root.Lstat(e.path)
		if err != nil {
			return err
		}
		next.Files[e.path] = exported{Hash: e.hash, Size: st.Size(), Time: st.ModTime().UnixNano()}
	}
	if err := x.writeRecord(next); err != nil {
		return err
	}
	return failpoint.Hit(fpExportEnd)
}

func (x *export) writeRecord(r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return writeAtomic(filepath.Join(x.dir, recordName), data, fpExportRecord, "")
}
