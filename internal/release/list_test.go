package release

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// Whatever was built before, the same files are cut into the same lists, and a
// build upon a release finds what one from nothing has.
func TestListsAreCutTheSameWay(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 1))
		s, err := Open(t.TempDir(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		var base *Manifest
		for step := range 25 {
			b, err := s.Begin(Meta{})
			if err != nil {
				t.Fatal(err)
			}
			if base != nil && r.IntN(5) > 0 {
				if r.IntN(2) == 0 { // as another process would
					if base, err = s.Base(base.ID()); err != nil {
						t.Fatal(err)
					}
				}
				if err := b.From(base); err != nil {
					t.Fatal(err)
				}
			} else {
				for p, body := range files {
					if _, err := b.Put(p, []byte(body)); err != nil {
						t.Fatal(err)
					}
				}
			}
			for range r.IntN(40) {
				p := fmt.Sprintf("%c/%d.html", 'a'+rune(r.IntN(6)), r.IntN(400))
				if _, ok := files[p]; ok && r.IntN(2) == 0 && len(files) > 1 {
					delete(files, p)
					b.Remove(p)
					continue
				}
				if _, put := b.files[p]; put {
					continue
				}
				files[p] = fmt.Sprint(r.IntN(9))
				if _, err := b.Put(p, []byte(files[p])); err != nil {
					t.Fatal(err)
				}
			}
			if len(files) == 0 {
				b.Abort()
				continue
			}
			rel, err := b.Finish(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			base = b.Manifest()
			var all []entry
			read, err := s.Get(rel.ID)
			if err != nil {
				t.Fatal(err)
			}
			for f := range read.All() {
				all = append(all, entry{f.Path, f.Hash, f.Size})
				if got, ok := base.Lookup(f.Path); !ok || got != f {
					t.Fatalf("step %d: Lookup(%q) = %+v, %t", step, f.Path, got, ok)
				}
			}
			names := slices.Sorted(maps.Keys(files))
			if len(all) != len(names) || base.Len() != len(names) {
				t.Fatalf("step %d: %d files, want %d", step, len(all), len(names))
			}
			for i, e := range all {
				if e.path != names[i] {
					t.Fatalf("step %d: %q, want %q", step, e.path, names[i])
				}
			}
			if want, _ := newManifest(all, Release{}); want.ID() != rel.ID {
				t.Fatalf("step %d: release %s, from nothing %s", step, rel.ID, want.ID())
			}
			if _, ok := base.Lookup("none"); ok {
				t.Fatal("found what is not there")
			}
		}
		if _, err := s.GC(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		if problems, err := s.Verify(t.Context()); err != nil || len(problems) > 0 {
			t.Errorf("after GC: %v, %v", problems, err)
		}
	}
}
