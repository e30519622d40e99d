package robots_test

import (
	"net/url"
	"testing"

	"github.com/coranto/coranto/internal/robots"
)

// mustSame asks the rules as they are saved and read back.
func mustSame(t *testing.T, r robots.Rules, u *url.URL) bool {
	t.Helper()
	back := robots.Parse([]byte(r.String()), "coranto")
	if !back.Equal(r) {
		t.Errorf("%q is read back as %q", r, back)
	}
	ok, _ := back.Allowed(u)
	return ok
}
