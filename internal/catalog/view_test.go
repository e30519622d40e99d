package catalog_test

import (
	"path/filepath"
	"testing"

	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/sqlite"
)

// TestView: no table yet means no state yet.
func TestView(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	w, err := sqlite.Open(path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r, err := sqlite.Open(path, sqlite.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	v := catalog.View(r)
	if s, err := v.States(t.Context()); err != nil || len(s) != 0 {
		t.Errorf("%v, %v", s, err)
	}
	if f, err := v.Fact(t.Context(), "x"); err != nil || f != "" {
		t.Errorf("%q, %v", f, err)
	}
	if m, err := v.Manners(t.Context()); err != nil || len(m) != 0 {
		t.Errorf("%v, %v", m, err)
	}
}
