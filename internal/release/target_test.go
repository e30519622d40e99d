package release_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/coranto/coranto/internal/release"
)

// TestReadOnly: who looks makes nothing, and finds nothing where nothing is.
func TestReadOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "releases")
	s, err := release.Open(dir, release.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := s.List(); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := s.Current(); !errors.Is(err, release.ErrNone) {
		t.Error(err)
	}
	if _, err := s.Target(""); !errors.Is(err, release.ErrNoEarlier) {
		t.Error(err)
	}
	if _, err := s.Target("abcdef"); !errors.Is(err, release.ErrNotFound) {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("looking has made the directory")
	}
}
