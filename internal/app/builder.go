package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/git"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/release"
)

// builder is the user's own generator, nil where there is none. One that is not
// trusted builds nothing; neither do we in its stead, since its site is another.
func builder(cfg *config.Config, trusted bool) *pipeline.Builder {
	b := cfg.Build
	if len(b.Command) == 0 {
		return nil
	}
	return &pipeline.Builder{Untrusted: !trusted, Argv: b.Command, Base: b.BaseDirectory, Env: b.Env, Secrets: b.Secrets, Timeout: b.Timeout}
}

// checkout writes the files of a commit into an empty folder. Links that lead out
// of it are left out: a commit has no files of the machine's, and a branch that is
// previewed shows nobody any.
func (a *App) checkout(ctx context.Context, commit, dir string) error {
	root, err := os.OpenRoot(dir) // a link of the tree must not lead out of it
	if err != nil {
		return err
	}
	defer root.Close()
	list, err := a.repo.List(ctx, git.OID(commit), "")
	if err != nil {
		return err
	}
	var links []string
	for _, e := range list {
		if e.Mode == git.ModeModule || e.IsTree() {
			continue
		}
		body, err := a.repo.Blob(ctx, e.ID)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
		if d := filepath.Dir(e.Path); d != "." {
			if err := root.MkdirAll(d, 0o777); err != nil {
				return err
			}
		}
		switch e.Mode {
		case git.ModeSymlink:
			links = append(links, e.Path)
			err = root.Symlink(strings.TrimRight(string(body), "\n"), e.Path)
		case git.ModeExec:
			err = root.WriteFile(e.Path, body, 0o777)
		default:
			err = root.WriteFile(e.Path, body, 0o666)
		}
		if err != nil {
			return err
		}
	}
	for _, l := range links { // where they lead is known once all are there
		if _, err := root.Stat(l); err == nil || errors.Is(err, fs.ErrNotExist) {
			continue // perhaps to what a generator makes
		}
		if err := root.Remove(l); err != nil {
			return err
		}
	}
	return nil
}

// sweepCheckouts removes what a process that was killed has checked out. The lock
// is held, so nobody builds in it.
func (a *App) sweepCheckouts() {
	list, err := os.ReadDir(a.state())
	for _, e := range list {
		if e.IsDir() && (strings.HasPrefix(e.Name(), "build-") || strings.HasPrefix(e.Name(), "preview-")) {
			err = errors.Join(err, os.RemoveAll(a.state(e.Name())))
		}
	}
	if err != nil { // generators leave folders that nobody may write to
		a.o.Log.Warn("a checkout of before stays", "error", err)
	}
}

// BuildTo builds the site of the branch's head into a plain directory, with the
// status of now beside it. No release is made of it, and what is live stays, but
// where the user's own generator builds: that is published and then exported.
func (a *App) BuildTo(ctx context.Context, dir string, force bool) (release.Exported, error) {
	if err := a.apart(dir); err != nil {
		return release.Exported{}, err
	}
	if a.current.Load().settings.Builder != nil {
		if _, err := a.Publish(ctx, PublishOptions{Force: force}); err != nil {
			return release.Exported{}, err
		}
		return a.Export(ctx, dir)
	}
	to, err := a.releases.Folder(dir)
	if err != nil {
		return release.Exported{}, err
	}
	defer to.Abort()
	if _, err := a.tasks.ExportSite(ctx, pipeline.BuildInput{Force: force}, to); err != nil {
		return release.Exported{}, err
	}
	x, err := to.Finish(ctx)
	if err != nil {
		return x, err
	}
	return x, a.exportStatus(ctx, dir)
}
