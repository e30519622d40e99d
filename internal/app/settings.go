package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/job"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/site"
	"github.com/coranto/coranto/internal/trust"
)

// keepReleases is how many releases stay for rollback.
const keepReleases = 20

// apply puts a configuration in force.
func (a *App) apply(ctx context.Context, cfg *config.Config) error {
	// Taken first: an edit made while this reads is found at the next look.
	print := a.printOf(cfg)
	own, err := a.Layout.ownWorkflows()
	if err != nil {
		return err
	}
	trusted, err := a.trustedWith(cfg, own)
	if err != nil {
		return err
	}
	var distrust []string
	zones := cfg.Zones
	if !trusted {
		if len(zones) > 0 {
			distrust = append(distrust, "zones")
		}
		if len(own) > 0 {
			distrust = append(distrust, "workflows/")
		}
		if len(cfg.Tasks) > 0 {
			distrust = append(distrust, "tasks")
		}
		if len(cfg.Build.Command) > 0 {
			distrust = append(distrust, "build")
		}
		if len(cfg.Receivers()) > 0 {
			distrust = append(distrust, "notify")
		}
		zones = nil
	}
	opt, err := a.egressOptions(cfg, zones, a.o)
	if err != nil {
		return err
	}
	theme, pages, look, err := a.readLook()
	if err != nil {
		return err
	}
	// A new client waits for its turn behind the old one's requests.
	opt.Holds, opt.Observe, opt.Manners = a.holds, a.meter.Observe, a.polite
	web, err := egress.New(opt)
	if err != nil {
		return fmt.Errorf("%s: %w", config.FileName, err)
	}
	sourceDefaults(cfg)
	tasks := commands(cfg, a.Dir, trusted)
	tasks.Gate = func(zone string, l net.Listener, password string) (job.Gate, error) {
		return web.GateOn(zone, l, password)
	}
	set := &pipeline.Settings{
		Sources: cfg.Sources, Bounds: catalog.DefaultBounds, Every: cfg.Fetch.Every, TagMap: cfg.TagMap, Location: cfg.Site.Timezone,
		Site: siteConfig(cfg), Theme: theme, Pages: pages, MaxRemoved: cfg.Guards.MaxRemoved, Version: a.o.Version,
		Pictures: cfg.Images.Mode == "cache", Keep: keepReleases, Web: web,
		Zone: cfg.Fetch.Zone, Commands: tasks, Builder: builder(cfg, trusted),
	}
	set.Hash = settingsHash(set, look)
	a.pictures.max.Store(cfg.Images.MaxDisk)
	old := a.current.Swap(&current{config: cfg, settings: set, web: web, print: print, distrust: distrust, workflows: own, ownWorkflows: trusted})
	if old != nil {
		// Requests under way hold the old client; its idle connections go.
		old.web.Close()
	}
	return nil
}

// egressOptions say how the web is asked. Without trust there are no zones, and
// so there is only the public network.
func (l Layout) egressOptions(cfg *config.Config, zones []config.Zone, opt Options) (egress.Options, error) {
	o := egress.Options{Identity: cfg.Fetch.Identity, Version: opt.Version, Timeout: cfg.Fetch.Timeout, MaxBody: cfg.Fetch.MaxBody,
		MaxConcurrent: cfg.Fetch.Parallel, Now: opt.Now}
	o.PerHost.Parallel, o.PerHost.Gap = cfg.Fetch.PerHost.Parallel, cfg.Fetch.PerHost.Gap
	if cfg.Fetch.PerHost.GapSet && cfg.Fetch.PerHost.Gap == 0 {
		o.PerHost.Gap = egress.NoGap
	}
	for _, z := range cfg.Zones {
		if len(zones) == 0 {
			o.Untrusted = append(o.Untrusted, z.Name)
			continue
		}
		zone, err := l.egressZone(z)
		if err != nil {
			return o, err
		}
		o.Zones = append(o.Zones, zone)
	}
	return o, nil
}

// siteConfig is what the generator needs of the configuration.
func siteConfig(cfg *config.Config) site.Config {
	c := site.Config{
		Title: cfg.Site.Title, Description: cfg.Site.Description, URL: cfg.Site.URL, Language: cfg.Site.Language,
		Timezone: cfg.Site.Timezone.String(), Theme: cfg.Theme.Name, PerPage: cfg.Site.PerPage, Author: cfg.Site.Author, Hub: cfg.Site.Hub,
		AllowThirdPartyImages: cfg.Images.Mode == "link", Options: cfg.Theme.Options,
	}
	for _, l := range cfg.Site.Links {
		c.Menu = append(c.Menu, site.MenuItem{Name: l.Title, URL: l.URL})
	}
	return c
}

// settingsHash names all that a build depends on besides the content.
func settingsHash(set *pipeline.Settings, theme string) string {
	b, err := json.Marshal(struct {
		Site    site.Config
		Sources any
		Theme   string
		Version string
		Picture bool
		Builder *pipeline.Builder `json:",omitempty"`
	}{set.Site, set.Sources, theme, set.Version, set.Pictures, set.Builder})
	if err != nil {
		return ""
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:8])
}

// readLook opens the user's theme and own pages, as far as there are any, and
// hashes what is in them.
func (l Layout) readLook() (theme, pages fs.FS, hash string, err error) {
	theme, hash, err = readFolder(l.theme())
	if err != nil {
		return nil, nil, "", fmt.Errorf("read the theme: %w", err)
	}
	pages, more, err := readFolder(l.pages())
	if err != nil {
		return nil, nil, "", fmt.Errorf("read the pages: %w", err)
	}
	if more != "" {
		hash += " " + more
	}
	return theme, pages, hash, nil
}

// readFolder opens a folder, if there is one, and hashes what is in it.
func readFolder(dir string) (fs.FS, string, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, "", nil
	}
	folder := os.DirFS(dir)
	h := sha256.New()
	err := fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err // a build takes files only
		}
		b, err := fs.ReadFile(folder, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %d\n", path, len(b))
		h.Write(b)
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	return folder, hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// print tells cheaply whether the files of a configuration have changed.
func (l Layout) print() string {
	var b strings.Builder
	add := func(path string) {
		if info, err := os.Stat(path); err == nil {
			fmt.Fprintln(&b, path, info.Size(), info.ModTime().UnixNano())
		}
	}
	add(l.config())
	for _, dir := range []string{l.theme(), l.pages(), l.workflows(), l.secrets()} {
		_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				add(path)
			}
			return nil
		})
	}
	return b.String()
}

// printOf is print with the programs that the configuration names.
func (l Layout) printOf(cfg *config.Config) string {
	text := l.print()
	for _, f := range l.programs(cfg) {
		if info, err := os.Stat(filepath.Join(l.Dir, f)); err == nil {
			text += fmt.Sprintln(f, info.Size(), info.ModTime().UnixNano())
		}
	}
	if store, err := trust.Open(""); err == nil {
		text += store.Stamp(l.Dir) // what is trusted now takes effect at once
	}
	return text
}

// Reload reads the configuration again if its files have changed. One that is
// wrong is reported and the old one stays in force.
func (a *App) Reload(ctx context.Context) (bool, error) {
	a.reload.Lock()
	defer a.reload.Unlock()
	old := a.current.Load()
	if old.print == a.printOf(old.config) {
		return false, nil
	}
	cfg, err := a.readConfig()
	if err != nil {
		return false, err
	}
	if err := a.apply(ctx, cfg); err != nil {
		return false, err
	}
	if old.config.Content != cfg.Content || old.config.Branch != cfg.Branch || old.config.Remote != cfg.Remote || old.config.RemoteZone != cfg.RemoteZone || old.config.Commit != cfg.Commit {
		return true, fmt.Errorf("%w: content, branch, remote and commit", ErrRestart)
	}
	return true, nil
}

// ErrRestart says that a change of the configuration waits for a new start.
var ErrRestart = errors.New("takes effect when coranto is started anew")

// remoteHost is the host of a URL or of an address like git@host:path.
func remoteHost(remote string) string {
	if u, err := url.Parse(remote); err == nil && u.Host != "" {
		return u.Host
	}
	if _, rest, ok := strings.Cut(remote, "@"); ok && !strings.Contains(remote, "://") {
		host, _, _ := strings.Cut(rest, ":")
		return host
	}
	return ""
}
