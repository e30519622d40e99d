// Package pipeline holds the tasks that Coranto's workflows call: it is where
// the stages, which do not know each other, are joined. Each task takes JSON
// and returns JSON, may be called again after a crash, and fails with a name
// from the one table of errors (errors.go).
//
// What happens next is the workflow's affair; what runs it, the engine's;
// putting the parts together, app's.
package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/job"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/robots"
	"github.com/coranto/coranto/internal/site"
)

// Keys of log records.
const (
	KeyExecution = "execution"
	KeySource    = "source"
	KeyCommit    = "commit"
	KeyRelease   = "release"
	KeyTask      = "task"
	KeyAttempt   = "attempt"
	KeyError     = "error"
)

// Settings are what the configuration says, in the tasks' terms. They are
// never changed, only replaced as a whole.
type Settings struct {
	Sources    []coranto.Source
	Every      time.Duration  // of every source that has none of its own; 0: adaptive
	Bounds     catalog.Bounds // of the adaptive interval
	TagMap     map[string]string
	Location   *time.Location // of a post's day
	Site       site.Config
	Theme      fs.FS  // nil: none
	Pages      fs.FS  // the keeper's own; nil: none
	Hash       string // of everything a build depends on besides content and theme
	MaxRemoved float64
	Version    string
	Pictures   bool // fetch lead pictures and serve them from the site
	Keep       int  // releases kept
	Web        Getter
	Zone       string   // of requests that no source asks for; see coranto.Source
	Commands   Commands // the site's own tasks
	Builder    *Builder // nil: the site is built here
}

// Getter asks the web; *egress.Client is one.
type Getter = feed.Getter

// Deps is what the tasks work on.
type Deps struct {
	Catalog  *catalog.Catalog
	Content  *content.Store
	Releases *release.Store
	Pictures Pictures
	Robots   *robots.Cache    // nil: robots.txt is not asked for
	Settings func() *Settings // as they are now
	Jobs     *job.Runner      // nil: commands are not run
	Secret   func(name string) (string, error)
	Checkout func(ctx context.Context, commit, dir string) error // writes a commit's files; nil: no builder runs
	Scratch  string                                              // folder for checkouts; empty: the system's
	Ledger   string                                              // folder for what builds of the site remember; empty: none is kept
	// Contains reports whether a commit is in the history of another.
	Contains func(ctx context.Context, head, commit string) (bool, error)
	// Ready refuses while nothing can be committed; nil: always can.
	Ready func(ctx context.Context) error
	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: none
}

// every is a source's own interval, or that of all; 0: adaptive.
func (s *Settings) every(src coranto.Source) time.Duration {
	if d, err := time.ParseDuration(src.Every); err == nil && src.Every != "" {
		return d
	}
	return s.Every
}

// Due reports whether a scheduled run would ask a source.
func (s *Settings) Due(src coranto.Source, st catalog.State, now time.Time) bool {
	return src.Active() && (st.URL != src.URL || !st.Gone && !st.Held.After(now) && st.Due(now, s.every(src), s.Bounds))
}

// Subscribed is the state of a source once its hub has said yes until then.
func (s *Settings) Subscribed(src coranto.Source, st catalog.State, since, until, now time.Time) catalog.State {
	return st.Subscribed(since, until, now, s.every(src), s.Bounds)
}

// Pipeline is the set of tasks.
type Pipeline struct {
	Deps
	tasks map[string]engine.Handler
	parse chan struct{} // one token a core: parsing is all CPU and memory
	large chan struct{} // a token a large body
	runs  sync.Mutex    // over the feeds of executions, see bindRun
	links linkMemo

	standing standing
	decided  atomic.Pointer[decided]
}

var _ engine.Tasks = (*Pipeline)(nil)

// New joins the parts.
func New(d Deps, cores int) *Pipeline {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	p := &Pipeline{Deps: d, parse: make(chan struct{}, max(1, cores)), large: make(chan struct{}, largeBodies), links: linkMemo{seed: maphash.MakeSeed()}}
	p.tasks = map[string]engine.Handler{
		"coranto:dueSources":      task(p.dueSources),
		"coranto:fetchFeed":       task(p.fetchFeed),
		"coranto:matchEntries":    task(p.matchEntries),
		"coranto:scrapePost":      task(p.scrapePost),
		"coranto:commitPosts":     task(p.commitPosts),
		"coranto:buildSite":       task(p.buildSite),
		"coranto:activateRelease": task(p.activateRelease),
		"coranto:wantedPictures":  task(p.wantedPictures),
		"coranto:fetchPicture":    task(p.fetchPicture),
	}
	p.addOriginal()
	return p
}

// Handler finds the task of a resource.
func (p *Pipeline) Handler(resource string) engine.Handler {
	if name, ok := strings.CutPrefix(resource, TaskPrefix); ok {
		return p.command(name)
	}
	return p.tasks[resource]
}

// task makes a handler of a function over JSON shapes.
func task[In, Out any](do func(context.Context, engine.Task, In) (Out, error)) engine.Handler {
	return func(ctx context.Context, t engine.Task) (json.RawMessage, error) {
		var in In
		if err := json.Unmarshal(t.Input, &in); err != nil {
			return nil, &engine.TaskError{Name: "Coranto.Input", Cause: fmt.Sprintf("%s: input of state %s: %v", t.Resource, t.State, err), Err: err}
		}
		t.Input = nil // read; a run's whole harvest need not be held twice
		out, err := do(ctx, t, in)
		if err != nil {
			return nil, named(err)
		}
		b, err := json.Marshal(out)
		if err != nil {
			return nil, named(fmt.Errorf("%s: output: %w", t.Resource, err))
		}
		return b, nil
	}
}
