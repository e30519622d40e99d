//go:build unix

package content_test

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
)

// cpu is what this process and the git programs it has waited for have used.
func cpu() time.Duration {
	var all time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			all += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return all
}

func bulk(run int, from, n int, at time.Time) content.Batch {
	b := content.Batch{Run: fmt.Sprint("bulk-", run), FirstSeen: at}
	for i := from; i < from+n; i++ {
		src := coranto.Source{ID: fmt.Sprintf("source-%d", i%800), Tags: []string{"planet"}}
		en := entry(i)
		en.Authors = []coranto.Person{{Name: "Some One"}}
		en.Tags = []string{"go", "aws lambda", "serverless"}
		en.Summary = "<p>Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud.</p>"
		en.Image = fmt.Sprintf("https://example.org/img/%d.png", i)
		c := content.Candidate{Source: src.ID, Entry: en, Keys: []string{fmt.Sprintf("%s id:tag:example.org,2026:%d", src.ID, i), fmt.Sprintf("%s link://example.org/%d #abcdefgh", src.ID, i)}}
		b.Posts = append(b.Posts, content.Assemble(src, c, nil, content.Assembly{FirstSeen: at}))
	}
	return b
}

// BenchmarkFirstCommit is the first run of a planet: 11,260 posts at once.
func BenchmarkFirstCommit(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s := newSite(b, content.Options{})
		batch := bulk(1, 0, 11260, t0)
		b.StartTimer()
		at := cpu()
		if _, err := s.store.Commit(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64((cpu() - at).Milliseconds()), "cpu-ms")
		s.posts()
		b.ReportMetric(float64((cpu() - at).Milliseconds()), "cpu-ms-with-posts")
	}
}

// BenchmarkArchive is 80,000 posts in monthly shards: what a run costs that
// starts cold but with its cache, and one that adds three posts.
func BenchmarkArchive(b *testing.B) {
	cache := content.DirCache(filepath.Join(b.TempDir(), "cache"))
	s := newSite(b, content.Options{Cache: cache})
	for m := range 80 {
		at := t0.AddDate(0, m-100, 0)
		if _, err := s.store.Commit(b.Context(), bulk(m, m*1000, 1000, at)); err != nil {
			b.Fatal(err)
		}
	}
	s.posts()
	b.Run("Match", func(b *testing.B) {
		for b.Loop() {
			s.reopen()
			at := cpu()
			sn, err := s.store.Snapshot(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if m := sn.Match(coranto.Source{ID: "source-7"}, []coranto.Entry{entry(7), entry(807), entry(900_000)}); m.Known != 2 || len(m.New) != 1 {
				b.Fatalf("%+v", m)
			}
			b.ReportMetric(float64((cpu()-at).Microseconds())/1000, "cpu-ms")
		}
	})
	b.Run("NoCache", func(b *testing.B) {
		s.opts.Cache = nil
		for b.Loop() {
			s.reopen()
			at := cpu()
			if _, err := s.store.Snapshot(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64((cpu()-at).Microseconds())/1000, "cpu-ms")
		}
		s.opts.Cache = cache
		s.reopen()
	})
	b.Run("Posts", func(b *testing.B) {
		for b.Loop() {
			s.reopen()
			at := cpu()
			s.posts()
			b.ReportMetric(float64((cpu()-at).Microseconds())/1000, "cpu-ms")
		}
	})
	n := 500
	b.Run("Three", func(b *testing.B) {
		for b.Loop() {
			n++
			at := cpu()
			if _, err := s.store.Commit(b.Context(), bulk(n, n*1000, 3, t0.AddDate(0, 1, 0))); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64((cpu()-at).Microseconds())/1000, "cpu-ms")
		}
	})
}
