package pipeline

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
)

func TestSpreadPartsTheSourcesOfOneHost(t *testing.T) {
	ask := func(id, address string) Ask { return Ask{Source: coranto.Source{ID: id}, Address: address} }
	got := spread([]Ask{
		ask("a1", "https://a.example/1"), ask("a2", "https://a.example/2"), ask("a3", "https://a.example/3"),
		ask("b1", "https://b.example/1"), ask("c1", "https://c.example/1"), ask("b2", "https://b.example/2"),
	})
	var ids []string
	for _, a := range got {
		ids = append(ids, a.ID)
	}
	if diff := cmp.Diff([]string{"a1", "b1", "c1", "a2", "b2", "a3"}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestRulesChangeWithWhatDecidesOnEntries(t *testing.T) {
	src := coranto.Source{ID: "a", URL: "https://a.example/feed"}
	filtered := src
	filtered.Exclude = &coranto.Filter{Title: "ad"}
	tagged := src
	tagged.Tags = []string{"go"}
	if rules(src, nil) == rules(filtered, nil) {
		t.Error("a new filter must discard the validators")
	}
	if rules(src, nil) != rules(tagged, nil) {
		t.Error("a tag decides nothing about which entries are kept")
	}
}
