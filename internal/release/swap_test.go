package release

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestSwap(t *testing.T) {
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	make := func(files map[string]string) string {
		t.Helper()
		b, err := s.Begin(Meta{})
		if err != nil {
			t.Fatal(err)
		}
		for p, body := range files {
			if _, err := b.Put(p, []byte(body)); err != nil {
				t.Fatal(err)
			}
		}
		r, err := b.Finish(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	www := filepath.Join(t.TempDir(), "www")
	for n := range 6 {
		id := make(map[string]string{"index.html": fmt.Sprint("home ", n), "a/b.txt": "same", fmt.Sprintf("only-%d.txt", n): "x"})
		x, err := s.Swap(t.Context(), id, www)
		if err != nil {
			t.Fatal(err)
		}
		if kept := min(n, 1); x.Kept != kept || x.Written != 3-kept {
			t.Errorf("swap %d: %+v", n, x)
		}
		if b, err := os.ReadFile(filepath.Join(www, "index.html")); err != nil || string(b) != fmt.Sprint("home ", n) {
			t.Fatalf("swap %d: %q %v", n, b, err)
		}
		if _, err := os.Stat(filepath.Join(www, fmt.Sprintf("only-%d.txt", n-1))); err == nil {
			t.Errorf("swap %d: the old file is there", n)
		}
		if x, err := s.Swap(t.Context(), id, www); err != nil || x.Written != 0 {
			t.Errorf("swap %d again: %+v %v", n, x, err)
		}
	}
	list, err := filepath.Glob(www + ".releases/*")
	if err != nil || len(list) > 3 {
		t.Errorf("%d trees stay: %v %v", len(list), list, err)
	}
	foreign := filepath.Join(t.TempDir(), "www")
	if err := os.Mkdir(foreign, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Swap(t.Context(), make(map[string]string{"index.html": "x"}), foreign); !errors.Is(err, ErrForeign) {
		t.Errorf("over a folder: %v", err)
	}
}
