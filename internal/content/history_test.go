package content_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
)

func TestReadKey(t *testing.T) {
	tests := map[string]content.Key{
		"alice id:tag:alice.example,2026:7":      {Source: "alice", Kind: "id", Value: "tag:alice.example,2026:7"},
		"alice link://alice.example/a #k3v9ts2a": {Source: "alice", Kind: "link", Value: "//alice.example/a"},
		"alice title:on clocks|2026-01-02":       {Source: "alice", Kind: "title", Value: "on clocks|2026-01-02"},
	}
	for key, want := range tests {
		got, ok := content.ReadKey(key)
		if d := cmp.Diff(want, got); d != "" || !ok {
			t.Errorf("%s: %s", key, d)
		}
	}
	if _, ok := content.ReadKey("nonsense"); ok {
		t.Error("nonsense is a key")
	}
}

func TestRewriteAndHistory(t *testing.T) {
	s := newSite(t, content.Options{})
	s.run(doc{"alice", entries(1, 3)})
	s.run(doc{"bob", entries(4, 4)})
	change := func(p *coranto.Post) bool {
		if p.Title != "Post 2" {
			return false
		}
		p.Tags, p.ID, p.Keys = []string{"new"}, "stolen", nil
		return true
	}
	files := map[string]content.Edit{"notes.yaml": func([]byte) ([]byte, error) { return []byte("x\n"), nil }}
	commit, err := s.store.Rewrite(t.Context(), change, files, "Reprocess posts")
	if err != nil || commit == "" {
		t.Fatalf("%q, %v", commit, err)
	}
	if s.read("notes.yaml") != "x\n" || s.git("status", "--porcelain") != "" {
		t.Error("the working tree has not followed")
	}
	if again, err := s.store.Rewrite(t.Context(), change, files, "Again"); err != nil || again != "" {
		t.Errorf("again: %q, %v", again, err)
	}
	sn, err := s.store.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	posts, err := sn.Posts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range posts {
		list, whole, err := sn.History(t.Context(), p.ID)
		if err != nil || !whole {
			t.Fatalf("%s: %v, whole %t", p.ID, err, whole)
		}
		want := [][]string{{"added"}}
		if p.Title == "Post 2" {
			want = [][]string{{"tags"}, {"added"}}
			if len(p.Keys) == 0 || p.ID == "stolen" {
				t.Errorf("what names a post was changed: %+v", p)
			}
		}
		var got [][]string
		for _, touch := range list {
			got = append(got, touch.What)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: (-want +got):\n%s", p.Title, d)
		}
		if list[len(list)-1].Run == "" {
			t.Errorf("%s: the run that added it is not named", p.Title)
		}
	}
}
