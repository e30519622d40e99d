package site

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// discard is a Sink that hashes, as any real one does, and keeps nothing.
type discard struct{ puts int }

func (d *discard) Put(_ string, body []byte) (string, error) {
	d.puts++
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

func (d *discard) Reuse(string, string) error { return nil }

// BenchmarkBuild is a build of 10,000 posts from nothing: a page a post, all
// lists, feeds and sitemaps.
func BenchmarkBuild(b *testing.B) {
	in := sampleInput(10_000)
	b.ReportAllocs()
	for b.Loop() {
		r, err := Build(b.Context(), in, &discard{}, NewCache())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.Files), "files")
		b.ReportMetric(float64(r.Bytes)/1e6, "MB")
	}
}

// BenchmarkThreeNew is the build that follows three new posts among 10,000.
func BenchmarkThreeNew(b *testing.B) {
	in := sampleInput(10_000)
	old := in
	old.Posts = in.Posts[:len(in.Posts)-3]
	base := NewCache()
	if _, err := Build(b.Context(), old, &discard{}, base); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		c := NewCache()
		for k, e := range base.known {
			c.known[k] = e
		}
		d := &discard{}
		b.StartTimer()
		if _, err := Build(b.Context(), in, d, c); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(d.puts), "written")
	}
}
