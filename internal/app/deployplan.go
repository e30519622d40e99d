package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/sqlite"
)

// PlanDeploy tells what Deploy would write and remove, and writes nothing. It
// works beside a running serve. A bucket is asked what it has; of a branch it is
// known what we have pushed.
func PlanDeploy(ctx context.Context, dir string, force bool, o Options) ([]Deployed, error) {
	o.defaults()
	l, cfg, trusted, err := look(dir)
	if err != nil || len(cfg.Deploy) == 0 {
		return nil, err
	}
	if !trusted {
		return nil, errDeployUntrusted
	}
	store, err := release.Open(l.releases(), release.Options{Now: o.Now, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	m, err := store.Current()
	if err != nil {
		return nil, err
	}
	var cat *catalog.Catalog
	db, err := sqlite.Open(l.database(), sqlite.Options{ReadOnly: true})
	switch {
	case err == nil:
		defer db.Close()
		cat = catalog.View(db)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	var out []Deployed
	var errs []error
	for _, d := range cfg.Deploy {
		one := Deployed{To: d.To, Release: m.ID()}
		p := Place{}
		if cat != nil {
			if p, err = readPlace(ctx, cat, d); err != nil {
				return out, err
			}
		}
		if p.Release == m.ID() && !force {
			one.Already = true
		} else if err := l.planOne(ctx, cfg, d, store, m, p.Release, &one, o); err != nil {
			err = fmt.Errorf("deploy to %s: %w", d.To, err)
			one.Error = err.Error()
			errs = append(errs, err)
		}
		one.Written, one.Removed = len(one.Write), len(one.Remove)
		out = append(out, one)
	}
	return out, errors.Join(errs...)
}

func (l Layout) planOne(ctx context.Context, cfg *config.Config, d config.Deploy, store *release.Store, m *release.Manifest, had string, one *Deployed, o Options) error {
	if d.Kind == "s3" {
		web, err := l.client(cfg, o)
		if err != nil {
			return err
		}
		defer web.Close()
		way, err := web.Transport(d.Zone)
		if err != nil {
			return err
		}
		b, err := l.openBucket(d, way, o.Now)
		if err != nil {
			return err
		}
		p, err := planBucket(ctx, b, m)
		if err != nil {
			return err
		}
		one.Write, one.Remove = p.paths(), p.remove
		return nil
	}
	if d.Kind == "directory" {
		link, err := os.Readlink(l.within(d.To))
		switch {
		case err == nil:
			had = filepath.Base(link)
		case errors.Is(err, fs.ErrNotExist):
			had = ""
		default:
			return fmt.Errorf("something that is no symbolic link is there: %w", release.ErrForeign)
		}
	}
	var old *release.Manifest
	if had != "" {
		old, _ = store.Get(had) // one that is not kept any more is compared with nothing
	}
	for f := range m.All() {
		if old != nil {
			if was, ok := old.Lookup(f.Path); ok && was.Hash == f.Hash {
				continue
			}
		}
		one.Write = append(one.Write, f.Path)
	}
	if old == nil {
		return nil
	}
	for f := range old.All() {
		if _, ok := m.Lookup(f.Path); !ok {
			one.Remove = append(one.Remove, f.Path)
		}
	}
	return nil
}
