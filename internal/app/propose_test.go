package app

import "testing"

func TestRequestLink(t *testing.T) {
	tests := map[string]string{
		"https://github.com/o/r.git":           "https://github.com/o/r/compare/main...coranto/add-a?expand=1",
		"git@github.com:o/r.git":               "https://github.com/o/r/compare/main...coranto/add-a?expand=1",
		"https://gitlab.example.org/g/s/r.git": "https://gitlab.example.org/g/s/r/-/merge_requests/new?merge_request%5Bsource_branch%5D=coranto%2Fadd-a",
		"https://codeberg.org/o/r":             "https://codeberg.org/o/r/compare/main...coranto/add-a",
		"https://git.example.org/r.git":        "",
		"/srv/git/r.git":                       "",
	}
	for remote, want := range tests {
		if got := requestLink(remote, "main", "coranto/add-a"); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}
