package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// usageOf is how a command is typed in the site of the test.
type usageOf struct {
	args    string // after the command; POST is a post, OTHER another, QUEUED one that waits
	stdin   string
	code    int
	changes bool // it takes -n
	same    bool // there is nothing to change in this site
	plain   bool // its answer is a file: --json has nothing to say
	stays   bool // it does not end by itself, or makes a site of its own
}

// everyCommand holds every command; a new one without a row fails the test.
var everyCommand = map[string]usageOf{
	"add":               {args: "WEB/other", changes: true},
	"build":             {changes: true},
	"check":             {args: "--base HEAD"},
	"config schema":     {},
	"config show":       {},
	"config validate":   {},
	"demo":              {stays: true, changes: true},
	"deploy":            {changes: true},
	"doctor":            {args: "--fix", changes: true},
	"feed parse":        {args: "WEB/feed --zone loopback"},
	"fmt":               {changes: true},
	"init":              {args: "ROOT/fresh", changes: true},
	"manners":           {},
	"notify":            {args: "--test", changes: true},
	"page inspect":      {args: "WEB/page --zone loopback"},
	"password":          {args: "readers ada", stdin: "secret\n", changes: true},
	"plan":              {code: 3},
	"post approve":      {args: "QUEUED", changes: true},
	"post embargo":      {args: "POST --until 48h --reason later", changes: true},
	"post explain":      {args: "POST"},
	"post hide":         {args: "POST --reason spam", changes: true},
	"post list":         {},
	"post pin":          {args: "POST", changes: true},
	"post show":         {args: "POST"},
	"post unapprove":    {args: "APPROVED", changes: true},
	"post unembargo":    {args: "EMBARGOED", changes: true},
	"post unhide":       {args: "HIDDEN", changes: true},
	"post unpin":        {args: "PINNED", changes: true},
	"preview":           {stays: true},
	"releases":          {},
	"reprocess":         {changes: true},
	"rollback":          {changes: true},
	"run":               {changes: true},
	"runs cancel":       {args: "last", changes: true, code: 1, same: true},
	"runs list":         {},
	"runs redrive":      {args: "FAILED", changes: true, code: 1},
	"runs show":         {args: "last"},
	"secret list":       {},
	"secret rm":         {args: "mail", changes: true},
	"secret set":        {args: "another", stdin: "value\n", changes: true},
	"serve":             {args: "--listen 127.0.0.1:0", stays: true, changes: true},
	"source accept":     {args: "sold", changes: true},
	"source export":     {},
	"source import":     {args: "ROOT/list.opml", changes: true},
	"source list":       {},
	"source pause":      {args: "alice", changes: true},
	"source resume":     {args: "asleep", changes: true},
	"source retire":     {args: "alice", changes: true},
	"source show":       {args: "alice"},
	"source test":       {args: "alice"},
	"status":            {code: 3},
	"theme eject":       {args: "components/post.html", changes: true},
	"theme files":       {},
	"theme list":        {},
	"trust":             {args: "-C ROOT/stranger", changes: true},
	"version":           {},
	"workflow eject":    {args: "publish", changes: true},
	"workflow graph":    {args: "aggregate"},
	"workflow list":     {},
	"workflow run":      {args: "once", changes: true},
	"workflow validate": {args: "once"},
	"zones check":       {args: "WEB/feed --zone loopback"},
	"zones list":        {},
}

// TestEveryCommand types every command in one site: from another directory with
// -C, with --json one object a line, and where it changes something with -n,
// which leaves every byte as it is, here and on the remote, while the command
// itself does not.
func TestEveryCommand(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	site := newEverySite(t)
	t.Chdir(t.TempDir())
	var seen []string
	walk(commandTree(), func(c *cobra.Command) {
		_, path, _ := strings.Cut(c.CommandPath(), " ")
		if c.HasSubCommands() || strings.HasPrefix(path, "completion") {
			return
		}
		seen = append(seen, path)
		u, ok := everyCommand[path]
		if !ok {
			t.Errorf("%s has no row in everyCommand", path)
			return
		}
		if dry := c.Flags().Lookup("dry-run"); (dry != nil) != u.changes {
			t.Errorf("%s: takes -n: %t, changes something: %t", path, dry != nil, u.changes)
			return
		}
		t.Run(path, func(t *testing.T) { site.try(t, path, u) })
	})
	for path := range everyCommand {
		if !slices.Contains(seen, path) {
			t.Errorf("everyCommand has %s, which is no command", path)
		}
	}
}

func (s *everySite) try(t *testing.T, path string, u usageOf) {
	args := append([]string{"-C", s.dir}, strings.Fields(path)...)
	args = append(args, strings.Fields(s.names.Replace(u.args))...)
	if u.changes {
		before := s.files(t)
		for _, more := range [][]string{{"-n"}, {"-n", "--json"}} {
			code, out, errs := typed2(t, u.stdin, append(slices.Clone(args), more...)...)
			if want := u.code; code != want && code != 0 && code != 3 {
				t.Errorf("%v %v: exit code %d:\n%s%s", args, more, code, out, errs)
			}
			if len(more) == 2 {
				objects(t, out)
			}
			if d := cmp.Diff(before, s.files(t)); d != "" {
				t.Errorf("%v %v changed something (-before +after):\n%s", args, more, d)
			}
		}
		if u.stays {
			return
		}
		code, out, errs := typed2(t, u.stdin, args...)
		if code != u.code && code != 3 {
			t.Errorf("%v: exit code %d, want %d:\n%s%s", args, code, u.code, out, errs)
		}
		if !u.same && cmp.Equal(before, s.files(t)) {
			t.Errorf("%v changes nothing, so that its -n proves nothing:\n%s%s", args, out, errs)
		}
		s.restore(t)
		return
	}
	if u.stays {
		return
	}
	before := s.files(t)
	code, out, errs := typed2(t, u.stdin, append(args, "--json")...)
	if code != u.code {
		t.Errorf("%v: exit code %d, want %d:\n%s%s", args, code, u.code, out, errs)
	}
	if !u.plain {
		objects(t, out)
		documented(t, path, out)
	}
	if d := cmp.Diff(before, s.files(t)); d != "" {
		t.Errorf("%v changed something (-before +after):\n%s", args, d)
	}
}

// objects requires one JSON object a line, and at least one.
func objects(t *testing.T, out string) {
	t.Helper()
	n := 0
	for line := range strings.Lines(out) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Errorf("not a JSON object on its line: %v: %.200s", err, line)
			return
		}
		n++
	}
	if n == 0 {
		t.Error("--json prints nothing")
	}
}

// documented requires that a command prints no key that docs/commands.md does not
// name.
func documented(t *testing.T, path, out string) {
	t.Helper()
	v, ok := printed[path]
	if !ok {
		return
	}
	keys := jsonKeys(reflect.TypeOf(v))
	for line := range strings.Lines(out) {
		var got map[string]any
		_ = json.Unmarshal([]byte(line), &got)
		for k := range got {
			if !slices.Contains(keys, k) {
				t.Errorf("--json prints %q, which is not documented: %v", k, keys)
			}
		}
	}
}

// typed2 runs a command as a user would, with its output and its talk apart.
func typed2(t *testing.T, stdin string, args ...string) (int, string, string) {
	t.Helper()
	var out, errs strings.Builder
	code := run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// everySite is a site in which every command has something to do.
type everySite struct {
	root, dir string
	keep      string // a copy of root, to go back to
	names     *strings.Replacer
}

func newEverySite(t *testing.T) *everySite {
	web := newChanging(t)
	feed := web.Config.Handler
	web.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page":
			fmt.Fprint(w, `<!doctype html><html lang=en><head><title>A page</title><link rel=canonical href="/page"></head><body><article><h1>A page</h1><p>Words.</article>`)
		case "/other":
			fmt.Fprint(w, rss("Other", "https://other.example", "ten", "eleven"))
		case "/queue":
			fmt.Fprint(w, rss("Queue", "https://queue.example", "first-in-line", "second-in-line"))
		case "/hook":
		default:
			feed.ServeHTTP(w, r)
		}
	})
	sold := newChanging(t)
	sold.body.Store(rss("Sold", "https://sold.example", "old"))
	web.body.Store(rss("Alice", "https://alice.example", "one", "two", "three", "four"))
	dir := loopbackSite(t, fmt.Sprintf("remote: ../up.git\nnotify: [{webhook: %s/hook, zone: loopback}]\ndeploy: [{directory: ../live}]\n", web.URL), web.URL+"/feed")
	s := &everySite{root: filepath.Dir(dir), dir: dir}
	s.git(t, s.root, "init", "-q", "--bare", "up.git")
	s.write(t, "coranto.yaml", func(b string) string {
		return b + fmt.Sprintf("  - {id: queue, url: %s/queue, moderate: approve}\n  - {id: asleep, url: %s/asleep, paused: true}\n  - {id: sold, url: %s/feed}\n", web.URL, web.URL, sold.URL)
	})
	if err := os.Mkdir(filepath.Join(dir, "workflows"), 0o777); err != nil {
		t.Fatal(err)
	}
	s.write(t, "workflows/once.asl.json", func(string) string {
		return `{"StartAt":"A","States":{"A":{"Type":"Choice","Choices":[{"Variable":"$.fail","IsPresent":true,"Next":"F"}],"Default":"S"},"F":{"Type":"Fail","Error":"Broken","Cause":"asked to"},"S":{"Type":"Succeed"}}}`
	})
	s.write(t, "../list.opml", func(string) string {
		return `<opml version="2.0"><body><outline text="Zoe" type="rss" xmlUrl="https://zoe.example/feed"/></body></opml>`
	})
	s.git(t, dir, "add", "-A")
	s.git(t, dir, "commit", "-qm", "sources")
	s.do(t, 0, "trust")
	s.do(t, 0, "run")
	s.do(t, 1, "workflow", "run", "once", "--input", `{"fail":true}`)
	sold.body.Store(rss("Casino", "https://casino.example", "win"))
	web.body.Store(rss("Alice", "https://alice.example", "one", "two", "three", "four", "five"))
	s.do(t, 3, "run")
	posts := map[string]string{}
	for _, title := range []string{"one", "two", "three", "four", "five", "first-in-line", "second-in-line"} {
		posts[title] = s.id(t, title)
	}
	s.do(t, 0, "post", "hide", posts["one"], "--reason", "spam")
	s.do(t, 0, "post", "pin", posts["two"])
	s.do(t, 0, "post", "embargo", posts["three"], "--until", "48h")
	s.do(t, 0, "post", "approve", posts["second-in-line"])
	s.do(t, 0, "build")
	if code, out, errs := typed2(t, "password\n", "-C", dir, "secret", "set", "mail"); code != 0 {
		t.Fatal(out, errs)
	}
	// What is left to do: a new post, a changed rule, a file that is not laid out,
	// a trace of a crash, a commit that is not published.
	web.body.Store(rss("Alice", "https://alice.example", "one", "two", "three", "four", "five", "six"))
	s.write(t, "coranto.yaml", func(b string) string {
		return strings.Replace(strings.Replace(b, "{id: alice, ", "{id: alice,    author: Alice A., ", 1), "images: none\n", "images: none\ntheme: magazine\n", 1)
	})
	s.git(t, dir, "commit", "-qam", "rules")
	s.write(t, "coranto.yaml.tmp", func(string) string { return "left" })
	failed := ""
	_, out, _ := typed2(t, "", "-C", dir, "runs", "list", "--json")
	for line := range strings.Lines(out) {
		var x struct{ ID, Status string }
		if json.Unmarshal([]byte(line), &x) == nil && x.Status == "FAILED" {
			failed = x.ID
		}
	}
	s.names = strings.NewReplacer("WEB", web.URL, "ROOT", s.root, "QUEUED", posts["first-in-line"], "APPROVED", posts["second-in-line"],
		"EMBARGOED", posts["three"], "HIDDEN", posts["one"], "PINNED", posts["two"], "POST", posts["four"], "FAILED", failed)
	if err := os.MkdirAll(filepath.Join(s.root, "stranger"), 0o777); err != nil {
		t.Fatal(err)
	}
	s.write(t, "../stranger/coranto.yaml", func(string) string { return "zones: {office: {allow: [10.0.0.0/8]}}\n" })
	s.keep = filepath.Join(t.TempDir(), "keep")
	if err := os.CopyFS(s.keep, os.DirFS(s.root)); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *everySite) do(t *testing.T, want int, args ...string) {
	t.Helper()
	if code, out := typed(t, append([]string{"-C", s.dir}, args...)...); code != want {
		t.Fatalf("%v: exit code %d, want %d:\n%s", args, code, want, out)
	}
}

func (s *everySite) id(t *testing.T, title string) string {
	t.Helper()
	_, out, _ := typed2(t, "", "-C", s.dir, "post", "list", title, "--json")
	var p struct{ ID string }
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		t.Fatalf("%s: %v: %s", title, err, out)
	}
	return p.ID
}

func (s *everySite) git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=T", "-c", "user.email=t@example.org"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
}

func (s *everySite) write(t *testing.T, name string, change func(string) string) {
	t.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	b, _ := os.ReadFile(path)
	if err := os.WriteFile(path, []byte(change(string(b))), 0o666); err != nil {
		t.Fatal(err)
	}
}

// files is every file of the site, of its remote, of what is trusted and of the
// keys, with a hash of its content.
func (s *everySite) files(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(s.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(s.root, path)
		if d.IsDir() {
			out[rel+"/"] = ""
			return nil
		}
		if d.Type()&fs.ModeSymlink != 0 {
			out[rel], err = os.Readlink(path)
			return err
		}
		b, err := os.ReadFile(path)
		if strings.HasSuffix(rel, "-shm") || strings.HasSuffix(rel, "-wal") && len(b) == 0 {
			return err // what SQLite's readers share of a database that stands still
		}
		sum := sha256.Sum256(b)
		out[rel] = hex.EncodeToString(sum[:8])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// restore puts everything back.
func (s *everySite) restore(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(s.root); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(s.root, os.DirFS(s.keep)); err != nil {
		t.Fatal(err)
	}
}
