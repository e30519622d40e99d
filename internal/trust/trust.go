// Package trust remembers which site directories may run programs and open
// networks. A repository is data that anybody may have written; what it says
// takes effect only after a person has looked at it and said so, and only as
// long as it says the same.
//
// What is worth a question is decided by the caller, who hands in its text.
// The answers are kept outside every repository.
package trust

import "errors"

// EnvDir names the directory in which answers are kept.
const EnvDir = "CORANTO_TRUST_DIR"

// ErrNoPlace is returned where neither EnvDir nor a home directory is set.
var ErrNoPlace = errors.New("no place to remember what is trusted")

// Store is a directory of answers.
type Store struct{ dir string }
