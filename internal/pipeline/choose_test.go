package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/feed"
)

func TestFilter(t *testing.T) {
	at := func(title string, day int) coranto.Entry {
		e := coranto.Entry{Title: title, Link: "https://a.example/" + title}
		if day > 0 {
			e.Published = time.Date(2024, 1, day, 0, 0, 0, 0, time.UTC)
		}
		return e
	}
	list := []coranto.Entry{at("a", 3), at("b", 9), at("c", 0), at("d", 7), at("e", 1)}
	revised := at("f", 0)
	revised.Updated = time.Date(2024, 1, 8, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		src  coranto.Source
		doc  feed.Document
		want []string
	}{
		{"everything", coranto.Source{}, feed.Document{Entries: list}, []string{"a", "b", "c", "d", "e"}},
		{"newest two, in the document's order", coranto.Source{Limit: 2}, feed.Document{Entries: list}, []string{"b", "d"}},
		{"undated ones come last", coranto.Source{Limit: 4}, feed.Document{Entries: list}, []string{"a", "b", "d", "e"}},
		{"a limit no feed reaches", coranto.Source{Limit: 50}, feed.Document{Entries: list}, []string{"a", "b", "c", "d", "e"}},
		{"a revision counts where there is no date", coranto.Source{Limit: 2}, feed.Document{Entries: append(slices.Clone(list), revised)}, []string{"b", "f"}},
		{"the limit counts what the filters keep", coranto.Source{Limit: 1, Exclude: &coranto.Filter{Title: "b"}}, feed.Document{Entries: list}, []string{"d"}},
		{"included, and not excluded", coranto.Source{Include: &coranto.Filter{Title: "/[a-c]/"}, Exclude: &coranto.Filter{URL: "/c"}}, feed.Document{Entries: list}, []string{"a", "b"}},
		{"without dates the first", coranto.Source{Limit: 2}, feed.Document{Entries: []coranto.Entry{at("x", 0), at("y", 0), at("z", 0)}}, []string{"x", "y"}},
	}
	for _, tt := range tests {
		doc := tt.doc
		doc.Entries = slices.Clone(doc.Entries)
		kept, err := filter(tt.src, &doc)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		var got []string
		for _, e := range kept {
			got = append(got, e.Title)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: kept %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestSitemapLimit(t *testing.T) {
	sitemap := func(dated, undated int) *feed.Document {
		doc := &feed.Document{Format: coranto.RecipeSitemap}
		for i := range dated + undated {
			e := coranto.Entry{Link: fmt.Sprintf("https://a.example/%d", i)}
			if i < dated {
				e.Updated = time.Date(2024, 1, 1, i, 0, 0, 0, time.UTC)
			}
			doc.Entries = append(doc.Entries, e)
		}
		return doc
	}
	for _, tt := range []struct{ dated, undated, limit, want int }{
		{400, 0, 0, sitemapNewest}, {400, 0, 7, 7}, {0, 30, 0, 30}, {100, 30, 0, sitemapNewest + 30}, {0, 3000, 20, 20},
	} {
		kept, err := filter(coranto.Source{Limit: tt.limit}, sitemap(tt.dated, tt.undated))
		if err != nil || len(kept) != tt.want {
			t.Errorf("%+v: kept %d, %v", tt, len(kept), err)
		}
	}
	_, err := filter(coranto.Source{}, sitemap(0, maxUndated+1))
	if e, ok := errors.AsType[*engine.TaskError](err); !ok || e.Name != "Source.TooMany" {
		t.Errorf("a sitemap of the whole site: %v", err)
	}
}
