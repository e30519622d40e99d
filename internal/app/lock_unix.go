//go:build unix

package app

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrLocked is returned while another process has the site directory.
var ErrLocked = errors.New("another coranto works on this directory")

// lock is an flock: the kernel drops it with the process, however that ends.
type lock struct{ f *os.File }

func takeLock(path string) (*lock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("lock the site directory: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		who, _ := os.ReadFile(path)
		f.Close()
		if pid := strings.TrimSpace(string(who)); pid != "" {
			return nil, fmt.Errorf("%w (process %s)", ErrLocked, pid)
		}
		return nil, ErrLocked
	}
	_ = f.Truncate(0)
	_, _ = f.WriteAt([]byte(fmt.Sprintln(os.Getpid())), 0)
	return &lock{f}, nil
}

func (l *lock) release() error {
	_ = l.f.Truncate(0)
	// A git that is being started shares the file until it has become git:
	// closing alone would leave the lock with it.
	_ = unix.Flock(int(l.f.Fd()), unix.LOCK_UN)
	return l.f.Close()
}
