package engine

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// idAlphabet has no letter that reads like a digit or another letter, and no
// vowels that make words.
const idAlphabet = "23456789bcdfghjkmnpqrstvwxz"

// MaxIDLen is the most bytes an ExecutionID may have.
const MaxIDLen = 128

// ErrID says that an ExecutionID cannot be used.
var ErrID = errors.New("invalid execution id")

// NewID returns an ID such as 20261122-121503-k3x9: UTC to the second, so that
// IDs sort by time, and four signs from r (half a million, for IDs of the same
// second).
func NewID(now time.Time, r io.Reader) (ExecutionID, error) {
	var b [4]byte
	for i := range b {
		c, err := idSign(r)
		if err != nil {
			return "", fmt.Errorf("new execution id: %w", err)
		}
		b[i] = c
	}
	return ExecutionID(now.UTC().Format("20060102-150405-") + string(b[:])), nil
}

// idSign draws until a byte falls below the largest multiple of the alphabet,
// so that every sign is equally likely.
func idSign(r io.Reader) (byte, error) {
	var b [1]byte
	for {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return 0, err
		}
		if n := int(b[0]); n < 256/len(idAlphabet)*len(idAlphabet) {
			return idAlphabet[n%len(idAlphabet)], nil
		}
	}
}

// Check reports why the ID cannot be used, or nil: 1 to MaxIDLen bytes of
// UTF-8 without spaces, slashes and what cannot be printed, since it stands in
// URLs, file names and commit trailers.
func (id ExecutionID) Check() error {
	s := string(id)
	bad := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == '/' || r == '\\' }
	switch {
	case s == "":
		return fmt.Errorf("%w: it is empty", ErrID)
	case len(s) > MaxIDLen:
		return fmt.Errorf("%w: it has %d bytes, at most %d are allowed", ErrID, len(s), MaxIDLen)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, bad):
		return fmt.Errorf("%w: %q has signs that are not allowed", ErrID, s)
	}
	return nil
}
