package egress

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// resolver looks names up and remembers them for a minute, so that the check
// before a request and the dial for it see the same addresses at one price.
type resolver struct {
	ask func(ctx context.Context, host string) ([]netip.Addr, error)
	mu  sync.Mutex
	m   map[string]resolved
}

type resolved struct {
	addrs []netip.Addr
	until time.Time
}

const (
	resolvedFor = time.Minute
	resolvedMax = 4096
)

func systemLookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// ask looks names up at the zone's own resolver, whatever the machine's is.
func (z *zone) ask() func(context.Context, string) ([]netip.Addr, error) {
	r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		d := net.Dialer{Timeout: 5 * time.Second}
		if s := z.SourceAddress; s.IsValid() && s.Is4() == z.DNS.Addr().Unmap().Is4() {
			if strings.HasPrefix(network, "udp") {
				d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(s, 0))
			} else {
				d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(s, 0))
			}
		}
		return d.DialContext(ctx, network, z.DNS.String())
	}}
	return func(ctx context.Context, host string) ([]netip.Addr, error) {
		// The dot keeps the machine's search domains out of it.
		return r.LookupNetIP(ctx, "ip", host+".")
	}
}

// lookup returns host itself where that is an address. IPv4 addresses come as
// such, whatever the resolver dressed them in.
func (r *resolver) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	now := time.Now()
	r.mu.Lock()
	e, ok := r.m[host]
	r.mu.Unlock()
	if ok && now.Before(e.until) {
		return e.addrs, nil
	}
	found, err := r.ask(ctx, host)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	addrs := make([]netip.Addr, len(found))
	for i, a := range found {
		addrs[i] = a.Unmap()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m == nil {
		r.m = map[string]resolved{}
	}
	if len(r.m) >= resolvedMax {
		for k, e := range r.m {
			if len(r.m) >= resolvedMax/2 || now.After(e.until) {
				delete(r.m, k)
			}
		}
	}
	r.m[host] = resolved{addrs, now.Add(resolvedFor)}
	return addrs, nil
}
