package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

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

// Export writes the current release to a plain directory, with the status of
// now beside it.
func (a *App) Export(ctx context.Context, dir string) (release.Exported, error) {
	m, err := a.releases.Current()
	if err != nil {
		return release.Exported{}, err
	}
	x, err := a.releases.Export(ctx, m.ID(), dir)
	if err != nil {
		return x, err
	}
	st, err := a.Status(ctx)
	if err != nil {
		return x, err
	}
	b, err := json.Marshal(st.Public())
	if err != nil {
		return x, err
	}
	return x, os.WriteFile(filepath.Join(dir, "status.json"), b, 0o666)
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
