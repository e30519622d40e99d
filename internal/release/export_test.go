package release

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func exportTo(t *testing.T, s *Store, dir string, files map[string]string) (Exported, error) {
	t.Helper()
	return s.Export(t.Context(), finish(t, s, files).ID, dir)
}

// tree reads what is in dir, but for the record.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if list, _ := os.ReadDir(filepath.Join(dir, p)); len(list) == 0 {
				out[p+"/"] = "empty"
			}
			return nil
		}
		if p == recordName {
			return nil
		}
		b, err := os.ReadFile(filepath.Join(dir, p))
		out[p] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestExport(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	dir := filepath.Join(t.TempDir(), "public")
	one := map[string]string{"index.html": "1", "same.css": "same", "old/deep/er.html": "gone", "was/a": "folder"}
	two := map[string]string{"index.html": "2", "same.css": "same", "new/x.html": "x", "was": "file"}
	steps := []struct {
		name  string
		files map[string]string
		want  Exported
	}{
		{"first", one, Exported{Written: 4}},
		{"again", one, Exported{Kept: 4}},
		{"change", two, Exported{Written: 3, Kept: 1, Removed: 1}},
		{"and back", one, Exported{Written: 3, Kept: 1, Removed: 1}},
	}
	for _, st := range steps {
		got, err := exportTo(t, s, dir, st.files)
		if err != nil {
			t.Fatalf("%s: %v", st.name, err)
		}
		if got != st.want {
			t.Errorf("%s: %+v, want %+v", st.name, got, st.want)
		}
		if d := cmp.Diff(st.files, tree(t, dir)); d != "" {
			t.Errorf("%s (-want +got):\n%s", st.name, d)
		}
	}
}

func TestExportRestoresWhatWasTouched(t *testing.T) {
	s, dir := open(t, t.TempDir(), Options{}), t.TempDir()
	files := map[string]string{"a": "aaa", "b": "bbb", "c/d": "ddd"}
	if _, err := exportTo(t, s, dir, files); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("AAA"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	got, err := exportTo(t, s, dir, files)
	if want := (Exported{Written: 2, Kept: 1}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if d := cmp.Diff(files, tree(t, dir)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestExportLeavesForeignFiles(t *testing.T) {
	s, dir := open(t, t.TempDir(), Options{}), t.TempDir()
	put := func(p, body string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, p)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, p), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("CNAME", "news.example.org")
	put("blog/mine.html", "mine")
	if _, err := exportTo(t, s, dir, map[string]string{"blog/index.html": "b", "x": "x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := exportTo(t, s, dir, map[string]string{"x": "x"}); err != nil {
		t.Fatal(err)
	}
	before := map[string]string{"CNAME": "news.example.org", "blog/mine.html": "mine", "x": "x"}
	if d := cmp.Diff(before, tree(t, dir)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for name, files := range map[string]map[string]string{
		"same place":           {"x": "new", "CNAME": "ours"},
		"folder over file":     {"x": "new", "CNAME/x": "ours"},
		"file over folder":     {"x": "new", "blog": "ours"},
		"deep folder, foreign": {"x": "new", "blog/mine.html/a/b": "ours"},
	} {
		if _, err := exportTo(t, s, dir, files); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v, want ErrForeign", name, err)
		}
		if d := cmp.Diff(before, tree(t, dir)); d != "" {
			t.Errorf("%s: something was touched (-want +got):\n%s", name, d)
		}
	}
}

func TestExportStaysInside(t *testing.T) {
	s, dir, outside := open(t, t.TempDir(), Options{}), t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "blog")); err != nil {
		t.Skip(err)
	}
	if _, err := exportTo(t, s, dir, map[string]string{"blog/index.html": "b"}); err == nil {
		t.Error("an export followed a link out of its folder")
	}
	if got := tree(t, outside); len(got) > 1 {
		t.Errorf("outside: %v", got)
	}
}

func FuzzParseManifest(f *testing.F) {
	m, lines := newManifest([]entry{{"a/b.html", strings.Repeat("ab", 32), 3}, {"c", strings.Repeat("01", 32), 0}}, Release{})
	f.Add([]byte(magic + `{"id":"` + m.ID() + `","files":2,"size":3}` + "\n" + string(lines)))
	f.Add([]byte(magic + "{}\n"))
	first := encodeList([]entry{{"a/b.html", strings.Repeat("ab", 32), 3}, {"c", strings.Repeat("01", 32), 0}})
	f.Add([]byte(magic1 + `{"id":"` + idOf(first) + `","files":2,"size":3}` + "\n" + string(first)))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Errorf("unclassified error %v", err)
			}
			return
		}
		if isFirst(data) {
			all, err := m.all()
			if err != nil || !strings.HasSuffix(string(data), string(encodeList(all))) {
				t.Errorf("written again it is another: %v", err)
			}
			return
		}
		again, lines := joinLists(m.lists, nil, m.info)
		if again.ID() != m.ID() || !strings.HasSuffix(string(data), string(lines)) {
			t.Errorf("written again it is another: %s, %s", again.ID(), m.ID())
		}
	})
}

func FuzzParseList(f *testing.F) {
	f.Add(encodeList([]entry{{"a/b.html", strings.Repeat("ab", 32), 3}, {"c", strings.Repeat("01", 32), 0}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := parseList(data)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Errorf("unclassified error %v", err)
			}
			return
		}
		again, err := parseList(encodeList(all))
		if err != nil || !slices.Equal(all, again) {
			t.Errorf("written again it is another: %v", err)
		}
		m, _ := newManifest(all, Release{})
		for file := range m.All() {
			if got, ok := m.Lookup(file.Path); !ok || got != file {
				t.Errorf("Lookup(%q) = %+v, %t", file.Path, got, ok)
			}
		}
	})
}

func FuzzMemo(f *testing.F) {
	good, _ := encodeMemo(Memo{{7}: strings.Repeat("0a", 32)})
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		m := decodeMemo(data)
		back, err := encodeMemo(m)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(m, decodeMemo(back)); d != "" {
			t.Error(d)
		}
	})
}

// Every path that is accepted stays where it is put.
func FuzzCheckPath(f *testing.F) {
	for _, s := range []string{"a/b", "../a", "a//b", ".well-known/x", "a/./b", "c:/x", "a\\b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if err := CheckPath(p); err != nil {
			if !errors.Is(err, ErrPath) {
				t.Errorf("unclassified error %v", err)
			}
			return
		}
		if !filepath.IsLocal(p) || filepath.ToSlash(filepath.Clean(p)) != p || strings.ContainsAny(p, "\n\\\x00") {
			t.Errorf("%q was accepted", p)
		}
	})
}
