package release

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fill hands files over to a folder in a fixed order.
func fill(t *testing.T, s *Store, dir string, paths ...string) (Exported, error) {
	t.Helper()
	f, err := s.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	for i := 0; i < len(paths); i += 2 {
		if _, err := f.Put(paths[i], []byte(paths[i+1])); err != nil {
			return Exported{}, err
		}
	}
	return f.Finish(t.Context())
}

func TestFolder(t *testing.T) {
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "a", "out")
	steps := []struct {
		name  string
		files []string
		want  Exported
	}{
		{"from nothing", []string{"index.html", "home", "posts/a/index.html", "a", "posts/b/index.html", "b", "x", ""}, Exported{Written: 4}},
		{"the same", []string{"index.html", "home", "posts/a/index.html", "a", "posts/b/index.html", "b", "x", ""}, Exported{Kept: 4}},
		{"other", []string{"index.html", "HOME", "posts/a/index.html", "a", "x/y", "now a folder", "posts/c/d/e.html", "c"}, Exported{Written: 3, Removed: 1, Kept: 1}},
		{"back", []string{"index.html", "home", "x", "now a file"}, Exported{Written: 2, Removed: 2}},
	}
	for _, st := range steps {
		got, err := fill(t, s, dir, st.files...)
		if err != nil {
			t.Fatalf("%s: %v", st.name, err)
		}
		if got != st.want {
			t.Errorf("%s: %+v, want %+v", st.name, got, st.want)
		}
		want := map[string]string{}
		for i := 0; i < len(st.files); i += 2 {
			want[st.files[i]] = st.files[i+1]
		}
		if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
			t.Errorf("%s: %s", st.name, diff)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "posts")); err == nil {
		t.Error("an empty folder stays")
	}
}

// What no export wrote stays, and keeps one from doing anything.
func TestFolderLeavesForeignFiles(t *testing.T) {
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, body := range map[string]string{"mine.txt": "mine", "tags": "a file", "same.html": "same"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	before := tree(t, dir)
	for _, path := range []string{"mine.txt", "tags/go/index.html"} {
		if _, err := fill(t, s, dir, "index.html", "home", path, "ours"); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: error %v, want ErrForeign", path, err)
		}
		if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	got, err := fill(t, s, dir, "index.html", "home", "same.html", "same")
	if want := (Exported{Written: 1, Kept: 1}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

func TestFolderAborted(t *testing.T) {
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := fill(t, s, dir, "index.html", "home", "posts/a/index.html", "a", "../x", "no"); !errors.Is(err, ErrPath) {
		t.Errorf("error %v, want ErrPath", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("%v is left, %v", list, err)
	}

	// One that a crash ended is gone on with.
	f, err := s.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Put("index.html", []byte("cut sh")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Folder(dir); !errors.Is(err, ErrLocked) {
		t.Errorf("error %v, want ErrLocked", err)
	}
	f.close()
	got, err := fill(t, s, dir, "index.html", "cut short", "a/b", "new")
	if want := (Exported{Written: 2}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if diff := cmp.Diff(map[string]string{"index.html": "cut short", "a/b": "new"}, tree(t, dir)); diff != "" {
		t.Error(diff)
	}
}
