package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/host"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/site"
	"github.com/coranto/coranto/internal/sqlite"
)

// LiveOptions configure Live; the zero value works.
type LiveOptions struct {
	Tell func(report site.Report, took time.Duration, err error) // after each build; nil: nobody is told
}

// liveScript makes an open page load itself anew when the site has changed.
const liveScript = `(function () {
  "use strict";
  var seen = null, gone = false;
  function ask() {
    fetch("/-/live?" + (seen || ""), { cache: "no-store" }).then(function (r) { return r.text(); }).then(function (id) {
      if (seen !== null && id !== seen || gone) { location.reload(); return; }
      seen = id;
      ask();
    }).catch(function () { gone = true; setTimeout(ask, 1000); });
  }
  ask();
})();
`

// liveStyle is how a page looks that tells what is wrong.
const liveStyle = `:root { color-scheme: light dark; --line: #b42318; --ground: #fff7f5; }
@media (prefers-color-scheme: dark) { :root { --line: #ff8a75; --ground: #1d1614; } }
body { margin: 0; padding: clamp(1rem, 5vw, 4rem); background: var(--ground); font: 1rem/1.6 system-ui, sans-serif; }
main { max-inline-size: 60rem; margin-inline: auto; border-block-start: 4px solid var(--line); padding-block: 1rem; }
h1 { font: 600 1.5rem/1.3 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: 1rem; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: .5rem; font: .875rem/1.7 ui-monospace, monospace; }
mark { background: color-mix(in srgb, var(--line) 22%, transparent); color: inherit; }
p { overflow-wrap: anywhere; white-space: pre-wrap; } .note { opacity: .7; }
`

// liveWait is how long a page waits for a change before it asks again.
const liveWait = 25 * time.Second

// Live serves the site in dir as the theme and the configuration are in the
// working tree, with the posts that are committed, until ctx ends. Nothing is
// written: the pages are in memory, and pages that are open load themselves
// anew when a file changes. A fault of the theme is shown in the page.
func Live(ctx context.Context, dir string, l net.Listener, o Options, lo LiveOptions) error {
	o.defaults()
	d, err := openDirectory(ctx, dir, o)
	if err != nil {
		l.Close()
		return err
	}
	defer d.close()
	v := &live{Layout: d.Layout, version: o.Version, content: d, changed: make(chan struct{}), site: site.NewResident()}
	v.build(ctx, lo)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(watchEvery / 2)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				v.build(ctx, lo)
			}
		}
	}()
	text := func(kind, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind+"; charset=utf-8")
			_, _ = w.Write([]byte(body))
		})
	}
	h := host.New(v, host.Options{Beside: map[string]http.Handler{
		"/-/live": http.HandlerFunc(v.wait), "/-/live.js": text("text/javascript", liveScript), "/-/live.css": text("text/css", liveStyle),
	}, CSP: site.CSP(site.Config{AllowThirdPartyImages: true})})
	err = host.Serve(ctx, l, h, host.ServeOptions{Grace: 100 * time.Millisecond})
	stop()
	<-watched
	return err
}

// live is a site in memory.
type live struct {
	Layout
	version string
	content *directory
	site    *site.Resident

	mu      sync.Mutex
	print   string
	release *memoryRelease
	fault   error
	changed chan struct{} // closed when release or fault is another
}

// build builds what has changed.
func (v *live) build(ctx context.Context, lo LiveOptions) {
	snap, err := v.content.content.Snapshot(ctx)
	if err != nil {
		return
	}
	print := v.Layout.print() + snap.Commit()
	if print == v.print {
		return
	}
	begin := time.Now()
	var report site.Report
	next := newMemoryRelease()
	posts, err := snap.Posts(ctx)
	if err == nil {
		report, err = v.render(ctx, posts, next)
	}
	if ctx.Err() != nil {
		return
	}
	v.mu.Lock()
	v.print, v.fault = print, err
	if err == nil {
		next.id = next.digest()
		v.release = next
	}
	close(v.changed)
	v.changed = make(chan struct{})
	v.mu.Unlock()
	if lo.Tell != nil {
		lo.Tell(report, time.Since(begin), err)
	}
}

func (v *live) render(ctx context.Context, posts []coranto.Post, to *memoryRelease) (site.Report, error) {
	cfg, err := v.readConfig()
	if err != nil {
		return site.Report{}, err
	}
	theme, pages, hash, err := v.readLook()
	if err != nil {
		return site.Report{}, err
	}
	in := site.Input{Config: siteConfig(cfg), Posts: posts, Sources: slices.Clone(cfg.Sources), Theme: theme, Pages: pages, Version: v.version, Settings: hash}
	in.Config.URL = "" // it stands at the root of another address
	v.name(ctx, in.Sources)
	report, _, err := v.site.Build(ctx, in, to, nil)
	return report, err
}

// name gives sources the names that their feeds gave, as far as they have been read.
func (v *live) name(ctx context.Context, sources []coranto.Source) {
	states := map[string]catalog.State{}
	if db, err := sqlite.Open(v.database(), sqlite.Options{ReadOnly: true}); err == nil {
		defer db.Close()
		if all, err := catalog.View(db).States(ctx); err == nil {
			states = all
		}
	}
	pipeline.NameSources(sources, states)
}

// wait answers when the site has changed, or after a while.
func (v *live) wait(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	v.mu.Lock()
	id, changed := v.id(), v.changed
	v.mu.Unlock()
	if id == r.URL.RawQuery {
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-time.After(liveWait):
		}
		v.mu.Lock()
		id = v.id()
		v.mu.Unlock()
	}
	fmt.Fprint(w, id)
}

func (v *live) id() string {
	h := sha256.Sum256([]byte(v.print))
	return hex.EncodeToString(h[:8])
}

// Current implements host.Releases.
func (v *live) Current(context.Context) (host.Release, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.fault != nil {
		return faulty{v.fault}, nil
	}
	if v.release == nil {
		return nil, errors.New("not built yet")
	}
	return v.release, nil
}

// memoryRelease is a site that is only in memory.
type memoryRelease struct {
	id    string
	files map[string]string // path → hash
	blobs map[string][]byte
}

var _ site.Sink = (*memoryRelease)(nil)

func newMemoryRelease() *memoryRelease {
	return &memoryRelease{files: map[string]string{}, blobs: map[string][]byte{}}
}

const liveTag = `<script src="/-/live.js" defer></script>`

func (m *memoryRelease) Put(path string, body []byte) (string, error) {
	text := string(body)
	if strings.HasSuffix(path, ".html") {
		text = strings.Replace(text, "</head>", liveTag+"\n</head>", 1)
	}
	sum := sha256.Sum256([]byte(text))
	hash := hex.EncodeToString(sum[:])
	m.files[path], m.blobs[hash] = hash, []byte(text)
	return hash, nil
}

func (m *memoryRelease) Reuse(path, hash string) error {
	return fmt.Errorf("%s %s: %w", path, hash, site.ErrGone)
}

func (m *memoryRelease) digest() string {
	h := sha256.New()
	paths := make([]string, 0, len(m.files))
	for p := range m.files {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, p := range paths {
		fmt.Fprintln(h, p, m.files[p])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func (m *memoryRelease) ID() string { return m.id }

func (m *memoryRelease) Lookup(path string) (host.File, bool) {
	hash, ok := m.files[path]
	return host.File{Hash: hash, Size: int64(len(m.blobs[hash]))}, ok
}

func (m *memoryRelease) Open(hash string) ([]byte, error) {
	if b, ok := m.blobs[hash]; ok {
		return b, nil
	}
	return nil, fs.ErrNotExist
}

// faulty is a site whose every page tells what is wrong.
type faulty struct{ err error }

func (f faulty) page() []byte {
	var b strings.Builder
	b.WriteString("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>The site cannot be built</title><link rel=\"stylesheet\" href=\"/-/live.css\">" + liveTag + "</head><body><main>")
	if t, ok := errors.AsType[*site.TemplateError](f.err); ok {
		at := t.Path()
		if t.Line > 0 {
			at += fmt.Sprintf(", line %d", t.Line)
		}
		fmt.Fprintf(&b, "<h1>%s</h1>\n<p>%s</p>\n", html.EscapeString(at), html.EscapeString(t.Reason))
		if t.Excerpt != "" {
			b.WriteString("<pre>")
			for line := range strings.Lines(t.Excerpt) {
				if line = html.EscapeString(line); strings.HasPrefix(line, "&gt;") {
					line = "<mark>" + strings.TrimRight(line, "\n") + "</mark>\n"
				}
				b.WriteString(line)
			}
			b.WriteString("</pre>\n")
		}
	} else {
		fmt.Fprintf(&b, "<h1>The site cannot be built</h1>\n<pre>%s</pre>\n", html.EscapeString(f.err.Error()))
	}
	b.WriteString("<p class=\"note\">This page loads itself anew when the file is saved. The published site stays as it is.</p></main></body></html>\n")
	return []byte(b.String())
}

func (f faulty) ID() string {
	h := sha256.Sum256([]byte(f.err.Error()))
	return "fault-" + hex.EncodeToString(h[:8])
}

func (f faulty) Lookup(path string) (host.File, bool) {
	if path != "index.html" && path != "404.html" {
		return host.File{}, false
	}
	return host.File{Hash: f.ID(), Size: int64(len(f.page())), Type: "text/html"}, true
}

func (f faulty) Open(string) ([]byte, error) { return f.page(), nil }

// EjectTheme copies a file of the site's theme, or all of them, into theme/, where
// it takes the place of the one that is shipped. What is there stays. It returns
// the files written.
func EjectTheme(dir, name string, dry bool) ([]string, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return nil, err
	}
	cfg, err := l.readConfig()
	if err != nil {
		return nil, err
	}
	theme, err := site.Theme(cfg.Theme.Name)
	if err != nil {
		return nil, err
	}
	name = strings.TrimPrefix(filepath.ToSlash(name), "theme/")
	var out []string
	found := false
	err = fs.WalkDir(theme, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || name != "" && path != name && !strings.HasPrefix(path, strings.TrimSuffix(name, "/")+"/") {
			return err
		}
		found = true
		to := filepath.Join(l.theme(), filepath.FromSlash(path))
		if exists(to) {
			if path == name {
				return fmt.Errorf("%s is there already", to)
			}
			return nil
		}
		body, err := fs.ReadFile(theme, path)
		if err != nil {
			return err
		}
		if dry {
			out = append(out, filepath.ToSlash(filepath.Join("theme", path)))
			return nil
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		out = append(out, filepath.ToSlash(filepath.Join("theme", path)))
		return os.WriteFile(to, body, 0o666)
	})
	if err == nil && !found {
		err = fmt.Errorf("%w: it has no file %s; `coranto theme files` lists them", site.ErrTheme, name)
	}
	return out, err
}

// ThemeFiles lists the files of the site's theme and tells which of them the
// site has replaced.
func ThemeFiles(dir string) (files []string, own map[string]bool, err error) {
	l, err := layoutOf(dir)
	if err != nil {
		return nil, nil, err
	}
	cfg, err := l.readConfig()
	if err != nil {
		return nil, nil, err
	}
	theme, err := site.Theme(cfg.Theme.Name)
	if err != nil {
		return nil, nil, err
	}
	own = map[string]bool{}
	err = fs.WalkDir(theme, ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
			own[path] = exists(filepath.Join(l.theme(), filepath.FromSlash(path)))
		}
		return err
	})
	return files, own, err
}
