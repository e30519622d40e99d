//go:build !unix

package release

import (
	"os"
	"path/filepath"
)

// writer makes files in a folder that was empty.
type writer struct{ dir string }

func newWriter(dir string) (*writer, error) { return &writer{dir}, nil }

func (w *writer) mkdir(name string) error {
	return os.Mkdir(filepath.Join(w.dir, filepath.FromSlash(name)), 0o777)
}

// write makes a file.
func (w *writer) write(name string, body []byte) error {
	f, err := os.OpenFile(filepath.Join(w.dir, filepath.FromSlash(name)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func (w *writer) close() {}
