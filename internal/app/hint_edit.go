package app

import (
	"errors"

	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/moderation"
)

// editHint is the way out of what goes wrong when people change a site.
func editHint(err error) string {
	switch {
	case errors.Is(err, ErrNoPost), errors.Is(err, ErrManyPost):
		return "`coranto post list` shows ids; the address of the article names a post too"
	case errors.Is(err, ErrExists):
		return "`coranto -C DIR add URL` adds sources to it"
	case errors.Is(err, moderation.ErrByHand), errors.Is(err, config.ErrByHand):
		return "change the file in an editor, then commit it"
	}
	return ""
}

// HintNamed is the way out of a failure that is known by its name alone.
func HintNamed(name string) string { return hints[name] }
