//go:build !unix

package release

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// tryLock takes a lock by a file that must not be there. A crash leaves it
// behind; after ten minutes it counts as abandoned.
func tryLock(name string) (unlock func(), err error) {
	for range 2 {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		if err == nil {
			f.Close()
			return func() { os.Remove(name) }, nil
		}
		st, serr := os.Stat(name)
		if !errors.Is(err, fs.ErrExist) || serr != nil {
			return nil, err
		}
		if time.Since(st.ModTime()) < 10*time.Minute {
			return nil, ErrLocked
		}
		os.Remove(name)
	}
	return nil, ErrLocked
}

func waitLock(name string) (unlock func(), err error) {
	for range 1000 {
		unlock, err = tryLock(name)
		if !errors.Is(err, ErrLocked) {
			return unlock, err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil, err
}
