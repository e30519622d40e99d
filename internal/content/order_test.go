package content_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
)

// newestFirst are entries whose published days fall as their numbers rise.
func newestFirst(from, to int) []coranto.Entry {
	list := entries(from, to)
	for i := range list {
		list[i].Published = t0.Add(-time.Duration(from+i) * time.Hour)
	}
	return list
}

// TestPlacesNeverChange: whatever the clocks say, what comes later stands later.
func TestPlacesNeverChange(t *testing.T) {
	tests := map[string]time.Duration{ // what the second run's clock says, beside the first's
		"later":         time.Hour,
		"same second":   0,
		"set back":      -time.Hour,
		"another month": -60 * 24 * time.Hour,
	}
	for name, by := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, content.Options{})
			s.run(doc{"alice", newestFirst(1, 4)})
			was := s.posts()
			s.clock = s.clock.Add(by - time.Hour) // a run adds an hour
			b := s.batch(doc{"alice", newestFirst(1, 6)})
			r, err := s.store.Commit(t.Context(), b)
			if err != nil || len(r.Added) != 2 {
				t.Fatalf("%+v, %v", r, err)
			}
			now := s.posts()
			if diff := cmp.Diff(was, now[:len(was)]); diff != "" {
				t.Errorf("places changed: %s", diff)
			}
			for _, p := range now[len(was):] {
				if !p.FirstSeen.After(was[0].FirstSeen) || p.Published.After(p.FirstSeen) {
					t.Errorf("%s: first seen %v, published %v", p.Title, p.FirstSeen, p.Published)
				}
			}
			// Again, and by a store that knows nothing yet: the same.
			s.reopen()
			if r, err := s.store.Commit(t.Context(), b); err != nil || !r.Again {
				t.Errorf("%+v, %v", r, err)
			}
			if diff := cmp.Diff(now, s.posts()); diff != "" {
				t.Error(diff)
			}
			s.clean()
		})
	}
}

// TestPlacesOnARemote: our commits, made again on top of what another writer
// has pushed meanwhile, come after theirs, in their own order.
func TestPlacesOnARemote(t *testing.T) {
	srv := newServer(t)
	a := newSite(t, content.Options{Remote: srv.remote()})
	a.run(doc{"alice", newestFirst(1, 2)})
	b := newSite(t, content.Options{Remote: srv.remote()})
	b.runs = 50
	if _, err := b.store.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	srv.down.Store(true)
	b.clock = t0.Add(3 * time.Hour)
	b.run(doc{"bob", []coranto.Entry{e("b1", "https://b.example/1", "B 1")}})
	b.run(doc{"bob", []coranto.Entry{e("b2", "https://b.example/2", "B 2")}})
	srv.down.Store(false)
	a.clock = t0.Add(50 * 24 * time.Hour) // another month's file
	a.run(doc{"alice", newestFirst(1, 4)})
	was := a.titles()
	if y, err := b.store.Sync(t.Context()); err != nil || !y.Pushed {
		t.Fatalf("%+v, %v", y, err)
	}
	b.clean()
	if diff := cmp.Diff(append(slices.Clone(was), "B 1", "B 2"), b.titles()); diff != "" {
		t.Error(diff)
	}
	if got := b.read("content/2026/02.json"); got == "" || len(got) < 400 {
		t.Errorf("not in the month they were first seen in: %s", got)
	}
	for _, p := range b.posts() {
		if p.Source == "bob" && p.FirstSeen.Month() != time.February {
			t.Errorf("%s: %v", p.Title, p.FirstSeen)
		}
	}
	if _, err := a.store.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.posts(), a.posts()); diff != "" {
		t.Error(diff)
	}
}
