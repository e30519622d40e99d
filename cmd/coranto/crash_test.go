package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/sampleweb"
)

// planet is a site that is run, stopped at bad moments and run again.
type planet struct {
	t       *testing.T
	program string
	web     *sampleweb.Web
	dir     string
	env     []string
}

// e2e skips what takes minutes, unless it was asked for.
func e2e(t *testing.T) {
	if os.Getenv("CORANTO_E2E") == "" {
		t.Skip("takes minutes; CORANTO_E2E=1 (make e2e) runs it")
	}
}

func newPlanet(t *testing.T) *planet {
	root := t.TempDir()
	p := &planet{t: t, program: filepath.Join(root, "coranto"), dir: filepath.Join(root, "site")}
	p.env = append(os.Environ(), "HOME="+root, "CORANTO_TRUST_DIR="+filepath.Join(root, "trusted"), "GIT_CONFIG_NOSYSTEM=1")
	if out, err := exec.Command("go", "build", "-o", p.program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	web, err := sampleweb.Start(t.Context(), sampleweb.Options{Sources: 6, PostsPer: 4, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(web.Close)
	p.web = web
	p.must("init", p.dir)
	var b strings.Builder
	b.WriteString("site: {title: Crash}\nfetch: {timeout: 5s, zone: loopback, per_host: {gap: 0s}}\nzones: {loopback: {allow: [127.0.0.0/8]}}\nsources:\n")
	for _, s := range web.Sources() {
		fmt.Fprintf(&b, "  - {id: %s, url: %q}\n", s.ID, s.FeedURL)
	}
	p.write("coranto.yaml", b.String())
	p.git("-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qam", "sources")
	p.must("-C", p.dir, "trust")
	// What the user has lying about must stay as it is.
	p.write("notes.txt", "mine, untracked\n")
	return p
}

func (p *planet) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o666); err != nil {
		p.t.Fatal(err)
	}
}

func (p *planet) git(args ...string) string {
	p.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", p.dir}, args...)...)
	cmd.Env = p.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (p *planet) command(extra string, args ...string) *exec.Cmd {
	cmd := exec.Command(p.program, args...)
	cmd.Env = append(slices.Clip(p.env), extra)
	return cmd
}

func (p *planet) must(args ...string) string {
	p.t.Helper()
	out, err := p.command("X=", args...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("coranto %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// whole fails unless every post of the web is in the content once, every run
// has one commit, the repository is sound, the working tree is the user's, and
// the site shows every post.
func (p *planet) whole(when string) {
	p.t.Helper()
	want := map[string]bool{}
	for _, truth := range p.web.Posts() {
		want[truth.URL] = true
	}
	files, _ := filepath.Glob(filepath.Join(p.dir, "content", "*", "*.json"))
	have := map[string]coranto.Post{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			p.t.Fatal(err)
		}
		var posts []coranto.Post
		if err := json.Unmarshal(b, &posts); err != nil {
			p.t.Fatalf("%s: %s: %v", when, f, err)
		}
		for _, post := range posts {
			if _, twice := have[post.Link]; twice {
				p.t.Errorf("%s: %s is there twice", when, post.Link)
			}
			have[post.Link] = post
		}
	}
	for url := range want {
		if _, ok := have[url]; !ok {
			p.t.Errorf("%s: %s is lost", when, url)
		}
	}
	if len(have) != len(want) {
		p.t.Errorf("%s: %d posts, want %d", when, len(have), len(want))
	}
	runs := map[string]int{}
	for _, line := range strings.Fields(p.git("log", "--format=%(trailers:key=Run,valueonly)")) {
		if runs[line]++; runs[line] > 1 {
			p.t.Errorf("%s: run %s has two commits", when, line)
		}
	}
	p.git("fsck", "--strict")
	if got := p.git("status", "--porcelain"); got != "?? notes.txt\n" {
		p.t.Errorf("%s: git status: %q", when, got)
	}
	out := filepath.Join(p.dir, "..", "out")
	p.must("-C", p.dir, "build", "--out", out)
	for _, post := range have {
		if _, err := os.Stat(filepath.Join(out, "posts", post.ID, "index.html")); err != nil {
			p.t.Errorf("%s: %s has no page", when, post.ID)
		}
	}
}

// TestCrashSweep stops the program at every failpoint in turn, during a run
// that brings new posts.
func TestCrashSweep(t *testing.T) {
	e2e(t)
	p := newPlanet(t)
	reached := 0
	names := failpoint.Names()
	slices.Sort(names)
	for _, name := range names {
		for n := 1; n <= 2; n++ {
			p.web.Publish(2)
			spec := fmt.Sprintf("%s:%d", name, n)
			out, err := p.command(failpoint.Env+"="+spec, "-C", p.dir, "run").CombinedOutput()
			if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 137) {
				t.Fatalf("%s: %v\n%s", spec, err, out)
			}
			if err == nil {
				break // not passed so often in a run
			}
			reached++
			p.must("-C", p.dir, "run")
			p.must("-C", p.dir, "run") // what appeared after the crashed run had begun
			p.whole(spec)
		}
	}
	t.Logf("%d stops at %d failpoints", reached, len(names))
	if reached < 20 {
		t.Errorf("only %d stops: the sweep has lost its way", reached)
	}
}

// TestKills ends runs with kill -9 at random moments.
func TestKills(t *testing.T) {
	e2e(t)
	p := newPlanet(t)
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	long := 400 * time.Millisecond
	for i := range 100 {
		p.web.Publish(1 + rnd.IntN(3))
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rnd.Int64N(int64(long))))
		cmd := exec.CommandContext(ctx, p.program, "-C", p.dir, "run")
		cmd.Env = p.env
		_ = cmd.Run() // CommandContext kills with SIGKILL
		cancel()
		p.must("-C", p.dir, "run")
		p.must("-C", p.dir, "run")
		p.whole(fmt.Sprintf("kill %d", i))
	}
}
