package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
	"golang.org/x/net/proxy"
)

// azureWire answers on every Azure machine with that machine's own platform
// data; it lies in public address space.
var azureWire = netip.MustParsePrefix("168.63.129.16/32")

// badPorts are those the Fetch standard blocks (2.9, "bad port"): services
// that would take a request for a command.
var badPorts = []uint16{
	0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
	110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530,
	531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190,
	5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
}

// zone is a Zone made ready: what it allows, and its one transport.
type zone struct {
	Zone
	guard     *ssrf.Guardian // of the public network; nil in a zone that replaces it
	resolver  *resolver
	dialer    net.Dialer
	proxyURL  *url.URL
	proxyAddr string // host:port of an http(s) proxy
	socks     proxy.ContextDialer
	transport *http.Transport
}

func newZone(o *Options, z Zone, r *resolver) (*zone, error) {
	out := &zone{Zone: z, resolver: r}
	z = Zone{} // from here on: out.Zone
	out.fill(o)
	if out.Name == DefaultZone || len(out.Allow) == 0 {
		out.guard = ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(azureWire))
	}
	for _, p := range out.Allow {
		if !p.IsValid() {
			return nil, fmt.Errorf("zone %q: an allowed prefix is not valid", out.Name)
		}
	}
	out.dialer = net.Dialer{KeepAlive: 15 * time.Second, Control: out.control}
	if out.SourceAddress.IsValid() {
		out.dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(out.SourceAddress, 0))
	}
	if out.DNS.IsValid() {
		out.resolver = &resolver{ask: out.ask()}
	}
	if err := out.setProxy(); err != nil {
		return nil, err
	}
	out.transport = &http.Transport{
		Proxy:                  nil, // never the environment's
		DialContext:            out.dial,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // decoded here, under limits
		TLSClientConfig:        &tls.Config{RootCAs: out.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConns:           512,
		MaxIdleConnsPerHost:    max(2, out.PerHost.Parallel),
		IdleConnTimeout:        max(15*time.Second, 3*out.PerHost.Gap),
		MaxResponseHeaderBytes: o.MaxHeader,
		HTTP2:                  &http.HTTP2Config{MaxReceiveBufferPerStream: 1 << 20},
	}
	if out.proxyAddr != "" {
		out.transport.Proxy = http.ProxyURL(out.proxyURL)
	}
	return out, nil
}

// fill takes from the options what the zone leaves open.
func (z *zone) fill(o *Options) {
	if z.PerHost.Parallel <= 0 {
		z.PerHost.Parallel = o.PerHost.Parallel
	}
	if z.PerHost.Gap == 0 {
		z.PerHost.Gap = o.PerHost.Gap
	}
	z.PerHost.Gap = max(0, z.PerHost.Gap)
	if z.MaxPerDomain <= 0 {
		z.MaxPerDomain = o.MaxPerDomain
	}
	if z.MaxPerAddress <= 0 {
		z.MaxPerAddress = o.MaxPerAddress
	}
}

func (z *zone) setProxy() error {
	if z.Proxy == "" {
		return nil
	}
	u, err := url.Parse(z.Proxy)
	if err != nil || u.Hostname() == "" {
		return fmt.Errorf("zone %q: proxy %s is not a URL", z.Name, redact(z.Proxy))
	}
	port := u.Port()
	def := map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	if def == "" {
		return fmt.Errorf("zone %q: proxy %s: want http, https or socks5", z.Name, redact(z.Proxy))
	}
	if port == "" {
		port = def
	}
	addr := net.JoinHostPort(u.Hostname(), port)
	z.proxyURL = u
	if !strings.HasPrefix(u.Scheme, "socks5") {
		z.proxyAddr = addr
		return nil
	}
	var auth *proxy.Auth
	if u.User != nil {
		auth = &proxy.Auth{User: u.User.Username()}
		auth.Password, _ = u.User.Password()
	}
	direct := z.dialer
	direct.Control = nil // the proxy itself is the operator's word
	d, err := proxy.SOCKS5("tcp", addr, auth, &direct)
	if err != nil {
		return fmt.Errorf("zone %q: proxy: %w", z.Name, err)
	}
	z.socks = d.(proxy.ContextDialer)
	return nil
}

// checkPort returns a denial, or nil.
func (z *zone) checkPort(p uint16) error {
	if len(z.Ports) > 0 {
		if slices.Contains(z.Ports, p) {
			return nil
		}
		return &denial{fmt.Sprintf("port %d is not among the ports of zone %q %v", p, z.Name, z.Ports)}
	}
	if _, bad := slices.BinarySearch(badPorts, p); bad {
		return &denial{fmt.Sprintf("port %d belongs to another service than the web; a zone with ports: [%d] would reach it", p, p)}
	}
	return nil
}

// checkAddr returns a denial, or nil. An address is taken as it is: what hides
// another (mapped, 6to4, NAT64) is not unwrapped but denied like any special one.
func (z *zone) checkAddr(a netip.Addr) error {
	a = a.WithZone("")
	for _, p := range z.Allow {
		if p.Contains(a) {
			return z.checkNAT64(a)
		}
	}
	if z.guard == nil {
		return &denial{fmt.Sprintf("%v is not in zone %q, which allows %v", a, z.Name, z.Allow)}
	}
	if z.guard.SafeAddr(a) == nil {
		return nil
	}
	return &denial{fmt.Sprintf("%v is not on the public network (%s); a zone with allow: [%v] would reach it",
		a, special(a), netip.PrefixFrom(a, a.BitLen()))}
}

// checkNAT64 looks into an address that was allowed as part of the NAT64
// prefix: who allows the gateway does not mean private hosts behind it.
func (z *zone) checkNAT64(a netip.Addr) error {
	if !ssrf.IPv6NAT64Prefix.Contains(a) {
		return nil
	}
	b := a.As16()
	return z.checkAddr(netip.AddrFrom4([4]byte(b[12:])))
}

// special names the range that makes an address special.
func special(a netip.Addr) string {
	if a.Is4In6() {
		return "an IPv4 address in IPv6 dress"
	}
	list := append([]netip.Prefix{azureWire}, ssrf.IPv4DeniedPrefixes...)
	if a.Is6() {
		list = ssrf.IPv6DeniedPrefixes
	}
	for _, p := range list {
		if p.Contains(a) {
			return p.String()
		}
	}
	return "outside " + ssrf.IPv6GlobalUnicast.String()
}

// control is the last gate: it sees the address the socket is about to
// connect to, whatever was looked up before.
func (z *zone) control(network, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return &denial{"cannot read the address " + address}
	}
	if err := z.checkPort(ap.Port()); err != nil {
		return err
	}
	return z.checkAddr(ap.Addr())
}

// reach looks host up and returns the addresses the zone lets it have, or why
// it has none. Behind a proxy a name that only the proxy can resolve yields no
// address and no error.
func (z *zone) reach(ctx context.Context, host string) ([]netip.Addr, error) {
	all, err := z.resolver.lookup(ctx, host)
	if err != nil {
		var dns *net.DNSError
		if z.proxyURL != nil && errors.As(err, &dns) {
			return nil, nil
		}
		return nil, err
	}
	var denied error
	ok := make([]netip.Addr, 0, len(all))
	for _, a := range all {
		if err := z.checkAddr(a); err != nil {
			denied = cmpOr(denied, err)
			continue
		}
		if s := z.SourceAddress; s.IsValid() && s.Is4() != a.Is4() && z.proxyURL == nil {
			denied = cmpOr(denied, error(&denial{fmt.Sprintf("%v cannot be reached from source address %v", a, s)}))
			continue
		}
		ok = append(ok, a)
	}
	if len(ok) == 0 {
		return nil, denied
	}
	return ok, nil
}

func cmpOr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// dial connects to host:port, or to the proxy, for the transport.
func (z *zone) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if z.proxyAddr != "" {
		d := z.dialer
		d.Control, d.Timeout = nil, 10*time.Second
		return d.DialContext(ctx, network, z.proxyAddr)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, err := z.reach(ctx, host)
	if err != nil {
		return nil, err
	}
	if z.socks != nil {
		if len(addrs) > 0 {
			host = addrs[0].String()
		}
		return z.socks.DialContext(ctx, network, net.JoinHostPort(host, port))
	}
	for i, a := range addrs {
		d := z.dialer
		d.Timeout = 10 * time.Second
		if i < len(addrs)-1 {
			d.Timeout = 3 * time.Second // leave time for the next
		}
		var conn net.Conn
		if conn, err = d.DialContext(ctx, network, net.JoinHostPort(a.String(), port)); err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}
