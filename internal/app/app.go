// Package app puts Coranto together: it opens a site directory and joins
// configuration, state, repository, network, workflows and releases. It is the
// only package that knows them all.
//
// It decides nothing that a stage could decide; flags and printing belong to
// cmd/coranto.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/engine/local"
	"github.com/coranto/coranto/internal/git"
	"github.com/coranto/coranto/internal/job"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/robots"
	"github.com/coranto/coranto/internal/schedule"
	"github.com/coranto/coranto/internal/secret"
	"github.com/coranto/coranto/internal/site"
	"github.com/coranto/coranto/internal/sqlite"
	"github.com/coranto/coranto/internal/websub"
)

// Version is what this tree calls itself where the build does not say.
const Version = "0.1.0-dev"

// Options of Open; the zero value works.
type Options struct {
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: none
	Version string           // "": Version
	// Confine is how commands are put into their zones, see job.Options.
	Confine []string
	// Observe is told what happens in every execution, in order. It must not
	// take long.
	Observe func(engine.ExecutionID, asl.HistoryEvent)
}

func (o *Options) defaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Version == "" {
		o.Version = Version
	}
}

// Layout is where things are in a site directory.
type Layout struct{ Dir string }

func (l Layout) config() string { return filepath.Join(l.Dir, config.FileName) }
func (l Layout) state(p ...string) string {
	return filepath.Join(append([]string{l.Dir, ".coranto"}, p...)...)
}
func (l Layout) database() string  { return l.state("state.db") }
func (l Layout) releases() string  { return l.state("releases") }
func (l Layout) cache() string     { return l.state("cache") }
func (l Layout) lock() string      { return l.state("lock") }
func (l Layout) secrets() string   { return filepath.Join(l.Dir, "secrets") }
func (l Layout) theme() string     { return filepath.Join(l.Dir, "theme") }
func (l Layout) pages() string     { return filepath.Join(l.Dir, "pages") }
func (l Layout) workflows() string { return filepath.Join(l.Dir, "workflows") }

// App is an open site directory. One process has it at a time.
type App struct {
	Layout
	o        Options
	lock     *lock
	db       *sqlite.DB
	repo     *git.Repo
	branch   string // that holds the content
	catalog  *catalog.Catalog
	holds    *catalog.Holds
	polite   *egress.Manners // of every client of this process
	meter    *catalog.Meter
	robots   *robots.Cache
	content  *content.Store
	releases *release.Store
	pictures *pictures
	runtime  *reviving
	tasks    *pipeline.Pipeline

	notifying sync.Mutex // one Notify at a time
	jobs      *job.Runner
	stop      func() // ends what Open has started beside the runtime
	warnings  []string

	reload  sync.Mutex
	hosting hosting

	subscriber *websub.Subscriber
	told       told

	deploying deploying
	refused   refused
	current   atomic.Pointer[current]
}

// current is the configuration in force and what was made of it.
type current struct {
	config   *config.Config
	settings *pipeline.Settings
	web      *egress.Client
	print    string // of the files it came from
	distrust []string
	// workflows are the site's own by name, as they were read when the question
	// of trust was answered; ownWorkflows is that answer.
	workflows    map[string][]byte
	ownWorkflows bool
}

// refused remembers the build that a guard or the theme refused last: only a
// change makes a new try.
type refused struct{ v atomic.Value }

func (r *refused) is(want string) bool {
	got, _ := r.v.Load().(string)
	return want != "" && got == want
}
func (r *refused) set(want string) { r.v.Store(want) }

// Open takes the site directory dir: the lock, the configuration, the state
// (a damaged state file is set aside: it can be thrown away), and resumes what
// a crash has left unfinished.
func Open(ctx context.Context, dir string, o Options) (_ *App, err error) {
	o.defaults()
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	a := &App{Layout: Layout{abs}, o: o, polite: egress.NewManners()}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	cfg, err := a.readConfig()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(a.state(), 0o777); err != nil {
		return nil, fmt.Errorf("make the state directory: %w", err)
	}
	if a.lock, err = takeLock(a.Layout.lock()); err != nil {
		return nil, err
	}
	a.sweepCheckouts()
	if err := a.openState(ctx); err != nil {
		return nil, err
	}
	if err := a.openContent(ctx, cfg); err != nil {
		return nil, err
	}
	if a.releases, err = release.Open(a.Layout.releases(), release.Options{Now: o.Now}); err != nil {
		return nil, err
	}
	if a.pictures, err = openPictures(ctx, a.db, o.Now); err != nil {
		return nil, err
	}
	if err := a.apply(ctx, cfg); err != nil {
		return nil, err
	}
	if err := a.openSubscriber(ctx); err != nil {
		return nil, err
	}
	if a.jobs, err = job.New(ctx, a.db, job.Options{Now: o.Now, Confine: o.Confine}); err != nil {
		return nil, err
	}
	a.tasks = pipeline.New(pipeline.Deps{
		Jobs: a.jobs, Secret: a.revealSecret, Checkout: a.checkout, Scratch: a.state(), Ledger: a.state("site"),
		Catalog: a.catalog, Content: a.content, Releases: a.releases, Pictures: a.pictures, Robots: a.robots,
		Settings: func() *pipeline.Settings { return a.current.Load().settings },
		Contains: func(ctx context.Context, head, commit string) (bool, error) {
			return contains(ctx, a.repo, head, commit)
		},
		Ready: a.repo.Ready,
		Now:   o.Now, Log: o.Log,
	}, runtime.NumCPU())
	// Tasks mostly wait for their turn at a host: a goroutine each is cheap.
	a.runtime, err = openReviving(ctx, func(ctx context.Context) (*local.Runtime, error) {
		return local.Open(ctx, a.db, a.tasks, local.Options{Workers: 1024, Now: o.Now, Log: o.Log, Observe: o.Observe})
	})
	if err != nil {
		return nil, err
	}
	a.stop = background(a.answerRequests)
	return a, nil
}

// contains tells whether head has commit among its ancestors.
func contains(ctx context.Context, repo *git.Repo, head, commit string) (bool, error) {
	if _, err := repo.ReadCommit(ctx, commit); errors.Is(err, git.ErrNotFound) {
		return false, nil // it is not even there any more
	}
	base, err := repo.MergeBase(ctx, git.OID(head), git.OID(commit))
	return base == git.OID(commit), err
}

// openState opens the state database, or begins a new one where it is damaged.
func (a *App) openState(ctx context.Context) (err error) {
	open := func() error {
		// It holds the secrets of subscriptions. SQLite gives its companions the
		// same rights.
		if f, err := os.OpenFile(a.database(), os.O_CREATE, 0o600); err == nil {
			f.Close()
		}
		if a.db, err = sqlite.Open(a.database(), sqlite.Options{}); err != nil {
			return err
		}
		if a.catalog, err = catalog.Open(ctx, a.db); err != nil {
			return err
		}
		if a.holds, err = a.catalog.Holds(ctx, a.o.Now()); err != nil {
			return err
		}
		return a.openManners(ctx)
	}
	err = open()
	if !errors.Is(err, sqlite.ErrDamaged) {
		return err
	}
	if a.db != nil {
		a.db.Close()
		a.db = nil
	}
	aside, serr := sqlite.SetAside(a.database(), a.o.Now())
	if serr != nil {
		return errors.Join(err, serr)
	}
	a.warn("the state file could not be read and was set aside as " + filepath.Base(aside) + "; no post is lost, every source is asked anew")
	return open()
}

// openContent opens the repository and its content.
func (a *App) openContent(ctx context.Context, cfg *config.Config) (err error) {
	a.repo, err = git.Open(ctx, a.Dir, git.Options{Author: git.Ident{Name: cfg.Commit.Name, Email: cfg.Commit.Email}})
	if err != nil {
		return err
	}
	if a.branch, err = branchOf(ctx, a.repo, cfg); err != nil {
		return err
	}
	o := content.Options{Path: cfg.Content, Branch: a.branch, Location: cfg.Site.Timezone, Now: a.o.Now, Cache: content.DirCache(a.cache())}
	if cfg.Remote != "" {
		remote := a.remote(cfg.Remote, cfg.RemoteZone)
		o.Remote = &remote
	}
	if a.content, err = content.Open(ctx, a.repo, o); err != nil {
		return err
	}
	_, err = a.content.Follow(ctx)
	return err
}

// credentials finds user and password of a remote in the secret store, by its
// host. They are read when they are needed, never kept.
func (a *App) credentials(remote string) func() (string, string, error) {
	return func() (string, string, error) {
		host := remoteHost(remote)
		if host == "" {
			return "", "", nil
		}
		v, err := secret.Open(a.secrets(), secret.Options{}).Get(host)
		if errors.Is(err, secret.ErrNotFound) {
			return "", "", nil
		}
		if err != nil {
			return "", "", err
		}
		user, password := v.Login()
		return user, password, nil
	}
}

// Config is the configuration in force.
func (a *App) Config() *config.Config { return a.current.Load().config }

// maxTold bounds the warnings about the content that are said at an opening.
const maxTold = 5

// Warnings are what a person should hear of the opening.
func (a *App) Warnings(ctx context.Context) []string {
	_, _ = a.content.Snapshot(ctx) // whoever reads it next tells of an error
	return append(a.Notices(ctx), a.ContentWarnings()...)
}

// ContentWarnings are what a person should hear of the content, as far as it has
// been read.
func (a *App) ContentWarnings() []string {
	snap := a.content.Loaded()
	if snap == nil {
		return nil
	}
	told := snap.Warnings()
	if n := len(told) - maxTold; n > 0 {
		told = append(told[:maxTold:maxTold], fmt.Sprintf("… and %d more of the content: coranto status", n))
	}
	return told
}

// Notices are Warnings without those of the content.
func (a *App) Notices(ctx context.Context) []string {
	w := append([]string(nil), a.warnings...)
	if text := a.wrongClock(ctx); text != "" {
		w = append(w, text)
	}
	for _, part := range a.current.Load().distrust {
		w = append(w, "what this site says of "+part+" has no effect until it is trusted: read it, then run `coranto trust`")
	}
	return w
}

// wrongClock says what is wrong with the clock, as far as git knows better.
func (a *App) wrongClock(ctx context.Context) string {
	now := a.o.Now()
	commit, err := a.content.Head(ctx)
	if err != nil || commit == "" {
		return ""
	}
	head, err := a.repo.ReadCommit(ctx, commit)
	if err != nil || !head.When.After(now.Add(clockSlack)) {
		return ""
	}
	return fmt.Sprintf("the clock says %s, but the newest commit is of %s: set it, or posts get their place by a wrong time (`coranto doctor`)",
		now.UTC().Format(time.RFC3339), head.When.UTC().Format(time.RFC3339))
}

func (a *App) warn(text string) {
	a.warnings = append(a.warnings, text)
	a.o.Log.Warn(text)
}

// Close stops what is in hand and gives the directory free. What has not ended
// goes on when it is opened again.
func (a *App) Close() error {
	var errs []error
	if a.stop != nil {
		a.stop()
	}
	if a.hosting.log != nil {
		errs = append(errs, a.hosting.log.Close())
	}
	if a.runtime != nil {
		errs = append(errs, a.runtime.Close())
	}
	errs = append(errs, a.keepManners(context.Background()))
	if c := a.current.Load(); c != nil {
		c.web.Close()
	}
	if a.content != nil {
		errs = append(errs, a.content.Close())
	}
	if a.repo != nil {
		errs = append(errs, a.repo.Close())
	}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	if a.lock != nil {
		errs = append(errs, a.lock.release())
	}
	return errors.Join(errs...)
}

// ErrNoSite is returned for a directory that is no site directory.
var ErrNoSite = errors.New("not a site directory")

// readConfig reads coranto.yaml.
func (l Layout) readConfig() (*config.Config, error) {
	cfg, err := config.Load(l.config())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, l.noSite()
	}
	if err != nil {
		return nil, err
	}
	if name := cfg.Theme.Name; !slices.Contains(site.Themes(), name) {
		hint := "there is " + strings.Join(site.Themes(), ", ")
		if near := config.Nearest(name, site.Themes()); near != "" {
			hint = "did you mean " + near + "?"
		}
		return nil, cfg.Fault(cfg.ThemeKey(), fmt.Sprintf("no theme is called %q", name), hint)
	}
	for i, s := range cfg.Schedules {
		if _, err := schedule.Parse(s.At, s.Timezone); err != nil {
			return nil, cfg.Fault(cfg.ScheduleKey(i), err.Error(), "write rate(2 hours), or a time of day such as cron(0 6 * * ? *)")
		}
	}
	return cfg, nil
}

// noSite says what is where a site directory was expected.
func (l Layout) noSite() error {
	switch info, err := os.Stat(l.Dir); {
	case err == nil && !info.IsDir():
		return fmt.Errorf("%w: %s is a file", ErrNoSite, l.Dir)
	case err != nil:
		return fmt.Errorf("%w: there is no directory %s", ErrNoSite, l.Dir)
	}
	if to, err := os.Readlink(l.config()); err == nil {
		return fmt.Errorf("%w: %s leads to %s, and that is not there", ErrNoSite, l.config(), to)
	}
	for up := filepath.Dir(l.Dir); up != filepath.Dir(up); up = filepath.Dir(up) {
		if (Layout{up}).isSite() {
			return fmt.Errorf("%w: it lies within one, %s (hint: coranto -C %s works on that)", ErrNoSite, up, up)
		}
	}
	return fmt.Errorf("%w: there is no %s in %s", ErrNoSite, config.FileName, l.Dir)
}

// isSite reports whether the directory has a configuration.
func (l Layout) isSite() bool {
	info, err := os.Stat(l.config())
	return err == nil && info.Mode().IsRegular()
}

// layoutOf finds the layout of a directory.
func layoutOf(dir string) (Layout, error) {
	abs, err := filepath.Abs(dir)
	return Layout{abs}, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// branchOf is the branch that holds the content: the configured one, or the
// one that is checked out.
func branchOf(ctx context.Context, repo *git.Repo, cfg *config.Config) (string, error) {
	if cfg.Branch != "" || repo.Bare() {
		return cfg.Branch, nil
	}
	at, err := repo.Checked(ctx)
	if err == nil && at.Branch == "" {
		err = fmt.Errorf("%w: %s", git.ErrBusy, strings.Replace(at.Busy, "switch to a branch)", "switch main, or another branch; or name the branch in "+config.FileName+", branch: main)", 1))
	}
	return at.Branch, err
}
