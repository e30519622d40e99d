package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/engine/local"
	"github.com/coranto/coranto/internal/opml"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/sqlite"
)

// Releases lists the releases of the site in dir, beside whoever serves it.
func Releases(dir string, o Options) ([]release.Release, error) {
	store, err := openReleases(dir, true, o)
	if err != nil {
		return nil, err
	}
	return store.List()
}

// Rollback makes an earlier release of the site in dir live, beside whoever
// serves it; id "" is the one before. Dry only tells which that is.
func Rollback(ctx context.Context, dir, id string, dry bool, o Options) (release.Release, error) {
	store, err := openReleases(dir, true, o)
	if err != nil {
		return release.Release{}, err
	}
	to, err := store.Target(id)
	if err != nil || dry {
		return to, err
	}
	if store, err = openReleases(dir, false, o); err != nil {
		return release.Release{}, err
	}
	return store.Rollback(ctx, id)
}

func openReleases(dir string, look bool, o Options) (*release.Store, error) {
	o.defaults()
	l, err := layoutOf(dir)
	if err != nil {
		return nil, err
	}
	if _, err := l.readConfig(); err != nil {
		return nil, err
	}
	return release.Open(l.releases(), release.Options{Now: o.Now, ReadOnly: look})
}

// Export writes the sources of the site in dir as OPML.
func Export(dir string, w io.Writer) error {
	l, err := layoutOf(dir)
	if err != nil {
		return err
	}
	cfg, err := l.readConfig()
	if err != nil {
		return err
	}
	return opml.Write(w, cfg.Site.Title, cfg.Sources)
}

// ConfiguredSources lists the sources of the site in dir, as coranto.yaml has them.
func ConfiguredSources(dir string) ([]coranto.Source, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return nil, err
	}
	cfg, err := l.readConfig()
	if err != nil {
		return nil, err
	}
	return cfg.Sources, nil
}

// Export writes the current release to a plain directory, with the status of
// now beside it.
func (a *App) Export(ctx context.Context, dir string) (release.Exported, error) {
	if err := a.apart(dir); err != nil {
		return release.Exported{}, err
	}
	m, err := a.releases.Current()
	if err != nil {
		return release.Exported{}, err
	}
	x, err := a.releases.Export(ctx, m.ID(), dir)
	if err != nil {
		return x, err
	}
	return x, a.exportStatus(ctx, dir)
}

// exportStatus puts the status of now beside an export.
func (a *App) exportStatus(ctx context.Context, dir string) error {
	st, err := a.Status(ctx)
	if err != nil {
		return err
	}
	b, err := json.Marshal(st.Public())
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "status.json"), b, 0o666)
}

// ErrNotApart is returned for an export into what the site is made of.
var ErrNotApart = errors.New("belongs to the site directory itself")

// apart refuses a directory in which an export would mix with what is the
// user's, git's or ours.
func (a *App) apart(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	site := a.Dir
	if real, err := filepath.EvalSymlinks(site); err == nil {
		site = real
	}
	rel, err := filepath.Rel(site, abs)
	if err != nil {
		return nil // on another volume
	}
	first, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
	switch first {
	case ".", ".git", ".coranto", "content", "theme", "workflows", "secrets":
		return fmt.Errorf("export to %s: %w", dir, ErrNotApart)
	}
	return nil
}

// executions opens the journal of the site in dir, beside whoever serves it. It
// is nil where nothing has run yet.
func executions(ctx context.Context, dir string) (*local.Store, func() error, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return nil, nil, err
	}
	if _, err := l.readConfig(); err != nil {
		return nil, nil, err
	}
	if !exists(l.database()) {
		return nil, func() error { return nil }, nil
	}
	db, err := sqlite.Open(l.database(), sqlite.Options{ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	store, err := local.NewStore(ctx, db, nil)
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	return store, db.Close, nil
}

// Runs lists the newest executions of the site in dir.
func Runs(ctx context.Context, dir string, n int) ([]engine.Execution, error) {
	store, done, err := executions(ctx, dir)
	if err != nil || store == nil {
		return nil, err
	}
	defer done()
	return store.List(ctx, engine.Filter{Limit: n})
}

// History hands what happened in an execution to tell, event by event.
func History(ctx context.Context, dir, id string, tell func(asl.HistoryEvent) error) error {
	store, done, err := executions(ctx, dir)
	if err != nil {
		return err
	}
	if store == nil {
		return fmt.Errorf("%s: %w", id, engine.ErrNotFound)
	}
	defer done()
	if id == "last" {
		list, err := store.List(ctx, engine.Filter{Limit: 1})
		if err != nil || len(list) == 0 {
			return errors.Join(err, fmt.Errorf("%s: %w", id, engine.ErrNotFound))
		}
		id = string(list[0].ID)
	}
	for e, err := range store.History(ctx, engine.ExecutionID(id)) {
		if err != nil {
			return err
		}
		if err := tell(e); err != nil {
			return err
		}
	}
	return nil
}
