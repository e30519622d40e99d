package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/coranto/coranto/internal/durable"
	"github.com/coranto/coranto/internal/failpoint"
)

var (
	before = failpoint.Name("durable_test.before")
	after  = failpoint.Name("durable_test.after")
)

func read(t *testing.T, name string) (string, fs.FileMode) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), st.Mode().Perm()
}

func TestWriteFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	for _, tt := range []struct {
		text string
		mode fs.FileMode
		want fs.FileMode // 0: whatever the umask makes
	}{{"new", 0, 0}, {"private", 0o600, 0o600}, {"kept", 0, 0o600}, {"open", 0o644, 0o644}} {
		if err := durable.WriteFile(name, []byte(tt.text), tt.mode, before, after); err != nil {
			t.Fatal(err)
		}
		text, mode := read(t, name)
		if text != tt.text || tt.want != 0 && mode != tt.want && runtime.GOOS != "windows" {
			t.Errorf("%q, mode %v, want %q, %v", text, mode, tt.text, tt.want)
		}
	}
	if err := durable.CreateFile(name, []byte("x"), 0o600, before, after); !errors.Is(err, fs.ErrExist) {
		t.Errorf("CreateFile over a file: %v", err)
	}
	other := name + "2"
	if err := durable.CreateFile(other, []byte("x"), 0o600, before, after); err != nil {
		t.Error(err)
	}
	if list, _ := os.ReadDir(filepath.Dir(name)); len(list) != 2 {
		t.Errorf("something is left behind: %v", list)
	}
}

// TestInterrupted: before the write the old file is there, after it the new one.
func TestInterrupted(t *testing.T) {
	for point, want := range map[string]string{before: "old", after: "new"} {
		name := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := failpoint.Arm(point + ":1:error"); err != nil {
			t.Fatal(err)
		}
		if err := durable.WriteFile(name, []byte("new"), 0, before, after); !errors.Is(err, failpoint.ErrInjected) {
			t.Errorf("%s: %v", point, err)
		}
		failpoint.Arm("")
		if text, _ := read(t, name); text != want {
			t.Errorf("%s: %q is there, want %q", point, text, want)
		}
	}
	if err := durable.WriteFile(filepath.Join(t.TempDir(), "none", "f"), nil, 0, before, after); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}
