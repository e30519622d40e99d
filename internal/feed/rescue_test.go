package feed

import (
	"errors"
	"testing"

	"github.com/coranto/coranto"
)

// TestRescue: a mistake of ours costs one document, and of that only what comes after.
func TestRescue(t *testing.T) {
	read := func(start *Document) (doc *Document, err error) {
		defer func() { doc, err = rescue(recover(), doc, err) }()
		doc = start
		panic("index out of range")
	}
	if _, err := read(nil); !errors.Is(err, ErrNotFeed) {
		t.Errorf("nothing read: %v", err)
	}
	if _, err := read(&Document{}); !errors.Is(err, ErrNotFeed) {
		t.Errorf("no root read: %v", err)
	}
	doc, err := read(&Document{Format: "rss", Entries: []coranto.Entry{{ID: "1"}}})
	if err != nil || !doc.Malformed || len(doc.Entries) != 1 {
		t.Errorf("an entry read: %+v, %v", doc, err)
	}
	doc, err = read(&Document{Format: "rss"})
	if err != nil || !doc.Malformed || doc.Entries == nil {
		t.Errorf("no entry read: %+v, %v", doc, err)
	}
}
