//go:build unix

package release

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes a lock that ends with the process, or fails with ErrLocked.
func tryLock(name string) (unlock func(), err error) {
	return flock(name, syscall.LOCK_EX|syscall.LOCK_NB)
}

// waitLock takes the lock as soon as it is free; it is held for moments only.
func waitLock(name string) (unlock func(), err error) {
	return flock(name, syscall.LOCK_EX)
}

func flock(name string, how int) (func(), error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, os.NewSyscallError("flock", err)
	}
	return func() {
		// Closing is not enough: a process that is being started has a copy of
		// the descriptor until it executes, and would hold the lock as long.
		_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
		f.Close()
	}, nil
}
