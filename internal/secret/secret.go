// Package secret keeps what must not be read by others: passwords and tokens,
// by name, each encrypted to a key that lies outside the repository. The files
// may be committed.
//
// A Value does not show what it holds: not in a log, not in JSON, not when it
// is formatted; Reveal is the one way to it. Who may ask for which name is
// decided elsewhere.
package secret

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/coranto/coranto/internal/durable"
)

// Errors a caller branches on; they come wrapped with what was tried.
var (
	// ErrNotFound is returned for a name that has no secret.
	ErrNotFound = errors.New("no such secret")
	// ErrName is returned for a name that cannot be one.
	ErrName = errors.New("not a name for a secret")
	// ErrNoKey is returned where no key was found and none can be made.
	ErrNoKey = errors.New("no key for the secrets")
	// ErrWrongKey is returned for a secret that was encrypted to another key.
	ErrWrongKey = errors.New("the key does not open this secret")
	// ErrDamaged is returned for a file of secrets or a key that cannot be read.
	ErrDamaged = errors.New("file of secrets is damaged")
)

// Environment variables that name the key.
const (
	EnvKey     = "CORANTO_KEY"      // the key itself, AGE-SECRET-KEY-1…
	EnvKeyFile = "CORANTO_KEY_FILE" // a file that holds it
)

// Options of a Store; the zero value works.
type Options struct {
	// KeyFile overrides the environment; it is made on first use.
	KeyFile string
	// Getenv is os.Getenv where nil.
	Getenv func(string) string
}

// FileName is the file within the directory. It may be committed.
const FileName = "secrets.json"

// Limits.
const (
	maxFile  = 8 << 20
	maxValue = 64 << 10
	maxName  = 253
)

// Store is a directory with the file of secrets. Its methods may be called
// from many goroutines.
type Store struct {
	dir string
	o   Options
	mu  *sync.Mutex
}

// Open returns the store in dir, which may not exist yet. Nothing is read
// before it is asked for.
func Open(dir string, o Options) *Store {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	return &Store{dir: dir, o: o, mu: new(sync.Mutex)}
}

// file is the form on disk: names in clear, values encrypted one by one.
type file struct {
	Note    string            `json:"note"`
	Key     string            `json:"key"` // of the last writer, for people; never encrypted to
	Secrets map[string]string `json:"secrets"`
}

const note = "Values are encrypted with age (age-encryption.org), so this file may be committed. The key is not in this repository."

// sealed is what is encrypted. The name is inside as well: who can write the
// file but has no key must not be able to give one host's password to another.
type sealed struct {
	Name  string `json:"name"`
	Value []byte `json:"value"`
}

var nameText = regexp.MustCompile(`^[A-Za-z0-9_\[][A-Za-z0-9_.:@\[\]-]*$`)

// CheckName reports why a name cannot be one: it is a host ("git.example.org",
// "git.example.org:8443") or a word.
func CheckName(name string) error {
	if len(name) > maxName || !nameText.MatchString(name) {
		return fmt.Errorf("%q: %w: letters, digits and . : _ - @ are allowed", name, ErrName)
	}
	return nil
}

// Set keeps a secret under a name, in place of an earlier one. The first makes
// the key, if there is none.
func (s *Store) Set(name, value string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if value == "" || len(value) > maxValue {
		return fmt.Errorf("secret %s: a value has 1 to %d bytes, not %d", name, maxValue, len(value))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.read()
	if err != nil {
		return fmt.Errorf("set secret %s: %w", name, err)
	}
	id, err := s.key(true)
	if err != nil {
		return fmt.Errorf("set secret %s: %w", name, err)
	}
	text, err := seal(id.Recipient(), sealed{name, []byte(value)})
	if err != nil {
		return fmt.Errorf("set secret %s: %w", name, err)
	}
	f.Secrets[name], f.Key = text, id.Recipient().String()
	if err := s.write(f); err != nil {
		return fmt.Errorf("set secret %s: %w", name, err)
	}
	return nil
}

// Get returns a secret. Hosts are found whatever the case of their letters.
func (s *Store) Get(name string) (Value, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.read()
	if err != nil {
		return Value{}, fmt.Errorf("secret %s: %w", name, err)
	}
	text, ok := f.Secrets[name]
	if !ok {
		for n, t := range f.Secrets {
			if strings.EqualFold(n, name) {
				name, text, ok = n, t, true
			}
		}
	}
	if !ok {
		return Value{}, fmt.Errorf("secret %s: %w", name, ErrNotFound)
	}
	id, err := s.key(false)
	if err != nil {
		return Value{}, fmt.Errorf("secret %s: %w", name, err)
	}
	v, err := open(id, text)
	if err != nil {
		if errors.Is(err, ErrWrongKey) && f.Key != "" && f.Key != id.Recipient().String() {
			err = fmt.Errorf("%w: it was written with %s, the key here is %s", err, f.Key, id.Recipient())
		}
		return Value{}, fmt.Errorf("secret %s: %w", name, err)
	}
	if v.Name != name {
		return Value{}, fmt.Errorf("secret %s: it was set for %q: %w", name, v.Name, ErrDamaged)
	}
	return NewValue(string(v.Value)), nil
}

// List returns the names, sorted. It needs no key.
func (s *Store) List() ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.read()
	if err != nil {
		return nil, fmt.Errorf("list secrets: %w", err)
	}
	return slices.Sorted(maps.Keys(f.Secrets)), nil
}

// Remove forgets a secret, or returns ErrNotFound. (The repository's history
// still has it, encrypted.)
func (s *Store) Remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.read()
	if err != nil {
		return fmt.Errorf("remove secret %s: %w", name, err)
	}
	if _, ok := f.Secrets[name]; !ok {
		return fmt.Errorf("remove secret %s: %w", name, ErrNotFound)
	}
	delete(f.Secrets, name)
	if err := s.write(f); err != nil {
		return fmt.Errorf("remove secret %s: %w", name, err)
	}
	return nil
}

// Path returns the file of secrets.
func (s *Store) Path() string { return filepath.Join(s.dir, FileName) }

func (s *Store) read() (file, error) {
	f := file{Secrets: map[string]string{}}
	data, err := readLimited(s.Path(), maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return f, fmt.Errorf("%s: %w: %w", s.Path(), ErrDamaged, err)
	}
	if f.Secrets == nil {
		f.Secrets = map[string]string{}
	}
	return f, nil
}

func (s *Store) write(f file) error {
	f.Note = note
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o777); err != nil {
		return err
	}
	return durable.WriteFile(s.Path(), append(data, '\n'), 0o644, fpBeforeWrite, fpAfterWrite)
}

func seal(to age.Recipient, v sealed) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	a := armor.NewWriter(&b)
	w, err := age.Encrypt(a, to)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(plain); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	if err := a.Close(); err != nil {
		return "", err
	}
	return b.String(), nil
}

func open(id age.Identity, text string) (sealed, error) {
	var v sealed
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(text)), id)
	if err != nil {
		if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
			return v, ErrWrongKey
		}
		return v, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, 4*maxValue))
	if err != nil {
		return v, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err := json.Unmarshal(plain, &v); err != nil {
		return v, ErrDamaged // the parser's words might quote what was inside
	}
	return v, nil
}
