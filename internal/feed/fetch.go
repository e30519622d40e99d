package feed

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
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
	URL          string `json:"url,omitempty"` // as asked, before redirects
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
	BodyHash     string `json:"body_hash,omitempty"` // hex SHA-256 of the decoded body
	// Bearer is the URL that bore ETag and LastModified, where redirects led to
	// it; only to that they are sent. Empty: see egress.Request.ValidatorURL.
	Bearer string `json:"bearer,omitempty"`
}

// Options of Fetch. The zero value works.
type Options struct {
	MaxBody     int64         // decoded bytes; 0: the client's limit
	Timeout     time.Duration // 0: the client's
	MaxEntries  int           // see Meta
	SummaryOnly bool          // see Meta
	// Read makes a document of a body that is no feed by itself; nil: Parse. It
	// is not asked where the body is known.
	Read   func(body []byte, m Meta) (*Document, error)
	Accept string // empty: feeds first
}

// Result is what one request to a source brought.
type Result struct {
	NotModified bool       // 304, or a body whose hash is Validators.BodyHash
	Document    *Document  // nil when NotModified or Gone
	Validators  Validators // to become current once the entries are durable
	Truncated   bool       // the body was cut; then Validators are empty, so the next request asks for all of it
	Status      int
	FinalURL    string        // after redirects
	Permanent   string        // the target when every redirect of the chain was 301 or 308; else empty
	Gone        bool          // 410: never ask again
	MaxAge      time.Duration // freshness the server promised (Cache-Control, Expires); 0: none
	Bytes       int64         // over the wire
	Links       []string      // values of the Link header
}

// StatusError is an answer that is neither a feed nor 304 nor 410.
type StatusError struct {
	Status     int
	URL        string        // that answered so
	RetryAfter time.Duration // 0: not said
}

func (e *StatusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%s answered %d %s", e.URL, e.Status, http.StatusText(e.Status)))
}

// NotFeedError is an ErrNotFeed of Fetch with the feeds the page points to.
type NotFeedError struct {
	URL        string // that sent the document
	Err        error  // wraps ErrNotFeed
	Candidates []Candidate
	Parked     string // the sign that the domain's owner has left; "": none
}

func (e *NotFeedError) Error() string {
	if e.Parked != "" {
		return e.URL + " looks like a parked domain (" + e.Parked + "): " + e.Err.Error()
	}
	return e.URL + ": " + e.Err.Error()
}

func (e *NotFeedError) Unwrap() error { return e.Err }

// accept asks for feeds first, in the order of how well they are specified.
const accept = "application/atom+xml, application/feed+json, application/rss+xml, application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"

// Fetch asks a source's feed, conditionally where v belongs to its URL, and
// parses the answer. Errors are *StatusError, *NotFeedError, or those of
// egress. The Result is filled in as far as known beside an error too.
func Fetch(ctx context.Context, c Getter, src coranto.Source, v Validators, o Options) (Result, error) {
	if v.URL != src.URL {
		v = Validators{URL: src.URL}
	}
	resp, err := c.Get(ctx, egress.Request{
		URL: src.URL, Zone: src.Zone, Accept: cmp.Or(o.Accept, accept), ETag: v.ETag, LastModified: v.LastModified,
		ValidatorURL: v.Bearer, MaxBody: o.MaxBody, Timeout: o.Timeout,
	})
	if err != nil {
		return Result{}, fmt.Errorf("feed: %w", err) // which names the address
	}
	res := Result{
		Status: resp.Status, FinalURL: resp.URL, Permanent: permanent(resp), MaxAge: freshness(resp.Header), Bytes: resp.WireBytes,
		Links: resp.Header.Values("Link"),
	}
	if res.FinalURL == "" {
		res.FinalURL = src.URL
	}
	switch {
	case resp.Status == http.StatusNotModified && (v.ETag != "" || v.LastModified != ""):
		res.NotModified = true
		res.Validators = renewed(v, resp.Header)
		return res, nil
	case resp.Status == http.StatusGone:
		res.Gone = true
		return res, nil
	case resp.Status != http.StatusOK && resp.Status != http.StatusNonAuthoritativeInfo:
		return res, &StatusError{Status: resp.Status, URL: res.FinalURL, RetryAfter: retryAfter(resp.Header)}
	}
	return res, res.read(resp, src, v, o)
}

// read makes a document of a body.
func (res *Result) read(resp *egress.Response, src coranto.Source, v Validators, o Options) error {
	sum := sha256.Sum256(resp.Body)
	now := Validators{URL: src.URL, ETag: header(resp.Header, "ETag"), LastModified: header(resp.Header, "Last-Modified"), BodyHash: hex.EncodeToString(sum[:])}
	if res.FinalURL != src.URL {
		now.Bearer = res.FinalURL
	}
	if res.Truncated = resp.Truncated; res.Truncated {
		now = Validators{URL: src.URL}
	} else if now.BodyHash == v.BodyHash {
		res.NotModified, res.Validators = true, now
		return nil
	}
	m := Meta{
		URL: res.FinalURL, ContentType: resp.Header.Get("Content-Type"), ContentLocation: resp.Header.Get("Content-Location"),
		ContentLanguage: resp.Header.Get("Content-Language"), MaxEntries: o.MaxEntries, SummaryOnly: o.SummaryOnly,
	}
	read := o.Read
	if read == nil {
		read = Parse
	}
	doc, err := read(resp.Body, m)
	if err != nil {
		e := &NotFeedError{URL: res.FinalURL, Err: err, Parked: parked(res.FinalURL, resp.Body)}
		if head := bytes.ToLower(resp.Body[:min(len(resp.Body), 4096)]); bytes.Contains(head, []byte("<html")) || bytes.Contains(head, []byte("<head")) || bytes.Contains(head, []byte("<!doctype html")) {
			e.Candidates = Discover(resp.Body, m)
		}
		return e
	}
	if doc.Cut {
		now = Validators{URL: src.URL} // the whole of it may have the same ones
	}
	doc.Malformed = doc.Malformed || res.Truncated
	res.Document, res.Validators = doc, now
	return nil
}

// renewed takes over what a 304 says anew.
func renewed(v Validators, h http.Header) Validators {
	if s := header(h, "ETag"); s != "" {
		v.ETag = s
	}
	if s := header(h, "Last-Modified"); s != "" {
		v.LastModified = s
	}
	return v
}

// header returns a validator unless it is absurdly long.
func header(h http.Header, name string) string {
	if s := h.Get(name); len(s) <= 1024 {
		return s
	}
	return ""
}

func permanent(r *egress.Response) string {
	if len(r.Redirects) == 0 {
		return ""
	}
	for _, hop := range r.Redirects {
		if hop.Status != http.StatusMovedPermanently && hop.Status != http.StatusPermanentRedirect {
			return ""
		}
	}
	return r.Redirects[len(r.Redirects)-1].To
}

// maxFresh bounds what a server may promise.
const maxFresh = 30 * 24 * time.Hour

// freshness is how long the answer may be taken for current (RFC 9111, 4.2.1).
func freshness(h http.Header) time.Duration {
	if strings.TrimSpace(h.Get("Vary")) == "*" {
		return 0 // it depends on what no request shows
	}
	age, _ := seconds(h.Get("Age"))
	fresh, said := time.Duration(0), false
	for part := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, val, _ := strings.Cut(strings.ToLower(strings.TrimSpace(part)), "=")
		switch name {
		case "no-cache", "no-store":
			return 0
		case "max-age":
			if d, ok := seconds(strings.Trim(val, `"`)); ok {
				fresh, said = d, true
			}
		}
	}
	if said {
		return min(max(fresh-age, 0), maxFresh)
	}
	expires, err := http.ParseTime(h.Get("Expires"))
	date, err2 := http.ParseTime(h.Get("Date"))
	if errors.Join(err, err2) != nil {
		return 0
	}
	return min(max(expires.Sub(date)-age, 0), maxFresh)
}

func seconds(s string) (time.Duration, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	if err != nil || n < 0 {
		return 0, false
	}
	return time.Duration(n) * time.Second, true
}

// retryAfter reads seconds, or a date, which counts from the answer's own.
func retryAfter(h http.Header) time.Duration {
	s := h.Get("Retry-After")
	if d, ok := seconds(s); ok {
		return d
	}
	at, err := http.ParseTime(s)
	date, err2 := http.ParseTime(h.Get("Date"))
	if errors.Join(err, err2) != nil {
		return 0
	}
	return max(at.Sub(date), 0)
}
