package secret

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/internal/failpoint"
)

func env(vars map[string]string) Options {
	return Options{Getenv: func(k string) string { return vars[k] }}
}

func TestStore(t *testing.T) {
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), "secrets")
	o := env(map[string]string{"HOME": home})
	s := Open(dir, o)
	if list, err := s.List(); err != nil || len(list) != 0 {
		t.Errorf("new store: %v, %v", list, err)
	}
	if _, err := s.Get("git.example.org"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get from a new store: %v", err)
	}
	values := map[string]string{"git.example.org": "me:pass:word", "git.example.org:8443": "token", "NPM_TOKEN": "a\xffb\n"}
	for n, v := range values {
		if err := s.Set(n, v); err != nil {
			t.Fatal(err)
		}
	}
	key := filepath.Join(home, ".config", "coranto", "key.txt")
	if st, err := os.Stat(key); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", st, err)
	}
	s = Open(dir, o)
	for n, want := range values {
		if got, err := s.Get(n); err != nil || got.Reveal() != want {
			t.Errorf("Get(%q): %v", n, err)
		}
	}
	if v, err := s.Get("GIT.example.org"); err != nil || v.Reveal() != "me:pass:word" {
		t.Errorf("other case: %v", err)
	}
	if user, pw := must(s.Get("git.example.org")).Login(); user != "me" || pw != "pass:word" {
		t.Errorf("login %q, password of %d bytes", user, len(pw))
	}
	if user, pw := must(s.Get("git.example.org:8443")).Login(); user == "" || pw != "token" {
		t.Errorf("token: user %q", user)
	}
	onDisk, _ := os.ReadFile(s.Path())
	for _, v := range values {
		if bytes.Contains(onDisk, []byte(v)) {
			t.Error("a value is in the file")
		}
	}
	if err := s.Remove("NPM_TOKEN"); err != nil {
		t.Error(err)
	}
	if err := s.Remove("NPM_TOKEN"); !errors.Is(err, ErrNotFound) {
		t.Errorf("second Remove: %v", err)
	}
	list, err := s.List()
	if d := cmp.Diff([]string{"git.example.org", "git.example.org:8443"}, list); d != "" || err != nil {
		t.Errorf("list: %v %s", err, d)
	}
}

func must(v Value, err error) Value {
	if err != nil {
		panic(err)
	}
	return v
}

func TestKeyPlaces(t *testing.T) {
	tmp := t.TempDir()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, _ := age.GenerateX25519Identity()
	file := filepath.Join(tmp, "file.txt")
	if err := os.WriteFile(file, []byte("# mine\n\n"+id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(tmp, "site", "secrets")
	if err := Open(dir, env(map[string]string{EnvKey: id.String()})).Set("a", "1"); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		o    Options
		want error
	}{
		{"the key itself", env(map[string]string{EnvKey: id.String() + "\n"}), nil},
		{"a file", env(map[string]string{EnvKeyFile: file, "HOME": "/nonexistent"}), nil},
		{"an option", Options{KeyFile: file, Getenv: func(string) string { return "x" }}, nil},
		{"XDG", env(map[string]string{"XDG_CONFIG_HOME": tmp, "HOME": tmp}), ErrNoKey},
		{"no HOME", env(nil), ErrNoKey},
		{"no such file", env(map[string]string{EnvKeyFile: file + "x"}), ErrNoKey},
		{"not a key", env(map[string]string{EnvKey: "AGE-SECRET-KEY-1SECRET"}), ErrDamaged},
		{"empty file", Options{KeyFile: os.DevNull}, ErrDamaged},
		{"another key", env(map[string]string{EnvKey: other.String()}), ErrWrongKey},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := Open(dir, tt.o).Get("a")
			if !errors.Is(err, tt.want) || err == nil && v.Reveal() != "1" {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "SECRET-KEY-1SECRET") {
				t.Errorf("the key is in the error: %v", err)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(tmp, "coranto")); err == nil {
		t.Error("Get made a key")
	}
	if err := Open(dir, env(map[string]string{"HOME": filepath.Join(tmp, "site")})).Set("b", "2"); !errors.Is(err, ErrNoKey) {
		t.Errorf("a key within the site: %v", err)
	}
	if err := Open(dir, env(nil)).Set("b", "2"); !errors.Is(err, ErrNoKey) || !strings.Contains(err.Error(), EnvKeyFile) {
		t.Errorf("no HOME: %v", err)
	}
}

// Who can write the file but has no key gets no host's password sent to another.
func TestMovedValue(t *testing.T) {
	dir := t.TempDir()
	s := Open(filepath.Join(dir, "site", "s"), Options{KeyFile: filepath.Join(dir, "key")})
	if err := s.Set("git.example.org", "hunter2"); err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(s.Path())
	data = bytes.ReplaceAll(data, []byte(`"git.example.org"`), []byte(`"evil.example"`))
	if err := os.WriteFile(s.Path(), data, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("evil.example"); !errors.Is(err, ErrDamaged) {
		t.Errorf("Get = %v, want ErrDamaged", err)
	}
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	s := Open(filepath.Join(dir, "site", "s"), Options{KeyFile: filepath.Join(dir, "key")})
	for _, name := range []string{"", "a b", "../x", "a/b", "-x", "ü", strings.Repeat("a", 300)} {
		if err := s.Set(name, "x"); !errors.Is(err, ErrName) {
			t.Errorf("Set(%q): %v", name, err)
		}
	}
	for _, v := range []string{"", strings.Repeat("x", maxValue+1)} {
		if err := s.Set("a", v); err == nil || strings.Contains(err.Error(), "xxx") {
			t.Errorf("a value of %d bytes: %v", len(v), err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(s.Path()), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path(), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("a"); !errors.Is(err, ErrDamaged) {
		t.Errorf("damaged file: %v", err)
	}
	if err := s.Set("a", "x"); !errors.Is(err, ErrDamaged) {
		t.Errorf("a damaged file was overwritten: %v", err)
	}
}

func TestFailedWriteKeepsTheOld(t *testing.T) {
	dir := t.TempDir()
	s := Open(filepath.Join(dir, "site", "s"), Options{KeyFile: filepath.Join(dir, "key")})
	if err := s.Set("a", "old"); err != nil {
		t.Fatal(err)
	}
	if err := failpoint.Arm(fpBeforeWrite + ":1:error"); err != nil {
		t.Fatal(err)
	}
	defer failpoint.Arm("")
	if err := s.Set("a", "new"); !errors.Is(err, failpoint.ErrInjected) {
		t.Fatal(err)
	}
	if v, err := s.Get("a"); err != nil || v.Reveal() != "old" {
		t.Errorf("after a failed write: %v", err)
	}
}

func TestValueIsNeverShown(t *testing.T) {
	v := NewValue("hunter2")
	var b bytes.Buffer
	hidden := struct {
		Shown Value
		inner Value
		ptr   *Value
	}{v, v, &v}
	for _, f := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, f+" "+f+" ", v, hidden)
	}
	j, err := json.Marshal(hidden)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(j)
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("x", "v", v, "h", hidden)
	}
	fmt.Fprint(&b, fmt.Errorf("x %v", v), v)
	if s := b.String(); strings.Contains(s, "hunter") || strings.Contains(s, fmt.Sprintf("%x", "hunter2")) || strings.Contains(s, "aHVudGVy") {
		t.Errorf("the secret is shown: %s", s)
	}
	if (Value{}).Reveal() != "" || !(Value{}).IsZero() || v.IsZero() {
		t.Error("zero value")
	}
}

// No file makes Get do anything but find, miss or refuse.
func FuzzRead(f *testing.F) {
	dir := f.TempDir()
	o := Options{KeyFile: filepath.Join(dir, "key")}
	s := Open(filepath.Join(dir, "site", "s"), o)
	if err := s.Set("a", "x"); err != nil {
		f.Fatal(err)
	}
	good, _ := os.ReadFile(s.Path())
	f.Add(good)
	f.Add([]byte(`{"secrets":{"a":""}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := Open(t.TempDir(), o)
		if err := os.WriteFile(s.Path(), data, 0o644); err != nil {
			t.Fatal(err)
		}
		v, err := s.Get("a")
		if err == nil && v.Reveal() != "x" || err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrWrongKey) {
			t.Errorf("%v", err)
		}
	})
}
