package pipeline

import (
	"fmt"
	"slices"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/feed"
)

const (
	// sitemapNewest is how many entries of a sitemap count where the source says
	// no limit: it lists all there ever was, not what is new.
	sitemapNewest = 50
	// maxUndated is how many undated entries of a sitemap are taken at all.
	maxUndated = 1000
)

// filtered gives each entry of a document the reason why a source's rules drop
// it, "" for those they keep.
func filtered(src coranto.Source, doc *feed.Document) ([]string, error) {
	why := make([]string, len(doc.Entries))
	include, err := src.Include.Compile()
	if err != nil {
		return nil, &engine.TaskError{Name: "Source.Filter", Cause: "include: " + err.Error(), Err: err}
	}
	exclude, err := src.Exclude.Compile()
	if err != nil {
		return nil, &engine.TaskError{Name: "Source.Filter", Cause: "exclude: " + err.Error(), Err: err}
	}
	for i := range doc.Entries {
		if src.Include != nil {
			if ok, field := include.Match(&doc.Entries[i]); !ok {
				why[i] = "include: " + field + " does not match"
			}
		}
		if out, _ := exclude.Match(&doc.Entries[i]); out && why[i] == "" {
			why[i] = "exclude matches"
		}
	}
	return why, limit(src, doc, why)
}

// limit drops what is beyond the newest so many of those that are left.
func limit(src coranto.Source, doc *feed.Document, why []string) error {
	n := src.Limit
	sitemap := doc.Format == coranto.RecipeSitemap
	if n == 0 && !sitemap {
		return nil
	}
	left := newestFirst(doc.Entries, why)
	if n == 0 {
		n = sitemapNewest
		if dated := slices.IndexFunc(left, func(i int) bool { return told(&doc.Entries[i]).IsZero() }); dated >= 0 {
			// What has no date may be the newest.
			if len(left)-dated > maxUndated {
				return &engine.TaskError{Name: "Source.TooMany", Cause: fmt.Sprintf(
					"%s lists %d addresses without a date: choose with include: {url: …}, or set a limit", src.URL, len(left)-dated)}
			}
			left = left[:dated]
		}
	}
	for _, i := range left[min(n, len(left)):] {
		why[i] = fmt.Sprintf("limit: beyond the newest %d", n)
	}
	return nil
}

// newestFirst orders the entries that are left. Where some have no date they
// stand behind those that do, in the document's order: lists begin with the
// newest.
func newestFirst(entries []coranto.Entry, why []string) []int {
	var left []int
	for i := range entries {
		if why[i] == "" {
			left = append(left, i)
		}
	}
	slices.SortStableFunc(left, func(a, b int) int { return told(&entries[b]).Compare(told(&entries[a])) })
	return left
}

// told is the date an entry has.
func told(e *coranto.Entry) time.Time {
	if e.Published.IsZero() {
		return e.Updated
	}
	return e.Published
}

// filter keeps the entries that a source's rules want.
func filter(src coranto.Source, doc *feed.Document) ([]coranto.Entry, error) {
	if src.Include == nil && src.Exclude == nil && src.Limit == 0 && doc.Format != coranto.RecipeSitemap {
		return doc.Entries, nil
	}
	why, err := filtered(src, doc)
	if err != nil {
		return nil, err
	}
	kept := doc.Entries[:0]
	for i, e := range doc.Entries {
		if why[i] == "" {
			kept = append(kept, e)
		}
	}
	return kept, nil
}

// formatOf is the format that a source's recipe names, "" where that is the
// document's affair.
func formatOf(src coranto.Source) string {
	if src.Scrape == nil {
		return ""
	}
	return src.Scrape.Type
}
