// Package durable puts a small file in its place so that, whenever the power
// goes, the old one or the new one is there, whole. What is in it, and who may
// write it when, are the caller's affair.
package durable

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/coranto/coranto/internal/failpoint"
)

// WriteFile replaces the file name, or makes it. Mode 0 keeps that of the file
// that is there, and makes a new one as the umask has it. Before and after are
// failpoints: nothing is done before the first, all is on the disk at the second.
func WriteFile(name string, data []byte, mode fs.FileMode, before, after string) error {
	return put(name, data, mode, false, before, after)
}

// CreateFile makes the file name, or fails with fs.ErrExist where there is one.
func CreateFile(name string, data []byte, mode fs.FileMode, before, after string) error {
	return put(name, data, mode, true, before, after)
}

func put(name string, data []byte, mode fs.FileMode, fresh bool, before, after string) error {
	if err := failpoint.Hit(before); err != nil {
		return err
	}
	tmp, err := write(name, data, mode)
	if err == nil {
		err = move(tmp, name, fresh)
	}
	if err != nil {
		if tmp != "" {
			os.Remove(tmp)
		}
		return err
	}
	if err := syncDir(filepath.Dir(name)); err != nil {
		return err
	}
	return failpoint.Hit(after)
}

// move gives a file its name; a fresh one takes nobody's place.
func move(tmp, name string, fresh bool) error {
	if !fresh {
		return os.Rename(tmp, name)
	}
	if err := os.Link(tmp, name); err != nil {
		return err
	}
	return os.Remove(tmp)
}

// write puts data in a file beside name, and on the disk. The name it returns
// cannot be guessed: nobody has laid a link there.
func write(name string, data []byte, mode fs.FileMode) (tmp string, err error) {
	tmp = filepath.Join(filepath.Dir(name), ".tmp-"+rand.Text())
	if st, err := os.Stat(name); err == nil && mode == 0 {
		mode = st.Mode().Perm()
	}
	first := fs.FileMode(0o600) // until it is whole
	if mode == 0 {
		first = 0o666
	}
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, first)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil && mode != 0 {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	return tmp, errors.Join(err, f.Close())
}

// syncDir makes the new name durable.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // cannot, and need not
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) { // some file systems cannot
		return err
	}
	return nil
}
