package site

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
)

// deltaOf is what a repository's diff tells of two states; false: more is
// different than posts that are new or told anew.
func deltaOf(old, now []coranto.Post) (Delta, bool) {
	var d Delta
	was := map[string]*coranto.Post{}
	for i := range old {
		was[old[i].ID] = &old[i]
	}
	for i := range now {
		p := &now[i]
		switch q, ok := was[p.ID]; {
		case !ok:
			d.Added = append(d.Added, *p)
		case !cmp.Equal(*p, *q):
			d.Changed = append(d.Changed, *p)
		}
		delete(was, p.ID)
	}
	return d, len(was) == 0
}

// Whatever history, and however often the process ends in between, a Resident
// that is told the difference makes the tree that a build from nothing makes.
func TestLedgerGivesTheSameTree(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 23))
			all := sampleInput(260)
			in := Input{Config: all.Config, Sources: all.Sources[:8], Images: map[string]Image{}}
			in.Config.PerPage, in.searchFirst, in.Config.FeedItems = 4, 3, 6
			blobs, dir := map[string]string{}, t.TempDir()
			res, _ := OpenResident(dir)
			var last map[string]string
			var before Input
			next, few, cold, restarted := 0, 0, 0, false
			for step := range 30 {
				before = in
				in.Posts = slices.Clone(in.Posts)
				if r.IntN(7) == 0 {
					next = mutate(r, &in, all, next)
				} else if next = grow(r, &in, all, next); r.IntN(3) > 0 {
					in.Images = before.Images
				}
				in.Settings = fmt.Sprint(in.Config, in.Theme)
				var got *basedTree
				var report Report
				done := false
				if d, ok := deltaOf(before.Posts, in.Posts); ok && last != nil {
					got = &basedTree{newTree(blobs), r.IntN(12) > 0, last, nil}
					told := in
					told.Posts = nil
					var err error
					if report, done, err = res.Extend(t.Context(), told, d, got); err != nil {
						t.Fatal(err)
					}
				}
				if done {
					few++
					if restarted {
						cold++
					}
					merged := maps.Clone(last)
					for _, p := range got.removed {
						delete(merged, p)
					}
					maps.Copy(merged, got.files)
					got.files = merged
				} else {
					got = &basedTree{newTree(blobs), false, nil, nil}
					var err error
					if report, _, err = res.Build(t.Context(), in, got, nil); err != nil {
						t.Fatal(err)
					}
				}
				last = got.files
				want, full := buildSite(t, in)
				if !maps.Equal(want, last) {
					t.Fatalf("step %d, extended %t, after a restart %t: tree differs from a build from nothing (-want +got):\n%.3000s", step, done, restarted, cmp.Diff(want, last))
				}
				if report.Files != full.Files || report.Pages != full.Pages || report.Posts != full.Posts || report.Rendered+report.Reused != report.Files {
					t.Fatalf("step %d, extended %t: report %+v, from nothing %+v", step, done, report, full)
				}
				if err := res.Keep([]byte(fmt.Sprint(step))); err != nil {
					t.Fatal(err)
				}
				if restarted = r.IntN(2) == 0; restarted {
					var note []byte
					if res, note = OpenResident(dir); string(note) != fmt.Sprint(step) {
						t.Fatalf("step %d: note %q", step, note)
					}
				}
			}
			if few < 8 || cold < 3 {
				t.Errorf("%d of 30 builds were told the difference, %d after a restart", few, cold)
			}
		})
	}
}

// A ledger that is damaged is none, or no build comes of it.
func TestLedgerDamaged(t *testing.T) {
	in := sampleInput(40)
	in.Settings = "one"
	whole := in
	in.Posts = whole.Posts[:36]
	first := t.TempDir()
	res, _ := OpenResident(first)
	base := newTree(map[string]string{})
	if _, _, err := res.Build(t.Context(), in, base, nil); err != nil {
		t.Fatal(err)
	}
	if err := res.Keep(nil); err != nil {
		t.Fatal(err)
	}
	had := maps.Clone(base.files)
	step := func(res *Resident, from, to int) (map[string]string, bool, error) {
		to2 := whole
		to2.Posts = nil
		out := &basedTree{newTree(base.blobs), true, had, nil}
		_, ok, err := res.Extend(t.Context(), to2, Delta{Added: whole.Posts[from:to]}, out)
		merged := maps.Clone(had)
		maps.Copy(merged, out.files)
		return merged, ok, err
	}
	one, ok, err := step(res, 36, 38)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	had = one
	if err := res.Keep([]byte("note")); err != nil {
		t.Fatal(err)
	}
	want, _ := buildSite(t, whole)
	r := rand.New(rand.NewPCG(7, 7))
	made, refused := 0, 0
	for _, name := range []string{ledgerFile, journalFile} {
		for k := range 40 {
			dir := t.TempDir()
			for _, n := range []string{ledgerFile, journalFile} {
				body, err := os.ReadFile(filepath.Join(first, n))
				if err != nil {
					t.Fatal(err)
				}
				if n == name && k > 0 {
					if at := r.IntN(len(body)); r.IntN(3) == 0 {
						body = body[:at]
					} else {
						body[at] ^= 1 << r.IntN(8)
					}
				}
				if err := os.WriteFile(filepath.Join(dir, n), body, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			res, note := OpenResident(dir)
			if string(note) != "note" {
				refused++ // whoever kept it does not know what it is of
				continue
			}
			got, ok, err := step(res, 38, 40)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				refused++
				continue
			}
			made++
			if !maps.Equal(want, got) {
				t.Fatalf("a damaged %s makes another site:\n%.2000s", name, cmp.Diff(want, got))
			}
		}
	}
	if refused == 0 || made < 2 {
		t.Errorf("%d refused, %d made", refused, made)
	}
}
