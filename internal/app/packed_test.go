package app

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/coranto/coranto/internal/release"
)

// What is kept encoded comes back, unless it was cut short, and goes with the
// file that it is of.
func TestPacked(t *testing.T) {
	dir := t.TempDir()
	store, err := release.Open(filepath.Join(dir, "releases"), release.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := store.Begin(release.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := b.Put("index.html", []byte("<p>Home"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := packed{filepath.Join(dir, "encoded")}
	if err := os.Mkdir(p.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	gone := hash[1:] + "0"
	for _, h := range []string{hash, gone} {
		p.KeepEncoded(h, "gzip", []byte("packed"))
		p.KeepEncoded(h, "br", nil)
		if body, ok := p.Encoded(h, "gzip"); !ok || string(body) != "packed" {
			t.Errorf("kept %q, %t", body, ok)
		}
		if body, ok := p.Encoded(h, "br"); !ok || len(body) != 0 {
			t.Errorf("kept %q, %t where nothing is won", body, ok)
		}
	}
	if err := p.sweep(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	if _, ok := p.Encoded(gone, "gzip"); ok {
		t.Error("what belongs to no file stays")
	}
	if _, ok := p.Encoded(hash, "br"); !ok {
		t.Error("what belongs to a file goes")
	}
	if err := os.Truncate(p.path(hash, "gzip"), 7); err != nil {
		t.Fatal(err)
	}
	if body, ok := p.Encoded(hash, "gzip"); ok {
		t.Errorf("what was cut short is served: %q", body)
	}
}
