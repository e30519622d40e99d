//go:build unix

package release

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// writer makes files in a folder that was empty. Each is named from the
// folder, in one call: walking down to it, as os.Root does, would double what
// ten thousand small files cost.
type writer struct{ fd int }

func newWriter(dir string) (*writer, error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("open", err)
	}
	return &writer{fd}, nil
}

func (w *writer) mkdir(name string) error {
	err := retry(func() error { return unix.Mkdirat(w.fd, name, 0o777) })
	return os.NewSyscallError("mkdirat", err)
}

// write makes a file.
func (w *writer) write(name string, body []byte) error {
	fd := -1
	err := retry(func() (err error) {
		fd, err = unix.Openat(w.fd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o644)
		return err
	})
	if err != nil {
		return os.NewSyscallError("openat", err)
	}
	for len(body) > 0 && err == nil {
		n := 0
		err = retry(func() (err error) { n, err = unix.Write(fd, body); return err })
		if err == nil && n == 0 {
			err = io.ErrShortWrite
		}
		body = body[max(n, 0):]
	}
	if cerr := unix.Close(fd); err == nil {
		err = cerr
	}
	return os.NewSyscallError("write", err)
}

func (w *writer) close() { _ = unix.Close(w.fd) }

// retry calls again what a signal has interrupted.
func retry(do func() error) error {
	for {
		if err := do(); err != unix.EINTR {
			return err
		}
	}
}
