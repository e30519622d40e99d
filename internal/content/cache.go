package content

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coranto/coranto/internal/failpoint"
)

var fpCache = failpoint.Name("content.before-cache")

// DirCache is a Cache in a folder; it makes it when it first writes.
func DirCache(dir string) Cache { return dirCache(dir) }

// ViewCache reads what a DirCache keeps in a folder, for who only looks: it
// never makes or changes anything there.
func ViewCache(dir string) Cache { return viewCache{dirCache(dir)} }

type viewCache struct{ dirCache }

func (viewCache) Put(string, []byte) {}
func (viewCache) Keep([]string)      {}

type dirCache string

const cacheSuffix = ".facts"

// file is where a value is kept; names are ours, but a folder must never be left.
func (c dirCache) file(name string) string {
	return filepath.Join(string(c), filepath.Base(name)+cacheSuffix)
}

func (c dirCache) Get(name string) []byte {
	b, err := os.ReadFile(c.file(name))
	if err != nil {
		return nil
	}
	return b
}

// Put replaces the value in one step. It is not synced: a checksum tells a
// value that a power cut has torn.
func (c dirCache) Put(name string, value []byte) {
	if failpoint.Hit(fpCache) != nil || os.MkdirAll(string(c), 0o777) != nil {
		return
	}
	t, err := os.CreateTemp(string(c), "new-*")
	if err != nil {
		return
	}
	_, err = t.Write(value)
	if err2 := t.Close(); err == nil {
		err = err2
	}
	if err != nil || os.Rename(t.Name(), c.file(name)) != nil {
		os.Remove(t.Name())
	}
}

func (c dirCache) Keep(names []string) {
	list, err := os.ReadDir(string(c))
	if err != nil {
		return
	}
	for _, e := range list {
		name, ok := strings.CutSuffix(e.Name(), cacheSuffix)
		if ok && !slices.Contains(names, name) || strings.HasPrefix(e.Name(), "new-") {
			os.Remove(filepath.Join(string(c), e.Name()))
		}
	}
}

const seedName = "seed"

// loadSeed returns the cache's seed, or a new one that it keeps.
func loadSeed(c Cache) *seed {
	s := new(seed)
	if c != nil {
		if b := c.Get(seedName); len(b) == len(s) {
			copy(s[:], b)
			return s
		}
	}
	_, _ = rand.Read(s[:]) // never fails
	if c != nil {
		c.Put(seedName, s[:])
	}
	return s
}
