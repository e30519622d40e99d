package release

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"strconv"
	"strings"
	"sync/atomic"
)

// list is a part of a manifest, in the order of paths: a file under its own
// hash with a line "hash size path" for each file of the site. Releases share
// the lists that are the same, so that what forty pages of a hundred thousand
// change is forty lists. Where one ends is told by the paths alone: the same
// files are cut in the same way, whatever came before.
type list struct {
	hash   string
	first  string // path
	files  int
	size   int64
	stored bool // in a file
	loaded atomic.Pointer[[]entry]
}

// listFiles is how many files a list has, about.
const listFiles = 128

// begins reports whether a list begins with the path.
func begins(path string) bool { return crc32.ChecksumIEEE([]byte(path))%listFiles == 0 }

// entries are those of a list.
func (m *Manifest) entries(l *list) ([]entry, error) {
	if p := l.loaded.Load(); p != nil {
		return *p, nil
	}
	if m.store == nil {
		return nil, fmt.Errorf("list %s: %w", l.hash, ErrNotFound)
	}
	data, err := readLimited(m.store.listPath(l.hash), maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list %s is missing: %w", l.hash, ErrCorrupt)
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", l.hash, err)
	}
	all, err := parseList(data)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", l.hash, err)
	}
	if now := newList(all, data); now.hash != l.hash || now.files != l.files || now.size != l.size || now.first != l.first {
		return nil, fmt.Errorf("list %s: content does not match its name: %w", l.hash, ErrCorrupt)
	}
	l.loaded.Store(&all)
	return all, nil
}

// newList makes a list of entries and the bytes that stand for them.
func newList(all []entry, data []byte) *list {
	sum := sha256.Sum256(data)
	l := &list{hash: hex.EncodeToString(sum[:]), first: all[0].path, files: len(all)}
	for _, e := range all {
		l.size += e.size
	}
	l.loaded.Store(&all)
	return l
}

func encodeList(all []entry) []byte {
	n := 0
	for _, e := range all {
		n += len(e.path) + 64 + 16
	}
	lines := make([]byte, 0, n)
	for _, e := range all {
		lines = append(lines, e.hash...)
		lines = append(lines, ' ')
		lines = strconv.AppendInt(lines, e.size, 10)
		lines = append(lines, ' ')
		lines = append(lines, e.path...)
		lines = append(lines, '\n')
	}
	return lines
}

// parseList reads what encodeList wrote. The strings share one allocation.
func parseList(data []byte) ([]entry, error) {
	var out []entry
	rest, last := string(data), ""
	for rest != "" {
		line, tail, ok := strings.Cut(rest, "\n")
		hash, more, ok2 := strings.Cut(line, " ")
		num, path, ok3 := strings.Cut(more, " ")
		n, err := strconv.ParseInt(num, 10, 64)
		if !ok || !ok2 || !ok3 || err != nil || n < 0 || !validHash(hash) || CheckPath(path) != nil || last != "" && path <= last {
			return nil, fmt.Errorf("line %d: %w", len(out)+1, ErrCorrupt)
		}
		out = append(out, entry{path, hash, n})
		rest, last = tail, path
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("it is empty: %w", ErrCorrupt)
	}
	return out, nil
}

// listCutter cuts files, which come in order, into lists.
type listCutter struct {
	base *Manifest
	out  []*list
	cur  []entry
	err  error
}

func (c *listCutter) add(e entry) {
	switch {
	case begins(e.path):
		c.flush()
	case len(c.cur) == 0 && len(c.out) > 0: // the one before went on here
		last := c.out[len(c.out)-1]
		var all []entry
		if c.base != nil {
			all, c.err = c.base.entries(last)
		} else {
			all = *last.loaded.Load()
		}
		c.cur, c.out = append(c.cur, all...), c.out[:len(c.out)-1]
	}
	c.cur = append(c.cur, e)
}

func (c *listCutter) flush() {
	if len(c.cur) > 0 {
		c.out = append(c.out, newList(c.cur, encodeList(c.cur)))
		c.cur = nil
	}
}

// change takes over the lists of a manifest in which nothing is other than
// before, and cuts the others anew. changed is sorted; one without a hash is
// removed.
func (c *listCutter) change(changed []entry) error {
	for k, l := range c.base.lists {
		n := len(changed)
		if k+1 < len(c.base.lists) {
			for n = 0; n < len(changed) && changed[n].path < c.base.lists[k+1].first; n++ {
			}
		}
		here := changed[:n]
		changed = changed[n:]
		if len(here) == 0 && (begins(l.first) || len(c.out)+len(c.cur) == 0) {
			c.flush()
			c.out = append(c.out, l)
			continue
		}
		old, err := c.base.entries(l)
		if err != nil {
			return err
		}
		for _, e := range mergeEntries(old, here) {
			if c.add(e); c.err != nil {
				return c.err
			}
		}
	}
	for _, e := range changed { // the base has no files
		if e.hash != "" {
			c.add(e)
		}
	}
	c.flush()
	return c.err
}

// mergeEntries joins what there was with what has changed, by path.
func mergeEntries(base, changed []entry) []entry {
	out := make([]entry, 0, len(base)+len(changed))
	for len(base) > 0 || len(changed) > 0 {
		if len(changed) == 0 || len(base) > 0 && base[0].path < changed[0].path {
			out = append(out, base[0])
			base = base[1:]
			continue
		}
		if len(base) > 0 && base[0].path == changed[0].path {
			base = base[1:]
		}
		if changed[0].hash != "" {
			out = append(out, changed[0])
		}
		changed = changed[1:]
	}
	return out
}
