package scrape

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/coranto/coranto/internal/egress"
)

// Getter is what Fetch needs of egress.Client.
type Getter interface {
	Get(ctx context.Context, r egress.Request) (*egress.Response, error)
}

// StatusError is an answer that is no page.
type StatusError struct {
	Status     int
	URL        string
	RetryAfter time.Duration // 0: not said
}

func (e *StatusError) Error() string { return fmt.Sprintf("%s answered %d", e.URL, e.Status) }

// FetchOptions of Fetch. The zero value works.
type FetchOptions struct {
	Zone    string
	Content bool          // the main content is wanted
	MaxBody int64         // decoded bytes; 0: 4 MiB
	Timeout time.Duration // 0: the client's
	Now     time.Time     // see Meta; also what a Retry-After date is counted from
}

// Result is a page and how it was had.
type Result struct {
	*Page
	Status   int
	FinalURL string // after redirects; Page.URL is what was asked for
	Bytes    int64  // over the wire
}

const defaultMaxBody = 4 << 20

// Fetch asks for a page and reads it. Errors are *StatusError, those that
// wrap ErrNotPage, or those of egress.
func Fetch(ctx context.Context, g Getter, url string, o FetchOptions) (*Result, error) {
	if o.MaxBody == 0 {
		o.MaxBody = defaultMaxBody
	}
	res, err := g.Get(ctx, egress.Request{
		URL: url, Zone: o.Zone, MaxBody: o.MaxBody, Timeout: o.Timeout,
		Accept: "text/html, application/xhtml+xml;q=0.9, */*;q=0.1",
	})
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	if res.Status != http.StatusOK {
		return nil, &StatusError{Status: res.Status, URL: url, RetryAfter: retryAfter(res.Header.Get("Retry-After"), o.Now)}
	}
	final := first(res.URL, url)
	p, err := Extract(res.Body, Meta{URL: final, ContentType: res.Header.Get("Content-Type"), Content: o.Content, Now: o.Now})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	p.URL = url
	if res.Truncated {
		p.warn("cut at %d bytes", len(res.Body))
	}
	return &Result{Page: p, Status: res.Status, FinalURL: final, Bytes: res.WireBytes}, nil
}

// retryAfter reads both forms of RFC 9110, section 10.2.3. Without a clock a
// date says nothing.
func retryAfter(v string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && n > 0 {
		return time.Duration(min(n, 366*24*3600)) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil && !now.IsZero() && t.After(now) {
		return t.Sub(now)
	}
	return 0
}
