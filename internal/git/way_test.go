package git_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coranto/coranto/internal/git"
)

// gate is a proxy that counts what goes through it.
func gate(t *testing.T, refuse bool) (address string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "Basic dTpw" {
			w.Header().Set("Proxy-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		asked.Add(1)
		if refuse {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		(&httputil.ReverseProxy{Rewrite: func(*httputil.ProxyRequest) {}}).ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "://", "://u:p@", 1), asked
}

// TestWay: what git asks of a remote goes the way it is led, whatever the
// user's own settings and the environment say.
func TestWay(t *testing.T) {
	core, err := exec.Command("git", "--exec-path").Output()
	backend := filepath.Join(strings.TrimSpace(string(core)), "git-http-backend")
	if err != nil || !exists(backend) {
		t.Skip("git has no http-backend here")
	}
	root := t.TempDir()
	sh(t, root, "init", "-q", "--bare", "-b", "main", "site.git")
	sh(t, filepath.Join(root, "site.git"), "config", "http.receivepack", "true")
	srv := httptest.NewServer(&cgi.Handler{Path: backend, Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1"}})
	defer srv.Close()
	address := srv.URL + "/site.git"
	home := t.TempDir()
	kept := filepath.Join(home, "kept")
	if err := os.WriteFile(filepath.Join(home, "config"), fmt.Appendf(nil, "[http]\n\tproxy = http://127.0.0.1:1\n[http \"%s\"]\n\tproxy = \"\"\n[credential]\n\thelper = \"!f() { cat >>%s; }; f\"\n", address, kept), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(home, "config"))
	t.Setenv("NO_PROXY", "*")
	t.Setenv("no_proxy", "127.0.0.1")

	r := initRepo(t)
	head := put(t, r, "first", map[string]string{"a": "1\n"})
	proxy, asked := gate(t, false)
	closed := 0
	to := git.Remote{URL: address, Way: func() (*git.Way, error) {
		return &git.Way{Proxy: proxy, Close: func() error { closed++; return nil }}, nil
	}}
	if err := r.Push(t.Context(), to, "main", head); err != nil {
		t.Fatal(err)
	}
	if id, err := r.Fetch(t.Context(), to, "main"); err != nil || id != head {
		t.Errorf("fetched %s, %v", id, err)
	}
	if asked.Load() < 3 || closed != 2 {
		t.Errorf("%d requests went the way, it was closed %d times", asked.Load(), closed)
	}
	if exists(kept) {
		t.Error("the proxy's password was given to a credential helper")
	}
	denied := errors.New("10.0.0.1 is not in zone office")
	proxy, _ = gate(t, true)
	to.Way = func() (*git.Way, error) {
		return &git.Way{Proxy: proxy, Close: func() error { return denied }}, nil
	}
	if _, err := r.Fetch(t.Context(), to, "main"); !errors.Is(err, git.ErrRemote) || !errors.Is(err, denied) {
		t.Errorf("refused: %v", err)
	}
	to = git.Remote{URL: filepath.Join(root, "site.git"), Way: func() (*git.Way, error) { return nil, errors.New("asked for a path") }}
	if id, err := r.Fetch(t.Context(), to, "main"); err != nil || id != head {
		t.Errorf("a path: %s, %v", id, err)
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// TestWayOfSSH: ssh connects by the tunnel alone; what cannot be led is refused.
func TestWayOfSSH(t *testing.T) {
	dir := t.TempDir()
	bare := filepath.Join(dir, "bare.git")
	sh(t, dir, "init", "-q", "--bare", "-b", "main", bare)
	// An ssh that asks its ProxyCommand, and then runs the last argument here.
	script := "#!/bin/sh\nfor a; do case $a in ProxyCommand=*) p=${a#ProxyCommand=};; esac; done\n" +
		"eval \"$(printf %s \"$p\" | sed 's/%h/host.example/;s/%p/22/;s/%%/%/g')\"\nfor last; do :; done\nexec sh -c \"$last\"\n"
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	tunnel := filepath.Join(dir, "it's 100% a tunnel")
	if err := os.WriteFile(tunnel, []byte("#!/bin/sh\necho \"$GATE $*\" >>\"$0.log\"\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("GIT_SSH_COMMAND", "")
	t.Setenv("GIT_SSH", "")
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	r := initRepo(t)
	head := put(t, r, "first", map[string]string{"a": "1\n"})
	way := func() (*git.Way, error) {
		return &git.Way{Tunnel: []string{tunnel, "through"}, Env: []string{"GATE=g"}}, nil
	}
	for _, address := range []string{"ssh://git@host.example" + bare, "git@host.example:" + bare} {
		if err := r.Push(t.Context(), git.Remote{URL: address, Way: way}, "main", head); err != nil {
			t.Error(err)
		}
	}
	rewrite := filepath.Join(dir, "gitconfig")
	if err := os.WriteFile(rewrite, []byte("[url \"git@host.example:/\"]\n\tinsteadOf = https://host.example/\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_CONFIG_GLOBAL", rewrite)
	if _, err := r.Fetch(t.Context(), git.Remote{URL: "https://host.example" + bare, Way: way}, "main"); err != nil {
		t.Error(err)
	}
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	said, _ := os.ReadFile(tunnel + ".log")
	if u := strings.Repeat("g through host.example 22\n", 3); string(said) != u {
		t.Errorf("the tunnel was called with %q, want %q", said, u)
	}
	for _, host := range []string{"`touch${IFS}x`", "$(id)", "a;b", "a|b", "a'b", "[1:$(id)]"} {
		for _, address := range []string{"ssh://git@" + host + bare, "git@" + host + ":" + bare} {
			if _, err := r.Fetch(t.Context(), git.Remote{URL: address, Way: way}, "main"); !errors.Is(err, git.ErrRemote) || !strings.Contains(err.Error(), "a shell would read") {
				t.Errorf("%s: %v", address, err)
			}
		}
	}
	t.Setenv("GIT_SSH_COMMAND", "ssh -4")
	for _, address := range []string{"git@host.example:" + bare, "git://host.example/x.git"} {
		if _, err := r.Fetch(t.Context(), git.Remote{URL: address, Way: way}, "main"); !errors.Is(err, git.ErrRemote) || !strings.Contains(err.Error(), "is in a zone") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
