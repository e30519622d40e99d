package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/app"
)

// newSite makes a site that follows nobody.
func newSite(t *testing.T, dir, yaml string) {
	t.Helper()
	if _, err := app.Init(t.Context(), dir, []byte(yaml), app.Options{}); err != nil {
		t.Fatal(err)
	}
}

// ask asks at an address for a host name.
func ask(client *http.Client, scheme, addr, name, path string) (status int, body string, header http.Header) {
	r, err := http.NewRequest("GET", scheme+"://"+addr+path, nil)
	if err != nil {
		return 0, err.Error(), nil
	}
	if name != "" {
		r.Host = name
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), resp.Header
}

// told gathers errors that are told.
type told struct {
	mu   sync.Mutex
	text string
}

func (w *told) add(dir string, h app.Happening) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if h.Err != nil {
		w.text += dir + ": " + h.Err.Error() + "\n"
	}
}

// Write takes lines of a log.
func (w *told) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text += string(p)
	return len(p), nil
}

func (w *told) has(s string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Contains(w.text, s)
}

// Two sites share a listener; a third that cannot be opened, and a fourth whose
// name is taken, leave them alone.
func TestServeSites(t *testing.T) {
	root := t.TempDir()
	dir := func(name string) string { return filepath.Join(root, name) }
	for _, s := range []string{"a", "b"} {
		newSite(t, dir(s), fmt.Sprintf("site: {title: Site %s}\nhost: {names: [%[1]s.example, www.%[1]s.example]}\n", s))
	}
	newSite(t, dir("twin"), "site: {title: Twin}\nhost: {names: [b.example]}\n")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var said told
	ended := make(chan error, 1)
	go func() {
		ended <- app.ServeSites(ctx, []string{dir("a"), dir("b"), dir("none")}, l, app.Options{}, "", said.add)
	}()
	at := l.Addr().String()
	title := func(name string) string {
		status, body, _ := ask(http.DefaultClient, "http", at, name, "/")
		_, rest, _ := strings.Cut(body, "<title>")
		text, _, _ := strings.Cut(rest, "</title>")
		return fmt.Sprint(status, " ", text)
	}
	until(t, "both sites are live", func() bool {
		return strings.HasPrefix(title("a.example"), "200 Site a") && strings.HasPrefix(title("B.example:80"), "200 Site b")
	})
	until(t, "the failure is told", func() bool { return said.has("none: not a site directory") })
	if got := title("c.example"); got != "421 " {
		t.Errorf("a name of none: %s", got)
	}
	if _, err := app.Open(ctx, dir("a"), app.Options{}); app.ExitCode(err) != 11 {
		t.Errorf("a site that is served can be opened: %v", err)
	}
	// What becomes of one does not touch the other.
	if err := os.WriteFile(filepath.Join(dir("a"), "coranto.yaml"), []byte("site: ["), 0o666); err != nil {
		t.Fatal(err)
	}
	until(t, "the mistake is told", func() bool { return said.has("coranto.yaml") })
	if !strings.HasPrefix(title("a.example"), "200 Site a") || !strings.HasPrefix(title("b.example"), "200 Site b") {
		t.Errorf("after a mistake: %s, %s", title("a.example"), title("b.example"))
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}

	l, err = net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop = context.WithCancel(t.Context())
	defer stop()
	var again told
	go func() {
		ended <- app.ServeSites(ctx, []string{dir("b"), dir("twin")}, l, app.Options{}, "", again.add)
	}()
	until(t, "one of two with a name is refused", func() bool { return again.has("host.names has a name that") })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// certificate writes a certificate for localhost and returns its serial number.
func certificate(t *testing.T, dir, name string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	priv, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: priv}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Another address, HTTPS instead of HTTP, another certificate: all follow the
// configuration while the site is served, and what cannot be opened changes nothing.
func TestListeningFollows(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	newSite(t, dir, "site: {title: Moving}\n")
	certificate(t, dir, "one", 1)
	certificate(t, dir, "two", 2)
	a, err := app.Open(t.Context(), dir, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	free := func() (net.Listener, string) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l, l.Addr().String()
	}
	l, first := free()
	taken, busy := free()
	defer taken.Close()
	next, second := free()
	next.Close()
	ctx, stop := context.WithCancel(t.Context())
	var said told
	ended := make(chan error, 1)
	go func() {
		ended <- a.Serve(ctx, l, app.ServeOptions{Opened: first, Tell: func(h app.Happening) { said.add("", h) }})
	}()
	configure := func(host string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "coranto.yaml"), []byte("site: {title: Moving}\nhost: {"+host+"}\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	serial := func(addr string) string {
		c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, ServerName: "localhost"})
		if err != nil {
			return err.Error()
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	ok := func(scheme, addr string) bool {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
		status, _, header := ask(client, scheme, addr, "", "/")
		if status == 200 && (header.Get("Strict-Transport-Security") == "max-age=86400") != (scheme == "https") {
			t.Errorf("%s: %v", scheme, header)
		}
		return status == 200
	}
	until(t, "it is live", func() bool { return ok("http", first) })
	configure("listen: '" + busy + "'")
	until(t, "an address that is taken is told", func() bool { return said.has("host.listen") })
	if !ok("http", first) {
		t.Error("what was listened on does not stay")
	}
	configure("listen: '" + second + "'")
	until(t, "it moves", func() bool { return ok("http", second) })
	until(t, "the old address is closed", func() bool { return !ok("http", first) })
	configure("listen: '" + second + "', tls: {certificate: one.pem, key: one.key, hsts: 24h}")
	until(t, "it speaks TLS", func() bool { return ok("https", second) })
	plain, third := free()
	plain.Close()
	configure("listen: '" + second + "', plain: '" + third + "', tls: {certificate: one.pem, key: one.key, hsts: 24h}")
	still := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	until(t, "plain HTTP leads there", func() bool {
		_, port, _ := net.SplitHostPort(second)
		status, _, header := ask(still, "http", third, "news.example:80", "/a?b=c")
		return status == 308 && header.Get("Location") == "https://news.example:"+port+"/a?b=c"
	})
	if got := serial(second); got != "1" {
		t.Errorf("certificate %s", got)
	}
	configure("listen: '" + second + "', tls: {certificate: two.pem, key: two.key, hsts: 24h}")
	until(t, "the certificate changes", func() bool { return serial(second) == "2" })
	configure("listen: '" + second + "', tls: {certificate: none.pem, key: none.key, hsts: 24h}")
	until(t, "the configuration is in force", func() bool { return a.Config().Host.TLS.Certificate == "none.pem" })
	if got := serial(second); got != "2" {
		t.Errorf("a certificate that cannot be read: %s", got)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A branch is shown as it is, is built again when it moves, and is gone when it
// is deleted; a generator that nobody trusts does not run for it.
func TestBranchPreviews(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	yaml := "site: {title: Live}\nhost: {names: [news.example], previews: true}\n"
	newSite(t, dir, yaml)
	var said told
	a, err := app.Open(t.Context(), dir, app.Options{Log: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx, l, app.ServeOptions{}) }()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=T", "-c", "user.email=t@example.org"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
	}
	branch := filepath.Join(t.TempDir(), "branch")
	git("worktree", "add", "-q", "-b", "Feature/New_Look", branch)
	commit := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(branch, "coranto.yaml"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("git", "-C", branch, "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qam", "change")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("commit: %v %s", err, out)
		}
	}
	show := func(name string) (int, string, http.Header) {
		return ask(http.DefaultClient, "http", l.Addr().String(), name, "/")
	}
	const at = "feature-new-look--news.example"
	commit(strings.ReplaceAll(yaml, "Live", "Draft one"))
	until(t, "the branch is shown", func() bool { _, body, _ := show(at); return strings.Contains(body, "<title>Draft one") })
	if _, body, header := show(at); header.Get("X-Robots-Tag") != "noindex" || !strings.HasPrefix(header.Get("Cache-Control"), "private") || body == "" {
		t.Errorf("a preview may be indexed or cached: %v", header)
	}
	commit(strings.ReplaceAll(yaml, "Live", "Draft two"))
	until(t, "it follows the branch", func() bool { _, body, _ := show(at); return strings.Contains(body, "<title>Draft two") })
	mark := filepath.Join(t.TempDir(), "ran")
	commit(yaml + "build: {command: [touch, " + mark + "], base_directory: out}\n")
	until(t, "the generator is refused", func() bool { return said.has("cannot be previewed") })
	until(t, "live is what it was", func() bool { _, body, _ := show("news.example"); return strings.Contains(body, "<title>Live") })
	git("worktree", "remove", "--force", branch)
	git("branch", "-qD", "Feature/New_Look")
	until(t, "it goes with the branch", func() bool { status, _, _ := show(at); return status == 404 })
	if _, err := os.Stat(mark); err == nil {
		t.Error("a generator that nobody trusts has run")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What a link of a branch leads to outside of it is nobody's to read: who may
// push a branch may not see the machine.
func TestPreviewKeepsToTheBranch(t *testing.T) {
	dir, outside := filepath.Join(t.TempDir(), "site"), t.TempDir()
	newSite(t, dir, "site: {title: Live}\nhost: {names: [news.example], previews: true}\n")
	if err := os.WriteFile(filepath.Join(outside, "key.txt"), []byte("secret"), 0o666); err != nil {
		t.Fatal(err)
	}
	branch := filepath.Join(t.TempDir(), "branch")
	git := func(dir string, args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=T", "-c", "user.email=t@example.org"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
	}
	git(dir, "worktree", "add", "-q", "-b", "links", branch)
	if err := os.RemoveAll(filepath.Join(branch, "pages")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(branch, "pages")); err != nil {
		t.Fatal(err)
	}
	git(branch, "add", "-A")
	git(branch, "commit", "-qm", "links")
	a, err := app.Open(t.Context(), dir, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx, l, app.ServeOptions{}) }()
	show := func(path string) (int, string) {
		status, body, _ := ask(http.DefaultClient, "http", l.Addr().String(), "links--news.example", path)
		return status, body
	}
	until(t, "the branch is shown", func() bool { status, _ := show("/"); return status == 200 })
	if status, body := show("/key.txt"); status != 404 {
		t.Errorf("a file outside of the branch: %d %s", status, body)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
