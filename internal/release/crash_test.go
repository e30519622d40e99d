package release

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coranto/coranto/internal/failpoint"
)

// child is what the sweep crashes: a build that changes some files, its
// activation, the memo, a collection and an export.
func child(dir, out, version string) error {
	ctx := context.Background()
	s, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	b, err := s.Begin(Meta{Commit: version})
	if err != nil {
		return err
	}
	defer b.Abort()
	memo := Memo{}
	for i := range 8 {
		body := fmt.Sprintf("page %d of %s", i, version)
		if i < 3 {
			body = fmt.Sprintf("page %d of all", i)
		}
		h, err := b.Put(fmt.Sprintf("p%d/index.html", i), []byte(body))
		if err != nil {
			return err
		}
		memo[[32]byte{byte(i)}] = h
	}
	if _, err := b.Put("only-"+version+".html", nil); err != nil {
		return err
	}
	r, err := b.Finish(ctx)
	if err != nil {
		return err
	}
	if err := s.Activate(ctx, r.ID); err != nil {
		return err
	}
	if err := s.SaveMemo(memo); err != nil {
		return err
	}
	if _, err := s.GC(ctx, 1); err != nil {
		return err
	}
	if _, err := s.Export(ctx, r.ID, out); err != nil {
		return err
	}
	_, err = s.Swap(ctx, r.ID, out+".www")
	return err
}

func TestMain(m *testing.M) {
	if args := os.Getenv("RELEASE_CHILD"); args != "" {
		part := strings.Split(args, "|")
		err := failpoint.Arm(os.Getenv(failpoint.Env))
		if err == nil {
			err = child(part[0], part[1], part[2])
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestCrashSweep stops at every durable step. Afterwards the site in the store
// is the old or the new one, whole; no file of the export is half; and doing it
// again succeeds.
func TestCrashSweep(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(dir, out, version, point string) (int, string) {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), "RELEASE_CHILD="+dir+"|"+out+"|"+version, failpoint.Env+"="+point)
		text, err := cmd.CombinedOutput()
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			return exit.ExitCode(), string(text)
		} else if err != nil {
			t.Fatal(err)
		}
		return 0, ""
	}
	names := slices.DeleteFunc(failpoint.Names(), func(n string) bool { return !strings.HasPrefix(n, "release.") })
	slices.Sort(names)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, out := t.TempDir(), t.TempDir()
			if err := child(dir, out, "v0"); err != nil {
				t.Fatal(err)
			}
			for n := 1; n <= 2; n++ {
				version := fmt.Sprint("v", n)
				code, text := run(dir, out, version, fmt.Sprintf("%s:%d", name, n))
				if code != 137 && code != 0 {
					t.Fatalf("exit %d: %s", code, text)
				} else if code == 0 && n == 1 {
					t.Fatal("the point was not passed")
				}
				checkSite(t, dir, out, n)
				checkSwapped(t, out+".www", n)
				if code == 0 {
					break
				}
				if err := child(dir, out, version); err != nil {
					t.Fatalf("again: %v", err)
				}
				checkSite(t, dir, out, n)
			}
		})
	}
}

// checkSwapped requires that what the link shows is the site of one version, whole.
func checkSwapped(t *testing.T, link string, n int) {
	t.Helper()
	version := ""
	for i := range 8 {
		b, err := os.ReadFile(filepath.Join(link, fmt.Sprintf("p%d/index.html", i)))
		if err != nil {
			t.Fatal(err)
		}
		_, of, _ := strings.Cut(string(b), " of ")
		if i < 3 {
			continue
		}
		if version == "" {
			version = of
		}
		if of != version || of != fmt.Sprint("v", n) && of != fmt.Sprint("v", n-1) {
			t.Fatalf("page %d is of %s, others of %s, run %d", i, of, version, n)
		}
	}
}

// TestErrorSweep lets every durable step fail instead.
func TestErrorSweep(t *testing.T) {
	for _, name := range failpoint.Names() {
		if !strings.HasPrefix(name, "release.") {
			continue
		}
		dir, out := t.TempDir(), t.TempDir()
		if err := child(dir, out, "v0"); err != nil {
			t.Fatal(err)
		}
		if err := failpoint.Arm(name + ":1:error"); err != nil {
			t.Fatal(err)
		}
		err := child(dir, out, "v1")
		if aerr := failpoint.Arm(""); aerr != nil {
			t.Fatal(aerr)
		}
		if !errors.Is(err, failpoint.ErrInjected) {
			t.Fatalf("%s: %v", name, err)
		}
		checkSite(t, dir, out, 1)
		if err := child(dir, out, "v1"); err != nil {
			t.Fatalf("%s: again: %v", name, err)
		}
		checkSite(t, dir, out, 1)
	}
}

func checkSite(t *testing.T, dir, out string, n int) {
	t.Helper()
	s := open(t, dir, Options{})
	healthy(t, s)
	m, err := s.Current()
	if err != nil {
		t.Fatal(err)
	}
	site := content(t, s, m)
	if v := m.Release().Commit; v != fmt.Sprint("v", n) && v != fmt.Sprint("v", n-1) || site["p7/index.html"] != "page 7 of "+v {
		t.Fatalf("version %d: site is %q: %v", n, v, site)
	}
	if _, err := os.Stat(filepath.Join(dir, markerFile)); err == nil {
		t.Error("the marker is still there")
	}
	for i := range 8 {
		b, err := os.ReadFile(filepath.Join(out, fmt.Sprintf("p%d/index.html", i)))
		if err != nil || !strings.HasPrefix(string(b), fmt.Sprintf("page %d of ", i)) {
			t.Fatalf("exported file %d: %q, %v", i, b, err)
		}
	}
}
