// Command site measures what building the site costs, in CPU seconds of the
// program and the processes it starts: a plain export from nothing beside
// unpacking the same tree with tar, the release, and what follows three new
// posts, in a new process and in one that stays.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	posts := flag.Int("posts", 10_000, "posts of the planet")
	rounds := flag.Int("rounds", 3, "rounds; the median is told")
	program := flag.String("coranto", "", "the program; empty: it is built from this tree")
	only := flag.String("only", "", "full, cold, warm, peers; empty: all")
	dir := flag.String("dir", "", "folder to work in, kept; empty: a temporary one")
	peers := flag.String("peers", "", "folder with a hugo binary and the node_modules of @11ty/eleventy, to be compared with")
	flag.Parse()
	b := &bench{program: *program, dir: *dir, posts: *posts, rounds: *rounds, only: *only, peers: *peers}
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench/site:", err)
		os.Exit(1)
	}
}

type bench struct {
	program, dir, only string
	peers              string
	posts, rounds      int
	sample             *sample
	figures            map[string][]figure
	order              []string
}

// figure is what one command cost.
type figure struct {
	cpu  time.Duration
	wall time.Duration
	rss  int64 // bytes, at the peak
	n    int   // files written, where that is known
}

func (b *bench) run() error {
	if b.dir == "" {
		tmp, err := os.MkdirTemp("", "coranto-site-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tmp)
		b.dir = tmp
	}
	if err := os.MkdirAll(b.dir, 0o777); err != nil {
		return err
	}
	if b.program == "" {
		b.program = filepath.Join(b.dir, "coranto")
		if out, err := exec.Command("go", "build", "-o", b.program, "./cmd/coranto").CombinedOutput(); err != nil {
			return fmt.Errorf("build the program: %w\n%s", err, out)
		}
	}
	b.figures = map[string][]figure{}
	b.sample = invent(b.posts)
	site := filepath.Join(b.dir, "site")
	if err := os.RemoveAll(site); err != nil {
		return err
	}
	if err := b.sample.plant(site); err != nil {
		return err
	}
	steps := []struct {
		name string
		do   func(string) error
	}{{"full", b.full}, {"cold", b.cold}, {"warm", b.warm}, {"peers", b.peersBuild}}
	for _, s := range steps {
		if b.only == "" || b.only == s.name {
			if err := s.do(site); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	b.print()
	return nil
}

// full measures builds from nothing, each kind once a round. Every tree is a new
// folder and nothing is removed between: what a removal leaves to the file system
// would be charged to who writes next.
func (b *bench) full(site string) error {
	tarball := filepath.Join(b.dir, "tree.tar")
	for round := range b.rounds {
		at := func(name string) string { return filepath.Join(b.dir, fmt.Sprint(name, round)) }
		if err := removeAll(at("out"), at("tree"), at("state"), filepath.Join(site, ".coranto")); err != nil {
			return err
		}
		syscall.Sync()
		if err := b.measure("build --out", b.program, "-C", site, "build", "--out", at("out")); err != nil {
			return err
		}
		if round == 0 {
			if err := exec.Command("tar", "-cf", tarball, "-C", at("out"), ".").Run(); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(at("tree"), 0o777); err != nil {
			return err
		}
		syscall.Sync()
		if err := b.measure("tar -x", "tar", "-xf", tarball, "-C", at("tree")); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(site, ".coranto"), at("state")); err != nil {
			return err
		}
		syscall.Sync()
		if err := b.measure("release", b.program, "-C", site, "build"); err != nil {
			return err
		}
	}
	return nil
}

// cold measures a new process after each commit of three posts.
func (b *bench) cold(site string) error {
	if err := exec.Command(b.program, "-C", site, "build").Run(); err != nil {
		return err
	}
	for range max(5, b.rounds) {
		if err := b.sample.grow(site, 3); err != nil {
			return err
		}
		if err := b.measure("3 new, cold", b.program, "-C", site, "build"); err != nil {
			return err
		}
	}
	return nil
}

// warm measures a process that serves.
func (b *bench) warm(site string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	addr := l.Addr().String()
	l.Close()
	cmd := exec.Command(b.program, "-C", site, "serve", "--listen", addr)
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() }()
	live := func() string {
		res, err := http.Get("http://" + addr + "/feed.json")
		if err != nil {
			return ""
		}
		defer res.Body.Close()
		return res.Header.Get("ETag")
	}
	for live() == "" {
		time.Sleep(200 * time.Millisecond)
	}
	time.Sleep(3 * time.Second)
	for i := range 2 + max(5, b.rounds) {
		idle := spent(cmd.Process.Pid)
		time.Sleep(2 * time.Second)
		before := spent(cmd.Process.Pid)
		idle = (before - idle) / 2
		was := live()
		began := time.Now()
		before = spent(cmd.Process.Pid) // serve may be at work before git has ended
		if err := b.sample.grow(site, 3); err != nil {
			return err
		}
		time.Sleep(3 * time.Second)
		cpu := spent(cmd.Process.Pid) - before - time.Duration(float64(idle)*time.Since(began).Seconds())
		if live() == was {
			return errors.New("the commit is not live after three seconds")
		}
		if i >= 2 { // the first follows a restart
			f := figure{cpu: cpu}
			if f.wall, err = tookToLive(site); err != nil {
				return err
			}
			b.add("3 new, serve", f)
		}
	}
	return nil
}

// tookToLive is from the moment the branch moved to the one the release was live, as
// the files tell it that say so.
func tookToLive(site string) (time.Duration, error) {
	ref, err := os.Stat(filepath.Join(site, ".git/refs/heads")) // the file in it is as old as its lock was
	if err != nil {
		return 0, err
	}
	live, err := os.Stat(filepath.Join(site, ".coranto/releases/current.json"))
	if err != nil {
		return 0, err
	}
	return live.ModTime().Sub(ref.ModTime()), nil
}

// spent is the time that a process and its children have been on a CPU.
func spent(pid int) time.Duration {
	var sum time.Duration
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	for _, t := range tasks {
		if b, err := os.ReadFile(t + "/schedstat"); err == nil {
			ns, _ := strconv.ParseInt(strings.Fields(string(b))[0], 10, 64)
			sum += time.Duration(ns)
		}
		if b, err := os.ReadFile(t + "/children"); err == nil {
			for _, c := range strings.Fields(string(b)) {
				if n, err := strconv.Atoi(c); err == nil {
					sum += spent(n)
				}
			}
		}
	}
	return sum
}

func (b *bench) measure(what, name string, args ...string) error {
	f, err := timed(exec.Command(name, args...))
	if err != nil {
		return fmt.Errorf("%s: %s: %w", what, name, err)
	}
	b.add(what, f)
	return nil
}

func (b *bench) add(what string, f figure) {
	if _, ok := b.figures[what]; !ok {
		b.order = append(b.order, what)
	}
	b.figures[what] = append(b.figures[what], f)
}

func (b *bench) print() {
	unit := time.Duration(0)
	if l := b.figures["tar -x"]; len(l) > 0 {
		unit = median(l).cpu
	}
	fmt.Println("posts\twhat\tCPU s\ttimes tar\twall s\tpeak MB\tfiles")
	for _, what := range b.order {
		f := median(b.figures[what])
		times := ""
		if unit > 0 {
			times = fmt.Sprintf("%.2f", f.cpu.Seconds()/unit.Seconds())
		}
		fmt.Printf("%d\t%s\t%.3f\t%s\t%.3f\t%.0f\t%d\n", b.posts, what, f.cpu.Seconds(), times, f.wall.Seconds(), float64(f.rss)/1e6, f.n)
	}
}

// median is the one of the middle CPU time, with the highest peak.
func median(list []figure) figure {
	sorted := append([]figure(nil), list...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].cpu < sorted[j].cpu })
	f := sorted[len(sorted)/2]
	f.rss = 0
	for _, g := range list {
		f.rss = max(f.rss, g.rss)
	}
	return f
}

func removeAll(dirs ...string) error {
	for _, d := range dirs {
		if err := os.RemoveAll(d); err != nil {
			return err
		}
	}
	return nil
}
