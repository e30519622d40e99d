package release

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func open(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// build makes a release of the files and activates it.
func build(t testing.TB, s *Store, files map[string]string) Release {
	t.Helper()
	r := finish(t, s, files)
	if err := s.Activate(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	return r
}

func finish(t testing.TB, s *Store, files map[string]string) Release {
	t.Helper()
	b, err := s.Begin(Meta{Commit: "c0ffee", Generator: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Abort()
	for p, body := range files {
		if _, err := b.Put(p, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := b.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func content(t testing.TB, s *Store, m *Manifest) map[string]string {
	t.Helper()
	out := map[string]string{}
	for f := range m.All() {
		b, err := s.Blob(f.Hash)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Path] = string(b)
	}
	return out
}

func healthy(t testing.TB, s *Store) {
	t.Helper()
	problems, err := s.Verify(t.Context())
	if err != nil || len(problems) > 0 {
		t.Fatalf("verify: %v, %+v", err, problems)
	}
}

func TestBuildAndRead(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	if _, err := s.Current(); !errors.Is(err, ErrNone) {
		t.Fatalf("current of an empty store: %v, want ErrNone", err)
	}
	files := map[string]string{"index.html": "<p>home", "a/index.html": "<p>a", "a.css": "a{}", "copy.css": "a{}", "x/y/z.bin": "\x00"}
	r := build(t, s, files)
	if !r.New || r.Files != 5 || r.Size != 18 || r.Commit != "c0ffee" {
		t.Errorf("release = %+v", r)
	}
	m, err := s.Current()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(files, content(t, s, m)); d != "" {
		t.Errorf("content (-put +read):\n%s", d)
	}
	f, ok := m.Lookup("a.css")
	if want := (File{"a.css", f.Hash, 3, "text/css; charset=utf-8"}); !ok || f != want {
		t.Errorf("Lookup = %+v, %t", f, ok)
	}
	if _, ok := m.Lookup("a"); ok {
		t.Error("a folder was found")
	}
	for _, p := range []string{r.ID, r.ID[:6]} {
		if g, err := s.Get(p); err != nil || g.ID() != r.ID {
			t.Errorf("Get(%q): %v", p, err)
		}
	}
	if _, err := s.Get("../current.json"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get of a path: %v", err)
	}
	healthy(t, s)
}

func TestSameContentSameRelease(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	one := build(t, s, map[string]string{"index.html": "1"})
	b, err := s.Begin(Meta{Commit: "newer"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put("index.html", []byte("1")); err != nil {
		t.Fatal(err)
	}
	two, err := b.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if two.ID != one.ID || two.New || two.Commit != "newer" || !two.Created.Equal(one.Created) {
		t.Errorf("second build = %+v, first %+v", two, one)
	}
	list, err := s.List()
	if err != nil || len(list) != 1 || !list[0].Current || list[0].Commit != "newer" {
		t.Errorf("list = %+v, %v", list, err)
	}
	if h, _ := s.History(); len(h) != 1 {
		t.Errorf("history = %+v", h)
	}
}

func TestFrom(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	build(t, s, map[string]string{"index.html": "1", "b/x.html": "x", "c.html": "c"})
	m, _ := s.Current()
	b, err := s.Begin(Meta{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.From(m); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put("index.html", []byte("2")); err != nil {
		t.Fatal(err)
	}
	b.Remove("c.html")
	b.Remove("never-there")
	f, _ := m.Lookup("b/x.html")
	if err := b.Reuse("a/again.html", f.Hash); err != nil {
		t.Fatal(err)
	}
	if err := b.Reuse("lost", strings.Repeat("0", 64)); !errors.Is(err, ErrNotFound) {
		t.Errorf("Reuse of an unknown blob: %v", err)
	}
	r, err := b.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Get(r.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"index.html": "2", "b/x.html": "x", "a/again.html": "x"}
	if d := cmp.Diff(want, content(t, s, got)); d != "" {
		t.Errorf("content (-want +got):\n%s", d)
	}
	if same := finish(t, s, want); same.ID != r.ID {
		t.Errorf("built from nothing %s, upon another %s", same.ID, r.ID)
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		want  error
	}{
		{"empty path", []string{""}, ErrPath},
		{"absolute", []string{"/etc/passwd"}, ErrPath},
		{"parent", []string{"a/../../b"}, ErrPath},
		{"backslash", []string{`a\b`}, ErrPath},
		{"newline", []string{"a\nb"}, ErrPath},
		{"not UTF-8", []string{"a\xff"}, ErrPath},
		{"long segment", []string{strings.Repeat("a", 256)}, ErrPath},
		{"reserved", []string{recordName}, ErrPath},
		{"file and folder", []string{"a/b", "a/c", "b/c/d", "b/c"}, ErrPath},
		{"twice with other content", []string{"a", "a"}, nil},
		{"nothing", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, t.TempDir(), Options{})
			b, err := s.Begin(Meta{})
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range tt.files {
				_, _ = b.Put(p, []byte{byte(i)})
			}
			_, err = b.Finish(t.Context())
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("Finish: %v, want %v", err, tt.want)
			}
			if left, _ := s.blobs(); len(left) > 0 {
				t.Errorf("blobs left: %v", slices.Collect(maps.Keys(left)))
			}
			finish(t, s, map[string]string{"ok": "ok"}) // the lock is free
		})
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	s, other := open(t, dir, Options{}), open(t, dir, Options{})
	b, err := s.Begin(Meta{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put("x", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*Store{"same": s, "other": other} {
		if _, err := s.Begin(Meta{}); !errors.Is(err, ErrLocked) {
			t.Errorf("%s store: second Begin: %v", name, err)
		}
		if _, err := s.GC(t.Context(), 1); !errors.Is(err, ErrLocked) {
			t.Errorf("%s store: GC during a build: %v", name, err)
		}
	}
	open(t, dir, Options{}) // must not clean up a build that is alive
	if _, err := b.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	healthy(t, s)
}

func TestOtherProcessMovesPointer(t *testing.T) {
	dir := t.TempDir()
	now := time.Unix(1e9, 0)
	s := open(t, dir, Options{Now: func() time.Time { return now }})
	other := open(t, dir, Options{})
	one := build(t, s, map[string]string{"x": "1"})
	two := build(t, other, map[string]string{"x": "2"})
	if m, _ := s.Current(); m.ID() != one.ID {
		t.Errorf("within the second: %s, want the first still", m.ID())
	}
	now = now.Add(time.Second)
	if m, _ := s.Current(); m.ID() != two.ID {
		t.Errorf("after a second: %s, want %s", m.ID(), two.ID)
	}
	// A pointer that gets damaged does not take the site down.
	if err := os.WriteFile(filepath.Join(dir, pointerFile), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Second)
	if m, err := s.Current(); err != nil || m.ID() != two.ID {
		t.Errorf("with a damaged pointer: %v, %v", m, err)
	}
	if _, err := open(t, dir, Options{}).Current(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a new process: %v, want ErrCorrupt", err)
	}
	if err := s.Activate(t.Context(), two.ID); err != nil {
		t.Errorf("activation over a damaged pointer: %v", err)
	}
	healthy(t, s)
}

func TestRollback(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	var id [5]string
	for i := range id {
		id[i] = build(t, s, map[string]string{"x": fmt.Sprint(i)}).ID
	}
	back := func(to, want string) {
		t.Helper()
		r, err := s.Rollback(t.Context(), to)
		if err != nil || r.ID != want {
			t.Fatalf("Rollback(%q) = %q, %v, want %q", to, r.ID, err, want)
		}
		if m, _ := s.Current(); m.ID() != want {
			t.Fatalf("current = %s, want %s", m.ID(), want)
		}
	}
	withdrawn := func(want ...bool) {
		t.Helper()
		for i := range id {
			if got, _ := s.Withdrawn(id[i]); got != want[i] {
				t.Errorf("Withdrawn(%d) = %t", i, got)
			}
		}
	}
	back("", id[3])
	back("", id[2])
	withdrawn(false, false, false, true, true)
	if err := s.Activate(t.Context(), id[4]); err != nil {
		t.Fatal(err)
	}
	withdrawn(false, false, false, true, false)
	if p, _ := s.Previous(); p != id[2] {
		t.Errorf("previous = %s, want %s", p, id[2])
	}
	back(id[0][:8], id[0])
	withdrawn(false, true, true, true, true)
	if _, err := s.Rollback(t.Context(), ""); !errors.Is(err, ErrNoEarlier) {
		t.Errorf("rollback from the first: %v", err)
	}
	if _, err := s.Rollback(t.Context(), "ffffffffffffffff"); !errors.Is(err, ErrNotFound) {
		t.Errorf("rollback to nowhere: %v", err)
	}
	h, err := s.History()
	if err != nil || len(h) != 9 || !h[0].Rollback || h[1].Rollback || h[1].ID != id[4] {
		t.Errorf("history = %+v, %v", h, err)
	}
}

// TestThereAndBack: whoever goes back to a release that was left behind can go
// back again to where they were.
func TestThereAndBack(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	var id [3]string
	for i := range id {
		id[i] = build(t, s, map[string]string{"x": fmt.Sprint(i)}).ID
		if err := s.Activate(t.Context(), id[i]); err != nil {
			t.Fatal(err)
		}
	}
	for i, step := range []struct{ ask, want string }{{"", id[1]}, {id[2], id[2]}, {"", id[1]}, {id[2], id[2]}, {id[0], id[0]}, {id[2], id[2]}, {"", id[0]}} {
		if r, err := s.Rollback(t.Context(), step.ask); err != nil || r.ID != step.want {
			t.Errorf("step %d: release %s, %v, want %s", i, r.ID, err, step.want)
		}
	}
}

func TestGC(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := open(t, t.TempDir(), Options{Now: func() time.Time { now = now.Add(time.Second); return now }})
	var id [6]string
	for i := range id {
		id[i] = build(t, s, map[string]string{"same": "same", "x": fmt.Sprint(i)}).ID
	}
	if _, err := s.Rollback(t.Context(), id[1]); err != nil {
		t.Fatal(err)
	}
	c, err := s.GC(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if c != (Collected{Releases: 2, Blobs: 2, Bytes: 2}) {
		t.Errorf("collected %+v", c)
	}
	list, _ := s.List()
	var left []string
	for _, r := range list {
		left = append(left, r.ID)
	}
	if d := cmp.Diff([]string{id[5], id[4], id[1], id[0]}, left); d != "" {
		t.Errorf("left (-want +got):\n%s", d)
	}
	healthy(t, s)
	if c, err := s.GC(t.Context(), 2); err != nil || c != (Collected{}) {
		t.Errorf("second GC: %+v, %v", c, err)
	}
}

func TestVerify(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	build(t, s, map[string]string{"a": "aaaa", "b": "bbbb", "c": "cccc"})
	m, _ := s.Current()
	damage := func(p string, f func(name string) error) {
		e, _ := m.Lookup(p)
		if err := f(s.blobPath(e.Hash)); err != nil {
			t.Fatal(err)
		}
	}
	damage("a", os.Remove)
	damage("b", func(n string) error { return os.WriteFile(n, []byte("b"), 0o644) })
	damage("c", func(n string) error { return os.WriteFile(n, []byte("CCCC"), 0o644) })
	problems, err := s.Verify(t.Context())
	if err != nil || len(problems) != 3 {
		t.Errorf("problems = %+v, %v", problems, err)
	}
	if err := os.WriteFile(s.path(manifestsDir, m.ID()), []byte(magic+"{}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if problems, err = s.Verify(t.Context()); err != nil || len(problems) != 2 {
		t.Errorf("problems = %+v, %v", problems, err)
	}
}

// What a power cut leaves of files that were never synced.
func TestCutBlobsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	kept := build(t, s, map[string]string{"index.html": "old"})
	b, err := s.Begin(Meta{})
	if err != nil {
		t.Fatal(err)
	}
	h, err := b.Put("index.html", []byte("something new"))
	if err != nil {
		t.Fatal(err)
	}
	b.unlock() // the process is gone
	if err := os.Truncate(s.blobPath(h), 3); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{})
	if _, err := s.Blob(h); !errors.Is(err, ErrNotFound) {
		t.Errorf("the cut blob: %v, want ErrNotFound", err)
	}
	if m, err := s.Current(); err != nil || m.ID() != kept.ID {
		t.Errorf("current: %v", err)
	}
	build(t, s, map[string]string{"index.html": "something new"})
	healthy(t, s)
}

// A blob that was damaged from outside is made again by the next build.
func TestDamagedBlobsHeal(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	files := map[string]string{"a": "aaaa", "b": "bbbb", "c": "cccc"}
	build(t, s, files)
	m, _ := s.Current()
	hash := func(p string) string { f, _ := m.Lookup(p); return f.Hash }
	if err := os.Remove(s.blobPath(hash("a"))); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"b", "c"} {
		if err := os.Truncate(s.blobPath(hash(p)), 1); err != nil {
			t.Fatal(err)
		}
	}
	b, err := s.Begin(Meta{})
	if err != nil {
		t.Fatal(err)
	}
	for p, body := range files {
		if err := b.Reuse(p, hash(p)); !errors.Is(err, ErrNotFound) {
			t.Errorf("Reuse(%s) = %v", p, err)
		}
		if _, err := b.Put(p, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := b.Finish(t.Context()); err != nil || r.ID != m.ID() {
		t.Errorf("%s, %v", r.ID, err)
	}
	healthy(t, s)
}

func TestSwapsUnderReaders(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	version := func(i int) map[string]string {
		return map[string]string{"a": fmt.Sprint("a", i), "b": fmt.Sprint("b", i), "c": fmt.Sprint("c", i)}
	}
	build(t, s, version(0))
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				m, err := s.Current()
				if err != nil {
					t.Error(err)
					return
				}
				got := map[string]bool{}
				for _, p := range []string{"a", "b", "c"} {
					f, _ := m.Lookup(p)
					b, err := s.Blob(f.Hash)
					if err != nil {
						t.Error(err)
						return
					}
					got[string(b[1:])] = true
				}
				if len(got) != 1 {
					t.Errorf("mixed: %v", got)
				}
			}
		})
	}
	for i := range 12 {
		build(t, s, version(i+1))
	}
	stop()
	wg.Wait()
	healthy(t, s)
}

func TestParallelPuts(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	b, err := s.Begin(Meta{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				if _, err := b.Put(fmt.Sprintf("%d/%d", g, i), fmt.Appendf(nil, "shared by all %d", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if r, err := b.Finish(t.Context()); err != nil || r.Files != 800 {
		t.Fatalf("%+v, %v", r, err)
	}
	if there, _ := s.blobs(); len(there) != 200 {
		t.Errorf("%d blobs, want 200", len(there))
	}
	healthy(t, s)
}

func TestMemo(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	if m, err := s.LoadMemo(); err != nil || len(m) != 0 {
		t.Fatalf("no memo yet: %v, %v", m, err)
	}
	build(t, s, map[string]string{"a": "a", "b": "b"})
	m, _ := s.Current()
	a, _ := m.Lookup("a")
	memo := Memo{{1}: a.Hash, {2}: strings.Repeat("ab", 32)}
	if err := s.SaveMemo(memo); err != nil {
		t.Fatal(err)
	}
	got, err := s.LoadMemo()
	if d := cmp.Diff(Memo{{1}: a.Hash}, got); d != "" || err != nil {
		t.Errorf("loaded (-want +got): %v\n%s", err, d)
	}
	if err := os.WriteFile(s.path(memoFile), []byte("rubbish"), 0o644); err != nil {
		t.Fatal(err)
	}
	if m, err := s.LoadMemo(); err != nil || len(m) != 0 {
		t.Errorf("damaged memo: %v, %v", m, err)
	}
}

func BenchmarkBuild(b *testing.B) {
	bodies := make([][]byte, 11260)
	for i := range bodies {
		bodies[i] = fmt.Appendf(make([]byte, 8<<10), "%d", i)
	}
	for b.Loop() {
		s := open(b, b.TempDir(), Options{})
		w, err := s.Begin(Meta{})
		if err != nil {
			b.Fatal(err)
		}
		for i, body := range bodies {
			if _, err := w.Put(fmt.Sprintf("posts/%d/index.html", i), body); err != nil {
				b.Fatal(err)
			}
		}
		r, err := w.Finish(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Activate(b.Context(), r.ID); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIncrement(b *testing.B) {
	s := open(b, b.TempDir(), Options{})
	files := map[string]string{}
	for i := range 11260 {
		files[fmt.Sprintf("posts/%d/index.html", i)] = fmt.Sprint(i)
	}
	build(b, s, files)
	i := 0
	for b.Loop() {
		m, err := s.Current()
		if err != nil {
			b.Fatal(err)
		}
		w, err := s.Begin(Meta{Previous: m.ID()})
		if err != nil {
			b.Fatal(err)
		}
		if err := w.From(m); err != nil {
			b.Fatal(err)
		}
		for range 40 {
			i++
			if _, err := w.Put(fmt.Sprintf("new/%d.html", i), fmt.Append(nil, "new", i)); err != nil {
				b.Fatal(err)
			}
		}
		r, err := w.Finish(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Activate(b.Context(), r.ID); err != nil {
			b.Fatal(err)
		}
	}
}

// A file and a folder of one name are refused also where a build goes on from
// an earlier release, whichever of the two came with it.
func TestTreeOverBase(t *testing.T) {
	for _, tt := range []struct{ base, put string }{{"a/b", "a"}, {"a", "a/b"}, {"a/b/c", "a/b"}, {"x", "x/y/z"}} {
		s, err := Open(t.TempDir(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.Begin(Meta{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{tt.base, "index.html", "zz"} {
			if _, err := b.Put(p, []byte("1")); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		base := b.Manifest()
		for _, remove := range []bool{false, true} {
			if b, err = s.Begin(Meta{}); err != nil {
				t.Fatal(err)
			}
			if err := b.From(base); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Put(tt.put, []byte("2")); err != nil {
				t.Fatal(err)
			}
			if remove {
				b.Remove(tt.base)
			}
			if _, err := b.Finish(t.Context()); errors.Is(err, ErrPath) == remove {
				t.Errorf("%s over %s, removed %t: %v", tt.put, tt.base, remove, err)
			}
		}
	}
}
