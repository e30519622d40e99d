// Command bench measures Coranto on the work that planets do, over a sample
// web on loopback: CPU seconds, peak memory and wall time of a first run, an
// unchanged run, and a run after new posts have appeared.
//
// The program under test is its own process, built from this tree, so that its
// figures hold nothing of the web that it reads.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/coranto/coranto/internal/sampleweb"
)

func main() {
	sources := flag.String("sources", "80,800", "numbers of sources, one round each")
	posts := flag.Int("posts", 14, "posts a source")
	page := flag.Int("page", 60_000, "bytes of a post's page, about")
	keep := flag.Bool("keep", false, "keep the site directories")
	flag.Parse()
	if err := bench(*sources, *posts, *page, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// figure is what one command cost.
type figure struct {
	what string
	cpu  time.Duration // user and system, of the program and of the git it starts
	wall time.Duration
	rss  int64 // bytes, at the peak
}

func bench(sources string, posts, page int, keep bool) error {
	dir, err := os.MkdirTemp("", "coranto-bench-")
	if err != nil {
		return err
	}
	if !keep {
		defer os.RemoveAll(dir)
	}
	program := filepath.Join(dir, "coranto")
	build := exec.Command("go", "build", "-o", program, "./cmd/coranto")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the program: %w", err)
	}
	fmt.Println("sources\twhat\tCPU s\twall s\tpeak MB")
	for _, field := range strings.Split(sources, ",") {
		var n int
		if _, err := fmt.Sscan(field, &n); err != nil {
			return fmt.Errorf("-sources %q: %w", field, err)
		}
		figures, err := planet(program, filepath.Join(dir, field), n, posts, page)
		for _, f := range figures {
			fmt.Printf("%d\t%s\t%.2f\t%.2f\t%.0f\n", n, f.what, f.cpu.Seconds(), f.wall.Seconds(), float64(f.rss)/1e6)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// planet measures the three runs over n sources.
func planet(program, dir string, n, posts, page int) ([]figure, error) {
	web, err := sampleweb.Start(context.Background(), sampleweb.Options{Sources: n, PostsPer: posts, Listeners: 4, PageBytes: page})
	if err != nil {
		return nil, err
	}
	defer web.Close()
	env := append(os.Environ(), "CORANTO_TRUST_DIR="+filepath.Join(dir, "trust"))
	site := filepath.Join(dir, "site")
	if err := command(env, program, "init", site); err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString("site: {title: Bench}\nfetch: {zone: loopback, per_host: {gap: 0s}}\nzones: {loopback: {allow: [127.0.0.0/8]}}\nimages: {mode: none}\nsources:\n")
	for _, s := range web.Sources() {
		fmt.Fprintf(&b, "  - {id: %s, url: %q}\n", s.ID, s.FeedURL)
	}
	if err := os.WriteFile(filepath.Join(site, "coranto.yaml"), []byte(b.String()), 0o666); err != nil {
		return nil, err
	}
	if err := command(env, program, "-C", site, "trust"); err != nil {
		return nil, err
	}
	var out []figure
	for _, what := range []string{"first run", "unchanged", "a week later"} {
		if what == "a week later" {
			web.Publish(n / 3)
		}
		f, err := measure(env, what, program, "-C", site, "run")
		if err != nil {
			return out, err
		}
		out = append(out, f)
	}
	return out, nil
}

func command(env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return nil
}

func measure(env []string, what, name string, args ...string) (figure, error) {
	began := time.Now()
	cmd := exec.Command(name, args...)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if err != nil {
		return figure{}, fmt.Errorf("%s: %w\n%s", what, err, out)
	}
	f := figure{what: what, wall: time.Since(began), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.rss = use.Maxrss * 1024
	}
	return f, nil
}
