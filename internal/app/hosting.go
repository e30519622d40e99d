package app

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/coranto/coranto/internal/host"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/secret"
	"github.com/coranto/coranto/internal/site"
)

// hosting is what serve keeps between changes of the configuration.
type hosting struct {
	mu       sync.Mutex
	now      atomic.Pointer[handled]
	secured  *secured
	previews previews
	log      *rotated
	hook     hook
}

// Handler serves the current release, and beside it what is not part of one. It
// follows changes of the configuration: a request under way ends as it began.
func (a *App) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.hosted().ServeHTTP(w, r) })
}

// handled is a handler and the configuration it was made of.
type handled struct {
	of      *current
	handler http.Handler
}

func (a *App) hosted() http.Handler {
	now := a.current.Load()
	if h := a.hosting.now.Load(); h != nil && h.of == now {
		return h.handler
	}
	a.hosting.mu.Lock()
	defer a.hosting.mu.Unlock()
	if h := a.hosting.now.Load(); h != nil && h.of == now {
		return h.handler
	}
	h := &handled{now, a.newHandler(now)}
	a.hosting.now.Store(h)
	return h.handler
}

func (a *App) newHandler(c *current) http.Handler {
	h := c.config.Host
	o := host.Options{
		CSP: site.CSP(c.settings.Site), Now: a.o.Now, CountryHeader: h.CountryHeader,
		Beside: map[string]http.Handler{"/status.json": http.HandlerFunc(a.statusJSON)},
		Problems: func(id string, list []host.Problem) {
			for _, p := range list {
				a.o.Log.Warn("a rule of the site is not followed", "release", id, "file", p.File, "line", p.Line, "why", p.Why)
			}
		},
	}
	for path, name := range h.Protect {
		o.Protect = append(o.Protect, host.Protection{Path: path, Realm: c.config.Site.Title, Passwords: a.passwords(name)})
	}
	if h.Webhook != "" {
		o.Beside[hookPath] = http.HandlerFunc(a.announced)
		o.Open = append(o.Open, hookPath)
	}
	for _, path := range websubPaths(c.config.Site.URL) {
		o.Beside[path] = a.subscriber
		o.Open = append(o.Open, path)
	}
	if h.Previews {
		o.Preview = a.preview
	}
	if h.AccessLog {
		if a.hosting.log == nil {
			a.hosting.log = &rotated{path: a.state("access.log")}
		}
		o.Log = host.CombinedLog(a.hosting.log)
	}
	kept := a.packed()
	if err := os.MkdirAll(kept.dir, 0o777); err != nil {
		a.o.Log.Warn("what is encoded is not kept", "error", err)
	}
	handler := advertise(host.New(hosted{a.releases, kept}, o), c.config.Site.URL, c.config.Site.Hub)
	if len(h.Names) > 0 {
		handler = host.Names{First: h.Names[0], Others: h.Names[1:], Preview: h.Previews, HTTPS: h.TLS.Secure()}.Handler(handler)
	}
	if h.TLS.HSTS > 0 {
		handler = host.StrictTransport(handler, h.TLS.HSTS)
	}
	return handler
}

// passwords reads a list of passwords. One that cannot be read lets nobody in.
func (a *App) passwords(name string) *host.Passwords {
	v, err := secret.Open(a.secrets(), secret.Options{}).Get(name)
	if err == nil {
		var p *host.Passwords
		if p, err = host.ParsePasswords(v.Reveal()); err == nil {
			return p
		}
	}
	a.o.Log.Warn("nobody can enter what is protected", "secret", name, "error", err)
	return nil
}

// within reads a path of the configuration, which is from the site directory.
func (l Layout) within(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(l.Dir, path)
}

// rotated is a file that begins anew, keeping the one before, when it is large.
type rotated struct {
	path string
	mu   sync.Mutex
	f    *os.File
	size int64
}

var _ io.WriteCloser = (*rotated)(nil)

const rotateAt = 64 << 20

// rotate puts a full log aside. Losing one loses no post.
func rotate(path string) error { return os.Rename(path, path+".1") }

func (r *rotated) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.f != nil && r.size+int64(len(p)) > rotateAt {
		r.f.Close()
		r.f = nil
		_ = rotate(r.path)
	}
	if r.f == nil {
		f, err := os.OpenFile(r.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		if err != nil {
			return 0, err
		}
		r.f, r.size = f, 0
		if st, err := f.Stat(); err == nil {
			r.size = st.Size()
		}
	}
	n, err := r.f.Write(p)
	r.size += int64(n)
	return n, err
}

// Close implements io.Closer.
func (r *rotated) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.f == nil {
		return nil
	}
	err := r.f.Close()
	r.f = nil
	return err
}

// hosted makes the release store what the host serves from.
type hosted struct {
	store *release.Store
	packed
}

func (h hosted) Current(context.Context) (host.Release, error) {
	m, err := h.store.Current()
	if err != nil {
		return nil, err
	}
	return hostedRelease{m, h.store, h.packed}, nil
}

type hostedRelease struct {
	*release.Manifest
	store *release.Store
	packed
}

func (r hostedRelease) Lookup(path string) (host.File, bool) {
	f, ok := r.Manifest.Lookup(path)
	return host.File{Hash: f.Hash, Size: f.Size, Type: f.Type}, ok
}

func (r hostedRelease) Open(hash string) ([]byte, error) { return r.store.Blob(hash) }
