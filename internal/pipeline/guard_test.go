package pipeline

import (
	"errors"
	"fmt"
	"testing"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/release"
)

// TestGuard: what is no longer there counts, what people hide does not.
func TestGuard(t *testing.T) {
	store, err := release.Open(t.TempDir(), release.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := &Pipeline{Deps: Deps{Releases: store}}
	if err := p.guard(nil, nil, 0.05); err != nil {
		t.Errorf("before the first release: %v", err)
	}
	b, err := store.Begin(release.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	page := func(n int) string { return fmt.Sprintf("posts/p%d/index.html", n) }
	for n := range 20 {
		if _, err := b.Put(page(n), []byte(page(n))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Put("index.html", []byte("home")); err != nil { // no post's page
		t.Fatal(err)
	}
	r, err := b.Finish(t.Context())
	if err == nil {
		err = store.Activate(t.Context(), r.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		pages  int // of the first so many posts
		hidden int // the last so many
		limit  float64
		ok     bool
	}{
		{"all are there", 20, 0, 0, true},
		{"one of twenty", 19, 0, 0.05, true},
		{"two of twenty", 18, 0, 0.05, false},
		{"one, and none may go", 19, 0, 0, false},
		{"five are hidden", 15, 5, 0, true},
		{"five are hidden, two lost", 13, 5, 0.05, false},
		{"all lost", 0, 0, 0.99, false},
	}
	for _, tt := range tests {
		pages := map[string]bool{}
		for n := range tt.pages {
			pages[page(n)] = true
		}
		var posts []coranto.Post
		for n := 20 - tt.hidden; n < 20; n++ {
			posts = append(posts, coranto.Post{ID: fmt.Sprintf("p%d", n), Hidden: true})
		}
		err := p.guard(posts, pages, tt.limit)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrGuard) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestIncludeAndExclude(t *testing.T) {
	entry := func(title, url string, tags ...string) coranto.Entry {
		return coranto.Entry{Title: title, Link: "https://a.example" + url, Tags: tags}
	}
	entries := func() []coranto.Entry {
		return []coranto.Entry{entry("Go 1", "/a", "go"), entry("Sponsored Go", "/sponsored/b", "go"), entry("Cake", "/c", "food")}
	}
	tests := []struct {
		name string
		src  coranto.Source
		want int
		err  string
	}{
		{"no rules", coranto.Source{}, 3, ""},
		{"include", coranto.Source{Include: &coranto.Filter{Tags: []string{"go"}}}, 2, ""},
		{"exclude", coranto.Source{Exclude: &coranto.Filter{URL: "/sponsored/"}}, 2, ""},
		{"both", coranto.Source{Include: &coranto.Filter{Tags: []string{"go"}}, Exclude: &coranto.Filter{URL: "/sponsored/"}}, 1, ""},
		{"nothing is left", coranto.Source{Include: &coranto.Filter{Tags: []string{"rust"}}}, 0, ""},
		{"no expression", coranto.Source{Exclude: &coranto.Filter{Title: "/(/"}}, 0, "Source.Filter"},
	}
	for _, tt := range tests {
		got, err := filter(tt.src, &feed.Document{Entries: entries()})
		if tt.err != "" {
			if e, ok := errors.AsType[*engine.TaskError](err); !ok || e.Name != tt.err {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.err)
			}
			continue
		}
		if err != nil || len(got) != tt.want {
			t.Errorf("%s: %d are left, want %d; %v", tt.name, len(got), tt.want, err)
		}
	}
}
