package app

import (
	"strings"
	"testing"
)

// A picture of the keeper's own has a name that stays, and may change.
func TestCacheControl(t *testing.T) {
	for path, kept := range map[string]bool{
		"index.html": false, "assets/site.1a2b3c4d5e.css": true, "images/0123456789abcdef.png": true,
		"images/logo.png": false, "assets/site.css": false, "posts/0123456789abcdef.png": false,
	} {
		if got := cacheControl(path); strings.Contains(got, "immutable") != kept {
			t.Errorf("%s: %s", path, got)
		}
	}
}
