package content_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
)

// TestExplainAgreesWithMatch holds what people are told against what is done.
func TestExplainAgreesWithMatch(t *testing.T) {
	s := newSite(t, content.Options{})
	s.run(doc{"alice", entries(0, 6)}, doc{"bob", []coranto.Entry{e("b", "https://shared.example/1", "Shared")}})
	r := rand.New(rand.NewPCG(1, 2))
	pool := append(entries(0, 9), e("n1", "https://shared.example/1", "Shared"), e("", "", ""), e("", "https://a.example/x", "X"), e("n2", "https://a.example/x", "X"))
	sn, err := s.store.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	src := coranto.Source{ID: "alice"}
	for range 200 {
		var list []coranto.Entry
		for range 1 + r.IntN(8) {
			list = append(list, pool[r.IntN(len(pool))])
		}
		m := sn.Match(src, list)
		fates := sn.Explain(src, list)
		known, dropped := 0, 0
		var fresh, keys []string
		for i, f := range fates {
			switch {
			case f.Known:
				known++
				if f.Post == "" || len(f.Keys) != 1 {
					t.Fatalf("known: %+v", f)
				}
			case f.Why != "":
				dropped++
			case !f.Repeats:
				fresh = append(fresh, list[i].ID+f.Post)
				keys = append(keys, f.Keys[0])
			}
		}
		var want, wantKeys []string
		for _, c := range m.New {
			want = append(want, c.Entry.ID+c.Merge)
			wantKeys = append(wantKeys, c.Keys[0])
		}
		if known != m.Known || dropped != len(m.Dropped) || !slices.Equal(fresh, want) || !slices.Equal(keys, wantKeys) {
			t.Fatalf("%+v\n%+v\nexplained as %+v", list, m, fates)
		}
	}
}
