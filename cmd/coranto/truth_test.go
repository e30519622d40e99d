package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/sampleweb"
)

// TestFieldsAreTheTruth reads a web whose posts are known and compares.
func TestFieldsAreTheTruth(t *testing.T) {
	web, err := sampleweb.Start(t.Context(), sampleweb.Options{Sources: 24, PostsPer: 10, Seed: 3, AllQuirks: sampleweb.Tracking,
		Quirks: map[int]sampleweb.Quirk{1: sampleweb.NoAuthors, 2: sampleweb.NoDates, 5: sampleweb.NoAuthors | sampleweb.NoDates, 7: sampleweb.Summaries}})
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	dir := sampleSite(t, web)
	runSite(t, dir)
	posts := postsOf(t, dir)
	miss := map[string][]string{}
	note := func(field, url, got, want string) {
		if got != want {
			miss[field] = append(miss[field], fmt.Sprintf("%s: got %q, want %q", url, got, want))
		}
	}
	truths := web.Posts()
	for _, want := range truths {
		got, ok := posts[want.URL]
		if !ok {
			t.Errorf("%s is lost", want.URL)
			continue
		}
		note("title", want.URL, got.Title, want.Title)
		note("author", want.URL, got.Author, want.Author)
		note("day", want.URL, got.Published.Format("2006-01-02"), want.Published.Format("2006-01-02"))
		note("image", want.URL, got.Image, want.Image)
		note("language", want.URL, strings.Split(got.Language, "-")[0], strings.Split(want.Language, "-")[0])
		for _, tag := range want.Tags {
			if !strings.Contains("|"+strings.ToLower(strings.Join(got.Tags, "|"))+"|", "|"+strings.ToLower(tag)+"|") {
				note("tags", want.URL, strings.Join(got.Tags, "|"), strings.Join(want.Tags, "|"))
				break
			}
		}
	}
	if len(posts) != len(truths) {
		t.Errorf("%d posts, want %d", len(posts), len(truths))
	}
	// Shares of posts that may be wrong in a field. Some pages declare no image:
	// what merely stands in the text is not taken for one.
	for field, limit := range map[string]float64{"title": 0, "author": 0.05, "day": 0.01, "image": 0.1, "language": 0.05, "tags": 0.1} {
		if list := miss[field]; float64(len(list)) > limit*float64(len(truths)) {
			t.Errorf("%s: %d of %d wrong, such as %s", field, len(list), len(truths), strings.Join(list[:min(3, len(list))], "; "))
		}
	}
}

// TestRedatedFeedsKeepTheDay: what the feed says later changes neither the day
// nor the number of posts.
func TestRedatedFeedsKeepTheDay(t *testing.T) {
	web, err := sampleweb.Start(t.Context(), sampleweb.Options{Sources: 4, PostsPer: 6,
		Quirks: map[int]sampleweb.Quirk{0: sampleweb.Redate, 1: sampleweb.Regenerate, 2: sampleweb.Future | sampleweb.Tracking}})
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	dir := sampleSite(t, web)
	runSite(t, dir)
	before := postsOf(t, dir)
	web.Rebuild()
	runSite(t, dir)
	after := postsOf(t, dir)
	if len(after) != len(before) {
		t.Errorf("%d posts became %d", len(before), len(after))
	}
	for url, p := range before {
		q := after[url]
		if q.Date != p.Date || !q.Published.Equal(p.Published) || !q.FirstSeen.Equal(p.FirstSeen) || q.ID != p.ID {
			t.Errorf("%s moved from %s %v to %s %v", url, p.ID, p.Published, q.ID, q.Published)
		}
		if p.Published.After(p.FirstSeen) {
			t.Errorf("%s is dated %v, in the future of %v", url, p.Published, p.FirstSeen)
		}
	}
}

// TestUnchangedRunIsConditional holds a second run against the servers' log.
func TestUnchangedRunIsConditional(t *testing.T) {
	web, err := sampleweb.Start(t.Context(), sampleweb.Options{Sources: 12, PostsPer: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	dir := sampleSite(t, web)
	runSite(t, dir)
	able := map[string]bool{} // sources whose feed carries validators
	for _, s := range web.Sources() {
		res, err := http.Get(s.FeedURL)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		able[s.ID] = res.Header.Get("ETag") != "" || res.Header.Get("Last-Modified") != ""
	}
	web.ClearLog()
	runSite(t, dir)
	web.Close() // an answer may be read before it is in the log
	log := web.Log()
	if len(log) != len(web.Sources()) {
		t.Errorf("%d requests for %d sources", len(log), len(web.Sources()))
	}
	for _, a := range log {
		if able[a.Site] != a.Conditional {
			t.Errorf("%s: conditional %t, its feed carries validators: %t", a.Site, a.Conditional, able[a.Site])
		}
		if a.Conditional && a.Status != 304 {
			t.Errorf("%s answered %d to a conditional request", a.Site, a.Status)
		}
	}
}

// sampleSite makes a site directory that follows the sample web.
func sampleSite(t *testing.T, web *sampleweb.Web) string {
	t.Helper()
	root := t.TempDir()
	t.Setenv("CORANTO_TRUST_DIR", filepath.Join(root, "trusted"))
	dir := filepath.Join(root, "site")
	var b strings.Builder
	b.WriteString("site: {title: Sample}\nfetch: {timeout: 5s, zone: loopback, per_host: {gap: 0s}}\nimages: none\nzones: {loopback: {allow: [127.0.0.0/8]}}\nsources:\n")
	for _, s := range web.Sources() {
		fmt.Fprintf(&b, "  - {id: %s, url: %q}\n", s.ID, s.FeedURL)
	}
	if _, err := app.Init(t.Context(), dir, []byte(b.String()), app.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Trust(dir, false); err != nil {
		t.Fatal(err)
	}
	return dir
}

func runSite(t *testing.T, dir string) app.RunResult {
	t.Helper()
	a, err := app.Open(context.Background(), dir, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	res, err := a.Run(t.Context(), pipeline.DueInput{})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// postsOf reads the working tree's posts, by link.
func postsOf(t *testing.T, dir string) map[string]coranto.Post {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "content", "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]coranto.Post{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var posts []coranto.Post
		if err := json.Unmarshal(b, &posts); err != nil {
			t.Fatal(err)
		}
		for _, p := range posts {
			if _, twice := out[p.Link]; twice {
				t.Errorf("%s is there twice", p.Link)
			}
			out[p.Link] = p
		}
	}
	return out
}
