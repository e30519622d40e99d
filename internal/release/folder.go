package release

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/coranto/coranto/internal/failpoint"
)

// Folder is a plain tree that is made of files handed over one by one, without
// a release: nothing is hashed and nothing written twice. What Export promises
// of the folder holds here too: only what differs is written, files of an
// earlier export that are in it no more are removed, each file is replaced in
// one step, and a file that no export wrote is never touched. Into an empty
// folder files are written as they come; Abort takes them away again. They are
// not brought to the disk: a file that a power cut has torn is found by its
// size, or made anew after the folder has been removed.
type Folder struct {
	x       export
	fresh   bool // it was empty
	begun   bool // an earlier one was, and did not end
	dirs    map[string]bool
	last    string // folder of the last file
	made    []entry
	seen    map[string]exported // every file handed over; without a hash its time would prove nothing
	staged  int
	unlock  func()
	written *writer
}

// Folder opens dir to be made such a tree.
func (s *Store) Folder(dir string) (_ *Folder, err error) {
	f := &Folder{dirs: map[string]bool{".": true}, seen: map[string]exported{}}
	defer func() {
		if err != nil {
			f.close()
			err = fmt.Errorf("export to %s: %w", dir, full(err))
		}
	}()
	if f.unlock, err = tryLock(s.path("export.lock")); err != nil {
		return nil, err
	}
	if err = os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	f.x = export{store: s, dir: dir}
	if f.x.root, err = os.OpenRoot(dir); err != nil {
		return nil, err
	}
	if err = f.x.root.RemoveAll(stageName); err != nil {
		return nil, err
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if err = f.x.readRecord(); err != nil {
		return nil, err
	}
	f.begun = f.x.old.Begun
	if f.fresh = len(list) == 0; f.fresh {
		if f.written, err = newWriter(dir); err != nil {
			return nil, err
		}
		return f, f.keep(record{Begun: true, Files: map[string]exported{}})
	}
	return f, nil
}

// Had yields the paths of the earlier export.
func (f *Folder) Had() []string {
	var out []string
	for p := range f.x.old.Files {
		out = append(out, p)
	}
	return out
}

// Put hands over a file; the hash it returns is empty.
func (f *Folder) Put(p string, body []byte) (string, error) {
	if err := CheckPath(p); err != nil {
		return "", err
	}
	if _, twice := f.seen[p]; twice {
		return "", fmt.Errorf("%s is given twice", p)
	}
	p = strings.Clone(p)
	var err error
	if f.fresh {
		err = f.write(p, body)
	} else {
		err = f.stage(p, body)
	}
	if err != nil {
		return "", fmt.Errorf("export %s: %w", p, full(err))
	}
	return "", nil
}

// Reuse says that there is no store to take a file from.
func (f *Folder) Reuse(p, hash string) error {
	return fmt.Errorf("export %s: blob %q: %w", p, hash, ErrNotFound)
}

// write makes a file where there was nothing.
func (f *Folder) write(p string, body []byte) error {
	if dir := path.Dir(p); dir != f.last {
		if err := f.mkdir(dir); err != nil {
			return err
		}
		f.last = dir
	}
	if err := f.written.write(p, body); err != nil {
		return err
	}
	f.seen[p] = exported{}
	f.x.done.Written++
	return nil
}

func (f *Folder) mkdir(dir string) error {
	if f.dirs[dir] {
		return nil
	}
	if err := f.mkdir(path.Dir(dir)); err != nil {
		return err
	}
	f.dirs[dir] = true
	return f.written.mkdir(dir)
}

// stage keeps a file that differs beside its place.
func (f *Folder) stage(p string, body []byte) error {
	st, err := f.x.root.Lstat(p)
	if err == nil && st.Mode().IsRegular() && st.Size() == int64(len(body)) {
		if was, err := f.x.root.ReadFile(p); err == nil && bytes.Equal(was, body) {
			f.seen[p] = exported{}
			f.x.done.Kept++
			return nil
		}
	}
	if f.begun && err == nil && st.Mode().IsRegular() {
		f.x.old.Files[p] = exported{} // a build that did not end has begun it
	}
	if f.staged == 0 {
		if err := f.x.root.Mkdir(stageName, 0o777); err != nil {
			return err
		}
	}
	if err := f.x.root.WriteFile(stageName+"/"+strconv.Itoa(f.staged), body, 0o644); err != nil {
		return err
	}
	f.made = append(f.made, entry{path: p, size: int64(f.staged)})
	f.seen[p] = exported{}
	f.staged++
	return nil
}

// Finish puts everything in its place and says what was done.
func (f *Folder) Finish(ctx context.Context) (Exported, error) {
	if err := f.finish(ctx); err != nil {
		return f.x.done, errors.Join(fmt.Errorf("export to %s: %w", f.x.dir, full(err)), f.Abort())
	}
	f.close()
	return f.x.done, nil
}

func (f *Folder) finish(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !f.fresh {
		if err := f.place(); err != nil {
			return err
		}
	}
	if err := f.keep(record{Files: f.seen}); err != nil {
		return err
	}
	return failpoint.Hit(fpExportEnd)
}

// keep writes the record in one step. To wait for the disk would take longer
// than the whole build.
func (f *Folder) keep(r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := failpoint.Hit(fpExportRecord); err != nil {
		return err
	}
	const tmp = recordName + ".tmp"
	if err := f.x.root.WriteFile(tmp, data, 0o644); err != nil {
		return err
	}
	return f.x.root.Rename(tmp, recordName)
}

// place moves what was staged to its place, pages after all they refer to, and
// removes what is no more.
func (f *Folder) place() error {
	var foreign []string
	for _, e := range f.made {
		st, err := f.x.root.Lstat(e.path)
		at, err := f.x.obstacle(e.path, st, err)
		if err != nil {
			return err
		}
		if at != "" {
			foreign = append(foreign, at)
		}
	}
	if err := inTheWay(foreign); err != nil {
		return err
	}
	var gone []string
	for p := range f.x.old.Files {
		if _, ok := f.seen[p]; !ok {
			gone = append(gone, p)
		}
	}
	if len(f.made)+len(gone) == 0 {
		return nil
	}
	f.x.todo = f.made
	if err := f.x.announce(); err != nil {
		return err
	}
	if err := failpoint.Hit(fpExportStaged); err != nil {
		return err
	}
	slices.SortStableFunc(f.made, func(a, b entry) int { return rank(a.path) - rank(b.path) })
	for _, e := range f.made {
		if err := failpoint.Hit(fpExportRename); err != nil {
			return err
		}
		if err := f.x.place(int(e.size), e); err != nil {
			return err
		}
	}
	slices.SortFunc(gone, func(a, b string) int { return strings.Compare(b, a) })
	for _, p := range gone {
		if err := f.x.remove(p); err != nil {
			return err
		}
	}
	return f.x.root.RemoveAll(stageName)
}

// Abort leaves the folder as it was. After Finish it does nothing.
func (f *Folder) Abort() error {
	if f.unlock == nil {
		return nil
	}
	defer f.close()
	if !f.fresh {
		return f.x.root.RemoveAll(stageName)
	}
	var errs []error
	for p := range f.seen {
		if err := f.x.root.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	var dirs []string
	for d := range f.dirs {
		dirs = append(dirs, d)
	}
	slices.SortFunc(dirs, func(a, b string) int { return strings.Compare(b, a) })
	for _, d := range dirs {
		if d != "." {
			_ = f.x.root.Remove(filepath.FromSlash(d)) // somebody may have put something there
		}
	}
	return errors.Join(append(errs, f.x.root.Remove(recordName))...)
}

func (f *Folder) close() {
	if f.written != nil {
		f.written.close()
	}
	if f.x.root != nil {
		f.x.root.Close()
	}
	if f.unlock != nil {
		f.unlock()
		f.unlock = nil
	}
}
