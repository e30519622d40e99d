package site

import (
	"bufio"
	"bytes"
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
	cacheMagic   = "coranto-site-1\n"
	maxCacheLen  = 50_000_000
	maxCacheHash = 256
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
	n, err := w.Write(buf)
	return int64(n), err
}

// ReadCache reads what WriteTo wrote.
func ReadCache(r io.Reader) (*Cache, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	magic := make([]byte, len(cacheMagic))
	if _, err := io.ReadFull(in, magic); err != nil || string(magic) != cacheMagic {
		return nil, fmt.Errorf("read build cache: %w", ErrCache)
	}
	n, err := binary.ReadUvarint(in)
	if err != nil || n > maxCacheLen {
		return nil, fmt.Errorf("read build cache: %w", ErrCache)
	}
	c := &Cache{known: make(map[[32]byte]entry, min(n, 1<<17)), turn: 1}
	var hash [maxCacheHash]byte
	for range n {
		var k [32]byte
		if _, err := io.ReadFull(in, k[:]); err != nil {
			return nil, fmt.Errorf("read build cache: %w", ErrCache)
		}
		l, err := binary.ReadUvarint(in)
		if err != nil || l > maxCacheHash {
			return nil, fmt.Errorf("read build cache: %w", ErrCache)
		}
		if _, err := io.ReadFull(in, hash[:l]); err != nil {
			return nil, fmt.Errorf("read build cache: %w", ErrCache)
		}
		c.known[k] = entry{string(hash[:l]), 0}
	}
	return c, nil
}
