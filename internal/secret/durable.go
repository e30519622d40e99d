package secret

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/coranto/coranto/internal/failpoint"
)

// write puts a file in its place so that the old or the new one is there, whole.
// A fresh one must not be there yet, else it fails with fs.ErrExist.
func write(name string, data []byte, mode os.FileMode, fresh bool, before, after string) error {
	if err := failpoint.Hit(before); err != nil {
		return err
	}
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, ".tmp-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil && fresh {
		if err = os.Link(f.Name(), name); err == nil {
			err = os.Remove(f.Name())
		}
	} else if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync() // some file systems cannot; the file itself is on disk
		d.Close()
	}
	return failpoint.Hit(after)
}

func readLimited(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes: %w", name, limit, ErrDamaged)
	}
	return data, nil
}
