package git

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Modes of tree entries.
const (
	ModeFile    = "100644"
	ModeExec    = "100755"
	ModeSymlink = "120000"
	ModeModule  = "160000"
	modeTree    = "40000"
)

// Entry is one line of a tree. Its path is told from the top of the tree asked for.
type Entry struct {
	Mode string
	ID   OID
	Path string
}

// IsTree reports whether the entry is a folder.
func (e Entry) IsTree() bool { return e.Mode == modeTree }

// readTree returns the lines of one tree, in git's order; none for "".
func (r *Repo) readTree(ctx context.Context, id OID) ([]Entry, error) {
	if id == "" {
		return nil, nil
	}
	o, err := r.reader.get(ctx, string(id)+"^{tree}")
	if err != nil {
		return nil, within(err)
	}
	return parseTree(o.Data, r.hexLen/2)
}

func parseTree(data []byte, idLen int) ([]Entry, error) {
	var out []Entry
	for len(data) > 0 {
		sp := strings.IndexByte(string(data[:min(len(data), 8)]), ' ')
		if sp < 0 {
			return nil, fmt.Errorf("%w: a tree cannot be read", ErrDamaged)
		}
		nul := sp + 1
		for nul < len(data) && data[nul] != 0 {
			nul++
		}
		if nul+1+idLen > len(data) {
			return nil, fmt.Errorf("%w: a tree cannot be read", ErrDamaged)
		}
		out = append(out, Entry{
			Mode: string(data[:sp]),
			Path: string(data[sp+1 : nul]),
			ID:   OID(hex.EncodeToString(data[nul+1 : nul+1+idLen])),
		})
		data = data[nul+1+idLen:]
	}
	return out, nil
}

// lookup finds path below a tree or commit; ok is false when nothing is there.
func (r *Repo) lookup(ctx context.Context, root OID, path string) (e Entry, ok bool, err error) {
	if root == "" {
		return Entry{}, false, nil
	}
	e = Entry{Mode: modeTree, ID: root}
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == "." {
			continue
		}
		if !e.IsTree() {
			return Entry{}, false, nil
		}
		list, err := r.readTree(ctx, e.ID)
		if err != nil {
			return Entry{}, false, err
		}
		ok = false
		for _, l := range list {
			if l.Path == name {
				e, ok = l, true
				break
			}
		}
		if !ok {
			return Entry{}, false, nil
		}
	}
	e.Path = path
	return e, true, nil
}

// maxDepth bounds how deep trees are followed: git itself allows 2,048.
const maxDepth = 100

// List returns every file (nothing that is a folder) at or below dir in a tree
// or commit, in git's order; all for "". No such folder is an empty list.
func (r *Repo) List(ctx context.Context, root OID, dir string) ([]Entry, error) {
	e, ok, err := r.lookup(ctx, root, dir)
	if err != nil || !ok {
		return nil, err
	}
	if !e.IsTree() {
		return []Entry{e}, nil
	}
	return r.walk(ctx, e.ID, dir, 0)
}

func (r *Repo) walk(ctx context.Context, id OID, dir string, depth int) ([]Entry, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("folders nested deeper than %d at %s", maxDepth, dir)
	}
	list, err := r.readTree(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []Entry
	for _, e := range list {
		if dir != "" {
			e.Path = dir + "/" + e.Path
		}
		if !e.IsTree() {
			out = append(out, e)
			continue
		}
		below, err := r.walk(ctx, e.ID, e.Path, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, below...)
	}
	return out, nil
}

// ReadFile returns a file as it is in a commit or tree, or ErrNotFound.
func (r *Repo) ReadFile(ctx context.Context, root OID, path string) ([]byte, error) {
	e, ok, err := r.lookup(ctx, root, path)
	if err != nil {
		return nil, err
	}
	if !ok || e.IsTree() || e.Mode == ModeModule {
		return nil, fmt.Errorf("%w: file %s", ErrNotFound, path)
	}
	return r.Blob(ctx, e.ID)
}

// Blob returns a blob's bytes.
func (r *Repo) Blob(ctx context.Context, id OID) ([]byte, error) {
	o, err := r.reader.get(ctx, string(id))
	if err == nil && o.Type != "blob" {
		err = fmt.Errorf("%w: %s is a %s", ErrNotFound, id, o.Type)
	}
	return o.Data, within(err)
}

// within is the error of an object that another names: one that is missing is a
// damage.
func within(err error) error {
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// Delta is a file that differs between two trees; a side without it is zero.
type Delta struct {
	Path     string
	Old, New Entry
}

// Diff compares two trees or commits ("": empty), by path. Equal subtrees are
// not read, so its cost is that of the difference.
func (r *Repo) Diff(ctx context.Context, a, b OID) ([]Delta, error) {
	return r.diff(ctx, a, b, "", 0)
}

func (r *Repo) diff(ctx context.Context, a, b OID, dir string, depth int) ([]Delta, error) {
	if a == b {
		return nil, nil
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("folders nested deeper than %d at %s", maxDepth, dir)
	}
	la, err := r.readTree(ctx, a)
	if err != nil {
		return nil, err
	}
	lb, err := r.readTree(ctx, b)
	if err != nil {
		return nil, err
	}
	names, old, new := pair(la, lb)
	var out []Delta
	for _, name := range names {
		o, n := old[name], new[name]
		if o == n {
			continue
		}
		p := name
		if dir != "" {
			p = dir + "/" + name
		}
		var ot, nt OID
		if o.IsTree() {
			ot, o = o.ID, Entry{}
		}
		if n.IsTree() {
			nt, n = n.ID, Entry{}
		}
		if o.ID != "" || n.ID != "" {
			if o.ID != "" {
				o.Path = p
			}
			if n.ID != "" {
				n.Path = p
			}
			out = append(out, Delta{Path: p, Old: o, New: n})
		}
		below, err := r.diff(ctx, ot, nt, p, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, below...)
	}
	return out, nil
}

// pair lines up two trees by name.
func pair(a, b []Entry) (names []string, old, new map[string]Entry) {
	old, new = map[string]Entry{}, map[string]Entry{}
	for _, e := range a {
		names = append(names, e.Path)
		old[e.Path] = e
	}
	for _, e := range b {
		if _, ok := old[e.Path]; !ok {
			names = append(names, e.Path)
		}
		new[e.Path] = e
	}
	return names, old, new
}
