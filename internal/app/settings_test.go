package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/coranto/coranto/internal/app"
)

// Editors lock what they edit by links that lead nowhere.
func TestThemeWithALink(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	newSite(t, dir, "site: {title: Links}\n")
	if err := os.MkdirAll(filepath.Join(dir, "theme", "pages"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("me@here.4711", filepath.Join(dir, "theme", "pages", ".#index.html")); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), dir, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
}

// Checkouts that a process which was killed has left are removed.
func TestOpenSweepsCheckouts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	newSite(t, dir, "site: {title: Left}\n")
	state := filepath.Join(dir, ".coranto")
	for name, stays := range map[string]bool{"preview-123": false, "build-456": false, "previews": true} {
		if err := os.MkdirAll(filepath.Join(state, name, "site"), 0o777); err != nil {
			t.Fatal(err)
		}
		a, err := app.Open(t.Context(), dir, app.Options{})
		if err != nil {
			t.Fatal(err)
		}
		a.Close()
		if _, err := os.Stat(filepath.Join(state, name)); (err == nil) != stays {
			t.Errorf("%s: %v", name, err)
		}
	}
}
