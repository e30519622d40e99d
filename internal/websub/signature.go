package websub

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"strings"
)

// methods are those of section 7.1.1. SHA-1 is what most hubs have; as a MAC
// with an unknown key it still holds.
var methods = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}

// signature checks X-Hub-Signature while a body passes through it.
type signature struct {
	mac  hash.Hash
	want []byte
}

// newSignature reads the header; nil where it is none.
func newSignature(header, secret string) *signature {
	method, text, ok := strings.Cut(strings.TrimSpace(header), "=")
	make := methods[strings.ToLower(method)]
	if !ok || make == nil {
		return nil
	}
	want, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return &signature{mac: hmac.New(make, []byte(secret)), want: want}
}

// right reports whether the body that was written is signed, in constant time.
func (s *signature) right() bool { return hmac.Equal(s.mac.Sum(nil), s.want) }
