package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/coranto/coranto/internal/secret"
)

// Secrets opens the secrets of the site in dir.
func Secrets(dir string) (*secret.Store, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return nil, err
	}
	if _, err := l.readConfig(); err != nil {
		return nil, err
	}
	return secret.Open(l.secrets(), secret.Options{}), nil
}

// ChangeSecret sets a secret, or removes it (value nil), and commits the
// encrypted file. Why it was not committed is returned, if it was not. Dry only
// checks.
func ChangeSecret(ctx context.Context, dir, name string, value *string, dry bool, o Options) (commit, why string, err error) {
	o.defaults()
	if dry {
		return "", "", checkSecret(dir, name, value)
	}
	d, err := openDirectory(ctx, dir, o)
	if err != nil {
		return "", "", err
	}
	defer d.close()
	store := secret.Open(d.secrets(), secret.Options{})
	message := "Set secret " + name
	if value != nil {
		err = store.Set(name, *value)
	} else {
		message = "Remove secret " + name
		err = store.Remove(name)
	}
	if err != nil {
		return "", "", err
	}
	files := map[string][]byte{}
	path := filepath.ToSlash(filepath.Join(filepath.Base(d.secrets()), secret.FileName))
	b, err := os.ReadFile(filepath.Join(d.Dir, path))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	files[path] = b
	if commit, err = d.content.CommitFiles(ctx, files, message); err != nil {
		return "", err.Error(), nil // it is stored; committing it is the user's then
	}
	return commit, "", nil
}

// KeyNotes is what whoever keeps secrets should hear: where a key was made, and
// which secrets it does not open. had says that there was one before.
func KeyNotes(dir string, had bool) []string {
	store, err := Secrets(dir)
	if err != nil {
		return nil
	}
	var out []string
	file, err := store.KeyFile()
	if err == nil && file != "" && !had {
		out = append(out, "a key was made in "+file+": keep a copy, nothing else opens the secrets")
	}
	if text := openKey(file); text != "" {
		out = append(out, text)
	}
	names, _ := store.List()
	var closed []string
	for _, n := range names {
		if _, err := store.Get(n); errors.Is(err, secret.ErrWrongKey) {
			closed = append(closed, n)
		}
	}
	if len(closed) > 0 {
		out = append(out, fmt.Sprintf("the key here does not open %s: bring theirs back, or set them anew", strings.Join(closed, ", ")))
	}
	return out
}

// HasKey reports whether there is a key for the secrets.
func HasKey(dir string) bool {
	store, err := Secrets(dir)
	if err != nil {
		return false
	}
	file, err := store.KeyFile()
	return err == nil && (file == "" || exists(file))
}

// openKey says that others can read the file of a key.
func openKey(file string) string {
	info, err := os.Stat(file)
	if file == "" || err != nil || info.Mode().Perm()&0o077 == 0 || runtime.GOOS == "windows" {
		return ""
	}
	return fmt.Sprintf("the key %s can be read by others (%04o): chmod 600 %s", file, info.Mode().Perm(), file)
}

// CheckSecretName reports why a name cannot be one of a secret.
func CheckSecretName(name string) error { return secret.CheckName(name) }

// checkSecret tells whether a secret may be set, or is there to be removed.
func checkSecret(dir, name string, value *string) error {
	store, err := Secrets(dir)
	if err != nil {
		return err
	}
	if err := secret.CheckName(name); err != nil {
		return err
	}
	names, err := store.List()
	if err == nil && value == nil && !slices.Contains(names, name) {
		err = fmt.Errorf("remove secret %s: %w", name, secret.ErrNotFound)
	}
	return err
}
