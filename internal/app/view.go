package app

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/git"
	"github.com/coranto/coranto/internal/moderation"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/sqlite"
)

// view is a site directory opened to look at, beside whoever serves it: nothing
// is taken and nothing changed.
type view struct {
	Layout
	config   *config.Config
	repo     *git.Repo
	content  *content.Store
	snap     *content.Snapshot
	decided  *moderation.Decisions
	states   map[string]catalog.State // of sources, as they are configured now
	catalog  *catalog.Catalog         // nil: there is no state yet
	releases *release.Store           // nil: there is none yet
	now      time.Time
	db       *sqlite.DB
}

func openView(ctx context.Context, dir string, o Options) (_ *view, err error) {
	o.defaults()
	l, err := layoutOf(dir)
	if err != nil {
		return nil, err
	}
	v := &view{Layout: l, now: o.Now(), states: map[string]catalog.State{}}
	defer func() {
		if err != nil {
			v.close()
		}
	}()
	if v.config, err = l.readConfig(); err != nil {
		return nil, err
	}
	if v.repo, err = git.Open(ctx, l.Dir, git.Options{}); err != nil {
		return nil, err
	}
	branch, err := branchOf(ctx, v.repo, v.config)
	if err != nil {
		return nil, err
	}
	v.content, err = content.Open(ctx, v.repo, content.Options{Path: v.config.Content, Branch: branch, Location: v.config.Site.Timezone,
		Now: o.Now, Cache: content.ViewCache(l.cache())})
	if err != nil {
		return nil, err
	}
	if v.snap, err = v.content.Snapshot(ctx); err != nil {
		return nil, err
	}
	if v.decided, err = pipeline.ReadDecisions(ctx, v.snap); err != nil {
		return nil, err
	}
	return v, v.openState(ctx, o)
}

// openState reads what has been learnt of sources, if anything has.
func (v *view) openState(ctx context.Context, o Options) error {
	var err error
	switch v.db, err = sqlite.Open(v.database(), sqlite.Options{ReadOnly: true}); {
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	case err != nil:
		return err
	default:
		v.catalog = catalog.View(v.db)
		states, err := v.catalog.States(ctx)
		if err != nil {
			return err
		}
		for _, src := range v.config.Sources {
			if s := states[src.ID]; s.URL == src.URL {
				v.states[src.ID] = s
			}
		}
	}
	if exists(v.Layout.releases()) {
		v.releases, err = release.Open(v.Layout.releases(), release.Options{Now: o.Now, ReadOnly: true})
	}
	return err
}

func (v *view) close() {
	if v.content != nil {
		v.content.Close()
	}
	if v.repo != nil {
		v.repo.Close()
	}
	if v.db != nil {
		v.db.Close()
	}
}

// rules say how decisions about posts apply.
func (v *view) rules() moderation.Rules { return pipeline.ModerationRules(v.config.Sources, v.now) }

func (v *view) contains(ctx context.Context, head, commit string) (bool, error) {
	return contains(ctx, v.repo, head, commit)
}
