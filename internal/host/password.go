package host

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// ErrPasswords is returned for a list of passwords that cannot be read.
var ErrPasswords = errors.New("not a list of passwords")

// Limits of a hash that is verified: what an attacker could make cost much is
// only ever what the keeper of the site has written.
const (
	maxArgonMemory = 256 << 10 // KiB
	maxArgonTime   = 16
	maxPassword    = 1024
	maxProofs      = 1024
)

// Passwords are users and the hashes of what they know. It is read from lines
// "user:hash", as htpasswd -B writes them; hashes are bcrypt or argon2id.
type Passwords struct {
	users map[string]string
	dummy string        // verified where there is no such user, which must take as long
	key   [32]byte      // of proofs
	turn  chan struct{} // hashing costs memory, so few do it at a time
	mu    sync.Mutex
	good  map[[32]byte]bool // proofs: what has been verified, so that a page with twenty pictures costs one
}

// ParsePasswords reads lines "user:hash"; lines that begin with # are comments.
func ParsePasswords(text string) (*Passwords, error) {
	p := &Passwords{users: map[string]string{}, turn: make(chan struct{}, 2), good: map[[32]byte]bool{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		user, hash, ok := strings.Cut(line, ":")
		if !ok || user == "" || verify(hash, "") == errHash {
			return nil, fmt.Errorf("%w: a line is not user:hash with a bcrypt ($2y$…) or argon2id hash", ErrPasswords)
		}
		p.users[user], p.dummy = hash, hash
	}
	if len(p.users) == 0 {
		return nil, fmt.Errorf("%w: it names nobody", ErrPasswords)
	}
	if _, err := rand.Read(p.key[:]); err != nil {
		return nil, err
	}
	return p, nil
}

// HashPassword returns the line of a user, with an argon2id hash.
func HashPassword(user, password string) (string, error) {
	if user == "" || strings.ContainsAny(user, ":\r\n") {
		return "", fmt.Errorf("a user's name cannot be %q", user)
	}
	if password == "" || len(password) > maxPassword {
		return "", fmt.Errorf("a password has 1 to %d bytes", maxPassword)
	}
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	const m, t, par = 19 << 10, 2, 1 // what OWASP asks for
	sum := argon2.IDKey([]byte(password), salt, t, m, par, 32)
	b := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("%s:$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", user, argon2.Version, m, t, par, b(salt), b(sum)), nil
}

var (
	errHash  = errors.New("not a hash")
	errWrong = errors.New("wrong password")
)

// verify returns nil, errWrong or errHash.
func verify(hash, password string) error {
	rest, ok := strings.CutPrefix(hash, "$argon2id$")
	if !ok {
		if strings.HasPrefix(hash, "$2") {
			if _, err := bcrypt.Cost([]byte(hash)); err != nil {
				return errHash
			}
			if password == "" {
				return errWrong
			}
			if bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil {
				return nil
			}
			return errWrong
		}
		return errHash
	}
	var v int
	var m, t uint32
	var par uint8
	f := strings.Split(rest, "$")
	if len(f) != 4 {
		return errHash
	}
	if _, err := fmt.Sscanf(f[0]+" "+f[1], "v=%d m=%d,t=%d,p=%d", &v, &m, &t, &par); err != nil || v != argon2.Version ||
		m == 0 || m > maxArgonMemory || t == 0 || t > maxArgonTime || par == 0 || par > 16 {
		return errHash
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(f[2])
	sum, err2 := base64.RawStdEncoding.DecodeString(f[3])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(sum) < 16 || len(sum) > 128 {
		return errHash
	}
	if password == "" {
		return errWrong
	}
	if subtle.ConstantTimeCompare(argon2.IDKey([]byte(password), salt, t, m, par, uint32(len(sum))), sum) == 1 {
		return nil
	}
	return errWrong
}

// Check reports whether the user knows the password. It takes as long for a
// user that does not exist.
func (p *Passwords) Check(user, password string) bool {
	if len(user) > maxPassword || len(password) > maxPassword || password == "" {
		return false
	}
	proof := sha256.Sum256([]byte(string(p.key[:]) + user + "\x00" + password))
	p.mu.Lock()
	known := p.good[proof]
	p.mu.Unlock()
	if known {
		return true
	}
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	hash, ok := p.users[user]
	if !ok {
		hash = p.dummy
	}
	if verify(hash, password) != nil || !ok {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.good) >= maxProofs {
		clear(p.good)
	}
	p.good[proof] = true
	return true
}

// Protection keeps a part of the site for those who know a password.
type Protection struct {
	Path      string // "/", "/drafts/": all that begins so, as segments
	Realm     string
	Passwords *Passwords // nil: nobody gets in
}

// guarded returns the protection of a path, the one of the longest.
func (h *handler) guarded(path string) *Protection {
	var best *Protection
	for i := range h.o.Protect {
		p := &h.o.Protect[i]
		root := strings.TrimSuffix(p.Path, "/")
		if (path == root || strings.HasPrefix(path, root+"/")) && (best == nil || len(p.Path) > len(best.Path)) {
			best = p
		}
	}
	return best
}

// admit reports whether the request may be answered; if not, it has been.
func (h *handler) admit(x *exchange, r *http.Request) bool {
	if len(h.o.Protect) == 0 {
		return true
	}
	path, ok := clean(r.URL.Path)
	if !ok {
		path = "/"
	}
	p := h.guarded(path)
	if p == nil {
		return true
	}
	if user, password, ok := r.BasicAuth(); ok && p.Passwords != nil && p.Passwords.Check(user, password) {
		x.user, x.private = user, true
		return true
	}
	realm := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, p.Realm)
	x.Header().Set("Www-Authenticate", `Basic realm="`+realm+`", charset="UTF-8"`)
	h.document(x.Header())
	x.text(r, http.StatusUnauthorized, "401 a password is needed\n")
	x.Header()["Cache-Control"] = noStore
	return false
}
