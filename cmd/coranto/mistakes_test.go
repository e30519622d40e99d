package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMistakes makes the mistakes that people make: each error names the cause
// and the way out, and ends with the exit code that scripts rely on.
func TestMistakes(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + closed.Addr().String() + "/feed"
	closed.Close()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone":
			w.WriteHeader(http.StatusGone)
		case "/forbidden":
			w.WriteHeader(http.StatusForbidden)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/page":
			fmt.Fprint(w, "<!doctype html><html><head><title>x</title></head><body>no feed here</body></html>")
		default:
			http.NotFound(w, r)
		}
	}))
	defer page.Close()
	dir := loopbackSite(t, "", "https://alice.example/feed")
	const zone = "fetch: {timeout: 5s, zone: loopback, per_host: {gap: 0s}}\nzones: {loopback: {allow: [127.0.0.0/8]}}\n"
	good, err := os.ReadFile(filepath.Join(dir, "coranto.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		yaml  string // in place of the site's; "" leaves it
		args  string
		code  int
		cause string // regular expressions
		out   string
	}{
		// The command line.
		{"a command misspelt", "", "sorce list", 2, `unknown command "sorce"`, `did you mean .*source`},
		{"a command below misspelt", "", "source lst", 2, `unknown command "lst"`, `did you mean list`},
		{"a flag that is not there", "", "run --dues", 2, `unknown flag: --dues`, `coranto run --help`},
		{"an argument is missing", "", "add", 2, `accepts 1 arg`, `coranto add --help`},
		{"a value that is none of those", "", "post list --state odd", 2, `--state is one of`, `coranto post list --help`},
		{"hidden without a reason", "", "post hide x", 2, `a reason is missing`, `--reason`},
		{"not a site", "", "-C nowhere status", 1, `not a site directory`, `coranto init DIR`},
		{"made twice", "", "init .", 1, `is a site directory already`, `add URL`},
		{"no such source", "", "source pause alic", 1, `no such source: "alic"`, `did you mean alice`},
		{"no such post", "", "post show nothing-here", 1, `no such post`, `coranto post list`},
		{"no such release", "", "rollback abc", 1, `"abc"`, `coranto releases`},
		{"no list", "", "source import .gitignore", 1, `not a list of sources`, `hint: OPML`},
		// The configuration.
		{"a key misspelt", "sorces: []\n", "run", 10, `:1:1: unknown key "sorces"`, `did you mean sources`},
		{"a key in the wrong place", "timeout: 20s\n", "run", 10, `:1:1: unknown key "timeout"`, `fetch`},
		{"wrong indent", "sources:\n- url: https://a.example/\n title: x\n", "run", 10, `:3:2: not YAML`, `indented as its neighbours`},
		{"a tab", "sources:\n\t- https://a.example/\n", "run", 10, `:2:1: not YAML`, `indent with spaces`},
		{"a special sign", "site: {title: @home}\n", "run", 10, `:1:1[45]?: not YAML`, `quotes`},
		{"an address without a scheme", "sources:\n  - alice.example/feed\n", "run", 10, `:2:5: .*not a whole web address`, `write https://alice.example/feed`},
		{"a source that is there twice", "sources:\n  - https://a.example/\n  - http://a.example/\n", "run", 10, `:3:5: .*there already, in line 2`, `remove one`},
		{"an id that is there twice", "sources:\n  - {id: a, url: https://a.example/}\n  - {id: a, url: https://b.example/}\n", "run", 10, `:3:5: the id a is that of line 2`, `another id`},
		{"no list of sources", "sources: https://a.example/\n", "run", 10, `:1:10: sources is a list`, `a line of its own`},
		{"a filter that is no expression", "sources:\n  - {url: https://a.example/, exclude: {title: /(/}}\n", "run", 10, `:2:48: .*missing closing \)`, `RE2`},
		{"a zone that is not there", "sources:\n  - {url: https://a.example/, zone: offise}\nzones: {office: {allow: [10.0.0.0/8]}}\n", "run", 10, `there is no zone "offise"`, `did you mean office`},
		{"a length without a unit", "fetch: {timeout: 20}\n", "run", 10, `"20" is not a length of time`, `20s`},
		{"a time zone by its city", "site: {timezone: Berlin}\n", "run", 10, `no time zone "Berlin"`, `Europe/Berlin`},
		{"cron as crontab has it", "schedule: cron(0 6 * * *)\n", "run", 10, `5 fields, want 6`, `cron\(0 6 \* \* \? \*\)`},
		{"a schedule in words", "schedule: every 2 hours\n", "run", 10, `not a schedule`, `rate\(2 hours\)`},
		{"a word that is not known", "images: none please\n", "run", 10, `"none please" is not known`, `link, cache, none`},
		// The network.
		{"a page that is no feed", zone, "add " + page.URL + "/page", 1, `is not a feed|no feed`, `hint: `},
		{"a private address", "site: {title: x}\n", "add http://127.0.0.1/feed", 1, `not on the public network`, `coranto trust`},
		{"no such host", "", "add https://no-such-host.invalid/", 1, `no such host`, `spelling`},
		{"not of the web", "", "add ftp://a.example/", 1, `not a web address`, `http or https`},
		{"a wrong certificate", zone, "add " + secure.URL, 1, `certificate`, `owner has to mend`},
		{"nobody listens", zone, "add " + refused, 1, `refused`, ``},
		{"nothing is there", zone, "add " + page.URL + "/x.xml", 1, `404 Not Found`, ``},
		{"gone for good", zone, "add " + page.URL + "/gone", 1, `gone for good \(410\)`, ``},
		{"refused to us", zone, "add " + page.URL + "/forbidden", 1, `403 Forbidden`, ``},
		{"a circle", zone, "add " + page.URL + "/loop", 1, `redirects`, ``},
		// The rest.
		{"a remote that is not there", "remote: /nowhere/planet.git\n", "add --pr https://a.example/", 1, `.`, `.`},
		{"no remote to propose to", "site: {title: x}\n", "doctor", 0, `only copy`, `set remote:`},
		{"an address in use", "", "serve --listen " + busy.Addr().String(), 1, `address already in use`, `--listen names another`},
		{"zones that nobody trusts", "zones: {office: {allow: [10.0.0.0/8]}}\n", "run", 0, `zones has no effect`, `coranto trust`},
	}
	for _, tt := range tests {
		text := good
		if tt.yaml != "" {
			text = []byte(tt.yaml)
		}
		if err := os.WriteFile(filepath.Join(dir, "coranto.yaml"), text, 0o666); err != nil {
			t.Fatal(err)
		}
		if tt.yaml == zone {
			if code, out := typed(t, "-C", dir, "trust"); code != 0 {
				t.Fatal(out)
			}
		}
		t.Chdir(dir)
		code, out := typed(t, strings.Fields(tt.args)...)
		if code != tt.code {
			t.Errorf("%s: exit code %d, want %d:\n%s", tt.name, code, tt.code, out)
		}
		for _, want := range []string{tt.cause, tt.out} {
			if !regexp.MustCompile(want).MatchString(out) {
				t.Errorf("%s: no %q in:\n%s", tt.name, want, out)
			}
		}
	}
}
