package release

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestPlanExport: what is told beforehand is what is done, and nothing is done
// by telling it.
func TestPlanExport(t *testing.T) {
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	make := func(files map[string]string) *Manifest {
		b, err := s.Begin(Meta{})
		if err != nil {
			t.Fatal(err)
		}
		for path, body := range files {
			if _, err := b.Put(path, []byte(body)); err != nil {
				t.Fatal(err)
			}
		}
		r, err := b.Finish(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.Get(r.ID)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	dir := filepath.Join(t.TempDir(), "out")
	for i, files := range []map[string]string{
		{"index.html": "one", "a.html": "a", "b/index.html": "b"},
		{"index.html": "two", "a.html": "a", "c.html": "c"},
		{"index.html": "two", "a.html": "a", "c.html": "c"},
	} {
		m := make(files)
		told, err := PlanExport(m.Files(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if _, err := os.Stat(dir); err == nil {
				t.Error("the folder was made by telling what would be done")
			}
		}
		done, err := s.Export(t.Context(), m.ID(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if told != done {
			t.Errorf("%d: told %+v, done %+v", i, told, done)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "mine.html"), []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := PlanExport(make(map[string]string{"mine.html": "ours"}).Files(), dir); !errors.Is(err, ErrForeign) {
		t.Errorf("a file of the user's in the way: %v", err)
	}
}
