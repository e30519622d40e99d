package egress

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Client asks the web. It is safe for many goroutines.
type Client struct {
	o         Options
	userAgent string
	zones     map[string]*zone
	bodies    reader
	manners   *Manners
}

// New makes a Client, or says which option is wrong.
func New(o Options) (*Client, error) {
	o.defaults()
	c := &Client{o: o, zones: map[string]*zone{}, manners: o.Manners, userAgent: userAgent(o.Version, o.Identity)}
	r := &resolver{ask: o.Lookup}
	list := o.Zones
	if !slices.ContainsFunc(list, func(z Zone) bool { return z.Name == DefaultZone || z.Name == "" }) {
		list = append(slices.Clip(list), Zone{Name: DefaultZone})
	}
	for _, z := range list {
		z.Name = cmp.Or(z.Name, DefaultZone)
		if c.zones[z.Name] != nil {
			return nil, fmt.Errorf("zone %q is defined twice", z.Name)
		}
		zz, err := newZone(&o, z, r)
		if err != nil {
			return nil, err
		}
		c.zones[z.Name] = zz
	}
	return c, nil
}

func (o *Options) defaults() {
	o.Version = cmp.Or(o.Version, "dev")
	o.Timeout = cmp.Or(o.Timeout, 20*time.Second)
	o.MaxBody = cmp.Or(o.MaxBody, 10<<20)
	o.MaxHeader = cmp.Or(o.MaxHeader, 256<<10)
	o.PerHost.Parallel = cmp.Or(o.PerHost.Parallel, 1)
	o.PerHost.Gap = cmp.Or(o.PerHost.Gap, 2*time.Second)
	o.MaxPerDomain = cmp.Or(o.MaxPerDomain, 8)
	o.MaxPerAddress = cmp.Or(o.MaxPerAddress, 8)
	o.MaxConcurrent = cmp.Or(o.MaxConcurrent, 64)
	o.MaxRedirects = cmp.Or(o.MaxRedirects, 10)
	o.MaxWait = cmp.Or(o.MaxWait, 30*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Manners == nil {
		o.Manners = NewManners()
	}
	if o.Holds == nil {
		o.Holds = &memoryHolds{now: o.Now}
	}
	if o.Lookup == nil {
		o.Lookup = systemLookup
	}
}

func userAgent(version, identity string) string {
	ua := "Coranto/" + version
	if identity != "" {
		ua += " (" + identity + ")"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, ua)
}

// Close ends idle connections. Requests under way end by themselves.
func (c *Client) Close() {
	for _, z := range c.zones {
		z.transport.CloseIdleConnections()
	}
}

func (c *Client) zone(name string) (*zone, error) {
	name = cmp.Or(name, DefaultZone)
	if z := c.zones[name]; z != nil {
		return z, nil
	}
	if slices.Contains(c.o.Untrusted, name) {
		return nil, &denial{fmt.Sprintf("zone %q has no effect until it is trusted: read it, then run `coranto trust`", name)}
	}
	known := slices.Sorted(maps.Keys(c.zones))
	return nil, &denial{fmt.Sprintf("there is no zone %q, only %s; define it in zones:", name, strings.Join(known, ", "))}
}

// Decision explains whether a zone lets a URL pass, without asking its server.
type Decision struct {
	URL, Origin, Zone string
	Proxy             string // without credentials
	Source            netip.Addr
	Addresses         []AddressDecision
	Err               error // nil: it passes
}

// AddressDecision is the verdict over one address of the host.
type AddressDecision struct {
	Address netip.Addr
	Err     error // nil: it may be dialled
}

// Check says what Get would decide about the first hop. It looks the host up.
func (c *Client) Check(ctx context.Context, rawURL, zoneName string) Decision {
	d := Decision{URL: redact(rawURL), Zone: cmp.Or(zoneName, DefaultZone)}
	z, err := c.zone(zoneName)
	if err != nil {
		d.Err = err
		return d
	}
	d.Proxy, d.Source = redact(z.Proxy), z.SourceAddress
	t, err := parseTarget(rawURL)
	if err != nil {
		d.Err = err
		return d
	}
	d.URL, d.Origin = t.String(), t.origin
	d.Addresses = z.verdicts(ctx, t.host)
	if d.Err = z.checkPort(t.port); d.Err == nil {
		if _, err := z.reach(ctx, t.host); err != nil {
			d.Err = classify(ctx, d.URL, err, 0, "looking the host up")
		}
	}
	return d
}
