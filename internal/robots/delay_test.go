package robots_test

import (
	"testing"
	"time"

	"github.com/coranto/coranto/internal/robots"
)

func TestCrawlDelay(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"":                               0,
		"User-agent: *\nCrawl-delay: 5":  5 * time.Second,
		"User-agent: *\nCrawl-delay:2.5": 2500 * time.Millisecond,
		"User-agent: *\nCrawl-delay: 99999999999999999999": 10 * time.Second,
		"User-agent: *\nCrawl-delay: 1e309":                0,
		"User-agent: *\nCrawl-delay: -5":                   0,
		"User-agent: *\nCrawl-delay: NaN":                  0,
		"User-agent: *\nCrawl-delay: soon":                 0,
		"User-agent: x\nCrawl-delay: 5":                    0,
		"Crawl-delay: 5":                                   0,
		"User-agent: *\nDisallow: /a\nCrawl-delay: 5\nUser-agent: coranto\nCrawl-delay: 3":       3 * time.Second,
		"User-agent: *\nCrawl-delay: 5\n\nUser-agent: coranto\nDisallow: /a":                     0,
		"User-agent: coranto\nCrawl-delay: 1\nDisallow: /a\nUser-agent: coranto\nCrawl-delay: 4": 4 * time.Second,
	} {
		r := robots.Parse([]byte(text), "coranto")
		if r.Delay != want {
			t.Errorf("%q: %v, want %v", text, r.Delay, want)
		}
		if back := robots.Parse([]byte(r.String()), "coranto"); !back.Equal(r) {
			t.Errorf("%q: saved as %q, which says %v", text, r.String(), back.Delay)
		}
	}
}
