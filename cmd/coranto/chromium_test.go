package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/sampleweb"
)

// TestChromium opens the site's pages in a browser that complains: no page may
// ask a third party or break its own policy, and scripts must do their work.
func TestChromium(t *testing.T) {
	e2e(t)
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed; scripts/tools chromium installs it")
	}
	web, err := sampleweb.Start(t.Context(), sampleweb.Options{Sources: 6, PostsPer: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	dir := sampleSite(t, web)
	a, err := app.Open(context.Background(), dir, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.Run(t.Context(), pipeline.DueInput{}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Publish(t.Context(), app.PublishOptions{}); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: a.Handler(), ReadHeaderTimeout: time.Minute}
	go server.Serve(l)
	defer server.Close()
	base := "http://" + l.Addr().String()

	pages := crawl(t, base)
	if len(pages) < 60 {
		t.Errorf("only %d pages are linked from the home page", len(pages))
	}
	for _, path := range []string{"/", "/sources/", "/tags/", "/archive/", "/about/", "/no-such-page", pages[len(pages)-1]} {
		dom, log := open(t, browser, base+path)
		for _, bad := range []string{"Refused to", "violates the following", "Uncaught", "net::ERR_NAME_NOT_RESOLVED"} {
			if strings.Contains(log, bad) {
				t.Errorf("%s: the browser says %q:\n%s", path, bad, log)
			}
		}
		if path == "/sources/" && !strings.Contains(dom, "up to date") {
			t.Errorf("%s: the health of the sources is not filled in", path)
		}
	}
}

// open returns the page's DOM once its scripts have run, and what the browser logged.
func open(t *testing.T, browser, address string) (dom, log string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+t.TempDir(),
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--enable-logging=stderr", "--virtual-time-budget=3000", "--dump-dom", address)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("chromium %s: %v\n%s", address, err, errs.String())
	}
	var console []string
	for line := range strings.Lines(errs.String()) {
		if strings.Contains(line, "CONSOLE") || strings.Contains(line, "net::ERR") {
			console = append(console, line)
		}
	}
	return out.String(), strings.Join(console, "")
}

var foreign = regexp.MustCompile(`^(?:https?:)?//`)

// crawl follows every internal link and fails for one that leads nowhere, and
// for anything a page loads from elsewhere.
func crawl(t *testing.T, base string) []string {
	t.Helper()
	seen := map[string]bool{"/": true}
	queue := []string{"/"}
	for i := 0; i < len(queue); i++ {
		res, err := http.Get(base + queue[i])
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s answers %d", queue[i], res.StatusCode)
		}
		if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			res.Body.Close()
			continue
		}
		doc, err := html.Parse(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		at, _ := url.Parse(base + queue[i])
		for n := range doc.Descendants() {
			for _, attr := range n.Attr {
				loads := attr.Key == "src" || attr.Key == "href" && n.Data == "link" && !strings.Contains(rel(n), "canonical") && !strings.Contains(rel(n), "alternate")
				if loads && foreign.MatchString(attr.Val) && !strings.HasPrefix(attr.Val, base) {
					t.Errorf("%s loads %s", queue[i], attr.Val)
				}
				if attr.Key != "href" && attr.Key != "src" {
					continue
				}
				u, err := at.Parse(attr.Val)
				if err != nil || "http://"+u.Host != base || seen[u.Path] {
					continue
				}
				seen[u.Path] = true
				queue = append(queue, u.Path)
			}
		}
	}
	return queue
}

func rel(n *html.Node) string {
	for _, a := range n.Attr {
		if a.Key == "rel" {
			return a.Val
		}
	}
	return ""
}
