package feed

import (
	"context"
	"fmt"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/egress"
)

// Getter is what Fetch needs of egress.Client.
type Getter interface {
	Get(ctx context.Context, r egress.Request) (*egress.Response, error)
}

// Validators let the next request be answered with 304, or a repeated body be
// recognised. They are those of one URL; for another they count for nothing.
type Validators struct {
	URL          string `json:"url,omitempty"`
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
	BodyHash     string `json:"body_hash,omitempty"` // hex SHA-256 of the decoded body
}

// Options of Fetch. The zero value works.
type Options struct {
	MaxBody     int64         // decoded bytes; 0: the client's limit
	Timeout     time.Duration // 0: the client's
	MaxEntries  int           // see Meta
	SummaryOnly bool          // see Meta
}

// Result is what one request to a source brought.
type Result struct {
	NotModified bool       // 304, or a body whose hash is Validators.BodyHash
	Document    *Document  // nil when NotModified or Gone
	Validators  Validators // to become current once the entries are durable
	Status      int
	FinalURL    string        // after redirects
	Permanent   string        // the target when every redirect of the chain was 301 or 308; else empty
	Gone        bool          // 410: never ask again
	MaxAge      time.Duration // freshness the server promised (Cache-Control, Expires); 0: none
	Bytes       int64         // over the wire
}

// StatusError is an answer that is neither a feed nor 304 nor 410.
type StatusError struct {
	Status     int
	URL        string
	RetryAfter time.Duration // 0: not said
}

func (e *StatusError) Error() string { return fmt.Sprintf("%s answered %d", e.URL, e.Status) }

// NotFeedError is an ErrNotFeed of Fetch with the feeds the page points to.
type NotFeedError struct {
	URL        string
	Err        error // wraps ErrNotFeed
	Candidates []Candidate
}

func (e *NotFeedError) Error() string { return e.URL + ": " + e.Err.Error() }
func (e *NotFeedError) Unwrap() error { return e.Err }

// Fetch asks a source's feed, conditionally, and parses the answer. Errors are
// *StatusError, *NotFeedError, or those of egress.
func Fetch(ctx context.Context, c Getter, src coranto.Source, v Validators, o Options) (Result, error) {
	return Result{}, nil
}
