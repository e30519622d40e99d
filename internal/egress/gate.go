package egress

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of a Gate.
const (
	gateConns   = 64               // connections at a time
	gateConnect = 30 * time.Second // to reach the other side
	gateIdle    = 10 * time.Minute // without a byte in either direction
)

// Gate is an HTTP proxy for one run of a program that is not ours: what it
// reaches is what its zone lets it reach, from the zone's address and by the
// zone's proxy. It takes CONNECT, for whatever is spoken behind it, and plain
// requests for http. Manners and limits of size are the program's own.
type Gate struct {
	z      *zone
	secret string // of Proxy-Authorization; empty: who can connect may use it
	url    string
	server *http.Server
	turns  chan struct{}

	mu     sync.Mutex
	denied error
	open   map[net.Conn]bool // tunnels
	closed bool
	wait   sync.WaitGroup
}

// Gate opens a gate on loopback that only bears of its URL's password may use.
func (c *Client) Gate(zoneName string) (*Gate, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open a gate to zone %q: %w", zoneName, err)
	}
	password := rand.Text()
	g, err := c.GateOn(zoneName, l, password)
	if err != nil {
		l.Close()
	}
	return g, err
}

// GateOn opens a gate on a listener, which it closes in the end. An empty
// password lets in whoever can connect to it.
func (c *Client) GateOn(zoneName string, l net.Listener, password string) (*Gate, error) {
	z, err := c.zone(zoneName)
	if err != nil {
		return nil, err
	}
	g := &Gate{z: z, turns: make(chan struct{}, gateConns), open: map[net.Conn]bool{}, url: "http://" + l.Addr().String()}
	if password != "" {
		g.secret = "Basic " + base64.StdEncoding.EncodeToString([]byte("coranto:"+password))
		g.url = "http://coranto:" + password + "@" + l.Addr().String()
	}
	g.server = &http.Server{Handler: g, ReadHeaderTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: log.New(io.Discard, "", 0)}
	g.wait.Go(func() { _ = g.server.Serve(l) })
	return g, nil
}

// URL is the proxy's address, with user and password.
func (g *Gate) URL() string { return g.url }

// Denied is the first reason for which something was not let through; nil:
// all was.
func (g *Gate) Denied() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.denied
}

// Close ends the gate and every connection through it.
func (g *Gate) Close() error {
	g.mu.Lock()
	g.closed = true
	for c := range g.open {
		c.Close()
	}
	g.mu.Unlock()
	err := g.server.Close()
	g.wait.Wait()
	return err
}

// ServeHTTP implements http.Handler.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if given := r.Header.Get("Proxy-Authorization"); g.secret != "" && subtle.ConstantTimeCompare([]byte(given), []byte(g.secret)) != 1 {
		w.Header().Set("Proxy-Authenticate", `Basic realm="coranto"`)
		http.Error(w, "this gate is for another program", http.StatusProxyAuthRequired)
		return
	}
	select {
	case g.turns <- struct{}{}:
		defer func() { <-g.turns }()
	case <-r.Context().Done():
		return
	}
	switch {
	case r.Method == http.MethodConnect:
		g.tunnel(w, r)
	case r.URL.Scheme == "http" && r.URL.Host != "":
		g.forward(w, r)
	default:
		http.Error(w, "this is a proxy", http.StatusBadRequest)
	}
}

func (g *Gate) deny(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.denied == nil {
		g.denied = err
	}
}

// forward passes a plain request on.
func (g *Gate) forward(w http.ResponseWriter, r *http.Request) {
	proxy := httputil.ReverseProxy{
		Transport: within{g.z}, FlushInterval: -1, ErrorLog: g.server.ErrorLog,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.Host = p.Out.URL.Host
			p.Out.URL.RawQuery = p.In.URL.RawQuery // as it came, whatever we would read in it
			p.Out.Header.Del("Connection")
			p.Out.Header.Del("Upgrade") // what follows would outlive the gate; CONNECT is for that
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			g.refuse(w, r.URL.Host, err)
		},
	}
	proxy.ServeHTTP(w, r)
}

func (g *Gate) refuse(w http.ResponseWriter, to string, err error) {
	status := http.StatusBadGateway
	if errors.Is(err, ErrDenied) {
		status = http.StatusForbidden
	}
	err = fmt.Errorf("%s in zone %s: %w", to, g.z.Name, err)
	g.deny(err)
	http.Error(w, err.Error(), status)
}

// tunnel joins the caller with where it wants to go.
func (g *Gate) tunnel(w http.ResponseWriter, r *http.Request) {
	ctx, stop := context.WithTimeout(r.Context(), gateConnect)
	far, err := g.z.connect(ctx, r.Host)
	stop()
	if err != nil {
		g.refuse(w, r.Host, err)
		return
	}
	defer far.Close()
	near, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer near.Close()
	if !g.keep(near, far) {
		return
	}
	defer g.drop(near, far)
	if _, err := io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	early := make([]byte, buf.Reader.Buffered())
	_, _ = io.ReadFull(buf, early)
	if _, err := far.Write(early); err != nil {
		return
	}
	join(near, far)
}

func (g *Gate) keep(conns ...net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.wait.Add(1)
	for _, c := range conns {
		g.open[c] = true
	}
	return true
}

func (g *Gate) drop(conns ...net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range conns {
		delete(g.open, c)
	}
	g.wait.Done()
}

// join copies both ways until both have ended, or nothing has come either way
// for long.
func join(a, b net.Conn) {
	var wg sync.WaitGroup
	var last atomic.Pointer[time.Time] // when something came
	came := func() time.Time { t := time.Now(); last.Store(&t); return t }
	came()
	pass := func(to, from net.Conn) {
		buf := make([]byte, 32<<10)
		for {
			_ = from.SetReadDeadline(last.Load().Add(gateIdle))
			n, err := from.Read(buf)
			if errors.Is(err, os.ErrDeadlineExceeded) && time.Since(*last.Load()) < gateIdle {
				err = nil // the other way something came
			}
			if n > 0 {
				_ = to.SetWriteDeadline(came().Add(gateIdle))
				if _, werr := to.Write(buf[:n]); werr != nil {
					err = werr
				}
			}
			if err != nil {
				break
			}
		}
		if half, ok := to.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
			return
		}
		to.Close()
	}
	wg.Go(func() { pass(a, b) })
	pass(b, a)
	wg.Wait()
}

// connect dials host:port as the zone has it: only where it may go, or by its
// proxy.
func (z *zone) connect(ctx context.Context, address string) (net.Conn, error) {
	host, port, err := z.admits(address)
	if err != nil {
		return nil, err
	}
	if _, err := z.reach(ctx, host); err != nil {
		return nil, err
	}
	address = net.JoinHostPort(host, strconv.Itoa(int(port)))
	conn, err := z.dial(ctx, "tcp", address)
	if err != nil || z.proxyAddr == "" {
		return conn, err
	}
	if z.proxyURL.Scheme == "https" {
		conn = tls.Client(conn, &tls.Config{ServerName: z.proxyURL.Hostname(), RootCAs: z.RootCAs, MinVersion: tls.VersionTLS12})
	}
	if err := askTunnel(ctx, conn, z.proxyURL.User, address); err != nil {
		conn.Close()
		return nil, fmt.Errorf("the proxy of zone %s: %w", z.Name, err)
	}
	return conn, nil
}

// admits reads host:port and asks whether the port, and an address that is
// one, may be reached. Names are for reach.
func (z *zone) admits(address string) (host string, port uint16, err error) {
	h, p, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, &denial{"cannot read the address " + address}
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil || n == 0 {
		return "", 0, &denial{"port " + p + " does not exist"}
	}
	host, addr, err := canonicalHost(h)
	if err != nil {
		return "", 0, &denial{err.Error()}
	}
	if err := z.checkPort(uint16(n)); err != nil {
		return "", 0, err
	}
	if addr.IsValid() {
		if err := z.checkAddr(addr); err != nil {
			return "", 0, err
		}
	}
	return host, uint16(n), nil
}

// askTunnel asks an HTTP proxy for a tunnel to address.
func askTunnel(ctx context.Context, conn net.Conn, user *url.Userinfo, address string) error {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	var b strings.Builder
	fmt.Fprintf(&b, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", address, address)
	if user != nil {
		password, _ := user.Password()
		fmt.Fprintf(&b, "Proxy-Authorization: Basic %s\r\n", base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	b.WriteString("\r\n")
	if _, err := io.WriteString(conn, b.String()); err != nil {
		return err
	}
	head, err := readHead(conn)
	if err != nil {
		return fmt.Errorf("ask for %s: %w", address, err)
	}
	status, _, _ := strings.Cut(head, "\r\n")
	if f := strings.Fields(status); len(f) < 2 || f[1] != "200" {
		return fmt.Errorf("the answer to CONNECT %s is %q", address, status)
	}
	return nil
}

// readHead reads as far as the empty line, and not a byte further: what
// follows is the other side's.
func readHead(r io.Reader) (string, error) {
	var head []byte
	one := make([]byte, 1)
	for len(head) < 16<<10 {
		if _, err := io.ReadFull(r, one); err != nil {
			return "", err
		}
		if head = append(head, one[0]); one[0] == '\n' && strings.HasSuffix(string(head), "\r\n\r\n") {
			return string(head), nil
		}
	}
	return "", errors.New("its answer has no end")
}

// CheckAddress says what a Gate would decide about host:port. It looks the host up.
func (c *Client) CheckAddress(ctx context.Context, address, zoneName string) Decision {
	d := Decision{URL: address, Origin: address, Zone: zoneName}
	z, err := c.zone(zoneName)
	if err != nil {
		d.Err = err
		return d
	}
	d.Zone, d.Proxy, d.Source = z.Name, redact(z.Proxy), z.SourceAddress
	host, _, err := z.admits(address)
	d.Addresses = z.verdicts(ctx, host)
	if err == nil {
		_, err = z.reach(ctx, host)
	}
	d.Err = err
	return d
}

// verdicts are those over each address of a host.
func (z *zone) verdicts(ctx context.Context, host string) []AddressDecision {
	if host == "" {
		return nil
	}
	var all []netip.Addr
	all, err := z.resolver.lookup(ctx, host)
	if err != nil {
		return nil
	}
	var out []AddressDecision
	for _, a := range all {
		out = append(out, AddressDecision{a, z.checkAddr(a)})
	}
	return out
}

// Tunnel joins in and out with host:port by the gate of the given URL, until
// the other side has ended.
func Tunnel(ctx context.Context, gate, address string, in io.Reader, out io.Writer) error {
	u, err := url.Parse(gate)
	if err != nil || u.Host == "" {
		return errors.New("tunnel: there is no gate")
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return fmt.Errorf("tunnel: %w", err)
	}
	defer conn.Close()
	if err := askTunnel(ctx, conn, u.User, address); err != nil {
		return fmt.Errorf("tunnel: %w", err)
	}
	go func() {
		_, _ = io.Copy(conn, in)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	_, err = io.Copy(out, conn)
	return err
}
