package content

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
)

func samplePosts() []coranto.Post {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return []coranto.Post{
		{Title: "Plain", Keys: []string{"a id:1"}, ID: "plain-abc", FirstSeen: at},
		{
			Title: "All <b>&amp; \u2028 \"x\" \\ \x01\b\f\n\r\t é 漢 \U0001F600", Intro: "i", Author: "A, B", Date: "Jan 2, 2026", Link: "https://x.example/?a=1&b=2",
			Image: "https://x.example/i.png", Tags: []string{"go", "<x>"}, ID: "all-abc", Kind: "blog", Source: "a", Published: at, Updated: at.Add(time.Hour),
			FirstSeen: at.Add(2 * time.Hour), Language: "en", Content: "<p>Hi</p>", Authors: []coranto.Person{{Name: "A", URL: "https://a.example"}, {Name: "B & C"}},
			Keys: []string{"a id:1", "a link://x.example #abcdefgh"}, Also: []coranto.Also{{Source: "b", Link: "https://b.example"}, {Source: "c"}},
			Backlog: true, Hidden: true, Extra: []coranto.Field{{Name: "note", Value: json.RawMessage(`{"a":[1,2.50,{}],"b":[]}`)}, {Name: "z<", Value: json.RawMessage(`null`)}},
		},
		{Title: "bad \xff utf8", Tags: []string{}},
	}
}

// reference writes a post with encoding/json.
func reference(t testing.TB, p coranto.Post) string {
	t.Helper()
	raw, err := p.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "  ", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAppendPost(t *testing.T) {
	for _, p := range samplePosts() {
		got := string(appendPost(nil, &p))
		want := strings.ReplaceAll(reference(t, p), `"z\u003c"`, `"z<"`)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", p.Title, diff)
		}
		var want2 coranto.Post
		if err := json.Unmarshal([]byte(got), &want2); err != nil {
			t.Fatal(err)
		}
		back, err := decodePost([]byte(got))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want2, back); diff != "" {
			t.Errorf("%s: decodePost reads otherwise: %s", p.Title, diff)
		}
	}
}

func TestParseShard(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		posts      int
		err        string // "" or part of it
	}{
		{"empty file", "", 0, ""},
		{"white space", " \n", 0, ""},
		{"empty array", "[]", 0, ""},
		{"one", `[{"title":"A"}]`, 1, ""},
		{"byte order mark", "\xef\xbb\xbf[{}]", 1, ""},
		{"nested", `[{},[{},[{}, []]],[[]]]`, 3, ""},
		{"nested first", `[[[{}],{}],{}]`, 3, ""},
		{"deep", strings.Repeat("[", 100_000) + "{}" + strings.Repeat("]", 100_000), 1, ""},
		{"object", "\n{\"posts\":[]}", 0, "line 2: an array of posts"},
		{"cut", "[{\"title\":\"A\"},\n{\"tit", 0, "line 2: the file ends"},
		{"trailing comma", "[{},\n]", 0, "line 2"},
		{"missing comma", "[{}\n{}]", 0, "line 2"},
		{"not a post", "[\n1]", 0, "line 2: a post (an object)"},
		{"null", "[null]", 0, "a post (an object)"},
		{"two arrays", "[]\n[]", 0, "line 2: something follows"},
		{"markers", "[\n<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> b\n]", 0, "line 2: conflict markers"},
		{"diff3 markers", "[\n{}\n||||||| base\n]", 0, "line 3: conflict markers"},
		{"control character", "[{\"title\":\"a\tb\"}]", 0, "control character"},
		{"bad escape", `[{"title":"\x"}]`, 0, "escape"},
		{"single quotes", `[{'title':1}]`, 0, "name in quotes"},
		{"leading zero", `[{"a":01}]`, 0, `"," or "}"`},
		{"deep in a post", `[{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}]`, 0, "nested deeper"},
		{"HTML", "<html>", 0, "an array of posts"},
	} {
		sh, err := parseShard("content/x.json", []byte(tt.data))
		if tt.err == "" {
			if err != nil || len(sh.spans) != tt.posts {
				t.Errorf("%s: %v, %v", tt.name, sh, err)
			}
			continue
		}
		if err == nil || !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), "content/x.json line ") || !strings.Contains(err.Error(), "hint:") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestDecodeLegacy(t *testing.T) {
	for raw, want := range map[string]coranto.Post{
		`{"title":"A","tags":null,"image":null}`: {Title: "A"},
		`{"title":"A","tags":"go, lambda,"}`:     {Title: "A", Tags: []string{"go", "lambda"}},
		`{"title":"A","tags":["x"]}`:             {Title: "A", Tags: []string{"x"}},
		`{"title":"A","published":""}`:           {Title: "A"},
	} {
		got, err := decodePost([]byte(raw))
		if err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", raw, diff)
		}
	}
	for _, raw := range []string{`{"title":1}`, `{"tags":[1]}`, `{"tags":{}}`, `{"published":"yesterday"}`, `{"hidden":"no"}`} {
		if _, err := decodePost([]byte(raw)); err == nil {
			t.Errorf("%s was read", raw)
		}
	}
	p := coranto.Post{Title: "Über Zürich & Co.", Date: "Sep 14, 2020", Link: "https://a.example/1"}
	complete(&p)
	if !p.FirstSeen.Equal(time.Date(2020, 9, 14, 0, 0, 0, 0, time.UTC)) || !strings.HasPrefix(p.ID, "uber-zurich-co-") {
		t.Errorf("%+v", p)
	}
}

func TestEditKeepsBytes(t *testing.T) {
	data := "[ {\"title\" : \"A\"},\n\n    {\"title\":\"B\",  \"x\": 1.50}\n ]"
	sh, err := parseShard("x", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	got := string(sh.edit(map[int][]byte{0: []byte("NEW")}, adds("ADDED")))
	if want := "[ NEW,\n\n    {\"title\":\"B\",  \"x\": 1.50},\n  ADDED\n ]\n"; got != want {
		t.Errorf("%q", got)
	}
	if got, want := string(sh.edit(map[int][]byte{0: nil}, adds())), "[\n  {\"title\":\"B\",  \"x\": 1.50}\n]\n"; got != want {
		t.Errorf("%q", got)
	}
	empty, _ := parseShard("x", nil)
	if got, want := string(empty.edit(nil, adds("A", "B"))), "[\n  A,\n  B\n]\n"; got != want {
		t.Errorf("%q", got)
	}
	compact, _ := parseShard("x", []byte(`[{"a":1}]`))
	if got, want := string(compact.edit(nil, adds("B"))), "[{\"a\":1},\n  B\n]\n"; got != want {
		t.Errorf("%q", got)
	}
}

func TestFactsCache(t *testing.T) {
	var s seed
	s[3] = 9
	var b []byte
	for i, p := range samplePosts() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendPost(b, &p)
	}
	sh, err := parseShard("x", append(append([]byte("[[],"), b...), ']'))
	if err != nil {
		t.Fatal(err)
	}
	f, err := factsOf(sh, &s)
	if err != nil {
		t.Fatal(err)
	}
	enc := f.encode(&s)
	back, err := decodeFacts(enc, &s)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f, back, cmp.AllowUnexported(facts{}, fact{})); diff != "" {
		t.Error(diff)
	}
	for i := range enc {
		bad := bytes.Clone(enc)
		bad[i] ^= 0x41
		if _, err := decodeFacts(bad, &s); err == nil {
			t.Errorf("byte %d damaged, not noticed", i)
		}
		if _, err := decodeFacts(enc[:i], &s); err == nil {
			t.Errorf("cut at %d, not noticed", i)
		}
	}
	if _, err := decodeFacts(enc, &seed{}); err == nil {
		t.Error("another seed's facts were read")
	}
}

func TestCanonicalLink(t *testing.T) {
	for link, want := range map[string]string{
		"https://A.Example/x/":                             "//a.example/x",
		"http://a.example:80/x#frag":                       "//a.example/x",
		"https://a.example:443/x?utm_source=a&id=7&fbclid": "//a.example/x?id=7",
		"https://a.example:8443/x?b=2&a=1":                 "//a.example:8443/x?b=2&a=1",
		"https://www.a.example/":                           "//www.a.example",
		"https://a.example/#!/p/7":                         "//a.example#!/p/7",
		"https://[2001:DB8::1]:443/x":                      "//2001:db8::1/x",
		"https://a.example./%7Ex":                          "//a.example/%7Ex",
		"mailto:x@y.example":                               "",
		"/relative":                                        "",
		"https:///x":                                       "",
		"":                                                 "",
		"http://%zz/":                                      "",
	} {
		if got := CanonicalLink(link); got != want {
			t.Errorf("%s: %q, want %q", link, got, want)
		}
		if again := CanonicalLink("https:" + want); want != "" && !strings.Contains(want, ":8443") && !strings.Contains(want, "2001") && again != want {
			t.Errorf("%s: again %q", link, again)
		}
	}
}

func TestSlug(t *testing.T) {
	for title, want := range map[string]string{
		"Hello, World!": "hello-world", "Straße & Œuvre": "strasse-oeuvre", "Привет, мир": "privet-mir", "日本語": "", "C++20's ranges": "c-20s-ranges",
		"  --  ": "", "naïve façade": "naive-facade", "Ελλάδα": "ellada", strings.Repeat("word ", 30): "word-word-word-word-word-word-word-word-word-word-word-word",
		strings.Repeat("x", 100): strings.Repeat("x", 60),
	} {
		if got := slug(title); got != want {
			t.Errorf("%q: %q, want %q", title, got, want)
		}
	}
	taken := map[string]bool{newID("A", "k", nil): true}
	if id := newID("A", "k", func(s string) bool { return taken[s] }); len(id) != len("a-")+hashLen+1 {
		t.Errorf("%s", id)
	}
}

// FuzzShard: what is read keeps every element byte for byte through an edit,
// reads as encoding/json does, and is stable once written.
func FuzzShard(f *testing.F) {
	for _, seed := range []string{
		"", "[]", `[{"title":"A","tags":null},{"title":"B","x":{"y":[1]}}]`, `[{},[{}]]`, "[\n<<<<<<< a\n]", `[{"title":"\ud83d\ude00\ud800"}]`, `{"a":1}`, "[{}",
		`[{"published":"2026-01-02T03:04:05Z","first_seen":"x"}]`, `[{"title":"A","title":"B"}]`,
	} {
		f.Add([]byte(seed))
	}
	for _, p := range samplePosts() {
		f.Add(append(append([]byte("["), appendPost(nil, &p)...), ']'))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sh, err := parseShard("f.json", data)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("unclassified: %v", err)
			}
			return
		}
		if body := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")); len(bytes.TrimSpace(body)) > 0 && !json.Valid(body) && len(data) < 1000 {
			t.Fatalf("read as posts, but no JSON: %q", data)
		}
		added := appendPost(nil, &coranto.Post{Title: "Added"})
		next, err := parseShard("f.json", sh.edit(nil, adds(string(added))))
		if err != nil || len(next.spans) != len(sh.spans)+1 {
			t.Fatalf("after adding: %v", err)
		}
		for i := range sh.spans {
			if !bytes.Equal(sh.raw(i), next.raw(i)) {
				t.Fatalf("post %d has changed", i)
			}
			p, err := sh.post(i)
			if err != nil {
				if !errors.Is(err, ErrDamaged) {
					t.Fatalf("unclassified: %v", err)
				}
				continue
			}
			once := appendPost(nil, &p)
			q, err := decodePost(once)
			if err != nil {
				t.Fatalf("what was written cannot be read: %v\n%s", err, once)
			}
			if twice := appendPost(nil, &q); !bytes.Equal(once, twice) {
				t.Fatalf("written again, it differs:\n%s\n%s", once, twice)
			}
		}
	})
}

func FuzzCanonicalLink(f *testing.F) {
	for _, s := range []string{"https://a.example/x?utm_source=1#f", "http://[::1]:80/", "https://a/%2F?&&b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, link string) {
		got := CanonicalLink(link)
		if got != "" && !strings.HasPrefix(got, "//") {
			t.Errorf("%q: %q", link, got)
		}
		a := announced{link: short(feedLink(link)), title: "t"}
		if a.link == "" {
			return
		}
		p, ok := parseKey(a.linkKey("src"))
		if !ok || !p.tagged || p.form != formLink || p.value != a.link || p.source != "src" {
			t.Errorf("%q: key %q read as %+v", link, a.linkKey("src"), p)
		}
	})
}

func BenchmarkFacts(b *testing.B) {
	data := []byte("[")
	for i := range 10_000 {
		p := samplePosts()[1]
		p.ID = fmt.Sprint("id", i)
		if i > 0 {
			data = append(data, ',')
		}
		data = appendPost(data, &p)
	}
	data = append(data, ']')
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		sh, err := parseShard("x", data)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := factsOf(sh, &seed{}); err != nil {
			b.Fatal(err)
		}
	}
}

func adds(list ...string) additions {
	return additions{len(list), func(b []byte, i int) []byte { return append(b, list[i]...) }}
}

// TestManyAdditions: what is added in numbers stands as what is added one by one.
func TestManyAdditions(t *testing.T) {
	var list []string
	one := &shard{path: "f.json", close: -1}
	text := []byte(nil)
	for i := range 1000 {
		list = append(list, fmt.Sprintf(`{"n":%d,"x":%q}`, i, strings.Repeat("x", i%70)))
		text = one.edit(nil, adds(list[i]))
		var err error
		if one, err = parseShard("f.json", text); err != nil {
			t.Fatal(err)
		}
	}
	if got := (&shard{path: "f.json", close: -1}).edit(nil, adds(list...)); string(got) != string(text) {
		t.Error("a thousand at once are not what a thousand one by one are")
	}
}
