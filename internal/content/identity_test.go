package content_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
)

func e(id, link, title string) coranto.Entry {
	return coranto.Entry{ID: id, Link: link, Title: title, Published: t0.Add(-time.Hour)}
}

// TestIdentity: documents follow each other; the titles that are posts in the end.
func TestIdentity(t *testing.T) {
	const l, l2 = "https://a.example/1", "https://a.example/2"
	for _, tt := range []struct {
		name string
		docs [][]coranto.Entry
		want []string
	}{
		{"same id", [][]coranto.Entry{{e("1", l, "A")}, {e("1", l, "A")}}, []string{"A"}},
		{"same id, all else new", [][]coranto.Entry{{e("1", l, "A")}, {e("1", l2, "B")}}, []string{"A"}},
		{"id regenerated", [][]coranto.Entry{{e("1", l, "A")}, {e("2", l, "A")}, {e("3", l, "A")}}, []string{"A"}},
		{"id regenerated after retitling", [][]coranto.Entry{{e("1", l, "A")}, {e("1", l, "A, again")}, {e("2", l, "A, again")}}, []string{"A"}},
		{"one address, several things", [][]coranto.Entry{{e("1", l, "A"), e("2", l, "B")}, {e("3", l, "C")}}, []string{"A", "B", "C"}},
		{"one address, once more", [][]coranto.Entry{{e("1", l, "A"), e("2", l, "B")}, {e("2", l, "B"), e("1", l, "A")}}, []string{"A", "B"}},
		{"id borne by several links", [][]coranto.Entry{{e("x", l, "A"), e("x", l2, "B")}, {e("x", l, "A"), e("x", l2, "B")}}, []string{"A", "B"}},
		{"bad id, alone later", [][]coranto.Entry{
			{e("x", l, "A"), e("x", l2, "B")}, {e("x", l2, "B")}, {e("x", l2, "B"), e("x", "https://a.example/3", "C")},
		}, []string{"A", "B", "C"}},
		{"no id, link decides", [][]coranto.Entry{{e("", l, "A")}, {e("", l, "B")}}, []string{"A"}},
		{"no id, two links", [][]coranto.Entry{{e("", l, "A"), e("", l2, "A")}}, []string{"A", "A"}},
		{"no id, fragments", [][]coranto.Entry{{e("", l+"#a", "A"), e("", l+"#b", "B")}, {e("", l+"#b", "B")}}, []string{"A", "B"}},
		{"link spelled otherwise", [][]coranto.Entry{{e("", "http://A.example:80/1/?utm_source=rss", "A")}, {e("", l, "A")}}, []string{"A"}},
		{"ids come late", [][]coranto.Entry{{e("", l, "A")}, {e("1", l, "A")}, {e("1", l, "A2")}}, []string{"A"}},
		{"ids come late, retitled", [][]coranto.Entry{{e("", l, "A")}, {e("1", l, "A2")}}, []string{"A"}},
		{"ids go", [][]coranto.Entry{{e("1", l, "A")}, {e("", l, "A")}, {e("", l, "B")}}, []string{"A"}},
		{"title and day", [][]coranto.Entry{{e("", "", "A"), e("", "", "B")}, {e("", "", "A")}}, []string{"A", "B"}},
		{"twice in a document", [][]coranto.Entry{{e("1", l, "A"), e("1", l, "A"), e("2", l, "a ")}}, []string{"A"}},
		{"white space and case of titles", [][]coranto.Entry{{e("1", l, "A b")}, {e("2", l, "a  B ")}}, []string{"A b"}},
		{"nothing to show", [][]coranto.Entry{{e("1", "", ""), e("2", l, "A")}}, []string{"A"}},
		{"nothing to go by", [][]coranto.Entry{{e("", "", "")}}, []string{}},
		{"id alone", [][]coranto.Entry{{e("1", "", "A"), e("2", "", "A")}, {e("1", "", "A")}}, []string{"A", "A"}},
		{"no address", [][]coranto.Entry{{e("", "mailto:x@y", "A"), e("", "mailto:z@y", "B")}, {e("", "mailto:x@y", "A")}}, []string{"A", "B"}},
		{"long id", [][]coranto.Entry{
			{e(strings.Repeat("x", 5000)+"1", l, "A"), e(strings.Repeat("x", 5000)+"2", l2, "B")}, {e(strings.Repeat("x", 5000)+"2", l, "C")},
		}, []string{"A", "B"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, content.Options{})
			for _, d := range tt.docs {
				s.run(doc{"alice", d})
			}
			got := s.titles()
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if r := s.run(doc{"alice", tt.docs[len(tt.docs)-1]}); !r.None {
				t.Errorf("the last document once more: %+v", r)
			}
		})
	}
}

// TestRestless: a source whose ids are new in each document makes no commit of
// its own once that is known; the ids come along with the next.
func TestRestless(t *testing.T) {
	const l = "https://a.example/1"
	s := newSite(t, content.Options{})
	for i, want := range []bool{false, false, true, true} { // is there no commit?
		if r := s.run(doc{"alice", []coranto.Entry{e(fmt.Sprint("id-", i), l, "A")}}); r.None != want {
			t.Errorf("document %d: no commit is %t, want %t", i, r.None, want)
		}
	}
	r := s.run(doc{"alice", []coranto.Entry{e("id-4", l, "A"), e("id-5", l+"1", "B")}})
	if len(r.Added) != 1 || r.Keyed != 1 {
		t.Errorf("with a new post: %+v", r)
	}
	if r := s.run(doc{"alice", []coranto.Entry{e("id-4", l, "renamed")}}); len(r.Added) != 0 || len(s.titles()) != 2 {
		t.Errorf("renamed under its newest id: %+v, %q", r, s.titles())
	}
}

// TestAcross: sources announce the same article.
func TestAcross(t *testing.T) {
	const l = "https://a.example/1"
	type docs = []doc
	for _, tt := range []struct {
		name string
		runs []docs
		want []string // title (sources)
	}{
		{"in one run", []docs{{{"alice", []coranto.Entry{e("1", l, "A")}}, {"bob", []coranto.Entry{e("2", l, "B")}}}}, []string{"A (alice bob)"}},
		{"in two runs", []docs{{{"bob", []coranto.Entry{e("2", l+"#x", "B")}}}, {{"alice", []coranto.Entry{e("1", "http://a.example/1/?utm_medium=x", "A")}}}}, []string{"B (bob alice)"}},
		{"never by title", []docs{{{"alice", []coranto.Entry{e("1", l, "A")}}, {"bob", []coranto.Entry{e("2", l+"2", "A")}}}}, []string{"A (alice)", "A (bob)"}},
		{"a shared link names none", []docs{{{"alice", []coranto.Entry{e("1", l, "A"), e("2", l, "B")}}, {"bob", []coranto.Entry{e("3", l, "C")}}}}, []string{"A (alice)", "B (alice)", "C (bob)"}},
		{"a link shared by the later", []docs{{{"alice", []coranto.Entry{e("1", l, "A")}}}, {{"bob", []coranto.Entry{e("2", l, "B"), e("3", l, "C")}}}}, []string{"A (alice)", "B (bob)", "C (bob)"}},
		{"decided once", []docs{
			{{"alice", []coranto.Entry{e("1", l, "A")}}, {"bob", []coranto.Entry{e("2", l, "B")}}},
			{{"alice", []coranto.Entry{e("1", l, "A"), e("9", l, "Z")}}, {"bob", []coranto.Entry{e("2", l+"moved", "B")}}},
			{{"bob", []coranto.Entry{e("7", l+"moved", "B")}}},
		}, []string{"A (alice bob)", "Z (alice)"}},
		{"three", []docs{{{"a", []coranto.Entry{e("1", l, "A")}}, {"b", []coranto.Entry{e("1", l, "B")}}, {"c", []coranto.Entry{e("1", l, "C")}}}}, []string{"A (a b c)"}},
		{"other query", []docs{{{"a", []coranto.Entry{e("1", l+"?p=1", "A")}}, {"b", []coranto.Entry{e("1", l+"?p=2", "B")}}}}, []string{"A (a)", "B (b)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, content.Options{})
			for _, d := range tt.runs {
				s.run(d...)
			}
			var got []string
			for _, p := range s.posts() {
				sources := []string{p.Source}
				for _, a := range p.Also {
					sources = append(sources, a.Source)
				}
				got = append(got, p.Title+" ("+strings.Join(sources, " ")+")")
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if r := s.run(tt.runs[len(tt.runs)-1]...); !r.None {
				t.Errorf("once more: %+v", r)
			}
		})
	}
}

// TestMergeByPage: what had to be scraped is joined by the page's own link.
func TestMergeByPage(t *testing.T) {
	s := newSite(t, content.Options{})
	s.run(doc{"alice", []coranto.Entry{e("1", "https://a.example/1", "A")}})
	sn, err := s.store.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bob := coranto.Source{ID: "bob"}
	m := sn.Match(bob, []coranto.Entry{e("x", "https://feeds.example/redirect/77", "A of Alice"), e("y", "https://a.example/1?utm_source=b", "A of Alice")})
	if len(m.New) != 2 || m.New[0].Merge != "" || m.New[1].Merge == "" {
		t.Fatalf("%+v", m)
	}
	s.clock = s.clock.Add(time.Hour)
	b := content.Batch{Run: "r", FirstSeen: s.clock, Posts: []coranto.Post{
		content.Assemble(bob, m.New[0], &content.PageFacts{Link: "https://a.example/1"}, content.Assembly{FirstSeen: s.clock}),
	}}
	r, err := s.store.Commit(t.Context(), b)
	if err != nil || len(r.Merged) != 1 || len(r.Added) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	want := []coranto.Also{{Source: "bob", Link: "https://a.example/1"}}
	if diff := cmp.Diff(want, s.posts()[0].Also); diff != "" {
		t.Error(diff)
	}
}

func TestRevision(t *testing.T) {
	s := newSite(t, content.Options{})
	a := e("1", "https://a.example/1", "First")
	s.run(doc{"alice", []coranto.Entry{a}})
	first := s.posts()[0]

	b := a
	b.Title = "Second" // but not told to be an update
	b.Published = b.Published.Add(-72 * time.Hour)
	s.run(doc{"alice", []coranto.Entry{b}})
	if p := s.posts()[0]; p.Title != "First" || !p.Published.Equal(first.Published) || p.Date != first.Date || len(p.Keys) != 3 {
		t.Errorf("%+v", p)
	}
	c := b
	c.Title, c.Summary, c.Updated = "Third", "New words", t0.Add(1000*time.Hour) // in the future
	r := s.run(doc{"alice", []coranto.Entry{c}})
	p := s.posts()[0]
	if len(r.Revised) != 1 || p.Title != "Third" || p.Intro != "New words" || p.Updated.After(s.clock) || p.ID != first.ID || !p.FirstSeen.Equal(first.FirstSeen) {
		t.Errorf("%+v\n%+v", r, p)
	}
	// An edit of the keeper's stays while the feed says nothing new.
	file := "content/2026/01.json"
	s.write(file, strings.Replace(s.read(file), "Third", "Third, as we say it", 1))
	s.git("commit", "-qam", "better words")
	c.Updated = c.Updated.Add(time.Hour)
	if r := s.run(doc{"alice", []coranto.Entry{c}}); !r.None || s.posts()[0].Title != "Third, as we say it" {
		t.Errorf("%+v %+v", r, s.posts()[0])
	}
}

// TestKeysAreBounded: a feed with a new id for everything each time ends to be news.
func TestKeysAreBounded(t *testing.T) {
	s := newSite(t, content.Options{})
	var last content.Result
	for i := range 20 {
		last = s.run(doc{"alice", []coranto.Entry{e(fmt.Sprint("id", i), "https://a.example/1", "A")}})
	}
	if p := s.posts(); len(p) != 1 || len(p[0].Keys) > 10 || !last.None {
		t.Errorf("%d posts, %v, %+v", len(p), p[0].Keys, last)
	}
}

func TestBacklog(t *testing.T) {
	s := newSite(t, content.Options{})
	s.run(doc{"alice", entries(1, 10)}, doc{"bob", []coranto.Entry{e("1", "https://b.example/1", "B")}})
	for _, p := range s.posts() {
		if p.Backlog {
			t.Errorf("%s is backlog on the first run", p.Title)
		}
	}
	var carol []coranto.Entry
	for i := range 8 {
		c := e(fmt.Sprint(i), fmt.Sprintf("https://c.example/%d", i), fmt.Sprintf("C%d", i))
		c.Published = t0.Add(time.Duration(i*37%8-100) * time.Hour)
		carol = append(carol, c)
	}
	s.run(doc{"carol", carol})
	var front []string
	for _, p := range s.posts() {
		if p.Source == "carol" && !p.Backlog {
			front = append(front, p.Title)
		}
	}
	slices.Sort(front)
	if diff := cmp.Diff([]string{"C1", "C3", "C6"}, front); diff != "" { // 37i mod 8 = 5, 7, 6
		t.Error(diff)
	}
	s.run(doc{"carol", append(carol, e("new", "https://c.example/new", "C new"))})
	if p := s.posts(); p[len(p)-1].Title != "C new" || p[len(p)-1].Backlog {
		t.Errorf("%+v", p[len(p)-1])
	}
}

// TestIdentityHolds throws random documents at the rules: each thing announced
// is one post, what is in git never changes its place, and keys only grow.
func TestIdentityHolds(t *testing.T) {
	seeds := 4
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(seed), 7))
			s := newSite(t, content.Options{Path: []string{"", "content.json", "content/{source}.json"}[seed%3]})
			w := world{r: r, things: map[string][]thing{}}
			var before []coranto.Post
			for range 10 {
				var docs []doc
				for _, source := range []string{"a", "b", "c"} {
					docs = append(docs, doc{source, w.document(source)})
				}
				s.run(docs...)
				after := s.posts()
				checkGrowth(t, before, after)
				before = after
				if n := len(after); n != w.told {
					t.Fatalf("%d posts of %d things announced", n, w.told)
				}
				if again := s.run(docs...); !again.None {
					t.Fatalf("the same documents again: %+v", again)
				}
				if r.IntN(4) == 0 {
					s.reopen()
				}
			}
			s.clean()
		})
	}
}

func checkGrowth(t *testing.T, before, after []coranto.Post) {
	t.Helper()
	at := 0
	for _, old := range before {
		for at < len(after) && after[at].ID != old.ID {
			at++
		}
		if at == len(after) {
			t.Fatalf("post %s is lost or has changed its place", old.ID)
		}
		now := after[at]
		for _, k := range old.Keys {
			if !slices.Contains(now.Keys, k) {
				t.Errorf("post %s has lost its key %s", old.ID, k)
			}
		}
		if !now.FirstSeen.Equal(old.FirstSeen) || !now.Published.Equal(old.Published) || now.Source != old.Source {
			t.Errorf("post %s was\n%+v, is\n%+v", old.ID, old, now)
		}
	}
}

// thing is an article as its source announces it, with what it is known by.
type thing struct {
	id, link, title string
	n               int
	out             bool // has been announced
}

// world makes documents in which sources behave as badly as real ones do,
// within what can be told apart.
type world struct {
	r      *rand.Rand
	things map[string][]thing
	next   int
	told   int
}

func (w *world) document(source string) []coranto.Entry {
	list := w.things[source]
	for range w.r.IntN(4) {
		w.next++
		x := thing{n: w.next, title: fmt.Sprintf("Thing %d", w.next), link: fmt.Sprintf("https://%s.example/%d", source, w.next), id: fmt.Sprintf("id-%d", w.next)}
		switch w.r.IntN(6) {
		case 0:
			x.id = ""
		case 1:
			x.link = ""
		case 2:
			x.link = "https://" + source + ".example/all" // many things under one address, told apart by id
		}
		list = append(list, x)
	}
	var out []coranto.Entry
	for i := range list {
		x := &list[i]
		if w.r.IntN(3) == 0 {
			continue // scrolled out, or away for a while
		}
		switch w.r.IntN(12) {
		case 0:
			if x.id != "" && x.link != "" {
				w.next++
				x.id = fmt.Sprintf("id-%d", w.next) // regenerated
			}
		case 1:
			if x.id != "" {
				x.title += "!" // retitled
			}
		case 2:
			if x.id != "" && x.link != "" && !strings.HasSuffix(x.link, "/all") {
				w.next++
				x.link = fmt.Sprintf("https://%s.example/moved/%d", source, w.next)
			}
		}
		if !x.out {
			x.out = true
			w.told++
		}
		en := coranto.Entry{ID: x.id, Title: x.title, Link: x.link, Published: t0.Add(time.Duration(x.n%50-100) * time.Hour)}
		if x.link != "" && w.r.IntN(3) == 0 {
			en.Link += "?utm_source=feed" + fmt.Sprint(w.r.IntN(3))
		}
		out = append(out, en)
		if w.r.IntN(8) == 0 {
			out = append(out, en) // twice in a document
		}
	}
	w.r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	w.things[source] = list
	return out
}
