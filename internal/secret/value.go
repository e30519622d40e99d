package secret

import (
	"fmt"
	"log/slog"
	"strings"
)

const hidden = "[secret]"

// Value is a secret. Whatever prints it prints "[secret]".
type Value struct{ text string }

// Reveal returns the secret itself.
func (v Value) Reveal() string { return v.text }

// Login splits "user:password". A value without a colon is a token: the
// password of a user whose name does not matter.
func (v Value) Login() (user, password string) {
	user, password, ok := strings.Cut(v.text, ":")
	if !ok {
		return "token", v.text
	}
	return user, password
}

// IsZero reports whether there is no secret.
func (v Value) IsZero() bool { return v.text == "" }

func (Value) String() string               { return hidden }
func (Value) GoString() string             { return hidden }
func (Value) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (Value) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }
func (Value) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Format keeps every verb from looking inside.
func (Value) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }
