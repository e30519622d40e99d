package moderation

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestSet(t *testing.T) {
	spam := Decision{Hidden: now, Reason: "spam: again, \"sold\" # here"}
	data, err := Set(nil, "b-post", spam)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"c-post", "a-post", "123", "nö"} {
		if data, err = Set(data, id, Decision{Pinned: now}); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
	}
	text := string(data)
	if a, b := strings.Index(text, "a-post"), strings.Index(text, "b-post"); a < 0 || a > b {
		t.Errorf("lines are not sorted:\n%s", text)
	}
	d, err := Parse(FileName, data)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Of("b-post"); got != spam {
		t.Errorf("got %+v", got)
	}
	back := data
	for _, id := range d.IDs() {
		if back, err = Set(back, id, Decision{}); err != nil {
			t.Fatal(err)
		}
	}
	if string(back) != header {
		t.Errorf("taken back:\n%s", back)
	}
}

func TestByHand(t *testing.T) {
	const file = `# mine
posts:
    # why a is here
    a-1: {hidden: 2026-01-02, reason: old}  # see the minutes
    c-1:
        embargo: 2027-01-01T00:00:00Z
        reason: press
# the end
`
	got, err := Set([]byte(file), "b-1", Decision{Pinned: now})
	if err != nil {
		t.Fatal(err)
	}
	if got, err = Set(got, "c-1", Decision{Hidden: now}); err != nil {
		t.Fatal(err)
	}
	if got, err = Set(got, "a-1", Decision{Hidden: now, Reason: "new"}); err != nil {
		t.Fatal(err)
	}
	want := `# mine
posts:
    # why a is here
    a-1: {hidden: 2026-11-22T12:00:00Z, reason: new} # see the minutes
    b-1: {pinned: 2026-11-22T12:00:00Z}
    c-1: {hidden: 2026-11-22T12:00:00Z}
# the end
`
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, err := Set([]byte("posts: {a: {hidden: 2026-01-02}}\n"), "b", Decision{Pinned: now}); !errors.Is(err, ErrByHand) {
		t.Errorf("a flow mapping: %v", err)
	}
}

func TestInvalid(t *testing.T) {
	for _, in := range []string{"[]", "post: {}", "posts: []", "posts: {a: x}", "posts: {a: {}}", "posts: {a: {hiden: 2026-01-02}}", "posts:\n a: {hidden: soon}",
		"posts:\n a: {hidden: 2026-01-02}\n a: {pinned: 2026-01-02}", "\t"} {
		if _, err := Parse(FileName, []byte(in)); !errors.Is(err, ErrInvalid) {
			t.Errorf("Parse(%q) = %v", in, err)
		}
	}
	for _, in := range []string{"", "# nothing\n", "posts:\n", "posts: {}\n"} {
		d, err := Parse(FileName, []byte(in))
		if err != nil || len(d.Posts) != 0 {
			t.Errorf("Parse(%q) = %v, %v", in, d, err)
		}
		if _, err := Set([]byte(in), "a-1", Decision{Hidden: now}); err != nil {
			t.Errorf("Set(%q): %v", in, err)
		}
	}
}

func TestStates(t *testing.T) {
	d := &Decisions{Posts: map[string]Decision{
		"hidden": {Hidden: now}, "pinned": {Pinned: now}, "later": {Embargo: now.Add(time.Hour)}, "over": {Embargo: now, Pinned: now}, "approved": {Approved: now},
	}}
	r := Rules{Now: now, Moderated: func(s string) bool { return s != "free" }}
	posts := []coranto.Post{
		{ID: "plain", Source: "free"}, {ID: "hidden", Source: "free"}, {ID: "flag", Hidden: true}, {ID: "pinned"}, {ID: "later"}, {ID: "over"},
		{ID: "queued", Source: "held", Queued: true}, {ID: "approved", Source: "held", Queued: true}, {ID: "was", Source: "free", Queued: true},
		{ID: "elsewhere", Source: "held", Queued: true, Also: []coranto.Also{{Source: "free"}}},
	}
	want := []State{Shown, Hidden, Hidden, Pinned, Embargoed, Pinned, Queued, Shown, Shown, Shown}
	for i := range posts {
		if got := d.StateOf(&posts[i], r); got != want[i] {
			t.Errorf("%s: %s, want %s", posts[i].ID, got, want[i])
		}
	}
	a := d.Apply(posts, r)
	for i := range posts {
		if hidden := want[i] != Shown && want[i] != Pinned; a.Posts[i].Hidden != hidden {
			t.Errorf("%s: hidden %t", posts[i].ID, a.Posts[i].Hidden)
		}
	}
	if posts[1].Hidden || !a.Deleted["hidden"].Equal(now) || len(a.Deleted) != 1 || len(a.Pinned) != 2 {
		t.Errorf("%+v", a)
	}
	if none := (*Decisions)(nil).Apply(posts[:3], r); &none.Posts[0] != &posts[0] {
		t.Error("nothing is decided and the posts are copied")
	}
	later := r
	later.Now = now.Add(2 * time.Hour)
	if d.Apply(posts, later).Sum == a.Sum || d.Over(later.Now) != d.Over(now)+1 {
		t.Error("an embargo that ends changes nothing")
	}
}

// Random decisions, one after another, are what is read; comments stay.
func TestRandomEdits(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	data := []byte("# top\nposts:\n  # about m\n  m: {pinned: 2026-01-02}  # tail\n")
	want := map[string]Decision{"m": {Pinned: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}}
	ids := []string{"a", "b-2", "m2", "z", "true", "1", "with space", "ü:#{"}
	for range 500 {
		id := ids[rnd.IntN(len(ids))]
		d := Decision{}
		if rnd.IntN(3) > 0 {
			d = Decision{Hidden: now.Add(time.Duration(rnd.IntN(9)) * time.Hour), Reason: []string{"", "x", "a: b", "# no", "\"q\" \\ 'r'", "null"}[rnd.IntN(6)]}
		}
		var err error
		if data, err = Set(data, id, d); err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		if want[id] = d; d.empty() {
			delete(want, id)
		}
	}
	got, err := Parse(FileName, data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got.Posts); d != "" {
		t.Errorf("(-want +got):\n%s\n%s", d, data)
	}
	for _, c := range []string{"# top", "# about m\n  m:", "# tail"} { // m itself is never touched
		if !strings.Contains(string(data), c) {
			t.Errorf("%q is lost:\n%s", c, data)
		}
	}
}

// What was set is what is read; whatever else was there stays.
func FuzzSet(f *testing.F) {
	f.Add([]byte("posts:\n  a: {hidden: 2026-01-02, reason: x}\n"), "b", "why")
	f.Add([]byte(""), "", "")
	f.Add([]byte("posts: {}\n"), "x y", "#")
	f.Fuzz(func(t *testing.T, data []byte, id, reason string) {
		was, err := Parse(FileName, data)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("unclassified error %v", err)
			}
			return
		}
		out, err := Set(data, id, Decision{Hidden: now, Reason: reason})
		if err != nil {
			if !errors.Is(err, ErrByHand) && !errors.Is(err, ErrInvalid) {
				t.Fatalf("unclassified error %v", err)
			}
			return
		}
		got, err := Parse(FileName, out)
		if err != nil {
			t.Fatal(err)
		}
		was.Posts[id] = normal(Decision{Hidden: now, Reason: reason})
		if d := cmp.Diff(was.Posts, got.Posts); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

// TestHiddenByHand: `hidden: true` of a post takes it off the pages; since when it
// is gone only a decision says, so only with one are readers told.
func TestHiddenByHand(t *testing.T) {
	posts := []coranto.Post{{ID: "a", Hidden: true}, {ID: "b", Hidden: true}, {ID: "c"}}
	d := &Decisions{Posts: map[string]Decision{"b": {Hidden: now}}}
	a := d.Apply(posts, Rules{Now: now})
	if diff := cmp.Diff(map[string]time.Time{"b": now}, a.Deleted); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
	if !a.Posts[0].Hidden || !a.Posts[1].Hidden || a.Posts[2].Hidden {
		t.Errorf("%+v", a.Posts)
	}
}
