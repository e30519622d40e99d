package app

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDiffApplies takes random differences and lets git apply them.
func TestDiffApplies(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	random := func() []byte {
		var b strings.Builder
		for range 1 + rnd.IntN(40) {
			b.WriteString(string(rune('a'+rnd.IntN(4))) + "\n")
		}
		return []byte(b.String())
	}
	dir := t.TempDir()
	for range 60 {
		old, new := random(), random()
		if rnd.IntN(2) == 0 {
			new = append([]byte(nil), old...)
			new[2*rnd.IntN(len(new)/2)] = 'z'
		}
		diff := Diff("x", old, new)
		if string(old) == string(new) {
			if diff != "" {
				t.Fatalf("equal texts differ: %s", diff)
			}
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, "x"), old, 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("git", "apply", "-p0", "-")
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(diff)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s\n%s", err, out, diff)
		}
		if got, _ := os.ReadFile(filepath.Join(dir, "x")); string(got) != string(new) {
			t.Fatalf("applied: %q, want %q\n%s", got, new, diff)
		}
	}
}
