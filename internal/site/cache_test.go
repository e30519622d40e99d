package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Cache is a Memo kept in memory that can be written to a file and read back.
// What a whole build has not asked for is forgotten when it is written.
type Cache struct {
	known map[[32]byte]entry
	turn  uint32
}

type entry struct {
	hash string
	turn uint32
}

// ErrCache says that what was read is no cache; an empty one does as well.
var ErrCache = errors.New("not a build cache")

const (
	cacheMagic = "coranto-site-1\n"
	maxCache   = 1 << 30 // bytes
)

// NewCache returns an empty cache.
func NewCache() *Cache { return &Cache{known: map[[32]byte]entry{}} }

// Get implements Memo.
func (c *Cache) Get(key [32]byte) (string, bool) {
	e, ok := c.known[key]
	if ok && e.turn != c.turn {
		e.turn = c.turn
		c.known[key] = e
	}
	return e.hash, ok
}

// Set implements Memo.
func (c *Cache) Set(key [32]byte, hash string) { c.known[key] = entry{hash, c.turn} }

// Len returns how many files are remembered.
func (c *Cache) Len() int { return len(c.known) }

// Next forgets what has been neither asked for nor set since the last Next (or
// since the cache was read). Call it after a build that succeeded.
func (c *Cache) Next() {
	for k, e := range c.known {
		if e.turn != c.turn {
			delete(c.known, k)
		}
	}
	c.turn++
}

// WriteTo implements io.WriterTo; the same cache gives the same bytes.
func (c *Cache) WriteTo(w io.Writer) (int64, error) {
	keys := make([][32]byte, 0, len(c.known))
	for k := range c.known {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	buf := make([]byte, 0, len(cacheMagic)+8+len(keys)*100)
	buf = append(buf, cacheMagic...)
	buf = binary.AppendUvarint(buf, uint64(len(keys)))
	for _, k := range keys {
		h := c.known[k].hash
		buf = append(buf, k[:]...)
		buf = binary.AppendUvarint(buf, uint64(len(h)))
		buf = append(buf, h...)
	}
	sum := sha256.Sum256(buf)
	buf = append(buf, sum[:]...)
	n, err := w.Write(buf)
	return int64(n), err
}

// ReadCache reads what WriteTo wrote; anything else, a torn file too, is an
// error that is ErrCache.
func ReadCache(r io.Reader) (*Cache, error) {
	buf, err := io.ReadAll(io.LimitReader(r, maxCache+1))
	if err != nil {
		return nil, fmt.Errorf("read build cache: %w", err)
	}
	end := len(buf) - sha256.Size
	if end < len(cacheMagic) || len(buf) > maxCache || string(buf[:len(cacheMagic)]) != cacheMagic || sha256.Sum256(buf[:end]) != [32]byte(buf[end:]) {
		return nil, fmt.Errorf("read build cache: %w", ErrCache)
	}
	in := buf[len(cacheMagic):end]
	n, w := binary.Uvarint(in)
	if w <= 0 || n > uint64(len(in)/33+1) {
		return nil, fmt.Errorf("read build cache: %w", ErrCache)
	}
	in = in[w:]
	c := &Cache{known: make(map[[32]byte]entry, n), turn: 1}
	for range n {
		if len(in) < 33 {
			return nil, fmt.Errorf("read build cache: %w", ErrCache)
		}
		k := [32]byte(in)
		l, w := binary.Uvarint(in[32:])
		if w <= 0 || l > uint64(len(in)-32-w) {
			return nil, fmt.Errorf("read build cache: %w", ErrCache)
		}
		c.known[k] = entry{string(in[32+w : 32+w+int(l)]), 0}
		in = in[32+w+int(l):]
	}
	return c, nil
}
