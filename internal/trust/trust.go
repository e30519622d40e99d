// Package trust remembers which site directories may run programs and open
// networks. A repository is data that anybody may have written; what it says
// takes effect only after a person has looked at it and said so, and only as
// long as it says the same.
//
// What is worth a question is decided by the caller, who hands in its text.
// The answers are kept outside every repository.
package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/coranto/coranto/internal/durable"
	"github.com/coranto/coranto/internal/failpoint"
)

// EnvDir names the directory in which answers are kept.
const EnvDir = "CORANTO_TRUST_DIR"

// ErrNoPlace is returned where neither EnvDir nor a home directory is set.
var ErrNoPlace = errors.New("no place to remember what is trusted")

var (
	fpBefore = failpoint.Name("trust.before-write")
	fpAfter  = failpoint.Name("trust.after-write")
)

// maxAnswer bounds the file of an answer.
const maxAnswer = 64 << 10

// Store is a directory of answers, one file a site.
type Store struct {
	dir     string // "": there is no place
	derived bool   // from the user's home, not named by anybody
}

// answer is the form on disk.
type answer struct {
	Site   string    `json:"site"`
	Digest string    `json:"digest"`
	At     time.Time `json:"at"`
}

// Open returns the store in dir; "": that of EnvDir, else coranto/trust in
// XDG_STATE_HOME or HOME/.local/state. Where there is none of them nothing is
// trusted, and Trust says so.
func Open(dir string) (*Store, error) {
	s := &Store{dir: dir}
	if s.dir == "" {
		s.dir = os.Getenv(EnvDir)
	}
	if s.dir == "" {
		s.derived = true
		if d := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(d) {
			s.dir = filepath.Join(d, "coranto", "trust")
		} else if d := os.Getenv("HOME"); d != "" {
			s.dir = filepath.Join(d, ".local", "state", "coranto", "trust")
		}
	}
	if s.dir == "" {
		return s, nil
	}
	abs, err := filepath.Abs(s.dir)
	if err != nil {
		return nil, fmt.Errorf("trust in %s: %w", s.dir, err)
	}
	s.dir = abs
	return s, nil
}

// Digest identifies what is to be trusted: the parts, in their order. When all
// are empty there is nothing to trust, and it is "".
func Digest(parts ...[]byte) string {
	h, empty := sha256.New(), true
	for _, p := range parts {
		// The length first, or two parts could be split elsewhere.
		fmt.Fprintf(h, "%d\n", len(p))
		h.Write(p)
		empty = empty && len(p) == 0
	}
	if empty {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Trusted reports whether the site directory was trusted with exactly that
// digest. Nothing to trust ("") is trusted.
func (s *Store) Trusted(site, digest string) (bool, error) {
	if digest == "" {
		return true, nil
	}
	name, real, err := s.file(site)
	if errors.Is(err, ErrNoPlace) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("is %s trusted: %w", site, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxAnswer))
	if err != nil {
		return false, fmt.Errorf("is %s trusted: %w", site, err)
	}
	var a answer
	if json.Unmarshal(data, &a) != nil {
		return false, nil // a damaged answer is none: the question is asked again
	}
	return a.Site == real && a.Digest == digest, nil
}

// Stamp changes when the answer for a site does; "" while there is none.
func (s *Store) Stamp(site string) string {
	name, _, err := s.file(site)
	if err != nil {
		return ""
	}
	info, err := os.Stat(name)
	if err != nil {
		return ""
	}
	return fmt.Sprint(info.Size(), " ", info.ModTime().UnixNano())
}

// Trust remembers it, in place of an earlier answer for the site.
func (s *Store) Trust(site, digest string) error {
	name, real, err := s.file(site)
	if err != nil {
		return fmt.Errorf("trust %s: %w", site, err)
	}
	data, err := json.MarshalIndent(answer{real, digest, time.Now().UTC().Truncate(time.Second)}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("trust %s: %w", site, err)
	}
	if err := durable.WriteFile(name, append(data, '\n'), 0o600, fpBefore, fpAfter); err != nil {
		return fmt.Errorf("trust %s: %w", site, err)
	}
	return nil
}

// Forget takes the answer for a site back.
func (s *Store) Forget(site string) error {
	name, _, err := s.file(site)
	if errors.Is(err, ErrNoPlace) {
		return nil
	}
	if err == nil {
		err = os.Remove(name)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget trust in %s: %w", site, err)
	}
	return nil
}

// file returns the file of a site's answer, and the site's real path.
func (s *Store) file(site string) (name, real string, err error) {
	if s.dir == "" {
		return "", "", fmt.Errorf("%w: there is no HOME; set %s to a directory outside the repository", ErrNoPlace, EnvDir)
	}
	abs, err := filepath.Abs(site)
	if err != nil {
		return "", "", err
	}
	if real, err = filepath.EvalSymlinks(abs); err != nil {
		return "", "", err
	}
	// A repository must not bring its own answer along.
	if rel, err := filepath.Rel(real, s.dir); s.derived && err == nil && filepath.IsLocal(rel) {
		return "", "", fmt.Errorf("%w: %s lies in the site's directory; set %s to one outside", ErrNoPlace, s.dir, EnvDir)
	}
	sum := sha256.Sum256([]byte(real))
	return filepath.Join(s.dir, hex.EncodeToString(sum[:16])+".json"), real, nil
}
