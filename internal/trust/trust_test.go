package trust

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTrust(t *testing.T) {
	site, other := t.TempDir(), t.TempDir()
	t.Setenv(EnvDir, filepath.Join(t.TempDir(), "a", "b"))
	s, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	d := Digest([]byte("zones"), nil)
	check := func(site, digest string, want bool) {
		t.Helper()
		if got, err := s.Trusted(site, digest); err != nil || got != want {
			t.Errorf("Trusted(%q, %.6q) = %t, %v, want %t", filepath.Base(site), digest, got, err, want)
		}
	}
	check(site, "", true)
	check(site, d, false)
	if err := s.Trust(site, d); err != nil {
		t.Fatal(err)
	}
	check(site, d, true)
	check(other, d, false)
	check(site, Digest([]byte("zones2"), nil), false)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(site, link); err == nil {
		check(link, d, true)
	}
	t.Chdir(site)
	check(".", d, true)
	again, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _ := again.Trusted(site, d); !ok {
		t.Error("forgotten by another process")
	}
	if err := s.Forget(site); err != nil {
		t.Error(err)
	}
	check(site, d, false)
	if err := s.Forget(site); err != nil {
		t.Error(err)
	}
}

func TestDigest(t *testing.T) {
	if Digest() != "" || Digest(nil, []byte{}) != "" {
		t.Error("nothing needs trust")
	}
	seen := map[string][]string{}
	for _, parts := range [][]string{{"ab"}, {"a", "b"}, {"", "ab"}, {"ab", ""}, {"b", "a"}, {"1\na"}} {
		var b [][]byte
		for _, p := range parts {
			b = append(b, []byte(p))
		}
		d := Digest(b...)
		if old, ok := seen[d]; ok {
			t.Errorf("%q and %q have one digest", old, parts)
		}
		seen[d] = parts
	}
}

func TestNoPlace(t *testing.T) {
	site := t.TempDir()
	for _, v := range []string{EnvDir, "XDG_STATE_HOME", "HOME"} {
		t.Setenv(v, "")
	}
	s, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Trusted(site, "x"); ok || err != nil {
		t.Errorf("Trusted = %t, %v", ok, err)
	}
	if err := s.Trust(site, "x"); !errors.Is(err, ErrNoPlace) || !strings.Contains(err.Error(), EnvDir) {
		t.Errorf("Trust = %v", err)
	}
	// Where the home directory is the site itself, the repository could bring its answer along.
	t.Setenv("HOME", site)
	if s, err = Open(""); err != nil {
		t.Fatal(err)
	}
	if err := s.Trust(site, "x"); !errors.Is(err, ErrNoPlace) {
		t.Errorf("Trust within the site = %v", err)
	}
	if s, err = Open(filepath.Join(site, "here")); err != nil {
		t.Fatal(err)
	}
	if err := s.Trust(site, "x"); err != nil {
		t.Errorf("Trust in a directory that was named: %v", err)
	}
}

func TestDamagedAnswer(t *testing.T) {
	dir, site := t.TempDir(), t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Trust(site, "x"); err != nil {
		t.Fatal(err)
	}
	list, _ := os.ReadDir(dir)
	if err := os.WriteFile(filepath.Join(dir, list[0].Name()), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Trusted(site, "x"); ok || err != nil {
		t.Errorf("Trusted = %t, %v", ok, err)
	}
}
