package secret

import (
	"fmt"
	"log/slog"
	"strings"
)

const hidden = "[secret]"

// Value is a secret. Whatever prints it prints "[secret]".
type Value struct {
	// A function, because fmt and other printers look through the unexported
	// fields of a struct without asking its methods; this they cannot.
	reveal func() string
}

// NewValue wraps a text that must not be shown.
func NewValue(text string) Value { return Value{func() string { return text }} }

// Reveal returns the secret itself.
func (v Value) Reveal() string {
	if v.reveal == nil {
		return ""
	}
	return v.reveal()
}

// Login splits "user:password". A value without a colon is a token: the
// password of a user whose name does not matter.
func (v Value) Login() (user, password string) {
	user, password, ok := strings.Cut(v.Reveal(), ":")
	if !ok {
		return "token", v.Reveal()
	}
	return user, password
}

// IsZero reports whether there is no secret.
func (v Value) IsZero() bool { return v.Reveal() == "" }

func (Value) String() string               { return hidden }
func (Value) GoString() string             { return hidden }
func (Value) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (Value) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }
func (Value) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Format keeps every verb from looking inside.
func (Value) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }
