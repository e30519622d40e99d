package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/host"
)

// front is what listens, for one site or for several that share an address and
// are told apart by their host names. It follows the configuration: an address
// that is new is opened before the old one is closed, and who is being answered
// is answered to the end.
type front struct {
	given  net.Listener
	opened string // what given was opened at; host.listen is followed from there on. "": given stays
	many   bool   // a request that names no site of ours is answered 421
	tell   func(error)

	sites  atomic.Pointer[[]*App]
	failed chan error
	open   map[string]*socket // by what it is for: "site", "plain"
	told   map[string]string  // what could not be opened, and why
	led    atomic.Value       // the port that plain HTTP leads to
	under  sync.WaitGroup
}

// socket is a listener in use.
type socket struct {
	want   endpoint
	l      net.Listener
	stop   context.CancelFunc
	closed atomic.Bool
}

type endpoint struct {
	address string
	secure  bool
}

func newFront(l net.Listener, opened string, many bool, tell func(error)) *front {
	f := &front{given: l, opened: opened, many: many, tell: tell, failed: make(chan error, 8), open: map[string]*socket{}, told: map[string]string{}}
	f.sites.Store(&[]*App{})
	return f
}

// run listens until ctx ends or what serves the sites fails.
func (f *front) run(ctx context.Context) error {
	defer f.under.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	f.start(ctx, "site", endpoint{f.opened, f.wanted()["site"].secure}, f.given)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		f.level(ctx)
		select {
		case err := <-f.failed:
			return err
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// wanted is where the sites want to be heard.
func (f *front) wanted() map[string]endpoint {
	var site, plain endpoint
	for _, a := range *f.sites.Load() {
		h := a.Config().Host
		if f.opened != "" && site.address == "" {
			site.address = h.Listen
		}
		if h.TLS.Secure() {
			site.secure = true
			if plain.address == "" {
				plain.address = h.Plain
			}
		}
	}
	site.address = cmp.Or(site.address, f.opened)
	out := map[string]endpoint{"site": site}
	if plain.address != "" {
		out["plain"] = plain
	}
	return out
}

// level opens what is wanted and not open, then closes what is not wanted.
func (f *front) level(ctx context.Context) {
	if len(*f.sites.Load()) == 0 {
		return
	}
	want := f.wanted()
	for name, w := range want {
		old := f.open[name]
		if old != nil && old.want == w {
			continue
		}
		l, err := f.listen(old, w)
		if err != nil {
			if f.told[name] != err.Error() {
				f.told[name] = err.Error()
				f.tell(fmt.Errorf("%s: %w; what was listened on stays", map[string]string{"site": "host.listen", "plain": "host.plain"}[name], err))
			}
			continue
		}
		delete(f.told, name)
		f.start(ctx, name, w, l)
		if old != nil {
			old.end()
		}
	}
	for name, old := range f.open {
		if _, ok := want[name]; !ok {
			delete(f.open, name)
			old.end()
		}
	}
	f.lead()
}

// listen opens an address, or takes over the one of old where that is the same.
func (f *front) listen(old *socket, w endpoint) (net.Listener, error) {
	if old == nil || w.address != old.want.address {
		return net.Listen("tcp", w.address)
	}
	tcp, ok := old.l.(*net.TCPListener)
	if !ok {
		return nil, errors.New("this listener cannot change between HTTP and HTTPS; start serve again")
	}
	file, err := tcp.File()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return net.FileListener(file)
}

func (f *front) start(ctx context.Context, name string, w endpoint, l net.Listener) {
	ctx, stop := context.WithCancel(ctx)
	s := &socket{want: w, l: l, stop: stop}
	f.open[name] = s
	var h http.Handler = http.HandlerFunc(f.serve)
	o := host.ServeOptions{}
	switch {
	case name == "plain":
		h = http.HandlerFunc(f.plain)
	case w.secure:
		o.TLS = host.Secure(f.certificate)
	}
	f.under.Go(func() {
		err := host.Serve(ctx, l, h, o)
		if err != nil && !s.closed.Load() {
			f.failed <- err
		}
	})
}

func (s *socket) end() {
	s.closed.Store(true)
	s.stop()
}

// site finds whose a host name is.
func (f *front) site(name string) *App {
	list := *f.sites.Load()
	if !f.many {
		if len(list) == 0 {
			return nil
		}
		return list[0]
	}
	for _, a := range list {
		if answersTo(a.Config().Host, name) {
			return a
		}
	}
	return nil
}

func answersTo(h config.Host, name string) bool {
	_, base, preview := strings.Cut(name, "--")
	return slices.ContainsFunc(h.Names, func(n string) bool { return strings.EqualFold(n, name) }) ||
		preview && h.Previews && len(h.Names) > 0 && strings.EqualFold(base, h.Names[0])
}

func (f *front) serve(w http.ResponseWriter, r *http.Request) {
	if a := f.site(host.Name(r.Host)); a != nil {
		a.hosted().ServeHTTP(w, r)
		return
	}
	http.Error(w, "421 no site of this name is here", http.StatusMisdirectedRequest)
}

func (f *front) plain(w http.ResponseWriter, r *http.Request) {
	on := host.ToHTTPS(f.port)
	if a := f.site(host.Name(r.Host)); a != nil {
		if s, err := a.secured(); err == nil && s.plain != nil {
			on = s.plain(on)
		}
	}
	on.ServeHTTP(w, r)
}

// port is where plain HTTP leads to: "" for the usual one, as where the usual
// one is listened on for plain HTTP and what is outside maps the other.
func (f *front) port() string {
	port, _ := f.led.Load().(string)
	return port
}

// lead finds out where plain HTTP leads to.
func (f *front) lead() {
	of := func(name string) (port string) {
		if s := f.open[name]; s != nil {
			_, port, _ = net.SplitHostPort(s.l.Addr().String())
		}
		return port
	}
	port := of("site")
	if of("plain") == "80" {
		port = ""
	}
	f.led.Store(port)
}

func (f *front) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	a := f.site(hello.ServerName)
	if a == nil {
		return nil, fmt.Errorf("no site %q is here", hello.ServerName)
	}
	s, err := a.secured()
	if err != nil {
		return nil, err
	}
	if s.config == nil {
		return nil, fmt.Errorf("%s has no certificate", hello.ServerName)
	}
	return s.config.GetCertificate(hello)
}

// secured is how TLS is spoken, and what answers plain HTTP beside it.
type secured struct {
	of     config.TLS
	names  []string
	config *tls.Config // nil: not at all
	plain  func(http.Handler) http.Handler
}

// secured follows the configuration. What it names now and cannot be read
// leaves in force what was.
func (a *App) secured() (*secured, error) {
	h := a.Config().Host
	a.hosting.mu.Lock()
	defer a.hosting.mu.Unlock()
	old := a.hosting.secured
	if old != nil && old.of == h.TLS && slices.Equal(old.names, h.Names) {
		return old, nil
	}
	s := &secured{of: h.TLS, names: h.Names}
	var err error
	switch t := h.TLS; {
	case t.Certificate != "":
		s.config, err = host.OwnCertificate(a.within(t.Certificate), a.within(t.Key))
	case t.ACME:
		s.config, s.plain = host.ACME(host.ACMEOptions{Names: h.Names, Email: t.Email, Directory: t.Directory, Cache: a.state("acme")})
	}
	if err != nil {
		if old == nil {
			return nil, err
		}
		a.o.Log.Warn("the certificate of before stays in use", "error", err)
		s.config, s.plain = old.config, old.plain
	}
	a.hosting.secured = s
	return s, nil
}
