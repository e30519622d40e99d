//go:build unix

package app

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/coranto/coranto"
)

// BenchmarkPublishThreeNew is what serve does between a commit of three posts
// among 10,000 and the moment they are live, in CPU time of this process and
// of the git it starts.
func BenchmarkPublishThreeNew(b *testing.B) {
	dir := b.TempDir()
	n := 10_000
	if os.Getenv("POSTS") != "" {
		fmt.Sscan(os.Getenv("POSTS"), &n)
	}
	git := func(args ...string) {
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	at := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC).Add(-time.Duration(n) * 2 * time.Hour)
	month := map[string][]coranto.Post{}
	newest := ""
	add := func(i int) {
		at = at.Add(2 * time.Hour)
		p := coranto.Post{Title: fmt.Sprintf("What we learned from incident %d", i), Intro: "A short text about queues, retries and the people who keep them.", Author: fmt.Sprintf("Author %d", i%300),
			Link: fmt.Sprintf("https://s%d.example.com/%d", i%400, i), ID: fmt.Sprintf("incident-%06x", i), Source: fmt.Sprintf("s%d", i%400), Kind: "blog",
			FirstSeen: at, Published: at.Add(-time.Hour), Tags: []string{fmt.Sprintf("topic %d", i%500), "go"}, Keys: []string{fmt.Sprint(i)}}
		if i%5 == 0 {
			p.Content = "<p>" + p.Intro + p.Intro + p.Intro + "</p>"
		}
		newest = at.Format("content/2006/01.json")
		month[newest] = append(month[newest], p)
	}
	put := func(name string) {
		body, err := json.MarshalIndent(month[name], "", " ")
		if err == nil {
			err = os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), body, 0o666)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	for i := range n {
		add(i)
	}
	for name := range month {
		put(name)
	}
	conf := "site: {title: Bench, url: https://news.example.org}\nimages: {mode: none}\nsources:\n"
	for i := range 400 {
		conf += fmt.Sprintf("  - {id: s%d, url: 'https://s%d.example.com/feed', title: Source %d}\n", i, i, i)
	}
	if err := os.WriteFile(filepath.Join(dir, "coranto.yaml"), []byte(conf), 0o666); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(".coranto/\n"), 0o666); err != nil {
		b.Fatal(err)
	}
	git("add", ".")
	git("commit", "-q", "-m", "all")
	ctx := context.Background()
	a, err := Open(ctx, dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	publish := func() *Published {
		p, err := a.Publish(ctx, PublishOptions{})
		if err != nil || p == nil {
			b.Fatal(p, err)
		}
		return p
	}
	publish()
	var cpu time.Duration
	written := 0
	b.ResetTimer()
	for b.Loop() {
		b.StopTimer()
		for range 3 {
			add(n)
			n++
		}
		put(newest)
		git("add", ".")
		git("commit", "-q", "-m", "three")
		b.StartTimer()
		before := spent()
		p := publish()
		cpu += spent() - before
		written += p.Report.Rendered
	}
	b.ReportMetric(float64(cpu.Microseconds())/1e3/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(written)/float64(b.N), "written")
}

func spent() time.Duration {
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return sum
}
