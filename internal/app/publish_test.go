package app_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/sampleweb"
)

// rig is an open site that has run and published once.
type rig struct {
	t   *testing.T
	web *sampleweb.Web
	dir string
	*app.App
}

func newRig(t *testing.T) *rig {
	t.Helper()
	web, err := sampleweb.Start(t.Context(), sampleweb.Options{Sources: 3, PostsPer: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(web.Close)
	root := t.TempDir()
	t.Setenv("CORANTO_TRUST_DIR", filepath.Join(root, "trusted"))
	r := &rig{t: t, web: web, dir: filepath.Join(root, "site")}
	yaml := "site: {title: Rig}\nfetch: {zone: loopback, per_host: {gap: 0s}}\nimages: none\nzones: {loopback: {allow: [127.0.0.0/8]}}\nsources:\n"
	for _, s := range web.Sources() {
		yaml += "  - {id: " + s.ID + ", url: \"" + s.FeedURL + "\"}\n"
	}
	if _, err := app.Init(t.Context(), r.dir, []byte(yaml), app.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Trust(r.dir, false); err != nil {
		t.Fatal(err)
	}
	if r.App, err = app.Open(t.Context(), r.dir, app.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	r.run()
	if _, err := r.Publish(t.Context(), app.PublishOptions{}); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) run() {
	r.t.Helper()
	if _, err := r.Run(r.t.Context(), pipeline.DueInput{}); err != nil {
		r.t.Fatal(err)
	}
}

// edit changes the posts as a person would, and commits.
func (r *rig) edit(change func([]coranto.Post) []coranto.Post) {
	r.t.Helper()
	files, _ := filepath.Glob(filepath.Join(r.dir, "content", "*", "*.json"))
	b, err := os.ReadFile(files[0])
	if err != nil {
		r.t.Fatal(err)
	}
	var posts []coranto.Post
	if err := json.Unmarshal(b, &posts); err != nil {
		r.t.Fatal(err)
	}
	if b, err = json.MarshalIndent(change(posts), "", "  "); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(files[0], b, 0o666); err != nil {
		r.t.Fatal(err)
	}
	git := exec.Command("git", "-C", r.dir, "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qam", "edit")
	if out, err := git.CombinedOutput(); err != nil {
		r.t.Fatalf("git commit: %v\n%s", err, out)
	}
}

// whole fails unless every internal link of the live site leads somewhere, and
// the site is what a build from nothing would be.
func (r *rig) whole() {
	r.t.Helper()
	live, err := r.Releases().Current()
	if err != nil {
		r.t.Fatal(err)
	}
	have := map[string]string{}
	for _, f := range live.Files() {
		have[f.Path] = f.Hash
	}
	if err := os.RemoveAll(filepath.Join(r.dir, ".coranto", "releases", "memo")); err != nil {
		r.t.Fatal(err)
	}
	r.Close()
	if r.App, err = app.Open(r.t.Context(), r.dir, app.Options{}); err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.Publish(r.t.Context(), app.PublishOptions{Force: true}); err != nil {
		r.t.Fatal(err)
	}
	anew, err := r.Releases().Current()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range anew.Files() {
		if have[f.Path] != f.Hash {
			r.t.Errorf("%s differs from a build from nothing", f.Path)
		}
		delete(have, f.Path)
	}
	for path := range have {
		r.t.Errorf("%s should be no more", path)
	}
}

func TestGuardHoldsUntilTheLossIsMended(t *testing.T) {
	r := newRig(t)
	var taken []coranto.Post
	r.edit(func(posts []coranto.Post) []coranto.Post {
		taken = posts[:6]
		return posts[6:]
	})
	for range 2 {
		_, err := r.Publish(t.Context(), app.PublishOptions{})
		if app.ExitCode(err) != pipeline.ExitGuard {
			t.Fatalf("a build without 6 of 24 posts: %v", err)
		}
		// Another commit does not carry the loss past the guard.
		r.edit(func(posts []coranto.Post) []coranto.Post {
			posts[0].Title += "!"
			return posts
		})
	}
	st, err := r.Status(t.Context())
	if err != nil || st.Unpublished == nil || st.Unpublished.Error != "Site.Guard" {
		t.Errorf("status does not tell: %+v, %v", st.Unpublished, err)
	}
	r.edit(func(posts []coranto.Post) []coranto.Post { return append(taken, posts...) })
	if _, err := r.Publish(t.Context(), app.PublishOptions{}); err != nil {
		t.Fatal(err)
	}
	if st, err := r.Status(t.Context()); err != nil || st.Unpublished != nil {
		t.Errorf("status still tells: %+v, %v", st.Unpublished, err)
	}
	r.whole()
}

func TestFailedBuildLeavesNothingToRelyUpon(t *testing.T) {
	r := newRig(t)
	defer failpoint.Arm("")
	for _, point := range failpoint.Names() {
		if !strings.HasPrefix(point, "release.") {
			continue
		}
		r.web.Publish(2)
		r.run()
		if err := failpoint.Arm(point + ":1:error"); err != nil {
			t.Fatal(err)
		}
		_, err := r.Publish(t.Context(), app.PublishOptions{})
		failpoint.Arm("")
		if err == nil {
			continue // not passed, or past the point where it matters
		}
		if w, ok := errors.AsType[*app.WorkflowError](err); !ok {
			t.Fatalf("%s: %v", point, w)
		}
		r.web.Publish(1)
		r.run()
		if _, err := r.Publish(t.Context(), app.PublishOptions{}); err != nil {
			t.Fatalf("after %s: %v", point, err)
		}
	}
	r.whole()
}

func TestAllSourcesFailingIsNotFresh(t *testing.T) {
	r := newRig(t)
	before, err := r.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.web.Close()
	r.run()
	after, err := r.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !after.LastOK.Equal(before.LastOK) {
		t.Errorf("a run that nobody answered counts as good: %v, then %v", before.LastOK, after.LastOK)
	}
	if _, err := r.Run(t.Context(), pipeline.DueInput{Only: []string{"nosuch"}}); !errors.Is(err, app.ErrNoSource) {
		t.Errorf("a source that is none: %v", err)
	}
}
