package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"github.com/coranto/coranto/internal/durable"
	"github.com/coranto/coranto/internal/failpoint"
)

var (
	fpBeforeKey   = failpoint.Name("secret.before-key")
	fpAfterKey    = failpoint.Name("secret.after-key")
	fpBeforeWrite = failpoint.Name("secret.before-write")
	fpAfterWrite  = failpoint.Name("secret.after-write")
)

// maxKeyFile bounds a key file: it may have comments, and older keys.
const maxKeyFile = 64 << 10

// KeyFile returns where the key is, or would be made; "" when it is in the
// environment itself.
func (s *Store) KeyFile() (string, error) {
	if s.o.KeyFile != "" {
		return s.o.KeyFile, nil
	}
	if s.o.Getenv(EnvKey) != "" {
		return "", nil
	}
	if f := s.o.Getenv(EnvKeyFile); f != "" {
		return f, nil
	}
	if d := s.o.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "coranto", "key.txt"), nil
	}
	if d := s.o.Getenv("HOME"); d != "" {
		return filepath.Join(d, ".config", "coranto", "key.txt"), nil
	}
	return "", fmt.Errorf("%w: there is no HOME; set %s to a file outside the repository, or %s to the key itself", ErrNoKey, EnvKeyFile, EnvKey)
}

// key returns the identity that opens the secrets.
func (s *Store) key(create bool) (*age.X25519Identity, error) {
	file, err := s.KeyFile()
	if err != nil {
		return nil, err
	}
	if file == "" {
		return parseKey(s.o.Getenv(EnvKey), "$"+EnvKey)
	}
	data, err := readLimited(file, maxKeyFile)
	switch {
	case err == nil:
		return parseKey(string(data), file)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read key: %w", err)
	case !create:
		return nil, fmt.Errorf("%w: %s does not exist; copy it from the machine where the secret was set, or set the secret again here", ErrNoKey, file)
	}
	return s.makeKey(file)
}

// parseKey takes the first key of a text; # begins a comment. The text is not
// repeated in an error.
func parseKey(text, where string) (*age.X25519Identity, error) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		id, err := age.ParseX25519Identity(line)
		if err != nil {
			return nil, fmt.Errorf("%s holds no age key (a line AGE-SECRET-KEY-1…): %w", where, ErrDamaged)
		}
		return id, nil
	}
	return nil, fmt.Errorf("%s is empty: %w", where, ErrDamaged)
}

// makeKey makes a key and keeps it in a file that only the user may read.
func (s *Store) makeKey(file string) (*age.X25519Identity, error) {
	if s.inRepository(file) {
		return nil, fmt.Errorf("%w: %s lies in the site's directory and would be committed; set %s to a file outside", ErrNoKey, file, EnvKeyFile)
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	text := fmt.Sprintf("# Opens the secrets of Coranto sites. Keep a copy in a safe place; do not commit it.\n# public key: %s\n%s\n", id.Recipient(), id)
	err = durable.CreateFile(file, []byte(text), 0o600, fpBeforeKey, fpAfterKey)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		data, err := readLimited(file, maxKeyFile)
		if err != nil {
			return nil, fmt.Errorf("read key: %w", err)
		}
		return parseKey(string(data), file)
	}
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return id, nil
}

// inRepository reports whether a file lies in the directory that holds the
// folder of secrets.
func (s *Store) inRepository(file string) bool {
	site, err := filepath.Abs(filepath.Dir(filepath.Clean(s.dir)))
	if err != nil {
		return false
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(site, abs)
	return err == nil && filepath.IsLocal(rel)
}
