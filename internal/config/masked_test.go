package config

import (
	"strings"
	"testing"
)

// TestNoPasswordInFaults: what is shown of the file shows no password.
func TestNoPasswordInFaults(t *testing.T) {
	for _, text := range []string{
		"sources:\n  - {id: a, url: \"https://bob:s3crét@a.example/feed\"}\n",
		"remote: https://bob:s3cret@git.example/x.git\n",
		"site: {titel: x}   # https://bob:s3crét@a.example https://eve:s3crét@b.example\n",
		"sources: [https://bob:s3crét@a.example/\nsite: {\n",
		"site: {title: \"https://bob:s3crét@a.example/}\n",
	} {
		_, err := Parse("x", []byte(text))
		if err == nil || strings.Contains(err.Error(), "s3cr") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
