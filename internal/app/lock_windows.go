package app

import (
	"errors"
	"fmt"
	"os"
)

// ErrLocked is returned while another process has the site directory.
var ErrLocked = errors.New("another coranto works on this directory")

// lock is a file that cannot be removed while it is open, as Windows has it. No
// other system is like that, and none but those and the Unixes has the database.
type lock struct {
	f    *os.File
	path string
}

func takeLock(path string) (*lock, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, ErrLocked
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o666)
	if errors.Is(err, os.ErrExist) {
		return nil, ErrLocked // another was quicker
	}
	if err != nil {
		return nil, fmt.Errorf("lock the site directory: %w", err)
	}
	return &lock{f, path}, nil
}

func (l *lock) release() error {
	return errors.Join(l.f.Close(), os.Remove(l.path))
}
