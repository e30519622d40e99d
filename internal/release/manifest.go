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
// "hash size path" for each file, by path. The ID is the hash of those lines.
const magic = "coranto release 1\n"

// maxManifest bounds what is read: ten million files.
const maxManifest = 2 << 30

// idLen is the length of an ID: 64 bits, enough for a history of releases.
const idLen = 16

// Manifest is the list of files of one release; it never changes.
type Manifest struct {
	info  Release
	files []entry // by path
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
func (m *Manifest) Len() int { return len(m.files) }

// Lookup finds a file by its exact path.
func (m *Manifest) Lookup(path string) (File, bool) {
	e, ok := m.find(path)
	if !ok {
		return File{}, false
	}
	return e.file(), true
}

func (m *Manifest) find(path string) (entry, bool) {
	i, ok := slices.BinarySearchFunc(m.files, path, func(e entry, p string) int { return strings.Compare(e.path, p) })
	if !ok {
		return entry{}, false
	}
	return m.files[i], true
}

// Files returns all files, by path.
func (m *Manifest) Files() []File {
	out := make([]File, len(m.files))
	for i, e := range m.files {
		out[i] = e.file()
	}
	return out
}

// All yields the files by path.
func (m *Manifest) All() iter.Seq[File] {
	return func(yield func(File) bool) {
		for _, e := range m.files {
			if !yield(e.file()) {
				return
			}
		}
	}
}

// newManifest computes ID and totals of files, which are sorted.
func newManifest(files []entry, info Release) (m *Manifest, lines []byte) {
	n := 0
	for _, e := range files {
		n += len(e.path) + 64 + 16
	}
	lines = make([]byte, 0, n)
	info.Size = 0
	for _, e := range files {
		lines = append(lines, e.hash...)
		lines = append(lines, ' ')
		lines = strconv.AppendInt(lines, e.size, 10)
		lines = append(lines, ' ')
		lines = append(lines, e.path...)
		lines = append(lines, '\n')
		info.Size += e.size
	}
	info.ID = idOf(lines)
	info.Files = len(files)
	return &Manifest{info: info, files: files}, lines
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

func (s *Store) readManifest(id string) (*Manifest, error) {
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
	return m, nil
}

// parseManifest reads a manifest and proves its ID. The strings of all files
// share one allocation.
func parseManifest(data []byte) (*Manifest, error) {
	info, lines, err := parseHead(data)
	if err != nil {
		return nil, err
	}
	if idOf(lines) != info.ID {
		return nil, fmt.Errorf("content does not match ID: %w", ErrCorrupt)
	}
	m := &Manifest{info: info, files: make([]entry, 0, bytes.Count(lines, []byte{'\n'}))}
	rest, last := string(lines), ""
	var size int64
	for rest != "" {
		line, tail, ok := strings.Cut(rest, "\n")
		hash, more, ok2 := strings.Cut(line, " ")
		num, path, ok3 := strings.Cut(more, " ")
		n, err := strconv.ParseInt(num, 10, 64)
		if !ok || !ok2 || !ok3 || err != nil || n < 0 || !validHash(hash) || CheckPath(path) != nil || last != "" && path <= last {
			return nil, fmt.Errorf("manifest line %d: %w", len(m.files)+3, ErrCorrupt)
		}
		m.files = append(m.files, entry{path, hash, n})
		size += n
		rest, last = tail, path
	}
	if len(m.files) != info.Files || size != info.Size {
		return nil, fmt.Errorf("totals do not match the files: %w", ErrCorrupt)
	}
	return m, nil
}

func parseHead(data []byte) (info Release, lines []byte, err error) {
	rest, ok := bytes.CutPrefix(data, []byte(magic))
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
