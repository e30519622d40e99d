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
		case "/busy":
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		case "/inside":
			http.Redirect(w, r, "http://10.0.0.1/feed", http.StatusFound)
		case "/empty":
		case "/json":
			fmt.Fprint(w, `{"a": 1}`)
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
		{"a flag that is cut short", "", "run --dry", 2, `unknown flag: --dry`, `did you mean --dry-run`},
		{"a word too many", "", "status now", 2, `"now" is too much`, `coranto status --help`},
		{"a file in the place of a directory", "", "-C coranto.yaml run", 1, `is a file`, `-C DIR`},
		{"a directory that is not there", "", "-C nowhere/at/all run", 1, `there is no directory`, `coranto init DIR`},
		{"a source misspelt", "", "source show alcie", 1, `no such source: "alcie"`, `did you mean alice`},
		{"a source misspelt in a run", "", "run alise", 1, `no such source: "alise"`, `did you mean alice`},
		{"no such run", "", "runs show abc", 1, `no such execution`, `coranto runs`},
		{"no such workflow", "", "workflow run agregate", 1, `no such workflow: "agregate"; there are aggregate`, `coranto workflow list`},
		{"an input that is no JSON", "", "workflow run aggregate --input {x}", 2, `no JSON: \{x\}`, `--input '\{`},
		{"a secret that cannot be named so", "", "secret set a/b", 1, `not a name for a secret`, `git.example.org`},
		{"a secret without a value", "", "secret set mail", 1, `holds no value`, `printf`},
		{"a secret that is not there", "", "secret rm mail", 1, `no such secret`, `coranto secret list`},
		{"an address to listen on that is none", "", "serve --listen nonsense", 1, `"nonsense" is not an address`, `127.0.0.1:8080`},
		{"a path that is not the web", "", "add ./feed.xml", 1, `not a web address but a path`, `coranto feed parse`},
		{"a mail address", "", "add mailto:a@b.example", 1, `not a web address`, `https://`},
		{"a password in an address", "", "add https://me:pw@a.example/feed", 1, `would be committed`, `coranto secret set a.example`},
		{"a zone misspelt", "zones: {office: {allow: [10.0.0.0/8]}}\n", "add https://a.example/ --zone offise", 1, `no zone "offise"`, `did you mean office`},
		{"an id that is none", "", "add https://a.example/ --id My.Blog", 1, `cannot be an id`, `write my-blog`},
		{"added twice", "", "add https://alice.example/feed", 1, `is a source already: "alice"`, `coranto source show`},
		// The configuration.
		{"no colon", "site\n  title: x\n", "run", 10, `:1:1: .*no colon after the key`, `write site:`},
		{"no space after the colon", "site:\n  title:x\n  url: https://a.example\n", "run", 10, `:2:3: .*no space after the colon`, `write title: x`},
		{"a brace left open", "site: {title: x\nsources: []\n", "run", 10, `:1:7: .*the \{ is not closed`, `close it`},
		{"a quote left open", "site: {title: \"x}\nsources: []\n", "run", 10, `:1:15: .*quote " is not closed`, `same line`},
		{"a key twice", "site: {title: x}\nsite: {title: y}\n", "run", 10, `:2:1: "site" is there twice, first in line 1`, `remove one`},
		{"a merge left open", "site: {title: x}\n<<<<<<< HEAD\nsources: []\n=======\n>>>>>>> x\n", "run", 10, `:2:1: git has left conflict markers`, `git commit`},
		{"a key of another level", "title: x\n", "run", 10, `:1:1: unknown key "title"`, `belongs into site`},
		{"a source without an address", "sources:\n  - {id: a}\n", "run", 10, `:2:5: sources\[0\] has no url`, `add url`},
		{"a dash without a space", "sources:\n  -https://a.example/\n", "run", 10, `:2:3: sources is a list`, `line of its own`},
		{"a language by its name", "site: {language: german}\n", "run", 10, `:1:18: .*"german" is the name of a language`, `write de`},
		{"a theme misspelt", "site: {theme: magazin}\n", "run", 10, `:1:15: .*no theme is called "magazin"`, `did you mean magazine`},
		{"a size without its unit", "fetch: {max_body: 10}\n", "run", 10, `:1:19: .*10 bytes are too few`, `did you mean 10MiB`},
		{"a share that is none", "guards: {max_removed: 500}\n", "run", 10, `:1:23: .*is a percentage`, `write 5%`},
		{"a number in words", "site: {per_page: many}\n", "run", 10, `:1:18: .*whole number`, `a number such as`},
		{"a variable of the shell", "remote: ${REMOTE}\n", "run", 10, `:1:9: .*nothing from the environment`, `coranto secret set`},
		{"a network that is none", "zones: {o: {allow: [10.0.0.0/33]}}\n", "run", 10, `:1:21: .*"10.0.0.0/33" is not a network`, `write 10.20.0.0/16`},
		{"a file outside", "content: ../posts.json\n", "run", 10, `:1:10: .*not a path within`, `write content/`},
		{"a selector that is none", "sources:\n  - {url: https://a.example/, scrape: {item: 'div[', link: a@href}}\n", "run", 10, `:2:46: .*not a CSS selector`, `write h2`},
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
		{"a port that there is not", "host: {listen: ':99999'}\n", "run", 10, `:1:16: .*":99999" is no address to listen on`, `:443`},
		{"a schedule in words", "schedule: every 2 hours\n", "run", 10, `not a schedule`, `rate\(2 hours\)`},
		{"a word that is not known", "images: none please\n", "run", 10, `"none please" is not known`, `link, cache, none`},
		// The network.
		{"a page that is no feed", zone, "add " + page.URL + "/page", 1, `is not a feed|no feed`, `hint: `},
		{"a private address", "site: {title: x}\n", "add http://127.0.0.1/feed", 1, `not on the public network`, `coranto trust`},
		{"no such host", "", "add https://no-such-host.invalid/", 1, `no such host`, `spelling`},
		{"not of the web", "", "add ftp://a.example/", 1, `"ftp://a.example/" is not a web address`, `https:// or http://`},
		{"a certificate of its own", zone, "add " + secure.URL, 1, `signed by nobody`, `zones: \{NAME: \{ca: FILE\}\}`},
		{"https where there is none", zone, "add " + strings.Replace(page.URL, "http:", "https:", 1), 1, `does not speak TLS`, `http://`},
		{"a server that fails", zone, "add " + page.URL + "/broken", 1, `500 Internal Server Error`, `browser`},
		{"a server that is led inside", zone, "add " + page.URL + "/inside", 1, `10.0.0.1 is not in zone "loopback"`, `add its network to allow`},
		{"an empty answer", zone, "add " + page.URL + "/empty", 1, `the document is empty`, `RSS, Atom or Feed`},
		{"JSON of another kind", zone, "add " + page.URL + "/json", 1, `JSON document of another kind`, `RSS, Atom or Feed`},
		{"nobody listens", zone, "add " + refused, 1, `refused`, `is the address right`},
		{"nothing is there", zone, "add " + page.URL + "/x.xml", 1, `404 Not Found`, `browser`},
		{"gone for good", zone, "add " + page.URL + "/gone", 1, `gone for good \(410\)`, `its owner`},
		{"refused to us", zone, "add " + page.URL + "/forbidden", 1, `403 Forbidden`, `fetch.identity`},
		{"a circle", zone, "add " + page.URL + "/loop", 1, `redirects to itself`, `where it ends`},
		{"a server that is busy", zone, "add " + page.URL + "/busy", 1, `429 Too Many Requests`, `try again later`},
		// The rest.
		{"no remote to push to", "site: {title: x}\n", "add --pr https://a.example/", 1, `no remote to push to`, `set remote: in coranto.yaml`},
		{"no remote to propose to", "site: {title: x}\n", "doctor", 0, `only copy`, `set remote:`},
		{"an address in use", "", "serve --listen " + busy.Addr().String(), 1, `address already in use`, `--listen 127.0.0.1:0 takes any free port`},
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
		// One screen, and no tower of wrapped errors.
		if n := strings.Count(out, "\n"); n > 24 {
			t.Errorf("%s: %d lines:\n%s", tt.name, n, out)
		}
		for line := range strings.Lines(out) {
			if strings.HasPrefix(line, "coranto: ") && strings.Count(line, ": ") > 6 {
				t.Errorf("%s: wrapped too often: %s", tt.name, line)
			}
		}
		for _, want := range []string{tt.cause, tt.out} {
			if !regexp.MustCompile(want).MatchString(out) {
				t.Errorf("%s: no %q in:\n%s", tt.name, want, out)
			}
		}
	}
}

// TestThemeFaultIsInvalid: validating tells a fault of the theme like one of
// coranto.yaml; a build that meets it is refused.
func TestThemeFaultIsInvalid(t *testing.T) {
	dir := t.TempDir()
	if code, out := typed(t, "init", dir); code != 0 {
		t.Fatal(out)
	}
	file := filepath.Join(dir, "theme", "components", "post.html")
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("<p>{{.Titel}}"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"config validate", "check", "serve -n --listen 127.0.0.1:0"} {
		if code, out := typed(t, append([]string{"-C", dir}, strings.Fields(args)...)...); code != 10 || !strings.Contains(out, "theme/components/post.html:1") {
			t.Errorf("%s ended with %d:\n%s", args, code, out)
		}
	}
}
