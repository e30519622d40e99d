package site

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestSearchWords(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"Go 1.26: it's here", "go 1 26 it s here"},
		{"Crème BRÛLÉE, Straße", "creme brulee strasse"},
		{"Łódź Øresund æon", "lodz oresund aeon"},
		{"طابورًا لا يَنسى", "طابورا لا ينسى"},
		{"日本語 a 語b中", "日本 本語 a 語 b 中"},
		{"漢字x", "漢字 x"},
		{strings.Repeat("x", 40), strings.Repeat("x", searchWord)},
		{"ﬁne ２０", "fine 20"},
		{"Ünï\xffcode", "uni code"},
	} {
		var got []string
		words(tt.text, func(w []byte) { got = append(got, string(w)) })
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("words(%q) = %q, want %q", tt.text, s, tt.want)
		}
	}
}

// Segments cover every slot once, and those that are sealed stay as slots are added.
func TestSearchCut(t *testing.T) {
	for n := range 3000 {
		at := 0
		for _, s := range searchCut(n, 4) {
			if s.from != at {
				t.Fatalf("%d slots: segment from %d, want %d", n, s.from, at)
			}
			at = s.to
		}
		if at != n {
			t.Fatalf("%d slots: covered %d", n, at)
		}
	}
}

// lookup reads the index as search.js does, for one whole word.
func lookup(t *testing.T, files map[string]string, word string) []int {
	t.Helper()
	head, tail, _ := strings.Cut(files["search/index.txt"], "\n")
	var ix struct{ Slots, Docs, First, Times, Sizes int }
	if err := json.Unmarshal([]byte(head), &ix); err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, s := range searchCut(ix.Slots, ix.First) {
		text := tail
		if s.dir != "" {
			var ok bool
			if text, ok = files[s.file(int(bucketOf(word, s.letters())%uint32(s.buckets)))]; !ok {
				t.Fatalf("%s is missing", s.file(int(bucketOf(word, s.letters())%uint32(s.buckets))))
			}
		}
		for line := range strings.Lines(text) {
			w, list, _ := strings.Cut(strings.TrimSpace(line), " ")
			if w != word {
				continue
			}
			at := s.to - 1
			for d := range strings.SplitSeq(list, ".") {
				n, err := strconv.ParseInt(d, 36, 32)
				if err != nil {
					t.Fatal(err)
				}
				at -= int(n >> 1)
				out = append(out, at)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Every word of every post leads to it, and nothing to a hidden one.
func TestSearchFindsEveryWord(t *testing.T) {
	in := sampleInput(700)
	in.searchFirst = 8
	r := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		in.Posts[r.IntN(700)].Hidden = true
	}
	want := map[string][]int{}
	for i, p := range in.Posts {
		if p.Hidden {
			continue
		}
		words(p.Title+" "+p.Intro, func(w []byte) {
			if l := want[string(w)]; len(l) == 0 || l[len(l)-1] != i {
				want[string(w)] = append(l, i)
			}
		})
	}
	files, _ := buildSite(t, in)
	hidden := func(i int) bool { return in.Posts[i].Hidden }
	keys := make([]string, 0, len(want))
	for w := range want {
		keys = append(keys, w)
	}
	slices.SortFunc(keys, cmp.Compare[string])
	for _, w := range keys {
		got := lookup(t, files, w)
		if slices.ContainsFunc(got, hidden) {
			t.Fatalf("%q leads to a hidden post", w)
		}
		for _, i := range want[w] {
			if !slices.Contains(got, i) {
				t.Fatalf("%q does not lead to post %d (%q)", w, i, in.Posts[i].Title)
			}
		}
	}
	var docs []*[]string
	if err := json.Unmarshal([]byte(files["search/docs/0.json"]), &docs); err != nil || len(docs) != searchDocs {
		t.Fatal(err, len(docs))
	}
	for i, d := range docs {
		if (d == nil) != in.Posts[i].Hidden || d != nil && (*d)[0] != in.Posts[i].Title {
			t.Errorf("docs of slot %d: %v, want %q", i, d, fmt.Sprint(in.Posts[i].Title))
		}
	}
}

func FuzzSearchWords(f *testing.F) {
	f.Add("Crème 日本語 طابورًا")
	f.Fuzz(func(t *testing.T, s string) {
		words(s, func(w []byte) {
			if len(w) == 0 || strings.ContainsAny(string(w), " \n.") {
				t.Errorf("word %q of %q", w, s)
			}
			var again []string
			words(string(w), func(w []byte) { again = append(again, string(w)) })
			if len(again) != 1 || again[0] != string(w) {
				t.Errorf("%q of %q folds to %q", w, s, again)
			}
		})
	})
}

// What is typed before the letters that tell a bucket finds the newest posts
// with a word that goes on from it.
func TestSearchBegun(t *testing.T) {
	x := newHitIndex()
	for slot, text := range []string{"container", "contain", "con", "concern ration", "rat contact", "über überall"} {
		x.add(uint32(slot), uint32(slot&1), text)
	}
	buckets := x.write(6, 4, 5)
	line := func(word, key string) string {
		for l := range strings.Lines(string(buckets[bucketOf(key, 5)%4])) {
			if w, slots, _ := strings.Cut(strings.TrimSpace(l), " "); w == word {
				return slots
			}
		}
		return ""
	}
	for _, tt := range []struct{ word, key, want string }{
		{"con*", "con", "2.3.5.2"}, // slots 4, 3 (in its title), 1 (too), 0
		{"cont*", "cont", "2.7.2"},
		{"rat*", "rat", "5"},
		{"rat", "rat", "2"},
		{"ube*", "ube", "1"},
		{"concern", "conce", "5"},
		{"contain", "conta", "9"},
	} {
		if got := line(tt.word, tt.key); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.word, got, tt.want)
		}
	}
	if got := line("contai*", "conta"); got != "" {
		t.Errorf("a line for what is told by the bucket: %q", got)
	}
}
