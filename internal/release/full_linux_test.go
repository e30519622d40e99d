package release

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
)

func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("no right to mount a small file system: %v", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	s := open(t, dir, Options{})
	old := build(t, s, map[string]string{"index.html": "old"})
	b, err := s.Begin(Meta{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 400 {
		if _, err = b.Put(fmt.Sprint(i), fmt.Appendf(make([]byte, 4000), "%d", i)); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrFull) {
		t.Fatalf("Put on a full disk: %v, want ErrFull", err)
	}
	if _, err := b.Finish(t.Context()); !errors.Is(err, ErrFull) {
		t.Errorf("Finish: %v, want ErrFull", err)
	}
	if m, err := open(t, dir, Options{}).Current(); err != nil || m.ID() != old.ID {
		t.Errorf("current after a full disk: %v", err)
	}
	build(t, s, map[string]string{"index.html": "new"}) // there is room again
	healthy(t, s)
}
