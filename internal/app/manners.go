package app

import (
	"context"
	"errors"
	"io/fs"

	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/robots"
	"github.com/coranto/coranto/internal/sqlite"
)

// openManners begins to count requests, and recalls what robots.txt said.
func (a *App) openManners(ctx context.Context) error {
	said, err := catalog.RobotsOf[robots.Saved](ctx, a.catalog)
	if err != nil {
		return err
	}
	a.robots = robots.NewCache(said, a.o.Now)
	a.meter = catalog.NewMeter()
	return nil
}

// keepManners writes down how servers were treated, and what their robots.txt
// said. Losing it costs nobody anything.
func (a *App) keepManners(ctx context.Context) error {
	if a.meter == nil {
		return nil
	}
	now := a.o.Now()
	return errors.Join(
		a.catalog.KeepManners(ctx, a.meter, now),
		catalog.KeepRobots(ctx, a.catalog, a.robots.Changed(), now),
	)
}

// Manners tells how each origin was treated by the site in dir, the most asked
// first. It works while another process serves the site.
func Manners(ctx context.Context, dir string) ([]catalog.Manners, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return nil, err
	}
	if _, err := l.readConfig(); err != nil {
		return nil, err
	}
	db, err := sqlite.Open(l.database(), sqlite.Options{ReadOnly: true})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return catalog.View(db).Manners(ctx)
}
