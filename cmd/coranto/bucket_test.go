package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// s3 is a versitygw over a folder, and before it what notes who asks for what.
type s3 struct {
	root string // the buckets
	addr string
	mu   sync.Mutex
	log  []string // "PUT path"
	slow chan struct{}
}

const s3User, s3Secret = "user", "secret-of-the-test"

func startS3(t *testing.T) *s3 {
	program := os.Getenv("CORANTO_VERSITYGW")
	if program == "" {
		t.Skip("CORANTO_VERSITYGW names no versitygw; scripts/e2e-hosting installs one")
	}
	s := &s3{root: t.TempDir()}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().String()
	l.Close()
	side := t.TempDir()
	cmd := exec.Command(program, "--port", port, "--access", s3User, "--secret", s3Secret, "--quiet", "posix", "--sidecar", side, s.root)
	cmd.Dir = side
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 200 {
		c, err := net.Dial("tcp", port)
		if err == nil {
			c.Close()
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: port})
		r.Out.Host = r.In.Host
	}}
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.log = append(s.log, r.Method+" "+r.URL.Path)
		slow := s.slow
		s.mu.Unlock()
		if slow != nil && r.Method == http.MethodPut && !strings.HasSuffix(r.URL.Path, ".json") {
			<-slow
		}
		proxy.ServeHTTP(w, r)
	})}
	go func() { _ = web.Serve(front) }()
	t.Cleanup(func() { web.Close() })
	s.addr = front.Addr().String()
	if err := os.Mkdir(filepath.Join(s.root, "sites"), 0o777); err != nil {
		t.Fatal(err)
	}
	return s
}

// asked returns what was asked since the last time.
func (s *s3) asked(method string) (paths []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.log {
		if path, ok := strings.CutPrefix(line, method+" /sites/news/"); ok {
			paths = append(paths, path)
		}
	}
	return paths
}

func (s *s3) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

// publisher is a site directory that is taken to the bucket.
type publisher struct {
	*planet
	s *s3
}

func newPublisher(t *testing.T, s *s3, program, title string) *publisher {
	root := t.TempDir()
	p := &publisher{&planet{t: t, program: program, dir: filepath.Join(root, "site")}, s}
	p.env = append(os.Environ(), "HOME="+root, "CORANTO_TRUST_DIR="+filepath.Join(root, "trusted"), "GIT_CONFIG_NOSYSTEM=1", "XDG_CONFIG_HOME="+root)
	p.must("init", p.dir)
	p.is(title, "sites")
	p.key(s3Secret)
	p.must("-C", p.dir, "build")
	return p
}

func (p *publisher) is(title, bucket string) {
	p.write("coranto.yaml", fmt.Sprintf("site: {title: %s}\nzones: {loopback: {allow: [127.0.0.0/8]}}\ndeploy: [{s3: 'http://%s/%s/news', zone: loopback}]\n", title, p.s.addr, bucket))
	p.must("-C", p.dir, "trust")
}

func (p *publisher) key(secret string) {
	cmd := p.command("X=", "-C", p.dir, "secret", "set", "127.0.0.1")
	cmd.Stdin = strings.NewReader(s3User + ":" + secret)
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("secret set: %v %s", err, out)
	}
}

// deploy returns what was said and the exit code.
func (p *publisher) deploy(point string, args ...string) (string, int) {
	p.t.Helper()
	out, err := p.command(point, append([]string{"-C", p.dir, "deploy"}, args...)...).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), exit.ExitCode()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return string(out), 0
}

func (p *publisher) status() (string, int) {
	out, err := p.command("X=", "-C", p.dir, "status").CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), exit.ExitCode()
	}
	return string(out), 0
}

// same fails unless the bucket holds the live site and nothing else.
func (p *publisher) same(when string) {
	p.t.Helper()
	out := filepath.Join(p.t.TempDir(), "out")
	p.must("-C", p.dir, "build", "--out", out)
	want, got := tree(p.t, out), tree(p.t, filepath.Join(p.s.root, "sites", "news"))
	record := got[".coranto-release.json"]
	delete(got, ".coranto-release.json")
	delete(want, "status.json") // which stands beside a release
	for path, text := range want {
		if got[path] != text && !strings.HasPrefix(filepath.Base(path), ".coranto") {
			p.t.Errorf("%s: %s is not as it is live", when, path)
		}
		delete(got, path)
	}
	for path := range got {
		p.t.Errorf("%s: %s has stayed", when, path)
	}
	var r struct {
		UnderWay any `json:"under_way"`
	}
	if err := json.Unmarshal([]byte(record), &r); err != nil || r.UnderWay != nil {
		p.t.Errorf("%s: the record: %v %v", when, err, r.UnderWay)
	}
}

func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestBucketForReal takes a site to a real S3 server: only what has changed, the
// record last, never two at once, and whole again after a crash anywhere.
func TestBucketForReal(t *testing.T) {
	s := startS3(t)
	program := filepath.Join(t.TempDir(), "coranto")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	p := newPublisher(t, s, program, "First")
	const record = ".coranto-release.json"

	out, code := p.deploy("X=", "-n")
	if code != 0 || !strings.Contains(out, "+ index.html") || len(s.asked("PUT")) != 0 {
		t.Fatalf("a plan: %d %s, put %v", code, out, s.asked("PUT"))
	}
	s.forget()
	if out, code = p.deploy("X="); code != 0 {
		t.Fatalf("deploy: %d %s", code, out)
	}
	puts := s.asked("PUT")
	if n := len(puts); puts[0] != record || puts[n-1] != record || puts[n-2] != "index.html" {
		t.Errorf("the order is %v", puts)
	}
	p.same("at first")
	if out, code := p.status(); code != 0 || !strings.Contains(out, "taken    to http://") {
		t.Errorf("status: %d %s", code, out)
	}
	s.forget()
	if out, code = p.deploy("X="); code != 0 || !strings.HasPrefix(out, "there") || len(s.asked("PUT")) != 0 {
		t.Errorf("again: %d %s", code, out)
	}

	// Only what has changed: one page more, then none.
	page := filepath.Join(p.dir, "theme", "static", "extra.txt")
	if err := os.MkdirAll(filepath.Dir(page), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, []byte("more\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	p.must("-C", p.dir, "build")
	s.forget()
	if out, code = p.deploy("X="); code != 0 {
		t.Fatalf("one file more: %d %s", code, out)
	}
	if puts := slices.Compact(s.asked("PUT")); !slices.Equal(puts, []string{record, "extra.txt", record}) {
		t.Errorf("one file more put %v", puts)
	}
	p.same("one file more")
	if err := os.Remove(page); err != nil {
		t.Fatal(err)
	}
	p.must("-C", p.dir, "build")
	s.forget()
	if out, code = p.deploy("X="); code != 0 || !slices.Equal(s.asked("DELETE"), []string{"extra.txt"}) {
		t.Errorf("one file less: %d %s, deleted %v", code, out, s.asked("DELETE"))
	}
	p.same("one file less")

	// A crash anywhere.
	for i, point := range []string{"app.deploy-claimed", "app.deploy-uploaded", "app.deploy-removed", "app.deploy-recorded"} {
		p.is(fmt.Sprintf("Crash %d", i), "sites")
		p.must("-C", p.dir, "build")
		if out, code := p.deploy("CORANTO_FAILPOINT=" + point); code != 137 {
			t.Fatalf("%s: it was not reached: %d %s", point, code, out)
		}
		if out, code := p.deploy("X="); code != 0 {
			t.Fatalf("after a crash at %s: %d %s", point, code, out)
		}
		p.same("after a crash at " + point)
	}

	// Two at once: the second is told, and nothing is mixed.
	other := newPublisher(t, s, program, "Other")
	p.is("Under way", "sites")
	p.must("-C", p.dir, "build")
	slow := make(chan struct{})
	s.mu.Lock()
	s.slow, s.log = slow, nil
	s.mu.Unlock()
	ended := make(chan int, 1)
	go func() {
		_, code := p.deploy("X=")
		ended <- code
	}()
	for len(s.asked("PUT")) < 2 {
		time.Sleep(10 * time.Millisecond)
	}
	out, code = other.deploy("X=")
	if code != 1 || !strings.Contains(out, "another deployment is under way") || !strings.Contains(out, "hint: ") {
		t.Errorf("the second: %d %s", code, out)
	}
	if out, code := other.status(); code != 1 || !strings.Contains(out, "NOT TAKEN to") {
		t.Errorf("status of the second: %d %s", code, out)
	}
	s.mu.Lock()
	s.slow = nil
	s.mu.Unlock()
	close(slow)
	if code := <-ended; code != 0 {
		t.Errorf("the first ended with %d", code)
	}
	p.same("with another about")
	if out, code = other.deploy("X="); code != 0 {
		t.Errorf("the second, later: %d %s", code, out)
	}
	other.same("the second, later")
	if out, code := other.status(); code != 0 {
		t.Errorf("status afterwards: %d %s", code, out)
	}

	// What is wrong is said.
	p.key("another")
	if out, code = p.deploy("X=", "--force"); code != 1 || !strings.Contains(out, "refuses the credentials") || !strings.Contains(out, "hint: ") {
		t.Errorf("a wrong key: %d %s", code, out)
	}
	p.key(s3Secret)
	p.is("Under way", "none")
	if out, code = p.deploy("X="); code != 1 || !strings.Contains(out, "no such bucket") || !strings.Contains(out, "hint: ") {
		t.Errorf("no bucket: %d %s", code, out)
	}
}
