package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/engine/local"
	"github.com/coranto/coranto/internal/sqlite"
)

// On a full disk the runtime stops with the reason; once there is space, another
// on the same database goes on.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("no tmpfs to fill: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	db := openDB(t, dir)
	defer db.Close()
	var grow strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&grow, "%x", uint64(i)*0x9e3779b97f4a7c15) // does not pack well
	}
	tasks := engine.TaskMap{"a": func(_ context.Context, t engine.Task) (json.RawMessage, error) {
		return json.RawMessage(fmt.Sprintf(`"%s%s"`, t.Input, grow.String()[:60_000])), nil
	}}
	r, err := local.Open(t.Context(), db, tasks, local.Options{Grace: -1})
	if err != nil {
		t.Fatal(err)
	}
	start(t, r, "one", mapOf(oneTask), `{"items":`+numbers(50)+`}`)
	if _, err := r.Wait(t.Context(), "one"); !errors.Is(err, engine.ErrClosed) || !errors.Is(err, sqlite.ErrFull) {
		t.Errorf("Wait = %v, want ErrClosed for ErrFull", err)
	}
	if err := r.Close(); !errors.Is(err, sqlite.ErrFull) {
		t.Errorf("Close = %v, want ErrFull", err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	r, err = local.Open(t.Context(), db, tasks, local.Options{Grace: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if e := wait(t, r, "one"); e.Status != asl.StatusSucceeded {
		t.Errorf("ended %s %s %s", e.Status, e.Error, e.Cause)
	}
}

// When fsync fails, by EIO from the kernel at the n-th and every later call, the
// run does not go on, and what had been acknowledged is there afterwards.
func TestFailingFsync(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("no strace to inject faults")
	}
	const items = 6
	stopped := 0
	for n := 3; n < 30; n += 3 {
		dir := t.TempDir()
		child := crashChild(dir, "", items)
		cmd := exec.Command(strace, append([]string{"-f", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
			"-e", fmt.Sprintf("inject=fsync,fdatasync:error=EIO:when=%d+", n)}, child.Path)...)
		cmd.Env = child.Env
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err == nil {
			continue // it needed fewer, on each of its threads
		} else if cmd.ProcessState.ExitCode() != 1 {
			if strings.Contains(stderr.String(), "ptrace") {
				t.Skipf("strace may not trace here: %s", &stderr)
			}
			t.Fatalf("fsync %d: %v: %s", n, err, &stderr)
		}
		if !strings.Contains(stderr.String(), sqlite.ErrIO.Error()) {
			t.Errorf("fsync %d: said %q, want that the disk failed", n, &stderr)
		}
		stopped++
		seen := ids{}
		seen.read(t, stdout.String())
		stdout.Reset()
		e, err := runCrashing(dir, items, &stdout)
		if err != nil || string(e.Output) != crashingOutput(items) {
			t.Errorf("after fsync %d: %s %s %s %s, %v", n, e.Status, e.Error, e.Cause, e.Output, err)
		}
		seen.read(t, stdout.String())
	}
	if stopped == 0 {
		t.Error("no fsync failed")
	}
}
