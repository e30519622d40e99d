package content_test

import (
	"os"
	"testing"
)

// TestMain takes the machine's git settings away: neither HOME nor an identity
// is needed.
func TestMain(m *testing.M) {
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "GIT_DIR", "GIT_AUTHOR_NAME", "EMAIL"} {
		os.Unsetenv(name)
	}
	os.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	os.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	os.Exit(m.Run())
}
