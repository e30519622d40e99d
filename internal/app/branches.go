package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/git"
	"github.com/coranto/coranto/internal/host"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/release"
)

// previews are the branches that are shown at NAME--host: each has releases of
// its own in .coranto/previews/NAME, is built when it moves and removed when it
// is deleted. None of them ever goes live.
type previews struct {
	mu   sync.Mutex
	list map[string]*preview // by name in the address
}

type preview struct {
	branch string
	at     git.OID // of what was built last, or tried
	store  *release.Store
}

// Limits of previews: the branches that moved last.
const (
	maxPreviews  = 20
	previewEvery = 2 * time.Second
)

// preview finds the branch or the release that a host name asks for.
func (a *App) preview(_ context.Context, name string) (host.Release, error) {
	a.hosting.previews.mu.Lock()
	p := a.hosting.previews.list[name]
	a.hosting.previews.mu.Unlock()
	store := a.releases
	var m *release.Manifest
	var err error
	if p != nil {
		store = p.store
		m, err = store.Current()
	} else {
		m, err = store.Get(name)
	}
	if err != nil {
		return nil, err
	}
	return hostedRelease{m, store, a.packed()}, nil
}

// keepPreviews builds the branches that have moved, until ctx ends.
func (a *App) keepPreviews(ctx context.Context) {
	tick := time.NewTicker(previewEvery)
	defer tick.Stop()
	for {
		if a.Config().Host.Previews {
			if err := a.levelPreviews(ctx); err != nil && ctx.Err() == nil {
				a.o.Log.WarnContext(ctx, "branches cannot be previewed", "error", err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// levelPreviews brings the previews to where the branches are.
func (a *App) levelPreviews(ctx context.Context) error {
	heads, err := a.previewable(ctx)
	if err != nil {
		return err
	}
	var gone []string
	entries, err := os.ReadDir(a.state("previews"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if _, ok := heads[e.Name()]; !ok {
			gone = append(gone, e.Name())
		}
	}
	for _, name := range gone {
		a.hosting.previews.mu.Lock()
		delete(a.hosting.previews.list, name)
		a.hosting.previews.mu.Unlock()
		if err := os.RemoveAll(a.state("previews", name)); err != nil {
			return err
		}
		a.o.Log.InfoContext(ctx, "a preview was removed", "preview", name)
	}
	for name, h := range heads {
		if err := a.levelPreview(ctx, name, h); err != nil && ctx.Err() == nil {
			a.o.Log.WarnContext(ctx, "a branch cannot be previewed; what it showed before stays", "branch", h.Branch, "commit", h.Commit, "error", err)
		}
	}
	return nil
}

func (a *App) levelPreview(ctx context.Context, name string, h git.Head) error {
	a.hosting.previews.mu.Lock()
	p := a.hosting.previews.list[name]
	a.hosting.previews.mu.Unlock()
	if p == nil {
		store, err := release.Open(a.state("previews", name), release.Options{Now: a.o.Now})
		if err != nil {
			return err
		}
		p = &preview{branch: h.Branch, store: store}
		if m, err := store.Current(); err == nil && m.Release().Generator == "coranto "+a.o.Version {
			p.at = git.OID(m.Release().Commit) // built by the process before
		}
		a.hosting.previews.mu.Lock()
		if a.hosting.previews.list == nil {
			a.hosting.previews.list = map[string]*preview{}
		}
		a.hosting.previews.list[name] = p
		a.hosting.previews.mu.Unlock()
	}
	if p.at == h.Commit {
		return nil
	}
	p.at = h.Commit // one that cannot be built is not tried again until it moves
	built, err := a.buildPreview(ctx, p.store, h)
	if err != nil {
		return err
	}
	if err := p.store.Activate(ctx, built.Release); err != nil {
		return err
	}
	a.o.Log.InfoContext(ctx, "a branch is previewed", "branch", h.Branch, "commit", h.Commit, "preview", name)
	_, err = p.store.GC(ctx, 1)
	return err
}

// previewable are the branches by the name that stands in the address: of the
// remote where there is one, without the one that is live.
func (a *App) previewable(ctx context.Context) (map[string]git.Head, error) {
	cfg := a.Config()
	var heads []git.Head
	if cfg.Remote != "" {
		tracked, err := a.repo.TrackedHeads(ctx, git.Remote{URL: cfg.Remote})
		if err != nil {
			return nil, err
		}
		heads = tracked
	}
	own, err := a.repo.Heads(ctx)
	if err != nil {
		return nil, err
	}
	live, err := branchOf(ctx, a.repo, cfg)
	if err != nil {
		return nil, err
	}
	out := map[string]git.Head{}
	for _, h := range append(heads, own...) {
		name := previewName(h.Branch)
		if _, taken := out[name]; !taken && name != "" && h.Branch != live && h.Branch != pagesBranch && len(out) < maxPreviews {
			out[name] = h
		}
	}
	return out, nil
}

// maxLabel is what a label of a host name may hold, beside the site's name.
const maxLabel = 63

// previewName is a branch as it stands in a host name.
func previewName(branch string) string {
	words := strings.FieldsFunc(strings.ToLower(branch), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	name := strings.Join(words, "-")
	return strings.Trim(name[:min(len(name), maxLabel-3)], "-")
}

// fetchPreviews brings the branches of the remote.
func (a *App) fetchPreviews(ctx context.Context) error {
	cfg := a.Config()
	if cfg.Remote == "" || !cfg.Host.Previews {
		return nil
	}
	return a.repo.FetchHeads(ctx, a.remote(cfg.Remote, cfg.RemoteZone))
}

// buildPreview builds a branch with the configuration, the theme and the content
// that it has itself. It runs no program that the live branch may not run.
func (a *App) buildPreview(ctx context.Context, to *release.Store, h git.Head) (built pipeline.Built, err error) {
	tmp, err := os.MkdirTemp(a.state(), "preview-")
	if err != nil {
		return built, err
	}
	defer os.RemoveAll(tmp)
	l := Layout{filepath.Join(tmp, "site")}
	if err := os.Mkdir(l.Dir, 0o777); err != nil {
		return built, err
	}
	if err := a.checkout(ctx, string(h.Commit), l.Dir); err != nil {
		return built, err
	}
	cfg, err := l.readConfig()
	if err != nil {
		return built, err
	}
	trusted, err := a.mayBuild(l, cfg)
	if err != nil {
		return built, err
	}
	repo, err := a.repo.Borrow(ctx, filepath.Join(tmp, "repository"), h.Branch, h.Commit)
	if err != nil {
		return built, err
	}
	defer repo.Close()
	store, err := content.Open(ctx, repo, content.Options{Path: cfg.Content, Branch: h.Branch, Location: cfg.Site.Timezone, Now: a.o.Now})
	if err != nil {
		return built, err
	}
	defer store.Close()
	theme, pages, look, err := l.readLook()
	if err != nil {
		return built, err
	}
	sourceDefaults(cfg)
	set := &pipeline.Settings{
		Sources: cfg.Sources, TagMap: cfg.TagMap, Location: cfg.Site.Timezone, Site: siteConfig(cfg), Theme: theme, Pages: pages,
		MaxRemoved: 1, Version: a.o.Version, Pictures: cfg.Images.Mode == "cache", Builder: builder(cfg, trusted),
	}
	set.Hash = settingsHash(set, look)
	p := pipeline.New(pipeline.Deps{
		Catalog: a.catalog, Content: store, Releases: to, Pictures: a.pictures, Settings: func() *pipeline.Settings { return set },
		Jobs: a.jobs, Secret: a.revealSecret, Checkout: a.checkout, Scratch: a.state(), Now: a.o.Now, Log: a.o.Log,
	}, 1)
	out, err := p.Handler("coranto:buildSite")(ctx, engine.Task{Execution: engine.ExecutionID("preview-" + h.Commit[:10]), Input: json.RawMessage(`{"force":true}`)})
	if err != nil {
		return built, fmt.Errorf("build %s: %w", h.Branch, err)
	}
	return built, json.Unmarshal(out, &built)
}

// mayBuild reports whether the generator of a branch is the one that is trusted,
// with its program as it is there.
func (a *App) mayBuild(l Layout, cfg *config.Config) (bool, error) {
	if len(cfg.Build.Command) == 0 {
		return false, nil
	}
	now := a.current.Load()
	live, err := a.trusted(now.config)
	if err != nil || !live {
		return false, err
	}
	programs := func(l Layout, cfg *config.Config) ([]Part, error) {
		parts, err := l.parts(&config.Config{Build: cfg.Build}, nil)
		slices.SortFunc(parts, func(a, b Part) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Text, b.Text)) })
		return parts, err
	}
	ours, err := programs(a.Layout, now.config)
	if err != nil {
		return false, err
	}
	theirs, err := programs(l, cfg)
	return slices.Equal(ours, theirs), err
}
