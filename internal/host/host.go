// Package host serves the current release over HTTP.
//
// It promises that one request sees one release: while releases are swapped a
// reader gets the old site or the new one, never a mix, and a page's
// fingerprinted assets stay for those who have just got the page. Memory is
// bounded by the cache, not by the site. What a release is made of, when it
// changes, and what is told beside it (status, previews) stays outside.
package host

import (
	"context"
	"net/http"
	"time"
)

// Releases is what the host serves from.
type Releases interface {
	// Current returns the live release. It is called once a request, so it
	// should cost no more than an atomic load.
	Current(ctx context.Context) (Release, error)
}

// Release is one built site; it never changes.
type Release interface {
	ID() string
	// Lookup finds a file by its slash-separated path, "posts/x/index.html".
	Lookup(path string) (File, bool)
	// Open returns the content with the given hash, which is not changed.
	Open(hash string) ([]byte, error)
}

// Encodings may be implemented by a Release that keeps what has been encoded, so
// that it is encoded once and not whenever the cache had no room for it. An empty
// body says that the encoding wins nothing.
type Encodings interface {
	Encoded(hash, encoding string) (body []byte, ok bool)
	KeepEncoded(hash, encoding string, body []byte)
}

// File is one file of a release.
type File struct {
	Hash string // SHA-256 of the content in hex
	Size int64
	Type string // media type; empty: by the extension
}

// DefaultCSP is the Content-Security-Policy of pages unless Options name one:
// nothing runs, nothing is loaded from others.
const DefaultCSP = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Options of a handler; the zero value works.
type Options struct {
	CSP        string // of documents; empty: DefaultCSP
	CacheBytes int64  // for file contents, encoded and not; 0: 64 MiB
	// Beside holds what is served beside the release, by path ("/status.json")
	// or, with a slash at the end, by what the path begins with. It comes first.
	Beside map[string]http.Handler
	Now    func() time.Time // for Access; nil: time.Now
	Log    func(Access)     // called after each request, from many goroutines; may be nil

	// Protect keeps parts of the site, and what stands beside it, for those who
	// know a password; Open names what of Beside is for everybody all the same.
	Protect []Protection
	Open    []string
	// Preview finds the release that "NAME--host" asks for; nil: there are none.
	Preview func(ctx context.Context, name string) (Release, error)
	// CountryHeader names the request header in which a proxy in front tells the
	// reader's country, for Country= in _redirects; empty: nobody tells it.
	CountryHeader string
	// Problems is told of the lines of a release's _redirects and _headers that
	// are not followed; may be nil.
	Problems func(release string, list []Problem)
}

// Access tells of one request that was answered.
type Access struct {
	At        time.Time
	Remote    string // address and port
	Method    string
	Host      string
	URI       string // as it was sent
	Proto     string
	Status    int
	Bytes     int64 // of the body
	Took      time.Duration
	Referer   string
	UserAgent string
	User      string // who knew a password
	Release   string // ID; empty for what stands beside it
	Err       error  // what went wrong on our side; the reader sees but a status
}

// New returns the handler that serves r.
func New(r Releases, o Options) http.Handler {
	if o.CSP == "" {
		o.CSP = DefaultCSP
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 64 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	h := &handler{releases: r, o: o, cache: newCache(o.CacheBytes), recent: &recent{now: o.Now}, csp: []string{o.CSP}}
	for path := range o.Beside {
		if path != "" && path[len(path)-1] == '/' {
			h.prefixes = append(h.prefixes, path)
		}
	}
	return h
}
