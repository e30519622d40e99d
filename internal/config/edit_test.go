package config

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
)

func TestAddSource(t *testing.T) {
	bare := SourceEdit{URL: "https://new.example/feed"}
	rich := SourceEdit{ID: "n", URL: "https://new.example/a,b", Tags: []string{"go", "c #"}, Author: "A: B"}
	const richText = `{id: n, url: "https://new.example/a,b", tags: [go, "c #"], author: "A: B"}`
	tests := []struct {
		name, in string
		edit     SourceEdit
		want     string
	}{
		{"empty file", "", bare, "sources:\n  - https://new.example/feed\n"},
		{"comments only", "# a\n\n# b", bare, "# a\n\n# b\n\nsources:\n  - https://new.example/feed\n"},
		{"no key", "site: {title: x}\n", bare, "site: {title: x}\n\nsources:\n  - https://new.example/feed\n"},
		{"no key, no break", "site: {title: x}", bare, "site: {title: x}\n\nsources:\n  - https://new.example/feed\n"},
		{"null", "sources:   # mine\nbranch: main\n", bare, "sources:   # mine\n  - https://new.example/feed\nbranch: main\n"},
		{"null before comments", "sources:\n  # - https://a.example\n\nbranch: main\n", bare, "sources:\n  # - https://a.example\n  - https://new.example/feed\n\nbranch: main\n"},
		{"tilde", "sources: ~ # none\n", bare, "sources:  # none\n  - https://new.example/feed\n"},
		{"empty list", "sources: []\nbranch: main\n", bare, "sources:\n  - https://new.example/feed\nbranch: main\n"},
		{"empty list, comment", "sources: [ ]  # none\n", bare, "sources:   # none\n  - https://new.example/feed\n"},
		{"block", "sources:\n  - https://a.example/ # first\n\nbranch: main\n", bare, "sources:\n  - https://a.example/ # first\n  - https://new.example/feed\n\nbranch: main\n"},
		{"rich", "sources:\n  - https://a.example/\n", rich, "sources:\n  - https://a.example/\n  - " + richText + "\n"},
		{"not indented", "sources:\n- https://a.example/\n# about branch\nbranch: main\n", rich, "sources:\n- https://a.example/\n- " + richText + "\n# about branch\nbranch: main\n"},
		{"wide dash", "sources:\n    -   https://a.example/", bare, "sources:\n    -   https://a.example/\n    -   https://new.example/feed\n"},
		{"block mappings", "sources:\n  - id: a\n    url: https://a.example/\n    tags:\n      - go\n  # - id: old\n\n# end\n", rich,
			"sources:\n  - id: a\n    url: https://a.example/\n    tags:\n      - go\n  # - id: old\n  - id: n\n    url: \"https://new.example/a,b\"\n    tags: [go, \"c #\"]\n    author: \"A: B\"\n\n# end\n"},
		{"dash alone", "sources:\n  -\n    id: a\n    url: https://a.example/\nbranch: main\n", bare, "sources:\n  -\n    id: a\n    url: https://a.example/\n  - https://new.example/feed\nbranch: main\n"},
		{"folded text at the end", "sources:\n  - url: https://a.example/\n    title: >\n      a\n\n      # b\nbranch: main\n", bare,
			"sources:\n  - url: https://a.example/\n    title: >\n      a\n\n      # b\n  - https://new.example/feed\nbranch: main\n"},
		{"flow", "sources: [https://a.example/]  # x\n", bare, "sources: [https://a.example/, https://new.example/feed]  # x\n"},
		{"flow, quotes", "sources: ['https://a.example/]', \"https://b.example/\\\"]\"]\n", bare, "sources: ['https://a.example/]', \"https://b.example/\\\"]\", https://new.example/feed]\n"},
		{"flow, trailing comma", "sources: [https://a.example/,]\n", bare, "sources: [https://a.example/, https://new.example/feed]\n"},
		{"flow, lines", "sources: [\n  https://a.example/,  # a ] here\n  https://b.example/   # b\n]\nbranch: main\n", bare,
			"sources: [\n  https://a.example/,  # a ] here\n  https://b.example/,   # b\n  https://new.example/feed\n]\nbranch: main\n"},
		{"flow, lines, comma", "sources: [\n  https://a.example/,\n]\n", bare, "sources: [\n  https://a.example/,\n  https://new.example/feed,\n]\n"},
		{"flow root", "{sources: [https://a.example/]}\n", bare, "{sources: [https://a.example/, https://new.example/feed]}\n"},
		{"CRLF", "site: {}\r\nsources:\r\n  - https://a.example/\r\n", bare, "site: {}\r\nsources:\r\n  - https://a.example/\r\n  - https://new.example/feed\r\n"},
		{"byte order mark", "\ufeffsources:\n  - https://a.example/\n", bare, "\ufeffsources:\n  - https://a.example/\n  - https://new.example/feed\n"},
		{"document marks", "---\nsources:\n  - https://a.example/\n...\n", bare, "---\nsources:\n  - https://a.example/\n  - https://new.example/feed\n...\n"},
		{"comment at the end", "sources:\n  - https://a.example/\n# the end", bare, "sources:\n  - https://a.example/\n  - https://new.example/feed\n# the end"},
		{"wide characters before", "site: {title: Ünïcode 日本}\nsources: [https://a.example/]\n", bare, "site: {title: Ünïcode 日本}\nsources: [https://a.example/, https://new.example/feed]\n"},
		{"second of one host", "sources:\n  - https://new.example/rss\n", bare, "sources:\n  - https://new.example/rss\n  - {id: new-example-2, url: https://new.example/feed}\n"},
		{"filters", "sources:\n", SourceEdit{URL: "https://new.example/feed", Kind: "video", Every: "2d", Paused: true, Include: &coranto.Filter{Title: "/a, b/", Tags: []string{"x"}}},
			"sources:\n  - {url: https://new.example/feed, kind: video, every: 2d, paused: true, include: {title: \"/a, b/\", tags: [x]}}\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AddSource([]byte(tt.in), tt.edit)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, string(got)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestAddRefused(t *testing.T) {
	tests := []struct {
		name, in string
		edit     SourceEdit
		want     error
	}{
		{"address there", "sources: [https://a.example/feed]\n", SourceEdit{URL: "http://A.example/feed"}, ErrKnown},
		{"id there", "sources: [https://a.example/feed]\n", SourceEdit{ID: "a-example", URL: "https://b.example/"}, ErrKnown},
		{"no address", "", SourceEdit{URL: "b"}, ErrInvalid},
		{"broken file", "sources: [", SourceEdit{URL: "https://b.example/"}, ErrInvalid},
		{"unknown zone", "", SourceEdit{URL: "https://b.example/", Zone: "lab"}, ErrValue},
		{"an id that is none", "", SourceEdit{URL: "https://b.example/", ID: "My Blog"}, ErrValue},
		{"alias", "theme: {x: &l [https://a.example/]}\nsources: *l\n", SourceEdit{URL: "https://b.example/"}, ErrByHand},
		{"flow root without key", "{site: {title: x}}\n", SourceEdit{URL: "https://b.example/"}, ErrByHand},
		{"document end, no key", "site: {}\n...\n", SourceEdit{URL: "https://b.example/"}, ErrByHand},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := AddSource([]byte(tt.in), tt.edit); !errors.Is(err, tt.want) {
				t.Errorf("%q, %v, want %v", got, err, tt.want)
			}
		})
	}
}

func TestChangeSource(t *testing.T) {
	retire := func(id string) func([]byte) ([]byte, error) {
		return func(b []byte) ([]byte, error) { return RetireSource(b, id) }
	}
	pause := func(id string, on bool) func([]byte) ([]byte, error) {
		return func(b []byte) ([]byte, error) { return PauseSource(b, id, on) }
	}
	move := func(id, to string) func([]byte) ([]byte, error) {
		return func(b []byte) ([]byte, error) { return SetSourceURL(b, id, to) }
	}
	tests := []struct {
		name, in string
		edit     func([]byte) ([]byte, error)
		want     string
	}{
		{"bare", "sources:\n  - https://a.example/ # a\n", retire("a-example"), "sources:\n  - {url: https://a.example/, retired: true} # a\n"},
		{"quoted", "sources: ['https://a.example/']\n", retire("a-example"), "sources: [{url: 'https://a.example/', retired: true}]\n"},
		{"flow", "sources:\n  - {id: a, url: https://a.example/}  # a\n", retire("a"), "sources:\n  - {id: a, url: https://a.example/, retired: true}  # a\n"},
		{"flow, lines", "sources:\n  - {\n      id: a, # ]}\n      url: https://a.example/ # b\n    }\n", retire("a"), "sources:\n  - {\n      id: a, # ]}\n      url: https://a.example/, # b\n      retired: true\n    }\n"},
		{"block", "sources:\n  - id: a\n    url: https://a.example/ # here\n    # and\n    tags: [x]\n", retire("a"), "sources:\n  - id: a\n    url: https://a.example/ # here\n    retired: true\n    # and\n    tags: [x]\n"},
		{"block at the end", "sources:\n- url: https://a.example/", retire("a-example"), "sources:\n- url: https://a.example/\n  retired: true"},
		{"recipe", "sources:\n  - scrape:\n      url: https://a.example/\n      item: li\n", pause("a-example", true), "sources:\n  - paused: true\n    scrape:\n      url: https://a.example/\n      item: li\n"},
		{"is false", "sources:\n  - {url: https://a.example/, paused: false}\n", pause("a-example", true), "sources:\n  - {url: https://a.example/, paused: true}\n"},
		{"resume, flow", "sources:\n  - {url: https://a.example/, paused: true, tags: [a]}\n", pause("a-example", false), "sources:\n  - {url: https://a.example/, tags: [a]}\n"},
		{"resume, first", "sources:\n  - {paused: true, url: https://a.example/}\n", pause("a-example", false), "sources:\n  - {paused: false, url: https://a.example/}\n"},
		{"resume, block", "sources:\n  - url: https://a.example/\n    paused: true\n    tags: [a]\n", pause("a-example", false), "sources:\n  - url: https://a.example/\n    tags: [a]\n"},
		{"resume, comment", "sources:\n  - url: https://a.example/\n    paused: true # why\n", pause("a-example", false), "sources:\n  - url: https://a.example/\n    paused: false # why\n"},
		{"resume what runs", "sources: [ https://a.example/ ]\n", pause("a-example", false), "sources: [ https://a.example/ ]\n"},
		{"overrides what is merged", "theme: {x: &p {paused: true}}\nsources:\n  - {<<: *p, url: https://a.example/, retired: true}\n", pause("a-example", true), "theme: {x: &p {paused: true}}\nsources:\n  - {<<: *p, url: https://a.example/, retired: true}\n"},
		{"move, bare", "sources:\n  - https://a.example/feed\n", move("a-example", "https://a.example/atom.xml"), "sources:\n  - https://a.example/atom.xml\n"},
		{"move, other id", "sources:\n  - https://a.example/feed # x\n", move("a-example", "https://b.example/"), "sources:\n  - {id: a-example, url: https://b.example/} # x\n"},
		{"move, flow", "sources: [{url: https://a.example/feed, tags: [x]}]\n", move("a-example", "https://b.example/"), "sources: [{url: https://b.example/, tags: [x], id: a-example}]\n"},
		{"move, block", "sources:\n  - url: \"https://a.example/feed\"\n    title: A\n", move("a-example", "https://b.example/?a,b"), "sources:\n  - url: \"https://b.example/?a,b\"\n    id: a-example\n    title: A\n"},
		{"move, recipe", "sources:\n  - {id: v, scrape: {url: https://a.example/, item: li}}\n", move("v", "https://b.example/"), "sources:\n  - {id: v, scrape: {url: https://b.example/, item: li}}\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.edit([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, string(got)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	refused := []struct {
		name, in string
		edit     func([]byte) ([]byte, error)
		want     error
	}{
		{"nobody", "sources: [https://a.example/]\n", retire("a-exampel"), ErrNoSource},
		{"alias", "theme: {x: &a {url: https://a.example/}}\nsources: [*a]\n", retire("a-example"), ErrByHand},
		{"shared", "sources: [&a {id: a, url: https://a.example/}, {<<: *a, id: b, url: https://b.example/}]\n", pause("a", true), ErrByHand},
		{"merged in", "theme: {x: &p {paused: true}}\nsources:\n  - {<<: *p, url: https://a.example/}\n", pause("a-example", false), ErrByHand},
		{"moved onto another", "sources: [https://a.example/, https://b.example/]\n", move("a-example", "https://b.example/"), ErrByHand},
		{"moved to nowhere", "sources: [https://a.example/]\n", move("a-example", "mailto:x"), ErrInvalid},
	}
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := tt.edit([]byte(tt.in)); !errors.Is(err, tt.want) {
				t.Errorf("%q, %v, want %v", got, err, tt.want)
			}
		})
	}
}

// files in the styles people write, each with comments in every place.
var styles = []string{
	"# top\nsite: {title: x} # t\n# before\nsources: # the list\n  # first\n  - https://a.example/ # a\n\n  # second\n  - {id: b, url: https://b.example/} # b\n  # tail\n\n# after\nbranch: main # m\n# end\n",
	"# top\r\nsources:\r\n- url: https://a.example/ # a\r\n  # inside\r\n  tags: [x, # y\r\n    z]\r\n\r\n# between\r\n- https://b.example/\r\n# after\r\nbranch: main\r\n",
	"sources: [ # open\n  https://a.example/, # a\n  # lone\n  {id: b, url: https://b.example/} # b\n  # tail\n] # close\n# end",
	"# only comments\n\n# two",
	"sources: [] # none\n# after\nsite:\n  title: >\n    a # not a comment\n    b\n",
	"site:\n    title: \"# no comment\"   # one\n\nsources:\n    -   id: a   # id\n        url: https://a.example/   # url\n        include:   # inc\n            title: '/#/'   # re\n\n    -   id: b\n        # about url\n        url: https://b.example/\n        retired: false # not yet\n# 日本 end\n",
}

// comments lists the comments of a file in order.
func comments(text string) []string {
	var out []string
	for _, l := range splitLines(text) {
		line := text[l.start:l.end]
		for i := range len(line) {
			if line[i] == '#' && (i == 0 || line[i-1] == ' ') {
				out = append(out, line[i:])
				break
			}
		}
	}
	return out
}

// Random sequences of edits keep every comment and every value.
func TestEditsKeepEverything(t *testing.T) {
	for seed := range 50 { // of each of six files
		for k, start := range styles {
			rnd := rand.New(rand.NewPCG(uint64(seed), uint64(k)))
			data := []byte(start)
			p, err := parse("x", data)
			if err != nil {
				t.Fatal(err)
			}
			model, other := slices.Clone(p.config.Sources), *p.config
			for step := range 8 {
				data, model = randomEdit(t, rnd, data, model, step)
				p, err := parse("x", data)
				if err != nil {
					t.Fatalf("%v\n%s", err, data)
				}
				if !slices.EqualFunc(p.config.Sources, model, func(a, b coranto.Source) bool { return reflect.DeepEqual(a, b) }) {
					t.Fatalf("sources differ: %s\n%s", cmp.Diff(model, p.config.Sources), data)
				}
				if !reflect.DeepEqual(p.config.Site, other.Site) || p.config.Branch != other.Branch {
					t.Fatalf("other values differ:\n%s", data)
				}
			}
			if d := cmp.Diff(comments(start), comments(string(data))); d != "" {
				t.Fatalf("comments (-before +after):\n%s\n%s", d, data)
			}
		}
	}
}

func randomEdit(t *testing.T, rnd *rand.Rand, data []byte, model []coranto.Source, step int) ([]byte, []coranto.Source) {
	t.Helper()
	must := func(out []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		return out
	}
	if len(model) == 0 || rnd.IntN(3) == 0 {
		e := SourceEdit{URL: fmt.Sprintf("https://n%d-%d.example/feed", step, rnd.IntN(1000))}
		if rnd.IntN(2) == 0 {
			e.ID, e.Tags, e.Title = fmt.Sprintf("n%d", step), []string{"a, b", "c"}, `T: "x" {y}`
		}
		out := must(AddSource(data, e))
		if e.ID == "" {
			e.ID = DefaultID(e.URL)
		}
		return out, append(model, e.source())
	}
	i := rnd.IntN(len(model))
	model = slices.Clone(model)
	id := model[i].ID
	switch rnd.IntN(4) {
	case 0:
		model[i].Retired = true
		return must(RetireSource(data, id)), model
	case 1:
		model[i].Paused = true
		return must(PauseSource(data, id, true)), model
	case 2:
		model[i].Paused = false
		return must(PauseSource(data, id, false)), model
	}
	model[i].URL = fmt.Sprintf("https://m%d-%d.example/x,y", step, rnd.IntN(1000))
	return must(SetSourceURL(data, id, model[i].URL)), model
}

func TestAddMany(t *testing.T) {
	var list []SourceEdit
	for i := range 2000 {
		list = append(list, SourceEdit{URL: fmt.Sprintf("https://h%d.example/feed", i), Tags: []string{"imported"}})
	}
	out, err := AddSources([]byte("sources:\n  - https://a.example/ # a\n# end\n"), list)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse("x", out)
	if err != nil || len(c.Sources) != 2001 || !strings.HasSuffix(string(out), "\n# end\n") {
		t.Errorf("%d sources, %v", len(c.Sources), err)
	}
}

// An edit of any valid file gives the wanted sources or an error, and no
// comment is lost on the way.
func FuzzEdit(f *testing.F) {
	for _, s := range styles {
		f.Add([]byte(s))
	}
	f.Add([]byte(full))
	f.Add([]byte("sources:\n  - {url: https://a.example/, title: 'it''s', author: it's}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("x", data)
		if err != nil {
			return
		}
		out, err := AddSource(data, SourceEdit{ID: "added-by-the-test", URL: "https://added.example/, x", Title: "a: b"})
		if err == nil {
			t.Fatalf("an address with a space was added:\n%s", out)
		}
		out, err = AddSource(data, SourceEdit{ID: "added-by-the-test", URL: "https://added.example/,x", Title: "a: b"})
		if err == nil {
			n, err := Parse("x", out)
			if err != nil || len(n.Sources) != len(c.Sources)+1 {
				t.Fatalf("%v\n%s", err, out)
			}
			if strings.Count(string(out), "#") < strings.Count(string(data), "#") {
				t.Errorf("a comment is gone:\n%s\n---\n%s", data, out)
			}
		} else if !errors.Is(err, ErrByHand) && !errors.Is(err, ErrKnown) {
			t.Fatalf("unclassified error %v", err)
		}
		for _, s := range c.Sources[:min(3, len(c.Sources))] {
			out, err := RetireSource(data, s.ID)
			if err != nil {
				if !errors.Is(err, ErrByHand) {
					t.Fatalf("unclassified error %v", err)
				}
				continue
			}
			n, err := Parse("x", out)
			if got, ok := n.Source(s.ID); err != nil || !ok || !got.Retired {
				t.Fatalf("%v\n%s", err, out)
			}
		}
	})
}
