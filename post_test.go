package coranto_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
)

func TestPostJSON(t *testing.T) {
	at := time.Date(2020, 9, 14, 8, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		post coranto.Post
		want string
	}{
		{"the seven keys of the original, always", coranto.Post{},
			`{"title":"","intro":"","author":"","date":"","link":"","image":"","tags":[]}`},
		{"in order, markup as it is", coranto.Post{Title: "a < b & c", Link: "https://a.example/?x=1&y=2", Date: "Sep 14, 2020", Tags: []string{"go"}, ID: "a-1", Published: at, FirstSeen: at},
			`{"title":"a < b & c","intro":"","author":"","date":"Sep 14, 2020","link":"https://a.example/?x=1&y=2","image":"","tags":["go"],"id":"a-1","published":"2020-09-14T08:00:00Z","first_seen":"2020-09-14T08:00:00Z"}`},
		{"unknown keys last", coranto.Post{Extra: []coranto.Field{{Name: "rating", Value: json.RawMessage(`{"stars":5}`)}}},
			`{"title":"","intro":"","author":"","date":"","link":"","image":"","tags":[],"rating":{"stars":5}}`},
	}
	for _, tt := range tests {
		got, err := tt.post.MarshalJSON()
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if string(got) != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestCompareIsTheOrderOfLists(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	posts := []coranto.Post{
		{ID: "d", FirstSeen: day(2), Published: day(1)},
		{ID: "b", FirstSeen: day(1), Published: day(9)},
		{ID: "a", FirstSeen: day(1), Published: day(9)},
		{ID: "c", FirstSeen: day(1)},
	}
	slices.SortFunc(posts, func(p, q coranto.Post) int { return p.Compare(&q) })
	var got []string
	for _, p := range posts {
		got = append(got, p.ID)
	}
	if diff := cmp.Diff([]string{"c", "a", "b", "d"}, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzPostRoundTrip: whatever reads as a post is written so that it reads as
// the same post, with every key it had.
func FuzzPostRoundTrip(f *testing.F) {
	f.Add([]byte(`{"title":"a","tags":["x"],"rating":5,"keys":["a id:1"],"also":[{"source":"b"}]}`))
	f.Add([]byte(`{"title":"\u2028<b>","published":"2020-09-14T08:00:00Z","nested":{"a":[1,2,{}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p coranto.Post
		if json.Unmarshal(data, &p) != nil {
			return
		}
		out, err := json.Marshal(p)
		if err != nil {
			if p.Published.Year() > 9999 || p.Updated.Year() > 9999 || p.FirstSeen.Year() > 9999 {
				return
			}
			t.Fatalf("%s reads but cannot be written: %v", data, err)
		}
		var q coranto.Post
		if err := json.Unmarshal(out, &q); err != nil {
			t.Fatalf("%s was written as %s: %v", data, out, err)
		}
		again, err := json.Marshal(q)
		if err != nil || !bytes.Equal(out, again) {
			t.Errorf("not stable: %s, then %s (%v)", out, again, err)
		}
		if len(p.Extra) != len(q.Extra) {
			t.Errorf("%d unknown keys became %d", len(p.Extra), len(q.Extra))
		}
	})
}

func TestFilter(t *testing.T) {
	e := coranto.Entry{Title: "Go 1.26 is released", Link: "https://go.dev/blog/go1.26", Tags: []string{"release"}, Language: "en-GB", Authors: []coranto.Person{{Name: "Ada"}}}
	tests := []struct {
		name string
		f    *coranto.Filter
		want bool
	}{
		{"none", nil, false},
		{"empty", &coranto.Filter{}, false},
		{"part of the title, any case", &coranto.Filter{Title: "RELEASED"}, true},
		{"regular expression", &coranto.Filter{Title: `/^Go \d/`}, true},
		{"regular expression that does not match", &coranto.Filter{Title: `/^go \d/`}, false},
		{"url", &coranto.Filter{URL: "/blog/"}, true},
		{"one of the tags", &coranto.Filter{Tags: []string{"spec", "release"}}, true},
		{"a finer language", &coranto.Filter{Language: []string{"en"}}, true},
		{"another language", &coranto.Filter{Language: []string{"e"}}, false},
		{"author", &coranto.Filter{Author: "ada"}, true},
		{"all must match", &coranto.Filter{Title: "released", Tags: []string{"spec"}}, false},
	}
	for _, tt := range tests {
		m, err := tt.f.Compile()
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if got, why := m.Match(&e); got != tt.want {
			t.Errorf("%s: %t (%s), want %t", tt.name, got, why, tt.want)
		}
	}
	if _, err := (&coranto.Filter{URL: "/(/"}).Compile(); err == nil {
		t.Error("a broken regular expression compiles")
	}
}
