package app

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/egress"
)

// caFile is where the certificates of a zone are.
func (l Layout) caFile(z config.Zone) string {
	if filepath.IsAbs(z.CA) {
		return z.CA
	}
	return filepath.Join(l.Dir, z.CA)
}

// egressZone is a zone as the network knows it.
func (l Layout) egressZone(z config.Zone) (egress.Zone, error) {
	out := egress.Zone{Name: z.Name, Allow: z.Allow, Ports: z.Ports, SourceAddress: z.SourceAddress, Proxy: z.Proxy, DNS: z.DNS}
	out.PerHost.Parallel, out.PerHost.Gap = z.PerHost.Parallel, z.PerHost.Gap
	if z.PerHost.GapSet && z.PerHost.Gap == 0 {
		out.PerHost.Gap = egress.NoGap
	}
	if z.CA == "" {
		return out, nil
	}
	pem, err := os.ReadFile(l.caFile(z))
	if err != nil {
		return out, fmt.Errorf("%s: zone %s: ca: %w", config.FileName, z.Name, err)
	}
	out.RootCAs = x509.NewCertPool()
	if !out.RootCAs.AppendCertsFromPEM(pem) {
		return out, fmt.Errorf("%s: zone %s: ca: %s holds no PEM certificate", config.FileName, z.Name, z.CA)
	}
	return out, nil
}

// look reads the configuration of the site in dir, and whether a person trusts it.
func look(dir string) (l Layout, cfg *config.Config, trusted bool, err error) {
	if l, err = layoutOf(dir); err != nil {
		return l, nil, false, err
	}
	if cfg, err = l.readConfig(); err != nil {
		return l, nil, false, err
	}
	trusted, err = l.trusted(cfg)
	return l, cfg, trusted, err
}

// client asks the web as the site does: with its zones, once they are trusted.
func (l Layout) client(cfg *config.Config, o Options) (*egress.Client, error) {
	trusted, err := l.trusted(cfg)
	if err != nil {
		return nil, err
	}
	zones := cfg.Zones
	if !trusted {
		zones = nil
	}
	opt, err := l.egressOptions(cfg, zones, o)
	if err != nil {
		return nil, err
	}
	return egress.New(opt)
}

// sourceDefaults gives the sources what fetch and their zones say for all.
func sourceDefaults(cfg *config.Config) {
	lax := map[string]bool{}
	for _, z := range cfg.Zones {
		lax[z.Name] = z.Robots == coranto.RobotsIgnore
	}
	for i := range cfg.Sources {
		s := &cfg.Sources[i]
		s.Zone = cmp.Or(s.Zone, cfg.Fetch.Zone)
		if cfg.Fetch.Robots == coranto.RobotsIgnore || lax[s.Zone] {
			s.Robots = coranto.RobotsIgnore
		}
	}
}

// ZoneInfo is a zone for people.
type ZoneInfo struct {
	Name     string   `json:"name"`
	Allow    []string `json:"allow"` // "public" stands for the public network
	Ports    []uint16 `json:"ports,omitempty"`
	Source   string   `json:"source_address,omitempty"`
	Proxy    string   `json:"proxy,omitempty"`
	DNS      string   `json:"dns,omitempty"`
	CA       string   `json:"ca,omitempty"`
	Parallel int      `json:"parallel,omitempty"`
	Gap      string   `json:"gap,omitempty"`
	Robots   string   `json:"robots,omitempty"`
	Sources  int      `json:"sources"` // that name it
	Default  bool     `json:"default,omitempty"`
	Trusted  bool     `json:"trusted"`
}

// Zones lists the zones of the site in dir, the public one too.
func Zones(dir string) ([]ZoneInfo, error) {
	_, cfg, trusted, err := look(dir)
	if err != nil {
		return nil, err
	}
	def := cmp.Or(cfg.Fetch.Zone, egress.DefaultZone)
	used := map[string]int{}
	for _, s := range cfg.Sources {
		used[cmp.Or(s.Zone, def)]++
	}
	var out []ZoneInfo
	public := false
	for _, z := range cfg.Zones {
		public = public || z.Name == egress.DefaultZone
		out = append(out, zoneInfo(z, trusted))
	}
	if !public {
		out = append([]ZoneInfo{zoneInfo(config.Zone{Name: egress.DefaultZone}, true)}, out...)
	}
	for i := range out {
		out[i].Sources, out[i].Default = used[out[i].Name], out[i].Name == def
	}
	return out, nil
}

func zoneInfo(z config.Zone, trusted bool) ZoneInfo {
	i := ZoneInfo{Name: z.Name, Allow: []string{}, Ports: z.Ports, Proxy: z.Proxy, CA: z.CA, Parallel: z.PerHost.Parallel, Robots: z.Robots, Trusted: trusted}
	if z.Name == egress.DefaultZone || len(z.Allow) == 0 {
		i.Allow = append(i.Allow, "public")
	}
	for _, p := range z.Allow {
		i.Allow = append(i.Allow, p.String())
	}
	if z.SourceAddress.IsValid() {
		i.Source = z.SourceAddress.String()
	}
	if z.DNS.IsValid() {
		i.DNS = z.DNS.String()
	}
	if z.PerHost.GapSet || z.PerHost.Gap > 0 {
		i.Gap = z.PerHost.Gap.String()
	}
	return i
}

// Hop is what a zone decides about one URL.
type Hop struct {
	URL       string       `json:"url"`
	Zone      string       `json:"zone"`
	Allowed   bool         `json:"allowed"`
	Why       string       `json:"why,omitempty"` // it is not
	Addresses []HopAddress `json:"addresses"`
	Proxy     string       `json:"proxy,omitempty"`
	Source    string       `json:"source_address,omitempty"`
	Status    int          `json:"status,omitempty"` // it answered, where it was asked
	Location  string       `json:"location,omitempty"`
	Error     string       `json:"error,omitempty"`
	err       error
}

// HopAddress is the verdict over one address of the host.
type HopAddress struct {
	Address string `json:"address"`
	Allowed bool   `json:"allowed"`
	Why     string `json:"why,omitempty"`
}

// Err is why the hop fails, nil where it does not.
func (h Hop) Err() error { return h.err }

// CheckZone explains what a zone decides about a URL; with follow it asks, and
// goes on where the answers redirect to. Zones that are not trusted are as if
// they were not there.
func CheckZone(ctx context.Context, dir, address, zone string, follow bool, o Options) ([]Hop, error) {
	o.defaults()
	l, cfg, _, err := look(dir)
	if err != nil {
		return nil, err
	}
	web, err := l.client(cfg, o)
	if err != nil {
		return nil, err
	}
	defer web.Close()
	zone = cmp.Or(zone, cfg.Fetch.Zone, egress.DefaultZone)
	var hops []Hop
	for range 11 {
		h := checkHop(ctx, web, address, zone)
		if follow && h.Allowed && sshAddress(address) == "" {
			h.ask(ctx, web)
		}
		hops = append(hops, h)
		if h.Location == "" || h.err != nil {
			break
		}
		address = h.Location
	}
	return hops, ctx.Err() // who has pressed Ctrl-C was not refused by a zone
}

func checkHop(ctx context.Context, web *egress.Client, address, zone string) Hop {
	var d egress.Decision
	if at := sshAddress(address); at != "" {
		d = web.CheckAddress(ctx, at, zone)
	} else {
		d = web.Check(ctx, address, zone)
	}
	h := Hop{URL: d.URL, Zone: zone, Allowed: d.Err == nil, Proxy: d.Proxy, Addresses: []HopAddress{}, err: d.Err}
	if d.Err != nil {
		h.Why = d.Err.Error()
	}
	if d.Source.IsValid() {
		h.Source = d.Source.String()
	}
	for _, a := range d.Addresses {
		x := HopAddress{Address: a.Address.String(), Allowed: a.Err == nil}
		if a.Err != nil {
			x.Why = a.Err.Error()
		}
		h.Addresses = append(h.Addresses, x)
	}
	return h
}

// sshAddress is host:port of a remote that git reaches by ssh; empty for any
// other address.
func sshAddress(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if ok {
		if scheme != "ssh" {
			return ""
		}
		host, _, _ := strings.Cut(rest, "/")
		host = host[strings.LastIndexByte(host, '@')+1:]
		if u, err := url.Parse("ssh://" + host); err == nil && u.Hostname() != "" {
			return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "22"))
		}
		return ""
	}
	host, _, ok := strings.Cut(address, ":")
	if host = host[strings.LastIndexByte(host, '@')+1:]; !ok || host == "" || strings.Contains(host, "/") {
		return ""
	}
	return net.JoinHostPort(host, "22")
}

// ask makes the request of the hop.
func (h *Hop) ask(ctx context.Context, web *egress.Client) {
	res, err := web.Get(ctx, egress.Request{URL: h.URL, Zone: h.Zone, NoRedirects: true, MaxBody: 64 << 10})
	if err != nil {
		h.Error, h.err = err.Error(), err
		return
	}
	h.Status = res.Status
	if to := res.Header.Get("Location"); to != "" && res.Status >= http.StatusMovedPermanently && res.Status < http.StatusBadRequest {
		base, err := url.Parse(h.URL)
		if err == nil {
			if u, err := base.Parse(to); err == nil {
				h.Location = u.String()
			}
		}
	}
}
