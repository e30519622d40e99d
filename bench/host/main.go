// Command host measures what a request costs: `coranto serve` beside nginx, tuned
// for it, and Caddy, all serving the same 1,000 pages to wrk over 64 connections
// on loopback. It prints CPU microseconds a request (user and system, of the
// server alone) and peak memory, interleaved round by round.
//
// nginx and wrk come from the distribution, Caddy from `go install
// github.com/caddyserver/caddy/v2/cmd/caddy@latest`; what is not there is left out.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	pages := flag.Int("pages", 1000, "pages of the site")
	rounds := flag.Int("rounds", 3, "rounds, of which the median counts")
	seconds := flag.Int("seconds", 3, "of wrk a server, round and way of asking")
	caddy := flag.String("caddy", "caddy", "program of Caddy")
	coranto := flag.String("coranto", "", "program of Coranto; empty: built from this tree")
	only := flag.String("only", "", "comma-separated: coranto, coranto-log, nginx, caddy")
	flag.Parse()
	b := bench{pages: *pages, rounds: *rounds, seconds: *seconds, caddy: *caddy, coranto: *coranto, only: *only}
	if err := b.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench/host:", err)
		os.Exit(1)
	}
}

type bench struct {
	dir                    string
	pages, rounds, seconds int
	caddy, coranto, only   string
}

// server is one that is measured.
type server struct {
	name  string
	start func(ctx context.Context, address string) (*exec.Cmd, error)
	addr  string
	cmd   *exec.Cmd
}

// asking is a way to ask.
type asking struct {
	name   string
	header func(etags string) string // Lua that makes the headers of page i
}

var askings = []asking{
	{"plain", func(string) string { return "nil" }},
	{"gzip", func(string) string { return `{["Accept-Encoding"] = "gzip"}` }},
	{"304", func(etags string) string { return `{["If-None-Match"] = etags[i]}` }},
}

func (b *bench) run(ctx context.Context) (err error) {
	if b.dir, err = os.MkdirTemp("", "coranto-bench-host-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := b.makeSite(); err != nil {
		return err
	}
	var list []*server
	for _, s := range []*server{{name: "coranto", start: b.startCoranto(false)}, {name: "coranto-log", start: b.startCoranto(true)}, {name: "nginx", start: b.startNginx}, {name: "caddy", start: b.startCaddy}} {
		if b.only != "" && !slices.Contains(strings.Split(b.only, ","), s.name) {
			continue
		}
		if s.addr, err = freeAddress(); err != nil {
			return err
		}
		if s.cmd, err = s.start(ctx, s.addr); err != nil {
			fmt.Fprintf(os.Stderr, "bench/host: without %s: %v\n", s.name, err)
			continue
		}
		defer stop(s.cmd)
		if err := answers(s.addr); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		list = append(list, s)
	}
	cost := map[string][]float64{}
	rate := map[string][]float64{}
	for round := range b.rounds + 1 { // the first warms up
		for _, a := range askings {
			for _, s := range list {
				per, rps, err := b.measure(ctx, s, a)
				if err != nil {
					return fmt.Errorf("%s %s: %w", s.name, a.name, err)
				}
				if round > 0 {
					cost[s.name+a.name] = append(cost[s.name+a.name], per)
					rate[s.name+a.name] = append(rate[s.name+a.name], rps)
				}
			}
		}
	}
	fmt.Println("| server | plain µs | gzip µs | 304 µs | plain /s | peak MB |")
	fmt.Println("| --- | --- | --- | --- | --- | --- |")
	for _, s := range list {
		fmt.Printf("| %s |", s.name)
		for _, a := range askings {
			fmt.Printf(" %.1f |", median(cost[s.name+a.name]))
		}
		fmt.Printf(" %.0f | %.0f |\n", median(rate[s.name+"plain"]), float64(peak(s.cmd.Process.Pid))/1e6)
	}
	for _, other := range list {
		if other.name == "coranto" || len(list) == 0 || list[0].name != "coranto" {
			continue
		}
		fmt.Printf("coranto / %s:", other.name)
		for _, a := range askings {
			fmt.Printf("  %s %.2f", a.name, median(cost["coranto"+a.name])/median(cost[other.name+a.name]))
		}
		fmt.Println()
	}
	return nil
}

func median(l []float64) float64 {
	if len(l) == 0 {
		return 0
	}
	l = slices.Sorted(slices.Values(l))
	return l[len(l)/2]
}

// makeSite writes a page a post, 2 to 20 KB of text, and the same gzipped.
func (b *bench) makeSite() error {
	r := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 2000)
	for i := range words {
		w := make([]byte, 2+r.IntN(9))
		for j := range w {
			w[j] = 'a' + byte(r.IntN(26))
		}
		words[i] = string(w)
	}
	root := filepath.Join(b.dir, "site", "pages")
	for i := range b.pages {
		var p bytes.Buffer
		fmt.Fprintf(&p, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Page %d</title></head><body>\n", i)
		for size := 2000 + r.IntN(18000); p.Len() < size; {
			p.WriteString(words[r.IntN(len(words))] + " ")
		}
		p.WriteString("</body></html>\n")
		if err := writePage(filepath.Join(root, "posts", strconv.Itoa(i), "index.html"), p.Bytes()); err != nil {
			return err
		}
	}
	for _, name := range []string{"index.html", "404.html"} {
		if err := writePage(filepath.Join(root, name), []byte("<!doctype html><title>Home</title><p>Home\n")); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(root, "feed.xml"), []byte("<feed xmlns=\"http://www.w3.org/2005/Atom\"/>\n"), 0o666)
}

func writePage(file string, body []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, 6)
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := os.WriteFile(file+".gz", z.Bytes(), 0o666); err != nil {
		return err
	}
	return os.WriteFile(file, body, 0o666)
}

// startCoranto serves the pages as what a generator of the user's own has made.
func (b *bench) startCoranto(log bool) func(context.Context, string) (*exec.Cmd, error) {
	return func(ctx context.Context, address string) (*exec.Cmd, error) {
		if b.coranto == "" {
			b.coranto = filepath.Join(b.dir, "coranto")
			if out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", b.coranto, "./cmd/coranto").CombinedOutput(); err != nil {
				return nil, fmt.Errorf("build: %w: %s", err, out)
			}
		}
		dir := filepath.Join(b.dir, fmt.Sprint("coranto-", log))
		home := filepath.Join(b.dir, "home")
		env := append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home)
		do := func(name string, args ...string) error {
			cmd := exec.CommandContext(ctx, name, args...)
			cmd.Dir, cmd.Env = dir, env
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
			}
			return nil
		}
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, err
		}
		if err := do(b.coranto, "init", "."); err != nil {
			return nil, err
		}
		yaml := fmt.Sprintf("site: {title: Bench, url: http://%s}\nbuild: {command: [sh, -c, \"cp -r %s/site/pages out && find out -name '*.gz' -delete\"], base_directory: out}\nhost: {access_log: %t}\n", address, b.dir, log)
		if err := os.WriteFile(filepath.Join(dir, "coranto.yaml"), []byte(yaml), 0o666); err != nil {
			return nil, err
		}
		for _, args := range [][]string{{b.coranto, "trust"}, {b.coranto, "build"}} {
			if err := do(args[0], args[1:]...); err != nil {
				return nil, err
			}
		}
		cmd := exec.CommandContext(ctx, b.coranto, "serve", "--listen", address)
		cmd.Dir, cmd.Env, cmd.Stderr = dir, env, os.Stderr
		return cmd, cmd.Start()
	}
}

func (b *bench) startNginx(ctx context.Context, address string) (*exec.Cmd, error) {
	conf := fmt.Sprintf(`daemon off; worker_processes auto; pid %[1]s/nginx.pid; error_log stderr crit;
events { worker_connections 4096; multi_accept on; }
http {
  types { text/html html; application/atom+xml xml; } default_type application/octet-stream;
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 120s;
  open_file_cache max=20000 inactive=10m; open_file_cache_valid 10m; open_file_cache_min_uses 1; open_file_cache_errors on;
  gzip_static on; gzip_vary on; etag on; server_tokens off;
  client_body_temp_path %[1]s/n1; proxy_temp_path %[1]s/n2; fastcgi_temp_path %[1]s/n3; uwsgi_temp_path %[1]s/n4; scgi_temp_path %[1]s/n5;
  server { listen %[2]s reuseport; root %[1]s/site/pages; index index.html; error_page 404 /404.html;
    add_header X-Content-Type-Options nosniff always; add_header Cache-Control no-cache; add_header Content-Security-Policy "default-src 'self'" always;
    add_header Referrer-Policy strict-origin-when-cross-origin always; add_header X-Frame-Options DENY always; }
}
`, b.dir, address)
	file := filepath.Join(b.dir, "nginx.conf")
	if err := os.WriteFile(file, []byte("user root;\n"+conf), 0o666); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "nginx", "-e", "stderr", "-c", file)
	cmd.Stderr = os.Stderr
	return cmd, cmd.Start()
}

func (b *bench) startCaddy(ctx context.Context, address string) (*exec.Cmd, error) {
	conf := fmt.Sprintf(`{
	admin off
	auto_https off
	persist_config off
}
http://%s {
	root * %s/site/pages
	header {
		X-Content-Type-Options nosniff
		Cache-Control no-cache
		Content-Security-Policy "default-src 'self'"
		Referrer-Policy strict-origin-when-cross-origin
		X-Frame-Options DENY
	}
	file_server {
		precompressed gzip
	}
}
`, address, b.dir)
	file := filepath.Join(b.dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(conf), 0o666); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, b.caddy, "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+b.dir)
	return cmd, cmd.Start()
}

func stop(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func answers(addr string) (err error) {
	for range 200 {
		var resp *http.Response
		if resp, err = http.Get("http://" + addr + "/posts/1/"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("it answers %s", resp.Status)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// measure runs wrk and returns CPU microseconds a request, and requests a second.
func (b *bench) measure(ctx context.Context, s *server, a asking) (per, rate float64, err error) {
	var lua strings.Builder
	fmt.Fprintf(&lua, "local etags, reqs, n = {}, {}, 0\n")
	if a.name == "304" {
		for i := range b.pages {
			resp, err := http.Head(fmt.Sprintf("http://%s/posts/%d/", s.addr, i))
			if err != nil {
				return 0, 0, err
			}
			resp.Body.Close()
			fmt.Fprintf(&lua, "etags[%d] = %q\n", i, resp.Header.Get("Etag"))
		}
	}
	fmt.Fprintf(&lua, `function init(args)
  for i = 0, %d do reqs[i] = wrk.format("GET", "/posts/" .. i .. "/", %s) end
end
function request()
  n = (n + 7) %% %d
  return reqs[n]
end
`, b.pages-1, a.header("etags"), b.pages)
	script := filepath.Join(b.dir, "wrk.lua")
	if err := os.WriteFile(script, []byte(lua.String()), 0o666); err != nil {
		return 0, 0, err
	}
	before, err := cpu(s.cmd.Process.Pid)
	if err != nil {
		return 0, 0, err
	}
	out, err := exec.CommandContext(ctx, "wrk", "-t", "1", "-c", "64", "-d", strconv.Itoa(b.seconds)+"s", "-s", script, "http://"+s.addr).CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("wrk: %w: %s", err, out)
	}
	after, err := cpu(s.cmd.Process.Pid)
	if err != nil {
		return 0, 0, err
	}
	if bytes.Contains(out, []byte("Non-2xx")) || bytes.Contains(out, []byte("Socket errors")) {
		return 0, 0, fmt.Errorf("wrk: %s", out)
	}
	m := regexp.MustCompile(`(\d+) requests in`).FindSubmatch(out)
	if m == nil {
		return 0, 0, fmt.Errorf("wrk: %s", out)
	}
	n, _ := strconv.ParseFloat(string(m[1]), 64)
	return (after - before).Seconds() * 1e6 / n, n / float64(b.seconds), nil
}

// cpu is what a process and its children have used so far.
func cpu(pid int) (time.Duration, error) {
	var ticks int
	for _, p := range family(pid) {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
		if err != nil {
			return 0, err
		}
		f := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
		user, _ := strconv.Atoi(f[11])
		system, _ := strconv.Atoi(f[12])
		ticks += user + system
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// family is a process and its children, such as the workers of nginx.
func family(pid int) []int {
	out := []int{pid}
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, f := range strings.Fields(string(data)) {
		if n, err := strconv.Atoi(f); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// peak is the resident memory at its highest, in bytes.
func peak(pid int) (sum int64) {
	for _, p := range family(pid) {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p))
		if m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(data); m != nil {
			n, _ := strconv.ParseInt(string(m[1]), 10, 64)
			sum += n << 10
		}
	}
	return sum
}
