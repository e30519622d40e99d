package app

import (
	"context"
	"errors"
	"strings"

	"github.com/coranto/coranto/internal/host"
	"github.com/coranto/coranto/internal/secret"
)

// SetPassword puts a user, with a hash of the password, into the list that a
// secret of the site in dir holds; what host.protect names. Dry only checks.
func SetPassword(ctx context.Context, dir, name, user, password string, dry bool, o Options) (commit, why string, err error) {
	l, err := layoutOf(dir)
	if err != nil {
		return "", "", err
	}
	line, err := host.HashPassword(user, password)
	if err != nil {
		return "", "", err
	}
	v, err := secret.Open(l.secrets(), secret.Options{}).Get(name)
	if err != nil && !errors.Is(err, secret.ErrNotFound) {
		return "", "", err
	}
	var list []string
	for old := range strings.Lines(v.Reveal()) {
		if old = strings.TrimSpace(old); old != "" && !strings.HasPrefix(old, user+":") {
			list = append(list, old)
		}
	}
	text := strings.Join(append(list, line), "\n")
	if _, err := host.ParsePasswords(text); err != nil {
		return "", "", errors.Join(errors.New("secret "+name+" is there and holds something else; take another name"), err)
	}
	return ChangeSecret(ctx, dir, name, &text, dry, o)
}
