package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/job"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/site"
)

// Builder is the user's own generator. What it leaves becomes a release like
// any other.
type Builder struct {
	Untrusted bool // nobody has said that it may run
	Argv      []string
	Base      string // folder it leaves the site in, within the checkout; empty: "dist", "public" or "_site"
	Env       map[string]string
	Secrets   []string // names; see SecretVariable
	Timeout   time.Duration
}

// ErrBuilder is returned where the user's generator left nothing that is a site.
var ErrBuilder = errors.New("the build command left no site")

// Limits of what a generator leaves.
const (
	maxForeignFiles = 1_000_000
	maxForeignFile  = 512 << 20
)

// buildForeign runs the user's generator in a clean checkout of the commit and
// takes what it leaves into the build.
func (p *Pipeline) buildForeign(ctx context.Context, t engine.Task, by *Builder, commit string, b *release.Build) (site.Report, error) {
	var r site.Report
	if by.Untrusted {
		return r, fmt.Errorf("build.command: %w", ErrUntrusted)
	}
	if p.Jobs == nil || p.Checkout == nil {
		return r, errors.New("build: this process runs no commands")
	}
	dir, err := os.MkdirTemp(p.Scratch, "build-*")
	if err != nil {
		return r, fmt.Errorf("build: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := p.Checkout(ctx, commit, dir); err != nil {
		return r, fmt.Errorf("build: check out %s: %w", commit, err)
	}
	secrets := map[string]string{}
	for _, s := range by.Secrets {
		v, err := p.Secret(s)
		if err != nil {
			return r, fmt.Errorf("%w: build needs %s: %w", ErrSecret, s, err)
		}
		secrets[SecretVariable(s)] = v
	}
	env := map[string]string{"CI": "true", "COMMIT": commit, "CORANTO_COMMIT": commit}
	for k, v := range by.Env {
		env[k] = v
	}
	_, err = p.Jobs.Do(ctx, job.Job{
		// Every checkout is a new one, so an attempt is never that of another.
		Execution: string(t.Execution) + "/" + filepath.Base(dir), Task: t.ID, Name: "build",
		// Its output is talk, not an answer.
		Command: append([]string{"/bin/sh", "-c", `exec "$@" >&2`, "sh"}, by.Argv...),
		Dir:     dir, Env: env, Secrets: secrets, Input: []byte("{}"), Timeout: by.Timeout,
		Say: func(_ int, line string) {
			engine.Heartbeat(ctx)
			p.Log.InfoContext(ctx, line, KeyExecution, t.Execution, KeyTask, "build")
		},
	})
	if err != nil {
		return r, err
	}
	return takeForeign(ctx, dir, by.Base, b)
}

// takeForeign puts the files of a folder into the build. The folder is opened
// so that no link leads out of it.
func takeForeign(ctx context.Context, dir, base string, b *release.Build) (site.Report, error) {
	var r site.Report
	if base == "" {
		for _, try := range []string{"dist", "public", "_site"} {
			if st, err := os.Stat(filepath.Join(dir, try)); err == nil && st.IsDir() {
				base = try
				break
			}
		}
		if base == "" {
			return r, fmt.Errorf("%w: there is neither dist nor public nor _site; name the folder in build.base_directory", ErrBuilder)
		}
	}
	outer, err := os.OpenRoot(dir)
	if err != nil {
		return r, err
	}
	defer outer.Close()
	root, err := outer.OpenRoot(base)
	if err != nil {
		return r, fmt.Errorf("%w: %w", ErrBuilder, err)
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" {
				return fs.SkipDir
			}
			return nil
		}
		st, err := root.Stat(name)
		switch {
		case err != nil || !st.Mode().IsRegular():
			return nil // a link that leads nowhere, or out
		case st.Size() > maxForeignFile:
			return fmt.Errorf("%s has %d bytes, at most %d are taken", name, st.Size(), maxForeignFile)
		case r.Files >= maxForeignFiles:
			return fmt.Errorf("more than %d files", maxForeignFiles)
		}
		body, err := root.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := b.Put(name, body); err != nil {
			return err
		}
		r.Files++
		r.Rendered++
		r.Bytes += int64(len(body))
		if path.Ext(name) == ".html" {
			r.Pages++
		}
		return nil
	})
	if err != nil {
		return r, fmt.Errorf("take what the build command left: %w", err)
	}
	if _, err := root.Stat("index.html"); err != nil {
		return r, fmt.Errorf("%w: %s holds no index.html", ErrBuilder, base)
	}
	return r, nil
}

// guardForeign refuses a site that has lost pages, or its feed.
func (p *Pipeline) guardForeign(r site.Report, has func(path string) bool, limit float64) error {
	old, err := p.Releases.Current()
	if errors.Is(err, release.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	had := 0
	for f := range old.All() {
		if strings.HasSuffix(f.Path, ".html") {
			had++
		}
	}
	if lost := had - r.Pages; lost > 0 && float64(lost) > limit*float64(had) {
		return fmt.Errorf("%w: the build would drop %d of %d pages, guards.max_removed is %.4g%%; the old release stays (coranto build --force publishes it all the same)", ErrGuard, lost, had, limit*100)
	}
	for _, feed := range []string{"feed.xml", "atom.xml", "rss.xml", "index.xml", "feed.json"} {
		if _, ok := old.Lookup(feed); ok && !has(feed) {
			return fmt.Errorf("%w: the build would lose %s, which readers follow; the old release stays (coranto build --force publishes it all the same)", ErrGuard, feed)
		}
	}
	return nil
}
