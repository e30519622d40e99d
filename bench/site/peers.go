package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

//go:embed all:peers
var peerFiles embed.FS

// peer is another generator, which makes the same pages of the same shards: a page a
// post, lists of tags, authors, sources and months by twenty, their feeds, a sitemap.
// What only our sites have (a search, sealed archives, JSON feeds) it need not make.
type peer struct {
	name, program string
	args, env     []string
	dir           string // its templates
}

// peers are those that are installed in b.peers, or Hugo where PATH finds it.
func (b *bench) peersFor(site string) ([]peer, error) {
	content, err := filepath.Abs(filepath.Join(site, "content"))
	if err != nil {
		return nil, err
	}
	var found []peer
	hugo := filepath.Join(b.peers, "hugo")
	if b.peers == "" || !exists(hugo) {
		hugo, _ = exec.LookPath("hugo")
	}
	if hugo == "" {
		fmt.Println("hugo: not in -peers nor in PATH, left out")
	} else {
		found = append(found, peer{name: "hugo", program: hugo, args: []string{"--noBuildLock", "--destination"}})
	}
	eleventy := filepath.Join(b.peers, "node_modules/@11ty/eleventy/cmd.cjs")
	node, _ := exec.LookPath("node")
	if b.peers == "" || node == "" || !exists(eleventy) {
		fmt.Println("eleventy: not in -peers, left out")
	} else {
		found = append(found, peer{name: "eleventy", program: node, args: []string{eleventy, "--input=.", "--quiet", "--output"}, env: []string{"POSTS=" + content}})
	}
	for i := range found {
		p := &found[i]
		if p.dir, err = filepath.Abs(filepath.Join(b.dir, "peer-"+p.name)); err != nil {
			return nil, err
		}
		if err := p.lay(content); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func exists(name string) bool { _, err := os.Stat(name); return err == nil }

// lay writes the templates.
func (p *peer) lay(content string) error {
	if err := os.RemoveAll(p.dir); err != nil {
		return err
	}
	sub, err := fs.Sub(peerFiles, "peers/"+p.name)
	if err != nil {
		return err
	}
	if err := os.CopyFS(p.dir, sub); err != nil {
		return err
	}
	if p.name != "hugo" {
		return nil
	}
	conf := filepath.Join(p.dir, "hugo.toml")
	text, err := os.ReadFile(conf)
	if err != nil {
		return err
	}
	text = fmt.Appendf(text, "\n[module]\n[[module.mounts]]\nsource = %q\ntarget = \"assets/posts\"\n[[module.mounts]]\nsource = \"content\"\ntarget = \"content\"\n", content)
	return os.WriteFile(conf, text, 0o666)
}

// build makes the site in out, and counts the files that it wrote.
func (p *peer) build(out string) (figure, error) {
	began := time.Now()
	cmd := exec.Command(p.program, append(p.args, out)...)
	cmd.Dir, cmd.Env = p.dir, append(os.Environ(), p.env...)
	f, err := timed(cmd)
	if err != nil {
		return f, fmt.Errorf("%s: %w", p.name, err)
	}
	f.n, err = writtenSince(out, began)
	return f, err
}

func writtenSince(dir string, t time.Time) (int, error) {
	n := 0
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if st, err := d.Info(); err == nil && !st.ModTime().Before(t.Add(-10*time.Millisecond)) {
			n++
		}
		return nil
	})
	return n, err
}

// peersBuild measures the others beside ours and tar, each once a round: from nothing,
// and once more after three posts. Each is compared with unpacking its own tree too.
func (b *bench) peersBuild(site string) error {
	list, err := b.peersFor(site)
	if err != nil || len(list) == 0 {
		return err
	}
	at := func(name string, round int) string {
		abs, _ := filepath.Abs(filepath.Join(b.dir, fmt.Sprint(name, "-", round)))
		return abs
	}
	for round := range b.rounds {
		own, tree := at("own", round), at("own-tar", round)
		if err := removeAll(own, tree, filepath.Join(site, ".coranto")); err != nil {
			return err
		}
		syscall.Sync()
		if err := b.measure("build --out", b.program, "-C", site, "build", "--out", own); err != nil {
			return err
		}
		if err := b.unpack("tar -x", own, tree); err != nil {
			return err
		}
		for _, p := range list {
			out, tree := at(p.name, round), at(p.name+"-tar", round)
			if err := removeAll(out, tree); err != nil {
				return err
			}
			syscall.Sync()
			f, err := p.build(out)
			if err != nil {
				return err
			}
			b.add(p.name, f)
			if err := b.unpack("tar -x of "+p.name+"'s", out, tree); err != nil {
				return err
			}
		}
		if err := b.sample.grow(site, 3); err != nil {
			return err
		}
		if err := b.measure("3 new, build --out", b.program, "-C", site, "build", "--out", own); err != nil {
			return err
		}
		for _, p := range list {
			f, err := p.build(at(p.name, round))
			if err != nil {
				return err
			}
			b.add("3 new, "+p.name, f)
		}
	}
	return nil
}

// unpack measures tar with a tree.
func (b *bench) unpack(what, from, to string) error {
	tarball := to + ".tar"
	defer os.Remove(tarball)
	if out, err := exec.Command("tar", "-cf", tarball, "-C", from, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("tar: %w\n%s", err, out)
	}
	if err := os.MkdirAll(to, 0o777); err != nil {
		return err
	}
	syscall.Sync()
	if err := b.measure(what, "tar", "-xf", tarball, "-C", to); err != nil {
		return err
	}
	list := b.figures[what]
	n, err := writtenSince(to, time.Time{})
	list[len(list)-1].n = n
	return err
}

// timed runs a command and tells what it cost.
func timed(cmd *exec.Cmd) (figure, error) {
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return figure{}, fmt.Errorf("%w\n%s", err, out)
	}
	f := figure{wall: time.Since(began), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.rss = use.Maxrss * 1024
	}
	f.n = told(string(out))
	return f, nil
}

// told is the number of files that the program says it has written.
func told(out string) int {
	n := 0
	for line := range strings.Lines(out) {
		at := strings.Index(line, " written")
		if at < 0 {
			continue
		}
		line = strings.TrimSuffix(strings.TrimSuffix(line[:at], " files"), " file")
		if words := strings.Fields(line); len(words) > 0 {
			fmt.Sscan(strings.ReplaceAll(words[len(words)-1], ",", ""), &n)
		}
	}
	return n
}
