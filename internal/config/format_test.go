package config

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFormat(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"order and comments", `# the file's own words

sources:
    # why alice
    -   https://alice.example/feed   # tail
    - id: bob
      url: https://bob.example/
      # inside
      tags:
      - x
      - y


    # the end of the list
# about the site
site:
      url: https://news.example.org
      # called so
      title: News
branch: main
`, `# the file's own words

# about the site
site:
  # called so
  title: News
  url: https://news.example.org

branch: main

sources:
  # why alice
  - https://alice.example/feed   # tail
  - id: bob
    url: https://bob.example/
    # inside
    tags:
      - x
      - y

  # the end of the list
`},
		{"texts of several lines", "site:\n    description: >\n        a\n\n        b\n          c\n    title: T\n", "site:\n  title: T\n  description: >\n      a\n\n      b\n        c\n"},
		{"flow over lines", "sources:\n- {id: a,\n   url: https://a.example/}\n- https://b.example/\n", "sources:\n  - {id: a,\n     url: https://a.example/}\n  - https://b.example/\n"},
		{"one line each", "branch: main\nsite: {title: x}\nschedule: rate(1 hour)\n", "site: {title: x}\nbranch: main\nschedule: rate(1 hour)\n"},
		{"blank lines stay", "site: {title: x}\n\n\nbranch: main   \n", "site: {title: x}\n\nbranch: main\n"},
		{"nothing", "", ""},
		{"a comment", "# x\n", "# x\n"},
	}
	for _, tt := range tests {
		got, err := Format([]byte(tt.in))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if d := cmp.Diff(tt.want, string(got)); d != "" {
			t.Errorf("%s: (-want +got):\n%s", tt.name, d)
		}
		again, err := Format(got)
		if err != nil || string(again) != string(got) {
			t.Errorf("%s: formatted again: %v\n%s", tt.name, err, cmp.Diff(string(got), string(again)))
		}
	}
	fresh := Template(TemplateData{Title: "x"})
	if got, err := Format(fresh); err != nil || string(got) != string(fresh) {
		t.Errorf("a new site's file is not formatted: %v\n%s", err, cmp.Diff(string(fresh), string(got)))
	}
	if _, err := Format([]byte("sorces: []\n")); !errors.Is(err, ErrInvalid) {
		t.Errorf("an invalid file: %v", err)
	}
}

// A thousand random edits and formattings keep every comment and value.
func TestRandomSequences(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 7))
	data := []byte(`# head of the file
# in two lines

# why so often
schedule: rate(1 hour)   # tail of schedule
site:
    title: Planet   # its name
    # where it lives
    url: https://planet.example
sources:
  # first of all
  - https://first.example/feed   # the first
  - id: second   # an id
    url: https://second.example/feed
    # tags of the second
    tags: [a, "b#c"]
  # - https://commented.example/out
# about tags
tags: {map: {Go: go}}
# the end
`)
	want := allComments(data)
	type source struct {
		id              string
		paused, retired bool
	}
	model := []source{{id: DefaultID("https://first.example/feed")}, {id: "second"}}
	for n := range 1000 {
		var err error
		before := data
		i := rnd.IntN(len(model))
		step := rnd.IntN(10)
		switch {
		case step < 4:
			id := fmt.Sprintf("s%d", n)
			data, err = AddSource(data, SourceEdit{ID: id, URL: fmt.Sprintf("https://s%d.example/feed", n), Title: []string{"", "T: x # y", "plain"}[rnd.IntN(3)]})
			model = append(model, source{id: id})
		case step < 6:
			data, err = RetireSource(data, model[i].id)
			model[i].retired = true
		case step < 8:
			model[i].paused = !model[i].paused
			data, err = PauseSource(data, model[i].id, model[i].paused)
		default:
			data, err = Format(data)
		}
		if err != nil {
			t.Fatalf("step %d (%d): %v\n%s", n, step, err, before)
		}
	}
	if data2, err := Format(data); err != nil {
		t.Fatal(err)
	} else {
		data = data2
	}
	c, err := Parse(FileName, data)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range model {
		if s := c.Sources[i]; s.ID != m.id || s.Paused != m.paused || s.Retired != m.retired {
			t.Errorf("source %d: %+v, want %+v", i, s, m)
		}
	}
	got := allComments(data)
	for _, comment := range want {
		if !slices.Contains(got, comment) {
			t.Errorf("comment %q is lost", comment)
		}
	}
	if c.Site.Title != "Planet" || c.TagMap["go"] != "go" || !strings.HasPrefix(string(data), "# head of the file\n# in two lines\n\n") {
		t.Errorf("values or the head have changed:\n%.600s", data)
	}
}

// What is formatted says the same, and is formatted.
func FuzzFormat(f *testing.F) {
	for _, s := range []string{"site: {title: x}\nbranch: main\n", "sources:\n- a: b\n", "sources:\n  - https://a.example/ # x\n\n# y\nsite:\n   title: |\n    a\n    # no comment\n",
		"# h\n\nfetch:\n  per_host: {gap: 1s}\n  # c\n  timeout: 3s\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := Format(data)
		if err != nil {
			if !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrByHand) {
				t.Fatalf("unclassified error %v", err)
			}
			return
		}
		again, err := Format(out)
		if err != nil || string(again) != string(out) {
			t.Errorf("not a fixed point: %v\n%q\n%q\n%q", err, data, out, again)
		}
	})
}
