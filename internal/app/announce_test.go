package app_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/secret"
)

// What somebody pushes to the remote is live once the forge announces it, a
// branch is previewed, an announcement without the right signature is refused and
// one that is sent again does nothing; what the theme cannot build leaves the old site.
func TestAnnounced(t *testing.T) {
	root := t.TempDir()
	t.Setenv("HOME", root)
	t.Setenv("XDG_CONFIG_HOME", root)
	remote, dir, clone := filepath.Join(root, "remote.git"), filepath.Join(root, "site"), filepath.Join(root, "clone")
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
	}
	git("init", "-q", "--bare", remote)
	newSite(t, dir, "site: {title: One}\nbranch: main\nremote: "+remote+"\nhost: {names: [news.example], previews: true, webhook: forge}\n")
	git("-C", dir, "push", "-q", remote, "HEAD:refs/heads/main")
	git("clone", "-q", "-b", "main", remote, clone)
	if err := secret.Open(filepath.Join(dir, "secrets"), secret.Options{}).Set("forge", "key"); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), dir, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var said told
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- a.Serve(ctx, l, app.ServeOptions{Tell: func(h app.Happening) { said.add("", h) }})
	}()
	show := func(name string) string {
		_, body, _ := ask(http.DefaultClient, "http", l.Addr().String(), name, "/")
		_, rest, _ := strings.Cut(body, "<title>")
		title, _, _ := strings.Cut(rest, "<")
		return title
	}
	announce := func(body, key string) int {
		t.Helper()
		m := hmac.New(sha256.New, []byte(key))
		m.Write([]byte(body))
		r, err := http.NewRequest("POST", "http://"+l.Addr().String()+"/-/hook", bytes.NewBufferString(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "news.example"
		r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(m.Sum(nil)))
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	write := func(file, text string) {
		t.Helper()
		file = filepath.Join(clone, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	push := func(branch string) {
		t.Helper()
		git("-C", clone, "add", "-A")
		git("-C", clone, "commit", "-qm", branch)
		git("-C", clone, "push", "-q", "origin", "HEAD:refs/heads/"+branch)
	}
	title := func(title string) {
		write("coranto.yaml", "site: {title: "+title+"}\nbranch: main\nremote: "+remote+"\nhost: {names: [news.example], previews: true, webhook: forge}\n")
	}
	until(t, "the site is live", func() bool { return strings.HasPrefix(show("news.example"), "One") })
	title("Two")
	push("main")
	if got := announce(`{"n":1}`, "another"); got != 403 {
		t.Errorf("a wrong signature: %d", got)
	}
	if got := announce(`{"n":1}`, "key"); got != 202 {
		t.Errorf("an announcement: %d", got)
	}
	if got := announce(`{"n":1}`, "key"); got != 200 {
		t.Errorf("an announcement once more: %d", got)
	}
	until(t, "what was pushed is live", func() bool { return strings.HasPrefix(show("news.example"), "Two") })

	title("Three")
	push("draft")
	announce(`{"n":2}`, "key")
	until(t, "the branch is previewed", func() bool { return strings.HasPrefix(show("draft--news.example"), "Three") })
	if got := show("news.example"); !strings.HasPrefix(got, "Two") {
		t.Errorf("the preview is live: %q", got)
	}
	git("-C", remote, "update-ref", "-d", "refs/heads/draft")
	announce(`{"n":3}`, "key")
	until(t, "the preview goes with the branch", func() bool { return show("draft--news.example") == "" })

	title("Four")
	write("theme/components/post.html", "{{ if")
	push("main")
	announce(`{"n":4}`, "key")
	until(t, "the theme's error is told", func() bool { return said.has("theme") })
	if got := show("news.example"); !strings.HasPrefix(got, "Two") {
		t.Errorf("a site that cannot be built is live: %q", got)
	}
	st, err := app.StatusOf(t.Context(), dir, app.Options{})
	if err != nil || st.Unpublished == nil {
		t.Errorf("status says nothing of it: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
