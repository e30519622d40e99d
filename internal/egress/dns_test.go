package egress

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// nameserver answers every A question with one address, over UDP.
func nameserver(t *testing.T, answer netip.Addr) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { conn.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m.Response, m.Authoritative, m.Additionals = true, true, nil
			if q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1}, Body: &dnsmessage.AResource{A: answer.As4()}}}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = conn.WriteToUDPAddrPort(out, from)
			}
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func TestZoneDNS(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {})
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	office := Zone{Name: "office", Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, SourceAddress: netip.MustParseAddr("127.0.0.1"),
		DNS: nameserver(t, netip.MustParseAddr("127.0.0.1"))}
	lost := Zone{Name: "lost", DNS: nameserver(t, netip.MustParseAddr("10.1.2.3"))}
	c, err := New(Options{Zones: []Zone{office, lost}, PerHost: PerHost{Gap: NoGap}, Lookup: func(context.Context, string) ([]netip.Addr, error) {
		return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if res, err := c.Get(t.Context(), Request{URL: "http://wiki.corp.test" + port, Zone: "office"}); err != nil || res.Status != http.StatusOK {
		t.Errorf("in its zone: %v", err)
	}
	if _, err := c.Get(t.Context(), Request{URL: "http://wiki.corp.test" + port}); !errors.Is(err, ErrDNS) {
		t.Errorf("the public resolver was not asked: %v", err)
	}
	if _, err := c.Get(t.Context(), Request{URL: "http://wiki.corp.test" + port, Zone: "lost"}); !errors.Is(err, ErrDenied) {
		t.Errorf("what a zone's resolver says is checked too: %v", err)
	}
	d := c.Check(t.Context(), "http://wiki.corp.test"+port, "office")
	if d.Err != nil || d.Source != office.SourceAddress || len(d.Addresses) != 1 || d.Addresses[0].Address != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("Check = %+v", d)
	}
}

func TestPermit(t *testing.T) {
	var goal *httptest.Server
	asked := 0
	goal = serve(t, func(http.ResponseWriter, *http.Request) { asked++ })
	from := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, goal.URL+"/x", http.StatusFound) })
	c := loopback(t, Options{})
	closed := errors.New("closed")
	var hops []string
	_, err := c.Get(t.Context(), Request{URL: from.URL, Permit: func(_ context.Context, u string) error {
		hops = append(hops, u)
		return closed
	}})
	if !errors.Is(err, closed) || asked != 0 || len(hops) != 1 || hops[0] != goal.URL+"/x" {
		t.Errorf("Get = %v, asked %d, hops %v", err, asked, hops)
	}
	res, err := c.Get(t.Context(), Request{URL: from.URL, NoRedirects: true})
	if err != nil || res.Status != http.StatusFound || res.Header.Get("Location") != goal.URL+"/x" {
		t.Errorf("without redirects: %+v, %v", res, err)
	}
}
