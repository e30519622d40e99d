package scrape

import (
	"errors"
	"testing"
)

// TestRescue: a mistake of ours costs one page.
func TestRescue(t *testing.T) {
	read := func() (p *Page, err error) {
		defer func() { p, err = rescue(recover(), p, err) }()
		panic("index out of range")
	}
	if p, err := read(); p != nil || !errors.Is(err, ErrNotPage) {
		t.Errorf("got %v, %v", p, err)
	}
}
