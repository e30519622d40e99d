package app

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"time"

	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/git"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/sqlite"
)

// Status is how a site stands. It is what `coranto status` prints and what
// /status.json beside the release says.
type Status struct {
	Site    string            `json:"site"`
	URL     string            `json:"url,omitempty"`
	Now     time.Time         `json:"now"`
	LastOK  time.Time         `json:"last_run,omitzero"` // when a run last ended well
	MaxAge  string            `json:"max_age,omitempty"`
	Stale   bool              `json:"stale"`
	LastRun *pipeline.Summary `json:"run,omitempty"`
	Release *release.Release  `json:"release,omitempty"`
	// Unpublished says that what is committed is not live, since when and why.
	Unpublished *Unpublished `json:"unpublished,omitempty"`
	// Untold says that the site's hub was not told of what is new, and why.
	Untold *Untold `json:"untold,omitempty"`
	// WebSub counts the hubs of sources; nil where none names one.
	WebSub *WebSub `json:"websub,omitempty"`
	// Places are those to which the site is taken.
	Places []Place `json:"deploy,omitempty"`
	// Unreadable says why nothing is told of what has been learnt of sources.
	Unreadable string         `json:"unreadable,omitempty"`
	Posts      int            `json:"posts"`
	Queued     int            `json:"queued,omitempty"` // wait for approval
	Sources    []SourceStatus `json:"sources"`
	Behind     []string       `json:"behind,omitempty"` // edited files that keep the working tree from following the branch
	Warnings   []string       `json:"warnings,omitempty"`
}

// SourceStatus is how a source stands.
type SourceStatus struct {
	ID       string         `json:"id"`
	Title    string         `json:"title,omitempty"`
	URL      string         `json:"url"`
	Health   catalog.Health `json:"health"`
	Since    time.Time      `json:"since,omitzero"`
	Checked  time.Time      `json:"checked,omitzero"`
	OK       time.Time      `json:"ok,omitzero"`
	Changed  time.Time      `json:"changed,omitzero"`
	Next     time.Time      `json:"next,omitzero"`
	Failures int            `json:"failures,omitempty"`
	Error    string         `json:"error,omitempty"`
	Message  string         `json:"message,omitempty"`
	Why      string         `json:"why,omitempty"`
	Advice   string         `json:"advice,omitempty"`
	Kind     string         `json:"kind,omitempty"`
	Zone     string         `json:"zone,omitempty"`
	Tags     []string       `json:"tags,omitempty"`
	MovedTo  string         `json:"moved_to,omitempty"`
}

// Status tells how the open site stands.
func (a *App) Status(ctx context.Context) (Status, error) {
	st, err := status(ctx, a.Config(), a.db, a.releases, a.o.Now())
	if err != nil {
		return st, err
	}
	if snap, err := a.content.Snapshot(ctx); err == nil {
		st.Posts = snap.Len()
		st.Warnings = snap.Warnings()
	}
	st.Behind, _ = a.content.Behind(ctx)
	return st, nil
}

// StatusOf tells how the site in dir stands, without taking it: it works while
// another process serves it, and changes nothing.
func StatusOf(ctx context.Context, dir string, o Options) (Status, error) {
	o.defaults()
	l, err := layoutOf(dir)
	if err != nil {
		return Status{}, err
	}
	cfg, err := l.readConfig()
	if err != nil {
		return Status{}, err
	}
	rel, err := release.Open(l.releases(), release.Options{Now: o.Now, ReadOnly: true})
	if err != nil {
		return Status{}, err
	}
	st, err := statusBeside(ctx, l, cfg, rel, o.Now())
	if err != nil {
		return st, err
	}
	repo, err := git.Open(ctx, l.Dir, git.Options{})
	if err != nil {
		return st, err
	}
	defer repo.Close()
	branch, err := branchOf(ctx, repo, cfg)
	if err != nil {
		st.Warnings = append(st.Warnings, err.Error())
		return st, nil
	}
	store, err := content.Open(ctx, repo, content.Options{Path: cfg.Content, Branch: branch, Cache: content.ViewCache(l.cache())})
	if err != nil {
		return st, err
	}
	defer store.Close()
	snap, err := store.Snapshot(ctx)
	if err != nil {
		return st, err
	}
	st.Posts, st.Warnings = snap.Len(), snap.Warnings()
	st.Queued = queued(ctx, cfg, snap, o.Now())
	st.Behind, err = store.Behind(ctx)
	return st, err
}

// statusBeside opens the state only to look. Where that cannot be read, what
// the configuration and the releases tell is told all the same.
func statusBeside(ctx context.Context, l Layout, cfg *config.Config, rel *release.Store, now time.Time) (Status, error) {
	db, err := sqlite.Open(l.database(), sqlite.Options{ReadOnly: true})
	if err == nil {
		defer db.Close()
		var st Status
		if st, err = status(ctx, cfg, db, rel, now); err == nil {
			return st, nil
		}
	}
	st, serr := status(ctx, cfg, nil, rel, now)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case !errors.Is(err, sqlite.ErrDamaged) && !errors.Is(err, sqlite.ErrNewer) && !errors.Is(err, sqlite.ErrIO):
		return st, err
	default:
		st.Unreadable = err.Error()
		if hint := Hint(err); hint != "" {
			st.Unreadable += "\nhint: " + hint
		}
	}
	return st, serr
}

func status(ctx context.Context, cfg *config.Config, db *sqlite.DB, rel *release.Store, now time.Time) (Status, error) {
	st := Status{Site: cfg.Site.Title, URL: cfg.Site.URL, Now: now.UTC().Truncate(time.Second), Sources: []SourceStatus{}}
	states := map[string]catalog.State{}
	var err error
	if db != nil {
		cat := catalog.View(db)
		if states, err = cat.States(ctx); err != nil {
			return st, err
		}
		if st.Unpublished, err = readUnpublished(ctx, cat); err != nil {
			return st, err
		}
		if st.Untold, err = readUntold(ctx, cat); err != nil {
			return st, err
		}
		if st.WebSub, err = webSub(ctx, db, cfg, states, now); err != nil {
			return st, err
		}
		ok, err := cat.Fact(ctx, pipeline.FactLastOK)
		if err != nil {
			return st, err
		}
		st.LastOK, _ = time.Parse(time.RFC3339, ok)
		last, err := cat.Fact(ctx, pipeline.FactLastRun)
		if err != nil {
			return st, err
		}
		if last != "" {
			st.LastRun = &pipeline.Summary{}
			if json.Unmarshal([]byte(last), st.LastRun) != nil {
				st.LastRun = nil
			}
		}
	}
	if age := cfg.Freshness.MaxAge; age > 0 {
		st.MaxAge = age.String()
		// A site that follows nobody yet has nothing to go stale.
		st.Stale = len(cfg.Sources) > 0 && now.Sub(st.LastOK) > age || st.Unpublished != nil && now.Sub(st.Unpublished.At) > age
	}
	if rel != nil {
		m, err := rel.Current()
		if err != nil && !errors.Is(err, release.ErrNone) {
			return st, err
		}
		if err == nil {
			r := m.Release()
			st.Release = &r
		}
	}
	if db != nil {
		live := ""
		if st.Release != nil {
			live = st.Release.ID
		}
		if st.Places, err = places(ctx, catalog.View(db), cfg, live); err != nil {
			return st, err
		}
	}
	for _, src := range cfg.Sources {
		s := states[src.ID]
		if s.URL != src.URL {
			s = catalog.State{}
		}
		e := SourceStatus{ID: src.ID, Title: src.Title, URL: src.URL, Health: s.Health(src, now), Since: s.Since, Checked: s.Checked,
			OK: s.OK, Changed: s.Changed, Next: s.Next, Failures: s.Failures, Error: s.Error, Message: s.Message, MovedTo: s.MovedTo}
		e.Why, e.Advice = why(e.Health, src, s), advice(e.Health, src, s)
		e.Kind, e.Zone, e.Tags = src.Kind, src.Zone, src.Tags
		if e.Title == "" {
			e.Title = s.Title
		}
		if s.Use != "" {
			e.MovedTo = s.Use
		}
		st.Sources = append(st.Sources, e)
	}
	return st, nil
}
