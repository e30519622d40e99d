package config

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/coranto/coranto"
)

const full = `# A planet.
site: {title: Serverless Weekly, url: https://news.example.org/, language: en, timezone: Europe/Berlin, theme: magazine, per_page: 20, description: "News: all of it",
  author: The Desk, links: [{title: About, url: /about/}]}
content: content/{year}/{month}.json
branch: main
schedule:
  - rate(2 hours)
  - {workflow: digest, at: "cron(0 6 * * ? *)", input: {feedUrl: "https://x.example/", n: 3}, timezone: America/New_York}
freshness: {max_age: 6h, notify: [mail:ops@example.org]}
fetch: {identity: "+https://news.example.org/bot", timeout: 20s, max_body: 10MiB, per_host: {parallel: 2, gap: 0}, zone: office, parallel: 32, every: 1h}
guards: {max_removed: 5%}
remote: https://git.example.org/team/news.git
sources:
  - https://blog.example.com/feed
  - {id: alice, url: https://alice.example, tags: [go], author: Alice}
  - {id: bob, url: https://bob.example/feed.json, include: {tags: [serverless]}, exclude: {url: /sponsored/}, full_text: feed, every: 2d}
  - {id: vendor, scrape: {url: https://vendor.example/news, item: article, title: h2, link: a@href, date: time@datetime}}
  - id: intranet
    url: https://wiki.corp.example/feed
    zone: office
    kind: video
    tags: one
    paused: true
zones: {office: {allow: [10.20.0.0/16, 192.0.2.1], ports: [80, 443], source_address: 10.77.1.2, proxy: "socks5://p:1080"}}
tags: {map: {AWS Lambda: lambda, Lambda: lambda}}
build: {command: [npm, run, generate], base_directory: dist, env: {NODE_ENV: production}, secrets: [npm], timeout: 10m}
tasks:
  summarise: {command: ./summarise.py, timeout: 30s, retry_strategy: {attempts: 3, evaluateOnExit: [{onExitCode: "1*", action: retry}]}}
deploy: {git: "git@example.org:pages.git", branch: pages}
images: cache
commit: {name: Coranto, email: bot@example.org}
theme: {accent: "#c00", wide: true, columns: 3}
`

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

var ignore = cmp.Options{cmpopts.IgnoreUnexported(Config{}), cmpopts.EquateEmpty(), cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })}

func TestParse(t *testing.T) {
	c, err := Parse("coranto.yaml", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	berlin := location(t, "Europe/Berlin")
	want := &Config{
		Site: Site{Title: "Serverless Weekly", URL: "https://news.example.org", Description: "News: all of it", Author: "The Desk", Language: "en",
			Timezone: berlin, PerPage: 20, Links: []Link{{"About", "/about/"}}},
		Content: "content/{year}/{month}.json", Branch: "main", Remote: "https://git.example.org/team/news.git",
		Schedules: []Schedule{
			{Workflow: "aggregate", At: "rate(2 hours)", Timezone: berlin},
			{Workflow: "digest", At: "cron(0 6 * * ? *)", Timezone: location(t, "America/New_York"), Input: json.RawMessage(`{"feedUrl":"https://x.example/","n":3}`)},
		},
		Freshness: Freshness{MaxAge: 6 * time.Hour, Notify: []string{"mail:ops@example.org"}},
		Fetch: Fetch{Identity: "+https://news.example.org/bot", Timeout: 20 * time.Second, MaxBody: 10 << 20, PerHost: PerHost{Parallel: 2, GapSet: true},
			Zone: "office", Parallel: 32, Every: time.Hour},
		Guards: Guards{MaxRemoved: 0.05},
		Sources: []coranto.Source{
			{ID: "blog-example-com", URL: "https://blog.example.com/feed", Kind: "blog"},
			{ID: "alice", URL: "https://alice.example", Kind: "blog", Tags: []string{"go"}, Author: "Alice"},
			{ID: "bob", URL: "https://bob.example/feed.json", Kind: "blog", FullText: "feed", Every: "48h0m0s",
				Include: &coranto.Filter{Tags: []string{"serverless"}}, Exclude: &coranto.Filter{URL: "/sponsored/"}},
			{ID: "vendor", URL: "https://vendor.example/news", Kind: "blog",
				Scrape: &coranto.Recipe{Item: "article", Title: "h2", Link: "a@href", Date: "time@datetime"}},
			{ID: "intranet", URL: "https://wiki.corp.example/feed", Kind: "video", Zone: "office", Tags: []string{"one"}, Paused: true},
		},
		Zones: []Zone{{Name: "office", Allow: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("192.0.2.1/32")},
			Ports: []uint16{80, 443}, SourceAddress: netip.MustParseAddr("10.77.1.2"), Proxy: "socks5://p:1080"}},
		TagMap: map[string]string{"aws lambda": "lambda", "lambda": "lambda"},
		Build: Build{Command: []string{"npm", "run", "generate"}, BaseDirectory: "dist", Env: map[string]string{"NODE_ENV": "production"},
			Secrets: []string{"npm"}, Timeout: 10 * time.Minute},
		Tasks: []Task{{Name: "summarise", Command: []string{"sh", "-c", "./summarise.py"}, Timeout: 30 * time.Second,
			Retry: Retry{Attempts: 3, EvaluateOnExit: []ExitRule{{OnExitCode: "1*", Action: "RETRY"}}}}},
		Deploy: []Deploy{{Kind: "git", To: "git@example.org:pages.git", Branch: "pages"}},
		Images: Images{Mode: "cache"},
		Commit: Identity{"Coranto", "bot@example.org"},
		Theme:  Theme{Name: "magazine", Options: map[string]any{"accent": "#c00", "wide": true, "columns": 3}},
	}
	if d := cmp.Diff(want, c, ignore); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestDefaults(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "sources:\n", "site: {}\n", "---\n", string(Template(TemplateData{Title: "News"}))} {
		c, err := Parse("coranto.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		want := &Config{
			Site: Site{Title: "News", Language: "en", Timezone: time.UTC, PerPage: 20}, Content: DefaultContent,
			Schedules: []Schedule{{Workflow: "aggregate", At: "rate(2 hours)", Timezone: time.UTC}},
			Freshness: Freshness{MaxAge: DefaultMaxAge}, Guards: Guards{MaxRemoved: 0.05}, Images: Images{Mode: "cache"}, Theme: Theme{Name: "magazine"},
			Fetch: Fetch{Timeout: 20 * time.Second, MaxBody: 10 << 20, PerHost: PerHost{Parallel: 1, Gap: 2 * time.Second}},
		}
		if d := cmp.Diff(want, c, ignore); d != "" {
			t.Errorf("%q (-want +got):\n%s", text, d)
		}
		if c.NeedsTrust() != nil {
			t.Errorf("%q needs trust", text)
		}
	}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name, text   string
		line, column int
		reason, hint string
	}{
		{"unknown key", "fetch:\n  perhost: {gap: 2s}\n", 2, 3, `unknown key "perhost" in fetch`, "did you mean per_host?"},
		{"key of another mapping", "per_page: 10\n", 1, 1, `unknown key "per_page"`, "per_page belongs into site"},
		{"word of another program", "feeds:\n  - https://a.example/\n", 1, 1, "unknown key", "did you mean sources?"},
		{"swapped letters", "sources:\n  - {ulr: https://a.example/}\n", 2, 6, "unknown key", "did you mean url?"},
		{"no idea", "qwertz: 1\n", 1, 1, "unknown key", "known here: site, content"},
		{"twice", "branch: main\nbranch: main\n", 2, 1, `"branch" is there twice, first in line 1`, "remove one"},
		{"tabs", "site:\n\ttitle: x\n", 2, 1, "not YAML", "spaces, not with tabs"},
		{"star in braces", "schedule: {at: cron(0 6 * * ? *)}\n", 1, 1, "not YAML", "in quotes"},
		{"bad indent below", "site:\n  title: x\n  per_page: 3\n  language: en\n   theme: x\n", 5, 4, "not YAML", "indented as"},
		{"bad indent", "site:\n  title: x\n language: en\n", 3, 2, "not YAML", "same column"},
		{"colon in a value", "site:\n  title: News: all\n", 2, 3, "not YAML", "quoted"},
		{"unclosed", "site: {title: x\n", 1, 7, "the { is not closed", "close it"},
		{"an unclosed quote", "site: {title: \"x}\nsources: []\n", 1, 15, "the quote \" is not closed", "in the same line"},
		{"an apostrophe", "site:\n  title: 'Bob's blog'\n", 2, 3, "not YAML", ""},
		{"no colon", "site\n  title: x\n", 1, 1, "no colon after the key", "write site:"},
		{"no space after the colon", "site:\n  title:x\n  language: en\n", 2, 3, "no space after the colon", "write title: x"},
		{"conflict markers", "site: {title: x}\n<<<<<<< HEAD\nsources: []\n=======\n>>>>>>> side\n", 2, 1, "conflict markers", "git commit"},
		{"misspelt and elsewhere", "titel: x\n", 1, 1, `unknown key "titel"`, "did you mean title? It belongs into site"},
		{"a language by its name", "site: {language: German}\n", 1, 18, "name of a language", "write de"},
		{"a language with an underscore", "site: {language: en_US}\n", 1, 18, "not a language tag", "write en-US"},
		{"a size in no unit", "fetch: {max_body: 10}\n", 1, 19, "too few", "did you mean 10MiB?"},
		{"a variable", "remote: ${REMOTE}\n", 1, 9, "takes nothing from the environment", "secret set"},
		{"a list without its key", "images: none\n  - {id: a, url: https://a.example/}\n", 2, 3, "an item of a list", "such as sources:"},
		{"a backslash", "site: {title: \"a\\d\"}\n", 1, 1, "not YAML", "written twice"},
		{"unclosed further down", "branch: main\nsources:\n  - {id: a, tags: [go}\n", 3, 19, "the [ is not closed", "close it"},
		{"dashes in two columns", "sources:\n- https://a.example/\n  - https://b.example/\n", 2, 3, "list item within an address", "same column"},
		{"no space after the dash", "sources:\n  - https://a.example/\n  -https://b.example/\n", 3, 3, "not YAML", "followed by a space"},
		{"no space after the colon", "sources:\n  - url:https://a.example/\n", 2, 5, "not a web address", "a colon and a space"},
		{"second document", "site: {}\n---\nsite: {}\n", 0, 0, "second document", ""},
		{"list for mapping", "site: [1]\n", 1, 7, "site is a mapping, not a list", "title"},
		{"mapping for text", "site: {title: {a: b}}\n", 1, 15, "site.title is a text, not a mapping", "quotes"},
		{"text for list", "sources: https://a.example/\n", 1, 10, "sources is a list", "line of its own"},
		{"scheme missing", "sources:\n  - blog.example.com/feed\n", 2, 5, "not a whole web address", "https://blog.example.com/feed"},
		{"other scheme", "sources:\n  - ftp://blog.example.com/\n", 2, 5, "ftp: is not fetched", ""},
		{"feed scheme", "sources:\n  - feed://blog.example.com/\n", 2, 5, "feed:", "write https://blog.example.com/"},
		{"credentials", "sources:\n  - https://me:pw@blog.example.com/\n", 2, 5, "do not belong into this file", "coranto secret set blog.example.com"},
		{"remote password", "remote: https://me:pw@git.example.org/x.git\n", 1, 9, "password does not belong", "coranto secret set git.example.org"},
		{"remote helper", "remote: ext::sh\n", 1, 9, "remote helpers", ""},
		{"empty item", "sources:\n  -\n  - https://a.example/\n", 2, 4, "is empty", "remove the dash"},
		{"no url", "sources:\n  - {id: a}\n", 2, 5, "has no url", "add url"},
		{"same id", "sources:\n  - {id: a, url: https://a.example/}\n  - {id: a, url: https://b.example/}\n", 3, 5, "the id a is that of line 2", "another id"},
		{"same default id", "sources:\n  - https://a.example/rss\n  - https://a.example/atom\n", 3, 5, "the id a-example is that of line 2", "{id: a-example-2, url: https://a.example/atom}"},
		{"same address", "sources:\n  - https://a.example/\n  - {id: b, url: http://A.example}\n", 3, 5, "is there already, in line 2", "remove"},
		{"bad id", "sources:\n  - {id: Alice B, url: https://a.example/}\n", 2, 10, "cannot be an id", "write alice-b"},
		{"no unit", "fetch: {timeout: 20}\n", 1, 18, `"20" is not a length of time`, "20s"},
		{"bad duration", "freshness: {max_age: soon}\n", 1, 22, "not a length of time", "2d"},
		{"bad size", "fetch: {max_body: big}\n", 1, 19, "not a size", "10MiB"},
		{"no percent", "guards: {max_removed: 5}\n", 1, 23, "is a percentage", "write 5%"},
		{"too much", "guards: {max_removed: 500%}\n", 1, 23, "0% to 100%", ""},
		{"bad network", "zones: {office: {allow: [10.20.0.1/16]}}\n", 1, 26, "bits beyond", "10.20.0.0/16"},
		{"bad address", "zones: {office: {source_address: here}}\n", 1, 34, "not an IP address", ""},
		{"bad port", "zones: {office: {ports: [0]}}\n", 1, 26, "a port from 1 to 65535", ""},
		{"unknown zone", "zones: {office: {allow: [10.0.0.0/8]}}\nsources:\n  - {url: https://a.example/, zone: ofice}\n", 3, 37, `there is no zone "ofice"`, "did you mean office?"},
		{"undefined zone", "fetch: {zone: lab}\n", 1, 15, `there is no zone "lab"`, "define it"},
		{"bad time zone", "site: {timezone: Berlin}\n", 1, 18, `there is no time zone "Berlin"`, "Europe/Berlin"},
		{"bad language", "site: {language: english-please}\n", 1, 18, "not a language tag", "BCP 47"},
		{"bad regexp", "sources:\n  - {url: https://a.example/, include: {title: /(/}}\n", 2, 48, "not a regular expression", "RE2"},
		{"bad full_text", "sources:\n  - {url: https://a.example/, full_text: feeds}\n", 2, 42, `"feeds" is not known`, "did you mean feed?"},
		{"bad schedule", "schedule: every day\n", 1, 11, "is not a schedule", "rate(2 hours)"},
		{"two schedules", "schedule: rate(1 hour)\nschedules: [rate(1 day)]\n", 2, 12, "schedule and schedules", "one list"},
		{"schedule without time", "schedules: [{workflow: x}]\n", 1, 13, "lacks at", ""},
		{"content outside", "content: ../posts.json\n", 1, 10, "not a path within", ""},
		{"content in .git", "content: .git/posts.json\n", 1, 10, "not for content", ""},
		{"content placeholder", "content: '{week}.json'\n", 1, 10, "{week} is not known", "{year}"},
		{"content extension", "content: posts.yaml\n", 1, 10, "as JSON", ".json"},
		{"bad boolean", "sources:\n  - {url: https://a.example/, paused: maybe}\n", 2, 39, "true or false", ""},
		{"per_page", "site: {per_page: 0}\n", 1, 18, "from 1 to 500", ""},
		{"recipe without item", "sources:\n  - {id: a, scrape: {url: https://a.example/}}\n", 2, 21, "lacks item", ""},
		{"deploy two", "deploy: {git: x, s3: y}\n", 1, 9, "2 targets", ""},
		{"task without command", "tasks: {x: {timeout: 1s}}\n", 1, 12, "has no command", ""},
		{"build without directory", "build: {command: make}\n", 1, 8, "base_directory", ""},
		{"attempts", "tasks: {x: {command: a, retry_strategy: {attempts: 11}}}\n", 1, 52, "from 1 to 10", ""},
		{"notify", "freshness: {notify: [ops@example.org]}\n", 1, 22, "not known", "mail:ops@example.org"},
		{"images", "images: no\n", 1, 9, "not known", ""},
		{"branch", "branch: refs/heads/main\n", 1, 9, "name of a branch", ""},
		{"not UTF-8", "site:\n  title: caf\xe9\n", 2, 13, "not UTF-8", "save it as UTF-8"},
		{"control character", "site:\n  title: a\x01\n", 2, 11, "U+0001", ""},
		{"key is a list", "[a]: b\n", 1, 1, "a key is a word", ""},
		{"themes differ", "site: {theme: a}\ntheme: b\n", 2, 8, "b here and a in site.theme", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("coranto.yaml", []byte(tt.text))
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, ErrInvalid) {
				t.Fatalf("error = %v, want an *Error", err)
			}
			f := e.Faults[0]
			if !strings.Contains(f.Reason, tt.reason) || !strings.Contains(f.Hint, tt.hint) || tt.line > 0 && (f.Line != tt.line || f.Column != tt.column) {
				t.Errorf("got %+v\nwant %d:%d %q %q", f, tt.line, tt.column, tt.reason, tt.hint)
			}
			if len(e.Faults) > 1 {
				t.Errorf("%d faults: %v", len(e.Faults), err)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	_, err := Parse("coranto.yaml", []byte("site:\n  title: News\nfetch: {perhost: {gap: 2s}, timeout: 20}\n"))
	const want = `coranto.yaml:3:9: unknown key "perhost" in fetch
    3 | fetch: {perhost: {gap: 2s}, timeout: 20}
      |         ^^^^^^^
  hint: did you mean per_host?
coranto.yaml:3:38: fetch.timeout: "20" is not a length of time
    3 | fetch: {perhost: {gap: 2s}, timeout: 20}
      |                                      ^^
  hint: add a unit: 20s, 20m, 20h or 20d`
	if d := cmp.Diff(want, err.Error()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestAliases(t *testing.T) {
	c, err := Parse("x", []byte("sources:\n  - &base {id: a, url: https://a.example/, tags: &t [go], kind: video}\n  - {<<: *base, id: b, url: https://b.example/}\n  - {id: c, url: https://c.example/, tags: *t}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Sources[1]; s.ID != "b" || s.Kind != "video" || !slices.Equal(s.Tags, []string{"go"}) {
		t.Errorf("merged source = %+v", s)
	}
	bomb := "site: {}\nx0: &x0 [a,a,a,a,a,a,a,a,a,a]\n"
	for i := range 9 {
		n, m := string(rune('0'+i)), string(rune('1'+i))
		bomb += "x" + m + ": &x" + m + " [" + strings.TrimSuffix(strings.Repeat("*x"+n+",", 10), ",") + "]\n"
	}
	for name, text := range map[string]string{
		"bomb":   bomb + "theme: {a: *x9}\n",
		"itself": "theme: &a {b: *a}\n",
		"deep":   "theme: " + strings.Repeat("{a: ", 100) + "x" + strings.Repeat("}", 100) + "\n",
	} {
		if _, err := Parse("x", []byte(text)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse("x", make([]byte, maxBytes+1)); !errors.Is(err, ErrInvalid) {
		t.Errorf("too large: %v", err)
	}
}

func TestNameID(t *testing.T) {
	for name, want := range map[string]string{
		"Gaël Varoquaux": "gael-varoquaux", "Grzegorz Śliwiński": "grzegorz-sliwinski", "Łukasz Ørsted-Straße": "lukasz-orsted-strasse", "C++ & C#": "c-c", "日本": "",
	} {
		if got := NameID(name); got != want {
			t.Errorf("NameID(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestDefaultID(t *testing.T) {
	tests := []struct{ url, want string }{
		{"https://blog.example.com/feed", "blog-example-com"},
		{"https://www.example.com/", "example-com"},
		{"https://example.com/blog/index.xml", "example-com-blog"},
		{"https://medium.com/feed/@alice", "medium-com-alice"},
		{"https://example.com/~bob/feed.rss", "example-com-bob"},
		{"http://127.0.0.1:8080/a/feed.xml", "127-0-0-1-8080-a"},
		{"https://www.youtube.com/feeds/videos.xml?channel_id=UCabc", "youtube-com-videos-ucabc"},
		{"https://bücher.example/", "bucher-example"},
		{"https://xn--bcher-kva.example/", "bucher-example"},
		{"https://例え.jp/", "jp"},
		{"https://example.com/" + strings.Repeat("long/", 30), "example-com-long-long-long-long-long-long-long-long-long-" + "1jzqdkf"},
	}
	for _, tt := range tests {
		got := DefaultID(tt.url)
		if got != tt.want && !(len(tt.want) > 60 && len(got) <= maxID) {
			t.Errorf("DefaultID(%q) = %q, want %q", tt.url, got, tt.want)
		}
		if reason, _ := identifier(got); reason != "" {
			t.Errorf("DefaultID(%q): %s", tt.url, reason)
		}
	}
}

func TestDurationsAndSizes(t *testing.T) {
	for s, want := range map[string]time.Duration{"20s": 20 * time.Second, "1h30m": 90 * time.Minute, "2d": 48 * time.Hour, "1w": 168 * time.Hour, "1.5h": 90 * time.Minute, "0": 0, "250ms": 250 * time.Millisecond, "1d 12h": 36 * time.Hour} {
		if got, err := ParseDuration(s); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %s, %v, want %s", s, got, err, want)
		}
	}
	for _, s := range []string{"", "s", "1", "-1s", "1x", "1s2", "999999999w", "1e9s"} {
		if got, err := ParseDuration(s); err == nil {
			t.Errorf("ParseDuration(%q) = %s", s, got)
		}
	}
	for s, want := range map[string]int64{"512": 512, "10MiB": 10 << 20, "10MB": 10e6, "10M": 10 << 20, "1.5GiB": 3 << 29, "500kB": 500e3, "8 KiB": 8192, "7B": 7} {
		if got, err := ParseSize(s); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %d, %v, want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "MiB", "1.5", "10 apples", "-1", "iB", "10iB", "9999999TiB"} {
		if got, err := ParseSize(s); err == nil {
			t.Errorf("ParseSize(%q) = %d", s, got)
		}
	}
}

func TestHash(t *testing.T) {
	hash := func(s string) string {
		t.Helper()
		c, err := Parse("x", []byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return c.Hash()
	}
	a := hash("# one\nsite: {title: x, language: en}\nsources: [https://a.example/]\n")
	if b := hash("sources:\n  - 'https://a.example/' # two\nsite:\n  language: en\n  title: x\n"); a != b {
		t.Error("the way it is written matters")
	}
	if b := hash("site: {title: y, language: en}\nsources: [https://a.example/]\n"); a == b {
		t.Error("what it says does not matter")
	}
}

func TestFaultOfOthers(t *testing.T) {
	c, err := Parse("coranto.yaml", []byte("schedule:\n  - rate(1 hour)\n  - {at: cron(1 2 3)}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if f := c.Fault(c.ScheduleKey(1), "has 3 fields", "").Faults[0]; f.Line != 3 || f.Column != 10 || f.Key != "schedule[1].at" {
		t.Errorf("fault = %+v", f)
	}
	if f := c.Fault(c.ScheduleKey(0), "x", "").Faults[0]; f.Line != 2 || f.Column != 5 {
		t.Errorf("fault = %+v", f)
	}
	if f := c.Fault("site.title", "x", "").Faults[0]; f.Line != 0 {
		t.Errorf("fault of what is not there = %+v", f)
	}
}

func TestTrust(t *testing.T) {
	trust := func(s string) string {
		t.Helper()
		c, err := Parse("x", []byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return string(c.NeedsTrust())
	}
	a := trust("zones: {a: {allow: [10.0.0.0/8]}, b: {}}\n")
	if a == "" || a != trust("site: {title: other}\nzones:\n  b: {}\n  a: {allow: 10.0.0.0/8}\n") {
		t.Error("order or style of zones matters, or nothing does")
	}
	if a == trust("zones: {a: {allow: [0.0.0.0/0]}, b: {}}\n") {
		t.Error("a wider zone needs no new trust")
	}
}

func TestLoad(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), FileName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestTemplate(t *testing.T) {
	c, err := Parse("x", Template(TemplateData{Title: `A "quoted": title # with {all}`, URL: "https://n.example", Language: "de", Timezone: "Europe/Berlin"}))
	if err != nil {
		t.Fatal(err)
	}
	if c.Site.Title != `A "quoted": title # with {all}` || c.Site.URL != "https://n.example" || c.Site.Timezone.String() != "Europe/Berlin" {
		t.Errorf("site = %+v", c.Site)
	}
}

func TestSchema(t *testing.T) {
	var s map[string]any
	if err := json.Unmarshal(Schema(), &s); err != nil {
		t.Fatal(err)
	}
	props := s["properties"].(map[string]any)
	for _, e := range rootKeys {
		if p, ok := props[e.name].(map[string]any); !ok || p["description"] == "" {
			t.Errorf("%s is not described", e.name)
		}
	}
}

// Whatever is parsed, errors are of one kind and point into the text.
func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add(Template(TemplateData{}))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("\ufeffsite:\r\n\ttitle: x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("x", data)
		if err == nil {
			if c.Hash() == "" || len(c.Schedules) == 0 && !strings.Contains(string(data), "schedule") {
				t.Errorf("no hash or schedule: %+v", c)
			}
			return
		}
		var e *Error
		if !errors.As(err, &e) || len(e.Faults) == 0 || err.Error() == "" {
			t.Fatalf("unclassified error %v", err)
		}
		for _, fl := range e.Faults {
			if fl.Reason == "" || fl.Line > 0 && fl.Line > len(splitLines(string(data))) || fl.Width < 1 {
				t.Errorf("fault %+v", fl)
			}
		}
	})
}

func BenchmarkParse800(b *testing.B) {
	var s strings.Builder
	s.WriteString("sources:\n")
	for i := range 800 {
		s.WriteString("  - {id: s" + strings.Repeat("x", i%7) + "-" + string(rune('a'+i%26)) + itoa(i) + ", url: https://host" + itoa(i) + ".example/feed, tags: [go, web]}\n")
	}
	data := []byte(s.String())
	for b.Loop() {
		if _, err := Parse("x", data); err != nil {
			b.Fatal(err)
		}
	}
}

func itoa(i int) string {
	b, _ := json.Marshal(i)
	return string(b)
}
