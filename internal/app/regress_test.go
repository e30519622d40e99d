package app_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/pipeline"
)

// git is what a person does in a repository.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=T", "-c", "user.email=t@example.org"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// tree is every file of a directory but those of .coranto, and what git has of it.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && rel == ".coranto":
			return filepath.SkipDir
		case !d.IsDir():
			b, err := os.ReadFile(path)
			out[filepath.ToSlash(rel)] = string(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestWhoLooksWritesNothing: a crash has kept the working tree from following
// the branch; commands that only look leave it so, and the next run mends it.
func TestWhoLooksWritesNothing(t *testing.T) {
	r := newRig(t)
	r.web.Publish(2)
	if err := failpoint.Arm("git.before-file:1:error"); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = failpoint.Arm("") }()
	r.run()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	_ = failpoint.Arm("")
	before := tree(t, r.dir)
	ctx, o := t.Context(), app.Options{}
	for name, look := range map[string]func() error{
		"status": func() error { _, err := app.StatusOf(ctx, r.dir, o); return err },
		"doctor": func() error {
			_, err := app.Doctor(ctx, r.dir, app.DoctorOptions{}, o, func(app.Finding) {})
			return err
		},
		"plan":        func() error { _, err := app.Plan(ctx, r.dir, app.PlanOptions{}, o); return err },
		"source show": func() error { _, err := app.ShowSource(ctx, r.dir, r.Config().Sources[0].ID, o); return err },
		"post list":   func() error { _, err := app.Posts(ctx, r.dir, app.PostFilter{}, o); return err },
		"notify -n":   func() error { _, err := app.PlanNotify(ctx, r.dir, o); return err },
	} {
		if err := look(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(before, tree(t, r.dir)); diff != "" {
			t.Fatalf("%s has written (-before +after):\n%.2000s", name, diff)
		}
	}
	a, err := app.Open(ctx, r.dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if got := git(t, r.dir, "status", "--porcelain"); got != "" {
		t.Errorf("after the next opening git status says %s", got)
	}
}

// feeds are sources whose handler a test gets a word in.
type feeds struct {
	server *httptest.Server
	mu     sync.Mutex
	posts  map[string][]string // of each source
	meddle map[string]func()   // by the path that is asked for, once
}

func newFeeds(t *testing.T) *feeds {
	f := &feeds{posts: map[string][]string{}, meddle: map[string]func(){}}
	f.server = httptest.NewServer(f)
	t.Cleanup(f.server.Close)
	return f
}

func (f *feeds) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if do := f.meddle[r.URL.Path]; do != nil {
		delete(f.meddle, r.URL.Path)
		do()
	}
	name, feed := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".xml")
	if !feed {
		fmt.Fprintf(w, "<!doctype html><title>%s</title><p>Words.", name)
		return
	}
	tag := fmt.Sprintf(`"%d"`, len(f.posts[name]))
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	fmt.Fprintf(w, `<feed xmlns="http://www.w3.org/2005/Atom"><title>%s</title><id>urn:%s</id>`, name, name)
	for i, p := range f.posts[name] {
		fmt.Fprintf(w, `<entry><id>urn:%s:%d</id><title>%s</title><link href="%s/%s"/><published>2026-03-0%dT10:00:00Z</published></entry>`, name, i, p, f.server.URL, p, i+1)
	}
	fmt.Fprint(w, "</feed>")
}

// site is a site that follows them.
func (f *feeds) site(t *testing.T, more string) (dir string) {
	root := t.TempDir()
	t.Setenv("CORANTO_TRUST_DIR", filepath.Join(root, "trusted"))
	dir = filepath.Join(root, "site")
	text := "site: {title: Site}\nfetch: {zone: loopback, per_host: {gap: 0s}}\nzones: {loopback: {allow: [127.0.0.0/8]}}\n" + more + "sources:\n"
	for _, name := range []string{"a", "b"} {
		text += fmt.Sprintf("  - {id: %s, url: %q}\n", name, f.server.URL+"/"+name+".xml")
	}
	if _, err := app.Init(t.Context(), dir, []byte(text), app.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Trust(dir, false); err != nil {
		t.Fatal(err)
	}
	return dir
}

func titles(t *testing.T, dir string) []string {
	t.Helper()
	list, err := app.Posts(t.Context(), dir, app.PostFilter{}, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range list {
		out = append(out, p.Title)
	}
	slices.Sort(out)
	return out
}

// TestRollbackDuringRun: somebody takes commits back while a run is under way,
// before a feed is matched or after. What the commits held comes back from the
// feeds, also from those that answer 304 meanwhile, and nothing comes twice.
func TestRollbackDuringRun(t *testing.T) {
	for _, at := range []string{"/a.xml", "/b.xml", "/a3"} {
		f := newFeeds(t)
		dir := f.site(t, "")
		run := func() {
			t.Helper()
			a, err := app.Open(t.Context(), dir, app.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			if _, err := a.Run(t.Context(), pipeline.DueInput{}); err != nil {
				t.Fatalf("taken back at %s: %v", at, err)
			}
		}
		f.posts["a"], f.posts["b"] = []string{"a1"}, []string{"b1"}
		run()
		f.posts["a"], f.posts["b"] = []string{"a1", "a2"}, []string{"b1", "b2"}
		run()
		f.posts["a"] = []string{"a1", "a2", "a3"}
		f.meddle[at] = func() { git(t, dir, "reset", "-q", "--hard", "HEAD~1") }
		run()
		run()
		if diff := cmp.Diff([]string{"a1", "a2", "a3", "b1", "b2"}, titles(t, dir)); diff != "" {
			t.Errorf("taken back at %s (-want +got):\n%s", at, diff)
		}
		if len(f.meddle) > 0 {
			t.Errorf("%s was not asked for", at)
		}
		if got := git(t, dir, "status", "--porcelain"); got != "" {
			t.Errorf("taken back at %s: git status says %s", at, got)
		}
		ran := 0
		for _, line := range strings.Split(git(t, dir, "log", "--format=%(trailers:key=Run,valueonly)"), "\n") {
			if line != "" {
				ran++
			}
		}
		if ran != len(slices.Compact(slices.Sorted(slices.Values(strings.Fields(git(t, dir, "log", "--format=%(trailers:key=Run,valueonly)")))))) {
			t.Errorf("taken back at %s: a run has two commits", at)
		}
	}
}

// TestPulledProgramsAreNotRun: whoever can push to the remote can write posts
// and settings, but what they push runs no program until somebody here trusts it.
func TestPulledProgramsAreNotRun(t *testing.T) {
	f := newFeeds(t)
	f.posts["a"], f.posts["b"] = []string{"a1"}, []string{"b1"}
	remote := filepath.Join(t.TempDir(), "remote.git")
	if out, err := exec.Command("git", "init", "-q", "--bare", "-b", "main", remote).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	mark := filepath.Join(t.TempDir(), "ran")
	dir := f.site(t, fmt.Sprintf("remote: %q\nbranch: main\ntasks: {note: {command: [./note.sh]}}\n", remote))
	write := func(dir, name, text string, mode fs.FileMode) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(dir, "note.sh", "#!/bin/sh\ncat > /dev/null\necho '{}'\n", 0o777)
	// The site's own pictures workflow is trusted and runs the program.
	write(dir, "workflows/pictures.asl.json", `{"StartAt":"X","States":{"X":{"Type":"Task","Resource":"task:note","Next":"Y"},"Y":{"Type":"Pass","Result":[],"End":true}}}`, 0o666)
	git(t, dir, "add", "note.sh", "workflows")
	git(t, dir, "commit", "-qm", "a program")
	trustIt := func() {
		t.Helper()
		if _, err := app.Trust(dir, false); err != nil {
			t.Fatal(err)
		}
	}
	trustIt()
	a, err := app.Open(t.Context(), dir, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	yaml, err := os.ReadFile(filepath.Join(dir, "coranto.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	evil := `{"StartAt":"X","States":{"X":{"Type":"Task","Resource":"task:mark","End":true}}}`
	task := strings.Replace(string(yaml), "tasks: {", "tasks: {mark: {command: [touch, '"+mark+"']}, ", 1)
	attacks := []struct {
		name  string
		write func(dir string)
	}{
		{"a script that is trusted, changed", func(dir string) { write(dir, "note.sh", "#!/bin/sh\ntouch '"+mark+"'\n", 0o777) }},
		{"a workflow that is trusted, changed", func(dir string) {
			write(dir, "coranto.yaml", task, 0o666)
			write(dir, "workflows/pictures.asl.json", evil, 0o666)
		}},
		{"a new workflow", func(dir string) {
			write(dir, "coranto.yaml", task, 0o666)
			write(dir, "workflows/publish.asl.json", evil, 0o666)
		}},
		{"a task in the name of another", func(dir string) {
			write(dir, "coranto.yaml", strings.Replace(string(yaml), "[./note.sh]", "[touch, '"+mark+"']", 1), 0o666)
		}},
		{"a build", func(dir string) {
			write(dir, "coranto.yaml", string(yaml)+"build: {command: [touch, '"+mark+"'], base_directory: content}\n", 0o666)
		}},
		{"a deployment", func(dir string) {
			write(dir, "coranto.yaml", string(yaml)+"deploy: {directory: '"+mark+"'}\n", 0o666)
		}},
	}
	n := 1
	ran := func() bool {
		f.mu.Lock()
		n++
		f.posts["a"] = append(f.posts["a"], fmt.Sprint("a", n))
		f.mu.Unlock()
		if _, err := a.Reload(t.Context()); err != nil {
			t.Error(err)
		}
		_, _ = a.Run(t.Context(), pipeline.DueInput{}) // without the zone nobody can be asked
		_, _ = a.Publish(t.Context(), app.PublishOptions{})
		_, _ = a.Illustrate(t.Context())
		_, _ = a.Deploy(t.Context(), false)
		_, err := os.Stat(mark)
		_ = os.RemoveAll(mark)
		return err == nil
	}
	for _, attack := range attacks {
		clone := filepath.Join(t.TempDir(), "clone")
		if out, err := exec.Command("git", "clone", "-q", remote, clone).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		attack.write(clone)
		git(t, clone, "add", "-A")
		git(t, clone, "commit", "-qm", attack.name)
		git(t, clone, "push", "-q", "origin", "main")
		if err := a.Sync(t.Context()); err != nil {
			t.Fatalf("%s: %v", attack.name, err)
		}
		if git(t, dir, "log", "-1", "--format=%s") != attack.name {
			t.Fatalf("%s was not pulled", attack.name)
		}
		if ran() {
			t.Errorf("%s was run", attack.name)
		}
		if !slices.ContainsFunc(a.Warnings(t.Context()), func(w string) bool { return strings.Contains(w, "coranto trust") }) {
			t.Errorf("%s: nobody is told that it waits for trust", attack.name)
		}
		// Trusted it is run, without a restart: the test can fail.
		trustIt()
		if !ran() {
			t.Errorf("%s is not run though it is trusted", attack.name)
		}
		// The keeper takes it back.
		git(t, dir, "revert", "--no-edit", git(t, dir, "log", "--format=%H", "--grep=^"+attack.name+"$"))
		trustIt()
		if err := a.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if ran() {
			t.Errorf("%s is run though it was taken back", attack.name)
		}
	}
	if got := len(titles(t, dir)); got != n+1 {
		t.Errorf("%d posts, want %d", got, n+1)
	}
}
