package site

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
)

// A Resident that goes along with a history of edits has, after each, the very
// tree that a build from nothing gives; and mostly it names only what differs.
func TestResidentGivesTheSameTree(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 11))
			all := sampleInput(200)
			in := Input{Config: all.Config, Sources: all.Sources[:6], Images: map[string]Image{}}
			in.Config.PerPage, in.searchFirst = 4, 3
			next, few := 0, 0
			blobs, memo, res := map[string]string{}, NewCache(), NewResident()
			var last map[string]string
			for step := range 24 {
				if next = mutate(r, &in, all, next); r.IntN(2) == 0 {
					next = grow(r, &in, all, next)
				}
				in.Settings = fmt.Sprint(in.Config, in.Theme)
				got := &basedTree{newTree(blobs), r.IntN(9) > 0, last, nil}
				report, part, err := res.Build(t.Context(), in, got, memo)
				if err != nil {
					t.Fatal(err)
				}
				if part {
					few++
					merged := maps.Clone(last)
					for _, p := range got.removed {
						delete(merged, p)
					}
					maps.Copy(merged, got.files)
					got.files = merged
				}
				last = got.files
				want, full := buildSite(t, in)
				if !maps.Equal(want, got.files) {
					t.Fatalf("step %d, in part %t: tree differs from a build from nothing (-want +got):\n%.3000s", step, part, cmp.Diff(want, got.files))
				}
				if report.Files != full.Files || report.Pages != full.Pages || report.Posts != full.Posts || report.Rendered+report.Reused != report.Files {
					t.Fatalf("step %d, in part %t: report %+v, from nothing %+v", step, part, report, full)
				}
			}
			if few < 4 {
				t.Errorf("%d of 24 builds were in part", few)
			}
		})
	}
}

// basedTree is a tree over the one before.
type basedTree struct {
	*tree
	can     bool
	base    map[string]string
	removed []string
}

func (t *basedTree) Base() error {
	if !t.can {
		return ErrGone
	}
	return nil
}

func (t *basedTree) Remove(path string) { t.removed = append(t.removed, path) }

func (t *basedTree) Has(path string) bool { _, ok := t.base[path]; return ok }

// grow changes the input as most runs do: posts at the end, words, pictures.
func grow(r *rand.Rand, in *Input, all Input, next int) int {
	in.Posts = slices.Clone(in.Posts)
	for n := r.IntN(5); n > 0 && next < len(all.Posts); n-- {
		p := all.Posts[next]
		p.Backlog = r.IntN(6) == 0
		in.Posts = append(in.Posts, p)
		next++
	}
	if len(in.Posts) == 0 {
		return next
	}
	p := &in.Posts[r.IntN(len(in.Posts))]
	switch r.IntN(5) {
	case 0:
		p.Title += " again"
	case 1:
		p.Image = fmt.Sprintf("https://cdn.example.com/%d.png", r.IntN(50))
	case 2:
		in.Images = maps.Clone(in.Images)
		in.Images[cmpOr(p.Image, "https://cdn.example.com/x.png")] = Image{Path: fmt.Sprintf("images/n%d.png", r.IntN(9)), Width: 10, Height: 10}
	case 3:
		p.Content = "<p>" + p.Intro + "</p>"
		p.Updated = p.FirstSeen.Add(time.Duration(r.IntN(9)) * time.Hour)
	}
	return next
}

type baseless struct {
	discard
	had map[string]bool
}

func (b *baseless) Put(path string, body []byte) (string, error) {
	b.had[path] = true
	return b.discard.Put(path, body)
}

func (*baseless) Base() error            { return nil }
func (*baseless) Remove(string)          {}
func (b *baseless) Has(path string) bool { return b.had[path] }

// BenchmarkResident is the build that follows three new posts among 10,000 in a
// process that stays.
func BenchmarkResident(b *testing.B) {
	const n = 10_000
	all := sampleInput(n + 3*2000)
	in := all
	in.Settings = "one"
	res, memo, had := NewResident(), NewCache(), map[string]bool{}
	in.Posts = all.Posts[:n]
	if _, _, err := res.Build(b.Context(), in, &baseless{had: had}, memo); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	at, written := n, 0
	for b.Loop() {
		if at+3 > len(all.Posts) {
			b.Skip("no posts left")
		}
		at += 3
		in.Posts = append([]coranto.Post(nil), all.Posts[:at]...)
		d := &baseless{had: had}
		if _, part, err := res.Build(b.Context(), in, d, memo); err != nil || !part {
			b.Fatal(err, part)
		}
		written += d.puts
	}
	b.ReportMetric(float64(written)/float64(b.N), "written")
}
