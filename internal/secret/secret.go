// Package secret keeps what must not be read by others: passwords and tokens,
// by name, each encrypted to a key that lies outside the repository. The files
// may be committed.
//
// A Value does not show what it holds: not in a log, not in JSON, not when it
// is formatted; Reveal is the one way to it. Who may ask for which name is
// decided elsewhere.
package secret

import "errors"

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

// Store is a directory with the file of secrets.
type Store struct {
	dir string
	o   Options
}

// Open returns the store in dir, which may not exist yet. Nothing is read
// before it is asked for.
func Open(dir string, o Options) *Store { return &Store{dir: dir, o: o} }
