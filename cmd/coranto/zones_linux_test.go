package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/cgi"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// TestZonesInNetworkNamespaces puts the reader behind a firewall that lets each
// of its addresses reach one network only, and servers into those networks.
//
//	reader (10.77.0.2 … 10.77.3.2) ── firewall ─┬─ public    9.9.9.9
//	                                            ├─ dmz       10.20.1.10
//	                                            ├─ extranet  10.20.2.10
//	                                            └─ internal  10.20.3.10, resolver 10.20.3.53
func TestZonesInNetworkNamespaces(t *testing.T) {
	if os.Getenv("CORANTO_E2E") == "" {
		t.Skip("takes root and network namespaces: scripts/e2e-zones")
	}
	if os.Getuid() != 0 {
		t.Skip("not root")
	}
	for _, tool := range []string{"ip", "nft", "git"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	n := newNetwork(t)
	coranto := filepath.Join(t.TempDir(), "coranto")
	if out, err := exec.Command("go", "build", "-o", coranto, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	ca, cert := certificate(t, "wiki.corp.example")
	servers := map[string]*zoneServer{}
	for name, at := range map[string]string{"public": "9.9.9.9:80", "dmz": "10.20.1.10:8080", "extranet": "10.20.2.10:80"} {
		servers[name] = n.serve(name, at, nil)
	}
	servers["internal"] = n.serve("internal", "10.20.3.10:443", &tls.Config{Certificates: []tls.Certificate{cert}})
	n.resolve("internal", "10.20.3.53:53", map[string]string{"wiki.corp.example.": "10.20.3.10"})
	servers["public"].redirect = "http://10.20.3.10:443/feed"

	site := filepath.Join(t.TempDir(), "news")
	// The environment's proxy leads out of every zone, if anybody asks it.
	env := append(os.Environ(), "HOME="+t.TempDir(), "CORANTO_TRUST_DIR="+t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "NO_PROXY=*",
		"http_proxy=http://9.9.9.9:80", "https_proxy=http://9.9.9.9:80", "ALL_PROXY=http://9.9.9.9:80")
	run := func(args ...string) (string, error) {
		cmd := exec.Command("ip", append([]string{"netns", "exec", n.name("reader"), coranto}, args...)...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	configure := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(site, "coranto.yaml"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if out, err := run("-C", site, "trust"); err != nil {
			t.Fatalf("trust: %v\n%s", err, out)
		}
	}
	if out, err := run("init", site); err != nil {
		t.Fatalf("init: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(site, "ca.pem"), ca, 0o666); err != nil {
		t.Fatal(err)
	}

	t.Run("each zone from its own address", func(t *testing.T) {
		configure(zonesConfig + `sources:
  - {id: public, url: http://9.9.9.9/feed}
  - {id: dmz, url: http://10.20.1.10:8080/feed, zone: dmz}
  - {id: extranet, url: http://10.20.2.10/feed, zone: extranet}
  - {id: internal, url: https://wiki.corp.example/feed, zone: internal}
`)
		out, err := run("-C", site, "run")
		if err != nil || !strings.Contains(out, "4 sources") {
			t.Fatalf("run: %v\n%s", err, out)
		}
		for name, from := range map[string]string{"public": "10.77.0.2", "dmz": "10.77.1.2", "extranet": "10.77.2.2", "internal": "10.77.3.2"} {
			seen := servers[name].callers()
			if len(seen) != 1 || seen[0] != from {
				t.Errorf("%s was asked from %v, want %s alone", name, seen, from)
			}
		}
		if drops := n.drops(); drops != 0 {
			t.Errorf("the firewall dropped %d packets", drops)
		}
	})

	t.Run("a zone does not reach into another", func(t *testing.T) {
		servers["internal"].forget()
		configure(zonesConfig + `sources:
  - {id: direct, url: "https://10.20.3.10/feed"}
  - {id: from-dmz, url: "https://10.20.3.10/feed?2", zone: dmz}
  - {id: by-name, url: "https://wiki.corp.example/feed", zone: extranet}
  - {id: redirected, url: http://9.9.9.9/away}
  - {id: port, url: http://10.20.1.10:80/feed, zone: dmz}
  - {id: good, url: http://10.20.1.10:8080/good, zone: dmz}
`)
		out, err := run("-C", site, "run")
		if err == nil || strings.Count(out, "Egress.Denied") != 4 || !strings.Contains(out, "Fetch.DNS") && !strings.Contains(out, "Fetch.Timeout") {
			t.Errorf("run: %v\n%s", err, out)
		}
		if seen := servers["internal"].callers(); len(seen) != 0 {
			t.Errorf("the internal server was asked from %v", seen)
		}
		if drops := n.drops(); drops != 0 {
			t.Errorf("%d packets came as far as the firewall", drops)
		}
	})

	t.Run("the firewall has the last word", func(t *testing.T) {
		servers["internal"].forget()
		configure(strings.Replace(zonesConfig, "10.20.1.0/24", "10.20.0.0/16", 1) + `sources:
  - {id: too-wide, url: "https://10.20.3.10/feed?3", zone: dmz}
`)
		out, err := run("-C", site, "run")
		if err == nil || !strings.Contains(out, "Fetch.Timeout") {
			t.Errorf("run: %v\n%s", err, out)
		}
		if seen := servers["internal"].callers(); len(seen) != 0 {
			t.Errorf("the internal server was asked from %v", seen)
		}
		if n.drops() == 0 {
			t.Error("no packet left with the zone's own address: the firewall saw nothing to drop")
		}
	})

	t.Run("the remote in its zone", func(t *testing.T) {
		for _, s := range servers {
			s.forget()
		}
		n.drops()
		bare := gitServer(t, servers)
		source := "sources:\n  - {id: dmz, url: \"http://10.20.1.10:8080/%s\", zone: dmz}\n"
		configure(zonesConfig + fmt.Sprintf(source, "pushed") + "remote: {url: https://wiki.corp.example/site.git, zone: internal}\n")
		if out, err := run("-C", site, "run"); err != nil {
			t.Fatalf("run: %v\n%s", err, out)
		}
		head, err := exec.Command("git", "-C", site, "rev-parse", "HEAD").Output()
		pushed, perr := exec.Command("git", "-C", bare, "rev-parse", "HEAD").Output()
		if err != nil || perr != nil || !bytes.Equal(head, pushed) {
			t.Errorf("here %s, there %s: %v, %v", head, pushed, err, perr)
		}
		if seen := servers["internal"].callers(); len(seen) != 1 || seen[0] != "10.77.3.2" {
			t.Errorf("git asked the internal server from %v", seen)
		}
		if out, err := run("-C", site, "doctor"); !strings.Contains(out, "wiki.corp.example/site.git answers and has all of branch") {
			t.Errorf("doctor: %v\n%s", err, out)
		}
		servers["internal"].forget()
		for remote, why := range map[string]string{
			"{url: \"https://10.20.3.10/site.git\", zone: dmz}":          "10.20.3.10 is not in zone",
			"{url: \"git@10.20.3.10:site.git\", zone: dmz}":              "port 22",
			"{url: \"ssh://git@10.20.3.10:443/x.git\", zone: dmz}":       "10.20.3.10 is not in zone",
			"{url: \"git://10.20.1.10/x.git\", zone: dmz}":               "cannot be kept in",
			"{url: \"https://wiki.corp.example/x.git\", zone: extranet}": "lookup",
		} {
			configure(zonesConfig + fmt.Sprintf(source, "denied") + "remote: " + remote + "\n")
			out, _ := run("-C", site, "doctor")
			if !strings.Contains(out, why) {
				t.Errorf("%s: doctor does not say %q\n%s", remote, why, out)
			}
			address, zone, _ := strings.Cut(strings.Trim(remote[len("{url: "):len(remote)-1], "\""), "\", zone: ")
			if out, err := run("-C", site, "zones", "check", address, "--zone", zone); err == nil && !strings.Contains(remote, "git://") {
				t.Errorf("%s: zones check lets it pass\n%s", remote, out)
			}
		}
		if seen := servers["internal"].callers(); len(seen) != 0 {
			t.Errorf("the internal server was asked from %v", seen)
		}
		if drops := n.drops(); drops != 0 {
			t.Errorf("%d packets came as far as the firewall", drops)
		}
	})

	t.Run("the site goes to a branch in its zone", func(t *testing.T) {
		servers["internal"].forget()
		bare := gitServer(t, servers)
		configure(zonesConfig + "deploy: {git: https://wiki.corp.example/site.git, branch: pages, zone: internal}\n")
		if out, err := run("-C", site, "deploy"); err != nil {
			t.Fatalf("deploy: %v\n%s", err, out)
		}
		if out, err := exec.Command("git", "-C", bare, "show", "pages:index.html").CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		if seen := servers["internal"].callers(); len(seen) != 1 || seen[0] != "10.77.3.2" {
			t.Errorf("git asked the internal server from %v", seen)
		}
		configure(zonesConfig + "deploy: {s3: https://10.20.3.10/bucket, zone: dmz}\n")
		if out, err := run("-C", site, "deploy"); err == nil {
			t.Errorf("deploy: %v\n%s", err, out)
		}
	})

	t.Run("a task in its zone", func(t *testing.T) {
		for _, s := range servers {
			s.forget()
		}
		n.drops()
		task := probe(t)
		if err := os.MkdirAll(filepath.Join(site, "workflows"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(site, "workflows", "probe.asl.json"), []byte(`{"StartAt": "P", "States": {"P": {"Type": "Task", "Resource": "task:probe", "End": true}}}`), 0o666); err != nil {
			t.Fatal(err)
		}
		configure(zonesConfig + "tasks: {probe: {command: [" + task + "], zone: dmz}}\n")
		if out, _ := run("-C", site, "doctor"); !strings.Contains(out, "1 of them kept in a zone") {
			t.Errorf("doctor:\n%s", out)
		}
		out, err := run("-C", site, "workflow", "run", "probe", "--json")
		if err != nil {
			t.Fatalf("workflow run: %v\n%s", err, out)
		}
		for _, want := range []string{`"gate http://10.20.1.10:8080/task":"200"`, `"gate http://10.20.3.10:443/":"403"`, `"gate http://10.20.1.10:80/":"403"`, `"direct 10.20.1.10:8080":"no"`, `"direct 10.20.3.10:443":"no"`, `"direct 9.9.9.9:80":"no"`, `"name wiki.corp.example":"no"`} {
			if !strings.Contains(strings.ReplaceAll(out, `\"`, `"`), want) {
				t.Errorf("no %s in\n%s", want, out)
			}
		}
		if seen := servers["dmz"].callers(); len(seen) != 1 || seen[0] != "10.77.1.2" {
			t.Errorf("the dmz was asked from %v", seen)
		}
		for _, name := range []string{"internal", "public", "extranet"} {
			if seen := servers[name].callers(); len(seen) != 0 {
				t.Errorf("%s was asked from %v", name, seen)
			}
		}
		if drops := n.drops(); drops != 0 {
			t.Errorf("%d packets came as far as the firewall", drops)
		}
	})

	t.Run("zones check explains", func(t *testing.T) {
		out, err := run("-C", site, "zones", "check", "https://wiki.corp.example/feed", "--zone", "internal", "--follow")
		if err != nil || !strings.Contains(out, "10.20.3.10 may be reached from 10.77.3.2") || !strings.Contains(out, "answers 200") {
			t.Errorf("check: %v\n%s", err, out)
		}
		out, err = run("-C", site, "zones", "check", "http://9.9.9.9/away", "--follow")
		if err == nil || !strings.Contains(out, "denied  http://10.20.3.10:443/feed") {
			t.Errorf("check: %v\n%s", err, out)
		}
	})
}

// gitServer puts a repository onto the internal server, as /site.git.
func gitServer(t *testing.T, servers map[string]*zoneServer) (bare string) {
	t.Helper()
	core, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	bare = filepath.Join(root, "site.git")
	for _, args := range [][]string{{"init", "-q", "--bare", "-b", "main", bare}, {"-C", bare, "config", "http.receivepack", "true"}} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	servers["internal"].git.Store(&cgi.Handler{Path: filepath.Join(strings.TrimSpace(string(core)), "git-http-backend"),
		Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1"}})
	return bare
}

// probe builds a task that tries to reach what it may and what it may not.
func probe(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	text := `package main

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

func main() {
	out := map[string]string{}
	for _, u := range []string{"http://10.20.1.10:8080/task", "http://10.20.3.10:443/", "http://10.20.1.10:80/"} {
		out["gate "+u] = "no"
		if r, err := http.Get(u); err == nil {
			out["gate "+u] = strconv.Itoa(r.StatusCode)
		}
	}
	for _, a := range []string{"10.20.1.10:8080", "10.20.3.10:443", "9.9.9.9:80"} {
		out["direct "+a] = "no"
		if c, err := net.DialTimeout("tcp", a, 2*time.Second); err == nil {
			out["direct "+a] = "yes " + c.LocalAddr().String()
		}
	}
	out["name wiki.corp.example"] = "no"
	if _, err := net.LookupHost("wiki.corp.example"); err == nil {
		out["name wiki.corp.example"] = "yes"
	}
	json.NewEncoder(os.Stdout).Encode(out)
}
`
	file := filepath.Join(dir, "probe.go")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "probe"), file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "probe")
}

const zonesConfig = `site: {title: Zones}
fetch: {timeout: 2s, per_host: {gap: 0s}}
images: {mode: none}
zones:
  public: {source_address: 10.77.0.2}
  dmz: {allow: [10.20.1.0/24], ports: [8080, 443], source_address: 10.77.1.2}
  extranet: {allow: [10.20.2.0/24], source_address: 10.77.2.2, dns: 10.20.2.53}
  internal: {allow: [10.20.3.0/24], source_address: 10.77.3.2, dns: 10.20.3.53, ca: ca.pem, per_host: {parallel: 2}}
`

// network is a handful of namespaces around a firewall.
type network struct {
	t    *testing.T
	seen uint64 // drops counted before
}

func (n *network) name(s string) string { return fmt.Sprintf("coranto-%d-%s", os.Getpid(), s) }

func (n *network) sh(format string, args ...any) string {
	n.t.Helper()
	line := fmt.Sprintf(format, args...)
	out, err := exec.Command("sh", "-ec", line).CombinedOutput()
	if err != nil {
		n.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

func newNetwork(t *testing.T) *network {
	n := &network{t: t}
	fw := n.name("fw")
	add := func(ns string) {
		n.sh("ip netns add %s && ip -n %s link set lo up", ns, ns)
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", ns).Run() })
	}
	add(fw)
	n.sh("ip netns exec %s sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'", fw)
	link := func(zone, near string, far ...string) {
		ns := n.name(zone)
		add(ns)
		n.sh("ip -n %s link add %.4s0 type veth peer name eth0 netns %s", fw, zone, ns)
		n.sh("ip -n %s addr add %s dev %.4s0 && ip -n %s link set %.4s0 up", fw, near, zone, fw, zone)
		for _, a := range far {
			n.sh("ip -n %s addr add %s dev eth0", ns, a)
		}
		gateway, _, _ := strings.Cut(near, "/")
		n.sh("ip -n %s link set eth0 up && ip -n %s route add default via %s", ns, ns, gateway)
	}
	link("reader", "10.77.0.1/16", "10.77.0.2/16", "10.77.1.2/16", "10.77.2.2/16", "10.77.3.2/16")
	link("public", "9.9.9.1/24", "9.9.9.9/24")
	link("dmz", "10.20.1.1/24", "10.20.1.10/24")
	link("extranet", "10.20.2.1/24", "10.20.2.10/24", "10.20.2.53/24")
	link("internal", "10.20.3.1/24", "10.20.3.10/24", "10.20.3.53/24")
	rules := filepath.Join(t.TempDir(), "rules.nft")
	err := os.WriteFile(rules, []byte(`table ip corp {
	counter dropped { }
	chain forward {
		type filter hook forward priority 0; policy drop;
		ct state established,related accept
		ip saddr 10.77.0.2 ip daddr 9.9.9.0/24 accept
		ip saddr 10.77.1.2 ip daddr 10.20.1.0/24 accept
		ip saddr 10.77.2.2 ip daddr 10.20.2.0/24 accept
		ip saddr 10.77.3.2 ip daddr 10.20.3.0/24 accept
		counter name dropped drop
	}
}
`), 0o666)
	if err != nil {
		t.Fatal(err)
	}
	n.sh("ip netns exec %s nft -f %s", fw, rules)
	return n
}

// drops counts the packets the firewall has dropped since it was last called.
func (n *network) drops() uint64 {
	n.t.Helper()
	out := n.sh("ip netns exec %s nft list counter ip corp dropped", n.name("fw"))
	var packets uint64
	if _, rest, ok := strings.Cut(out, "packets "); ok {
		_, _ = fmt.Sscan(rest, &packets)
	}
	defer func() { n.seen = packets }()
	return packets - n.seen
}

// within runs do with its sockets in a namespace. The thread is thrown away.
func (n *network) within(zone string, do func() error) {
	n.t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		fd, err := unix.Open("/run/netns/"+n.name(zone), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Setns(fd, unix.CLONE_NEWNET)
			unix.Close(fd)
		}
		if err == nil {
			err = do()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		n.t.Fatalf("in namespace %s: %v", zone, err)
	}
}

// zoneServer is a server in a namespace that writes down who asks.
type zoneServer struct {
	redirect string
	git      atomic.Pointer[cgi.Handler]
	mu       sync.Mutex
	from     map[string]bool
}

func (n *network) serve(zone, at string, secure *tls.Config) *zoneServer {
	n.t.Helper()
	s := &zoneServer{from: map[string]bool{}}
	var l net.Listener
	n.within(zone, func() (err error) {
		l, err = net.Listen("tcp4", at)
		return err
	})
	if secure != nil {
		l = tls.NewListener(l, secure)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		s.mu.Lock()
		s.from[host] = true
		s.mu.Unlock()
		if h := s.git.Load(); h != nil && strings.HasPrefix(r.URL.Path, "/site.git/") {
			h.ServeHTTP(w, r)
			return
		}
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, s.redirect, http.StatusFound)
		case "/robots.txt":
			http.NotFound(w, r)
		default:
			fmt.Fprintf(w, `<rss version="2.0"><channel><title>%s</title><item><guid>%s %s</guid><title>From %s</title></item></channel></rss>`, zone, zone, r.URL, zone)
		}
	}), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	n.t.Cleanup(func() { server.Close() })
	return s
}

func (s *zoneServer) callers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for a := range s.from {
		out = append(out, a)
	}
	slices.Sort(out)
	return out
}

func (s *zoneServer) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.from)
}

// resolve answers questions for names in a namespace.
func (n *network) resolve(zone, at string, names map[string]string) {
	n.t.Helper()
	var conn net.PacketConn
	n.within(zone, func() (err error) {
		conn, err = net.ListenPacket("udp4", at)
		return err
	})
	n.t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:size]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m.Response, m.Additionals = true, nil
			a, known := names[q.Name.String()]
			if !known {
				m.RCode = dnsmessage.RCodeNameError
			} else if q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60}, Body: &dnsmessage.AResource{A: netip.MustParseAddr(a).As4()}}}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
}

// certificate makes a certificate authority of the company, and a certificate
// it signed.
func certificate(t *testing.T, host string) (ca []byte, cert tls.Certificate) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Corp"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	check(err)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{host}, NotAfter: time.Now().Add(time.Hour)}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	der, err := x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, rootKey)
	check(err)
	var b bytes.Buffer
	check(pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: rootDER}))
	return b.Bytes(), tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
