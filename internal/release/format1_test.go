package release

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
)

// TestFirstFormat: a store that a program of the first format has left is
// served, built upon, rolled back to and collected like any other.
func TestFirstFormat(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	put := func(b *Build, path, body string) {
		t.Helper()
		if _, err := b.Put(path, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := s.Begin(Meta{Commit: "1"})
	if err != nil {
		t.Fatal(err)
	}
	put(b, "a.html", "a")
	put(b, "index.html", "one")
	r, err := b.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old := asFirst(t, s, r.ID)
	if err := os.RemoveAll(s.path(listsDir)); err != nil { // the first format has none
		t.Fatal(err)
	}

	if s, err = Open(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	m, err := s.Current()
	if err != nil || m.ID() != old || m.Len() != 2 {
		t.Fatalf("live is %v, %v; want %s", m, err, old)
	}
	if b, err = s.Begin(Meta{Commit: "2"}); err != nil {
		t.Fatal(err)
	}
	if err := b.From(m); err != nil {
		t.Fatal(err)
	}
	put(b, "index.html", "two")
	if r, err = b.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Activate(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	if m, err = s.Get(r.ID); err != nil || m.Len() != 2 {
		t.Fatalf("the release built upon it: %v, %v", m, err)
	}
	if _, err := s.GC(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Verify(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("Verify: %v, %v", found, err)
	}
	if back, err := s.Rollback(t.Context(), ""); err != nil || back.ID != old {
		t.Errorf("rolled back to %s, %v; want %s", back.ID, err, old)
	}
}

// asFirst makes a release one of the first format, and live.
func asFirst(t *testing.T, s *Store, id string) string {
	t.Helper()
	m, err := s.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	all, err := m.all()
	if err != nil {
		t.Fatal(err)
	}
	lines := encodeList(all)
	info := m.Release()
	info.ID = idOf(lines)
	head, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	data := magic1 + string(head) + "\n" + string(lines)
	if err := os.WriteFile(s.path(manifestsDir, info.ID), []byte(data), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(s.path(manifestsDir, id)); err != nil {
		t.Fatal(err)
	}
	if err := s.Activate(t.Context(), info.ID); err != nil {
		t.Fatal(err)
	}
	return info.ID
}

// TestLostIsNone: a live release that cannot be read is as good as none, so
// that a build takes its place instead of failing for ever.
func TestLostIsNone(t *testing.T) {
	tests := []struct {
		name   string
		damage func(s *Store, id string) error
	}{
		{"a format of the future", func(s *Store, id string) error {
			return os.WriteFile(s.path(manifestsDir, id), []byte("coranto release 9\n{}\n"), 0o666)
		}},
		{"gone", func(s *Store, id string) error { return os.Remove(s.path(manifestsDir, id)) }},
		{"pointer cut short", func(s *Store, _ string) error { return os.WriteFile(s.path(pointerFile), []byte("{"), 0o666) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := Open(dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			make := func() string {
				t.Helper()
				b, err := s.Begin(Meta{})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := b.Put("index.html", []byte("one")); err != nil {
					t.Fatal(err)
				}
				r, err := b.Finish(t.Context())
				if err == nil {
					err = s.Activate(t.Context(), r.ID)
				}
				if err != nil {
					t.Fatal(err)
				}
				return r.ID
			}
			if err := tt.damage(s, make()); err != nil {
				t.Fatal(err)
			}
			if s, err = Open(dir, Options{}); err != nil {
				t.Fatal(err)
			}
			if m, err := s.Current(); !errors.Is(err, ErrNone) {
				t.Fatalf("Current: %v, %v; want ErrNone", m, err)
			}
			id := make()
			if m, err := s.Current(); err != nil || m.ID() != id {
				t.Errorf("Current after a build: %v, %v; want %s", m, err, id)
			}
		})
	}
}
