package release

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/coranto/coranto/internal/failpoint"
)

var (
	fpBeforeManifest = failpoint.Name("release.before-manifest")
	fpAfterManifest  = failpoint.Name("release.after-manifest")
)

// magic opens a manifest. A line of JSON about the release follows, then a line
// "hash files size path" for each list, in the order of paths: the hash of the
// list, how many files it has, their bytes together, and the first path. The ID
// is the hash of those lines. A list is a file of its own, see list.go.
const magic = "coranto release 2\n"

// maxManifest bounds what is read: ten million files.
const maxManifest = 1 << 30

// idLen is the length of an ID: 64 bits, enough for a history of releases.
const idLen = 16

// Manifest is the list of files of one release; it never changes.
type Manifest struct {
	info  Release
	store *Store // where lists are read from; nil: all are in memory
	lists []*list
}

type entry struct {
	path, hash string
	size       int64
}

func (e entry) file() File {
	return File{Path: e.path, Hash: e.hash, Size: e.size, Type: TypeOf(e.path)}
}

// ID identifies the release by its content.
func (m *Manifest) ID() string { return m.info.ID }

// Release returns what is known besides the files.
func (m *Manifest) Release() Release { return m.info }

// Len returns the number of files.
func (m *Manifest) Len() int { return m.info.Files }

// Lookup finds a file by its exact path.
func (m *Manifest) Lookup(path string) (File, bool) {
	e, ok := m.find(path)
	if !ok {
		return File{}, false
	}
	return e.file(), true
}

func (m *Manifest) find(path string) (entry, bool) {
	e, ok := m.after(path)
	return e, ok && e.path == path
}

// after returns the first file whose path is not before the given one.
func (m *Manifest) after(path string) (entry, bool) {
	k, _ := slices.BinarySearchFunc(m.lists, path, func(l *list, p string) int {
		if l.first <= p {
			return -1
		}
		return 1
	})
	for k = max(k-1, 0); k < len(m.lists); k++ {
		all, err := m.entries(m.lists[k])
		if err != nil {
			return entry{}, false
		}
		if i, _ := slices.BinarySearchFunc(all, path, byPath); i < len(all) {
			return all[i], true
		}
	}
	return entry{}, false
}

func byPath(e entry, p string) int { return strings.Compare(e.path, p) }

// Files returns all files, by path.
func (m *Manifest) Files() []File {
	out := make([]File, 0, m.info.Files)
	for f := range m.All() {
		out = append(out, f)
	}
	return out
}

// All yields the files by path.
func (m *Manifest) All() iter.Seq[File] {
	return func(yield func(File) bool) {
		for _, l := range m.lists {
			all, err := m.entries(l)
			if err != nil {
				return
			}
			for _, e := range all {
				if !yield(e.file()) {
					return
				}
			}
		}
	}
}

// all are the entries by path.
func (m *Manifest) all() ([]entry, error) {
	out := make([]entry, 0, m.info.Files)
	for _, l := range m.lists {
		part, err := m.entries(l)
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	return out, nil
}

// newManifest computes ID and totals of files, which are sorted.
func newManifest(files []entry, info Release) (m *Manifest, lines []byte) {
	var c listCutter
	for _, e := range files {
		c.add(e)
	}
	c.flush()
	return joinLists(c.out, nil, info)
}

// joinLists computes ID and totals of lists.
func joinLists(lists []*list, store *Store, info Release) (m *Manifest, lines []byte) {
	info.Size, info.Files = 0, 0
	for _, l := range lists {
		lines = append(lines, l.hash...)
		lines = append(lines, ' ')
		lines = strconv.AppendInt(lines, int64(l.files), 10)
		lines = append(lines, ' ')
		lines = strconv.AppendInt(lines, l.size, 10)
		lines = append(lines, ' ')
		lines = append(lines, l.first...)
		lines = append(lines, '\n')
		info.Size += l.size
		info.Files += l.files
	}
	info.ID = idOf(lines)
	return &Manifest{info: info, store: store, lists: lists}, lines
}

func idOf(lines []byte) string {
	sum := sha256.Sum256(lines)
	return hex.EncodeToString(sum[:])[:idLen]
}

// write makes the manifest durable.
func (s *Store) writeManifest(m *Manifest, lines []byte) error {
	info := m.info
	info.Current = false
	head, err := json.Marshal(info)
	if err != nil {
		return fmt.Errorf("manifest %s: %w", info.ID, err)
	}
	data := make([]byte, 0, len(magic)+len(head)+1+len(lines))
	data = append(data, magic...)
	data = append(data, head...)
	data = append(data, '\n')
	data = append(data, lines...)
	if err := writeAtomic(s.path(manifestsDir, info.ID), data, fpBeforeManifest, fpAfterManifest); err != nil {
		return fmt.Errorf("write manifest %s: %w", info.ID, err)
	}
	return nil
}

// Get returns the manifest of a release, by ID or by a beginning of it that no
// other release shares (four digits at least).
func (s *Store) Get(id string) (*Manifest, error) {
	id, err := s.resolve(id)
	if err != nil {
		return nil, err
	}
	return s.readManifest(id)
}

// manifest is readManifest, but what this process has just written is not read.
func (s *Store) manifest(id string) (*Manifest, error) {
	if m := s.built.Load(); m != nil && m.info.ID == id {
		if _, err := os.Stat(s.path(manifestsDir, id)); err == nil {
			c := *m
			return &c, nil
		}
	}
	return s.readManifest(id)
}

// readManifest reads the manifest and all its lists.
func (s *Store) readManifest(id string) (*Manifest, error) {
	m, err := s.openManifest(id)
	if err == nil {
		if _, lerr := m.all(); lerr != nil {
			return nil, fmt.Errorf("release %s: %w", id, lerr)
		}
	}
	return m, err
}

// openManifest reads the manifest, and its lists when they are asked for.
func (s *Store) openManifest(id string) (*Manifest, error) {
	data, err := readLimited(s.path(manifestsDir, id), maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("release %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("release %s: %w", id, err)
	}
	m, err := parseManifest(data)
	if err != nil {
		return nil, fmt.Errorf("release %s: %w", id, err)
	}
	if m.info.ID != id {
		return nil, fmt.Errorf("release %s: its files are those of %s: %w", id, m.info.ID, ErrCorrupt)
	}
	m.store = s
	return m, nil
}

// Base returns the manifest of a release to build upon: its lists are read when
// they are asked for, and a path in one that cannot be read is not found.
func (s *Store) Base(id string) (*Manifest, error) { return s.openManifest(id) }

// parseManifest reads a manifest and proves its ID. Its lists are not read.
func parseManifest(data []byte) (*Manifest, error) {
	info, lines, err := parseHead(data)
	if err != nil {
		return nil, err
	}
	if idOf(lines) != info.ID {
		return nil, fmt.Errorf("content does not match ID: %w", ErrCorrupt)
	}
	if isFirst(data) {
		return parseFirst(info, lines)
	}
	m := &Manifest{info: info, lists: make([]*list, 0, bytes.Count(lines, []byte{'\n'}))}
	rest, last := string(lines), ""
	files, size := 0, int64(0)
	for rest != "" {
		line, tail, ok := strings.Cut(rest, "\n")
		part := strings.SplitN(line, " ", 4)
		if !ok || len(part) != 4 {
			return nil, fmt.Errorf("manifest line %d: %w", len(m.lists)+3, ErrCorrupt)
		}
		n, err := strconv.Atoi(part[1])
		bytes, err2 := strconv.ParseInt(part[2], 10, 64)
		if err != nil || err2 != nil || n < 1 || bytes < 0 || !validHash(part[0]) || CheckPath(part[3]) != nil || last != "" && part[3] <= last {
			return nil, fmt.Errorf("manifest line %d: %w", len(m.lists)+3, ErrCorrupt)
		}
		m.lists = append(m.lists, &list{hash: part[0], files: n, size: bytes, first: part[3], stored: true})
		files += n
		size += bytes
		rest, last = tail, part[3]
	}
	if files != info.Files || size != info.Size {
		return nil, fmt.Errorf("totals do not match the files: %w", ErrCorrupt)
	}
	return m, nil
}

func parseHead(data []byte) (info Release, lines []byte, err error) {
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok {
		rest, ok = bytes.CutPrefix(data, []byte(magic1))
	}
	head, lines, ok2 := bytes.Cut(rest, []byte("\n"))
	if !ok || !ok2 {
		return info, nil, fmt.Errorf("not a manifest: %w", ErrCorrupt)
	}
	if err := json.Unmarshal(head, &info); err != nil {
		return info, nil, fmt.Errorf("manifest: %w: %w", ErrCorrupt, err)
	}
	info.Current = false
	return info, lines, nil
}

// List returns the releases, newest first. A damaged one is left out; Verify
// names it.
func (s *Store) List() ([]Release, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	p, err := s.readPointer()
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return nil, err
	}
	var out []Release
	for _, id := range ids {
		info, err := s.readHead(id)
		if err != nil {
			continue
		}
		info.Current = id == p.Current
		out = append(out, info)
	}
	slices.SortStableFunc(out, func(a, b Release) int { return b.Created.Compare(a.Created) })
	return out, nil
}

// Count returns how many releases there are.
func (s *Store) Count() (int, error) {
	ids, err := s.ids()
	return len(ids), err
}

// readHead reads the beginning of a manifest only.
func (s *Store) readHead(id string) (Release, error) {
	f, err := os.Open(s.path(manifestsDir, id))
	if err != nil {
		return Release{}, err
	}
	defer f.Close()
	buf := make([]byte, 16<<10)
	n, err := f.Read(buf)
	if err != nil {
		return Release{}, err
	}
	info, _, err := parseHead(buf[:n])
	if err == nil && info.ID != id {
		err = ErrCorrupt
	}
	return info, err
}

// ids lists the manifests there are.
func (s *Store) ids() ([]string, error) {
	list, err := os.ReadDir(s.path(manifestsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list releases: %w", err)
	}
	var ids []string
	for _, d := range list {
		if n := d.Name(); len(n) == idLen && isHex(n) {
			ids = append(ids, n)
		}
	}
	return ids, nil
}

// resolve completes an ID from its beginning.
func (s *Store) resolve(id string) (string, error) {
	if len(id) < 4 || len(id) > idLen || !isHex(id) {
		return "", fmt.Errorf("release %q: %w", id, ErrNotFound)
	}
	if len(id) == idLen {
		return id, nil
	}
	ids, err := s.ids()
	if err != nil {
		return "", err
	}
	found := ""
	for _, full := range ids {
		if !strings.HasPrefix(full, id) {
			continue
		}
		if found != "" {
			return "", fmt.Errorf("release %q: %w: %s, %s", id, ErrAmbiguous, found, full)
		}
		found = full
	}
	if found == "" {
		return "", fmt.Errorf("release %q: %w", id, ErrNotFound)
	}
	return found, nil
}
