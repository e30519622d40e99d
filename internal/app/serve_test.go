package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/sampleweb"
)

// TestServe follows a sample web on schedule, and publishes what a person
// commits by hand.
func TestServe(t *testing.T) {
	web, err := sampleweb.Start(t.Context(), sampleweb.Options{Sources: 3, PostsPer: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	root := t.TempDir()
	t.Setenv("CORANTO_TRUST_DIR", filepath.Join(root, "trusted"))
	dir := filepath.Join(root, "site")
	var b strings.Builder
	b.WriteString("site: {title: Served}\nschedule: rate(1 second)\nfetch: {every: 1s, zone: loopback, per_host: {gap: 0s}}\nimages: none\nzones: {loopback: {allow: [127.0.0.0/8]}}\nsources:\n")
	for _, s := range web.Sources() {
		fmt.Fprintf(&b, "  - {id: %s, url: %q}\n", s.ID, s.FeedURL)
	}
	if _, err := app.Init(t.Context(), dir, []byte(b.String()), app.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Trust(dir, false); err != nil {
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
	at := "http://" + l.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx, l, app.ServeOptions{}) }()

	first := web.Posts()[0]
	until(t, "the first posts are live", func() bool { return strings.Contains(get(t, at+"/"), first.Title) })

	// A second coranto is refused; status works beside it.
	if _, err := app.Open(t.Context(), dir, app.Options{}); app.ExitCode(err) != 11 {
		t.Errorf("a second one on the same directory: %v", err)
	}
	st, err := app.StatusOf(t.Context(), dir, app.Options{})
	if err != nil || st.Posts != 9 || st.Stale {
		t.Errorf("status beside serve: %d posts, stale %t, %v", st.Posts, st.Stale, err)
	}
	var public app.PublicStatus
	if err := json.Unmarshal([]byte(get(t, at+"/status.json")), &public); err != nil || len(public.Sources) != 3 || !public.Fresh {
		t.Errorf("status.json: %+v, %v", public, err)
	}

	fresh := web.Publish(1)[0]
	until(t, "a new post goes live by the schedule", func() bool { return strings.Contains(get(t, at+"/"), fresh.Title) })

	// A person hides it and commits: no run is needed.
	files, _ := filepath.Glob(filepath.Join(dir, "content", "*", "*.json"))
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	mark := fmt.Sprintf(`"title": %q,`, fresh.Title)
	if !strings.Contains(string(text), mark) {
		t.Fatalf("%s is not in %s", fresh.Title, files[0])
	}
	hidden := strings.Replace(string(text), mark, mark+"\n    \"hidden\": true,", 1)
	if err := os.WriteFile(files[0], []byte(hidden), 0o666); err != nil {
		t.Fatal(err)
	}
	git := exec.Command("git", "-C", dir, "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qam", "hide one")
	if out, err := git.CombinedOutput(); err != nil {
		t.Fatalf("git commit: %v\n%s", err, out)
	}
	until(t, "a hidden post leaves the site", func() bool { return !strings.Contains(get(t, at+"/"), fresh.Title) })

	stop()
	if err := <-ended; err != nil {
		t.Errorf("serve ended with %v", err)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// until waits for what happens in another goroutine's own time.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 600 {
		if is() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("half a minute passed before %s", what)
}
