package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/sampleweb"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"coranto": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// TestScripts types the commands as a user would; each file is one behaviour.
//
// Besides the usual ones a script has these commands:
//
//	web [faults]     starts a sample web and sets $WEB_0 … to its feeds, $HOME_0 … to its pages,
//	                 $NOFEED to a page that has none
//	site DIR [LINE]  makes DIR a site that follows the sample web, and trusts its zone;
//	                 the lines are added to its coranto.yaml
//	publish N        N new posts appear on the sample web
//	gitserver REPO   serves the bare repository over smart HTTP at $GIT_URL, to bot:hunter2 only
//	files DIR        serves DIR and sets $FILES to its address
//	posts DIR N      DIR holds N posts, none of them twice
func TestScripts(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("CORANTO_TRUST_DIR", filepath.Join(e.WorkDir, "trusted"))
			e.Setenv("CORANTO_KEY_FILE", filepath.Join(e.WorkDir, "key.txt"))
			e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			e.Values[webKey{}] = new(*sampleweb.Web)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"web": webCmd, "site": siteCmd, "publish": publishCmd, "posts": postsCmd, "files": filesCmd, "gitserver": gitServerCmd, "code": codeCmd,
		},
	})
}

// webKey finds the sample web of a script.
type webKey struct{}

func webOf(ts *testscript.TestScript) *sampleweb.Web {
	w := *ts.Value(webKey{}).(**sampleweb.Web)
	if w == nil {
		ts.Fatalf("the script has not said web")
	}
	return w
}

func webCmd(ts *testscript.TestScript, neg bool, args []string) {
	w, err := sampleweb.Start(context.Background(), sampleweb.Options{Faults: len(args) > 0 && args[0] == "faults", PostsPer: 5})
	ts.Check(err)
	ts.Defer(w.Close)
	*ts.Value(webKey{}).(**sampleweb.Web) = w
	none := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><title>Bread</title><p>How to bake it.")
	}))
	ts.Defer(none.Close)
	ts.Setenv("NOFEED", none.URL)
	for i, s := range w.Sources() {
		ts.Setenv(fmt.Sprintf("WEB_%d", i), s.FeedURL)
		ts.Setenv(fmt.Sprintf("HOME_%d", i), s.Home)
	}
}

func siteCmd(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: site DIR [LINE...]")
	}
	var b strings.Builder
	b.WriteString("site: {title: Script Site}\nfetch: {timeout: 2s, zone: loopback, per_host: {gap: 0s}}\nzones: {loopback: {allow: [127.0.0.0/8]}}\nsources:\n")
	for _, s := range webOf(ts).Sources() {
		fmt.Fprintf(&b, "  - {id: %s, url: %q}\n", s.ID, s.FeedURL)
	}
	for _, line := range args[1:] {
		b.WriteString(line + "\n")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(ts.Exec("coranto", "init", dir))
	ts.Check(os.WriteFile(filepath.Join(dir, "coranto.yaml"), []byte(b.String()), 0o666))
	ts.Check(ts.Exec("git", "-C", dir, "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qam", "follow the sample web"))
	ts.Check(ts.Exec("coranto", "-C", dir, "trust"))
}

func publishCmd(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	webOf(ts).Publish(n)
}

func postsCmd(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: posts DIR N")
	}
	files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "content", "*", "*.json"))
	ts.Check(err)
	n, seen := 0, map[string]bool{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		ts.Check(err)
		var posts []coranto.Post
		ts.Check(json.Unmarshal(b, &posts))
		for _, p := range posts {
			n++
			for _, k := range p.Keys {
				if seen[k] {
					ts.Fatalf("key %q is there twice", k)
				}
				seen[k] = true
			}
		}
	}
	if want, err := strconv.Atoi(args[1]); err != nil || n != want {
		ts.Fatalf("%s holds %d posts, want %s", args[0], n, args[1])
	}
}

// codeCmd runs coranto and wants it to end with a code.
func codeCmd(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: code N ARGS...")
	}
	err := ts.Exec("coranto", args[1:]...)
	got := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		got = e.ExitCode()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("coranto %s ends with %d, want %s", strings.Join(args[1:], " "), got, args[0])
	}
}

// gitServerCmd is the simplest real git server: git's own, behind basic auth.
func gitServerCmd(ts *testscript.TestScript, neg bool, args []string) {
	out, err := exec.Command("git", "--exec-path").Output()
	ts.Check(err)
	backend := filepath.Join(strings.TrimSpace(string(out)), "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		ts.Fatalf("git http-backend is not installed: %v", err)
	}
	h := &cgi.Handler{Path: backend, Env: []string{"GIT_PROJECT_ROOT=" + ts.MkAbs("."), "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=bot"}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "bot" || password != "hunter2" {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	}))
	ts.Defer(srv.Close)
	ts.Setenv("GIT_URL", srv.URL+"/"+args[0])
	ts.Setenv("GIT_HOST", strings.TrimPrefix(srv.URL, "http://"))
}
