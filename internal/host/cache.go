package host

import (
	"container/list"
	"errors"
	"fmt"
	"strconv"
	"sync"
)

// variant is a file in one encoding, and the header values that go with it.
type variant struct {
	body     []byte
	encoding []string // nil: identity
	etag     []string
	length   []string
}

// overhead is what a variant costs besides its body.
const overhead = 512

// cache holds variants by the hash of their file, the least recently used go
// first. Since hashes name contents, releases share it.
type cache struct {
	limit int64
	pack  encoders
	mu    sync.Mutex
	size  int64
	m     map[cacheKey]*list.Element // of *cached
	order *list.List                 // most recently used first
}

type cacheKey struct {
	hash string
	enc  encoding
}

type cached struct {
	key  cacheKey
	done chan struct{} // closed when v or err is there
	v    *variant
	err  error
	size int64
}

func newCache(limit int64) *cache {
	return &cache{limit: limit, m: map[cacheKey]*list.Element{}, order: list.New()}
}

// get returns f in encoding e, or as it is where encoding wins nothing. Several
// who ask at once cause one reading and one encoding.
func (c *cache) get(rel Release, f File, e encoding) (*variant, error) {
	if f.Size > c.limit/4 {
		return c.load(rel, f, identity) // would push out everything else
	}
	key := cacheKey{f.Hash, e}
	c.mu.Lock()
	if el := c.m[key]; el != nil {
		c.order.MoveToFront(el)
		c.mu.Unlock()
		it := el.Value.(*cached)
		<-it.done
		return it.v, it.err
	}
	it := &cached{key: key, done: make(chan struct{})}
	c.m[key] = c.order.PushFront(it)
	c.mu.Unlock()
	it.err = errAborted // stays if load panics, and nobody waits for ever
	defer func() {
		close(it.done)
		c.settle(it)
	}()
	it.v, it.err = c.load(rel, f, e)
	return it.v, it.err
}

var errAborted = errors.New("reading the file was aborted")

// settle counts a variant that is there, and makes room for it.
func (c *cache) settle(it *cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.m[it.key]
	if it.err != nil {
		c.drop(el)
		return
	}
	it.size = int64(len(it.v.body)) + overhead
	c.size += it.size
	for el := c.order.Back(); el != nil && c.size > c.limit; {
		prev := el.Prev()
		if el.Value.(*cached).size > 0 { // others are still being read
			c.drop(el)
		}
		el = prev
	}
}

func (c *cache) drop(el *list.Element) {
	it := el.Value.(*cached)
	c.order.Remove(el)
	delete(c.m, it.key)
	c.size -= it.size
}

func (c *cache) load(rel Release, f File, e encoding) (*variant, error) {
	kept, keeps := rel.(Encodings)
	if e != identity && keeps {
		switch body, ok := kept.Encoded(f.Hash, e.String()); {
		case ok && len(body) > 0:
			return newVariant(f.Hash, body, e), nil
		case ok:
			e, keeps = identity, false
		}
	}
	body, err := rel.Open(f.Hash)
	if err != nil {
		return nil, fmt.Errorf("serve blob %s of release %s: %w", f.Hash, rel.ID(), err)
	}
	if e == identity {
		return newVariant(f.Hash, body, e), nil
	}
	packed, err := c.pack.encode(body, e)
	if err != nil {
		return nil, fmt.Errorf("encode blob %s: %w", f.Hash, err)
	}
	if len(packed) >= len(body) {
		packed = nil
	}
	if keeps {
		kept.KeepEncoded(f.Hash, e.String(), packed)
	}
	if packed == nil {
		return newVariant(f.Hash, body, identity), nil
	}
	return newVariant(f.Hash, packed, e), nil
}

func newVariant(hash string, body []byte, e encoding) *variant {
	v := &variant{body: body, etag: []string{etag(hash, e)}, length: []string{strconv.Itoa(len(body))}}
	if e != identity {
		v.encoding = []string{e.String()}
	}
	return v
}
