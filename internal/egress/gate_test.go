package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// gated is a client that goes through a gate, as programs do.
func gated(t *testing.T, g *Gate, roots *x509.CertPool) *http.Client {
	t.Helper()
	u, err := url.Parse(g.URL())
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{Proxy: http.ProxyURL(u)}
	if roots != nil {
		tr.TLSClientConfig = tlsRoots(roots)
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func openGate(t *testing.T, o Options, zone string) *Gate {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	g, err := c.Gate(zone)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close(); c.Close() })
	return g
}

func TestGate(t *testing.T) {
	here := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %q %q", r.Method, r.Host, body, r.Header.Get("Proxy-Authorization"))
	})
	open, secure := httptest.NewServer(here), httptest.NewTLSServer(here)
	defer open.Close()
	defer secure.Close()
	lookup := func(_ context.Context, host string) ([]netip.Addr, error) {
		if host == "inside.test" {
			return []netip.Addr{netip.MustParseAddr("127.0.0.2")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	o := Options{Lookup: lookup, Zones: []Zone{{Name: "office", Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}}}
	g := openGate(t, o, "office")
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	c := gated(t, g, roots)
	port := open.URL[strings.LastIndexByte(open.URL, ':'):]

	resp, err := c.Post("http://git.test"+port+"/x", "text/plain", strings.NewReader("data"))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if want := `POST git.test` + port + ` "data" ""`; string(got) != want {
		t.Errorf("plain: %s, want %s", got, want)
	}
	if resp, err = c.Get(secure.URL); err != nil {
		t.Fatalf("by tunnel: %v", err)
	}
	resp.Body.Close()
	if err := g.Denied(); err != nil {
		t.Errorf("denied %v", err)
	}
	for _, address := range []string{"http://inside.test" + port, "http://127.0.0.2" + port, "http://0x7f.2" + port, "http://git.test:25"} {
		resp, err := c.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", address, resp.StatusCode)
		}
	}
	if _, err := c.Get("https://inside.test" + port); err == nil || !strings.Contains(err.Error(), "Forbidden") {
		t.Errorf("tunnel to inside: %v", err)
	}
	if err := g.Denied(); !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), "127.0.0.2 is not in zone") {
		t.Errorf("denied %v", err)
	}
	var out strings.Builder
	if err := Tunnel(t.Context(), g.URL(), "git.test"+port, strings.NewReader("GET /y HTTP/1.0\r\nHost: z\r\n\r\n"), &out); err != nil || !strings.Contains(out.String(), `GET z ""`) {
		t.Errorf("tunnel: %v, %q", err, out.String())
	}
	if err := Tunnel(t.Context(), g.URL(), "127.0.0.2"+port, strings.NewReader(""), io.Discard); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("tunnel to where nobody may: %v", err)
	}
	u, _ := url.Parse(g.URL())
	u.User = url.UserPassword("coranto", "guess")
	stranger := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(u)}}
	if resp, err = stranger.Get(open.URL); err != nil || resp.StatusCode != http.StatusProxyAuthRequired {
		t.Errorf("a stranger: %v, %v", resp, err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Get(open.URL); err == nil {
		t.Error("a closed gate lets through")
	}
}

// TestGateByProxy: a zone that has a proxy has it behind a gate too.
func TestGateByProxy(t *testing.T) {
	target := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer target.Close()
	var asked atomic.Pointer[string]
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			r, err := http.ReadRequest(bufio.NewReader(near))
			if err != nil {
				continue
			}
			said := r.Method + " " + r.Host + " " + r.Header.Get("Proxy-Authorization")
			asked.Store(&said)
			far, err := net.Dial("tcp", r.Host)
			if err != nil {
				continue
			}
			_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\nX: y\r\n\r\n")
			go join(near, far)
		}
	}()
	o := Options{Zones: []Zone{{Name: "office", Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Proxy: "http://u:p@" + l.Addr().String()}}}
	roots := x509.NewCertPool()
	roots.AddCert(target.Certificate())
	resp, err := gated(t, openGate(t, o, "office"), roots).Get(target.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got, want := *asked.Load(), "CONNECT "+target.Listener.Addr().String()+" Basic dTpw"; got != want {
		t.Errorf("the proxy was asked %q, want %q", got, want)
	}
}

func TestZoneThatIsNotThere(t *testing.T) {
	c, err := New(Options{Zones: []Zone{{Name: "lab"}}, Untrusted: []string{"office"}})
	if err != nil {
		t.Fatal(err)
	}
	for zone, want := range map[string]string{"office": "coranto trust", "offcie": "only lab, public; define it"} {
		if _, err := c.Gate(zone); !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", zone, err, want)
		}
	}
	d := c.CheckAddress(t.Context(), "10.0.0.1:22", "lab")
	if d.Err == nil || !strings.Contains(d.Err.Error(), "port 22") || len(d.Addresses) != 0 && d.Addresses[0].Err == nil {
		t.Errorf("%+v", d)
	}
}

func tlsRoots(p *x509.CertPool) *tls.Config { return &tls.Config{RootCAs: p} }

// A tunnel in which only one side speaks is not idle: a long download says
// nothing the other way.
func TestJoinOneWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, a := net.Pipe()
		b, far := net.Pipe()
		ended := make(chan struct{})
		go func() { join(a, b); close(ended) }()
		for range 6 {
			time.Sleep(gateIdle / 2)
			if _, err := far.Write([]byte("x")); err != nil {
				t.Fatalf("after half of the time: %v", err)
			}
			if _, err := io.ReadFull(near, make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := near.Write([]byte("y")); err != nil {
			t.Fatalf("the other way: %v", err)
		}
		if _, err := io.ReadFull(far, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		<-ended
		if d := time.Since(begin); d < gateIdle || d > 2*gateIdle {
			t.Errorf("idle for %v", d)
		}
	})
}

// What a program asks for arrives as it is, also where others would mend it.
func TestGatePassesQueries(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.RequestURI) }))
	defer server.Close()
	g := openGate(t, Options{Zones: []Zone{{Name: "office", Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}}}, "office")
	resp, err := gated(t, g, nil).Get(server.URL + "/x?b=1;a=2&%zz&a")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, _ := io.ReadAll(resp.Body); string(got) != "/x?b=1;a=2&%zz&a" {
		t.Errorf("%s arrives", got)
	}
}

// Nothing gets through a closed gate, so a plain request cannot become a
// connection of its own.
func TestGateUpgradesNothing(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n")
	}))
	defer server.Close()
	g := openGate(t, Options{Zones: []Zone{{Name: "office", Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}}}, "office")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"chat"}}
	resp, err := gated(t, g, nil).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
}
