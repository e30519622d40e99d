package app

import (
	"fmt"
	"os"

	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/git"
)

// EnvGate names the gate to the program that leads ssh through it.
const EnvGate = "CORANTO_GATE"

// remote is a repository as the site reaches it: with the credentials of its
// host, and in its zone where it names one.
func (a *App) remote(address, zone string) git.Remote {
	r := git.Remote{URL: address, Credentials: a.credentials(address)}
	if zone != "" {
		r.Way = func() (*git.Way, error) {
			now := a.current.Load()
			return a.way(now.web, now.config, zone, func() {})
		}
	}
	return r
}

// remoteOf is remote for a site that is not open.
func (l Layout) remoteOf(cfg *config.Config) git.Remote {
	r := git.Remote{URL: cfg.Remote, Credentials: credentialsOf(l, cfg.Remote)}
	if cfg.RemoteZone != "" {
		r.Way = func() (*git.Way, error) {
			var o Options
			o.defaults()
			web, err := l.client(cfg, o)
			if err != nil {
				return nil, err
			}
			return l.way(web, cfg, cfg.RemoteZone, web.Close)
		}
	}
	return r
}

// way opens a gate to a zone for git. It is closed with the way, done is called
// after it.
func (l Layout) way(web *egress.Client, cfg *config.Config, zone string, done func()) (*git.Way, error) {
	self, err := os.Executable()
	if err != nil {
		done()
		return nil, fmt.Errorf("find this program: %w", err)
	}
	gate, err := web.Gate(zone)
	if err != nil {
		done()
		return nil, err
	}
	w := &git.Way{Proxy: gate.URL(), Tunnel: []string{self, "zones", "tunnel"}, Env: []string{EnvGate + "=" + gate.URL()}}
	for _, z := range cfg.Zones {
		if z.Name == zone && z.CA != "" {
			w.CA = l.caFile(z)
		}
	}
	w.Close = func() error {
		defer done()
		gate.Close()
		return gate.Denied()
	}
	return w, nil
}
