// Package egress is the only way out: every request to the web goes through
// its Client, which keeps to a network zone, to good manners and to limits.
//
// What a response means (a feed, a page, a moved source) is decided elsewhere.
package egress

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"
)

// DefaultZone is the zone of a request that names none. Unless configured it
// reaches the public network only.
const DefaultZone = "public"

// Zone says where a request may go and from where it leaves.
type Zone struct {
	Name          string
	Allow         []netip.Prefix // on top of the public network (DefaultZone) or instead of it (any other)
	Ports         []uint16       // empty: every port but those the Fetch standard blocks
	SourceAddress netip.Addr     // local address to dial from; zero: any
	Proxy         string         // http(s):// or socks5:// URL; empty: none, the environment is never asked
}

// Request is a GET. The zero value of everything but URL works.
type Request struct {
	URL          string
	Zone         string
	Accept       string // Accept header; empty: */*
	ETag         string // sent as If-None-Match
	LastModified string // sent as If-Modified-Since
	Header       http.Header
	MaxBody      int64         // decoded bytes; 0: Options.MaxBody
	Timeout      time.Duration // total, all hops and the body; the wait for one's turn does not count; 0: Options.Timeout
}

// Response is the answer of the last hop, whatever its status; Body is decoded
// (gzip) and whole, or cut at the limit with Truncated set.
type Response struct {
	Status    int
	URL       string // of the last hop
	Redirects []Redirect
	Header    http.Header
	Body      []byte
	Truncated bool
	WireBytes int64
	Duration  time.Duration // without the wait for one's turn
}

// Redirect is one hop that was followed.
type Redirect struct {
	From, To string
	Status   int // 301, 302, 303, 307, 308
}

// Holds remembers, across restarts, until when an origin or URL has asked to
// be left alone (Retry-After). The default keeps them in memory.
type Holds interface {
	Hold(ctx context.Context, key string, until time.Time) error
	Held(ctx context.Context, key string) (time.Time, error)
}

// Errors a caller branches on; they come wrapped with what was tried.
var (
	ErrDenied     = errors.New("address not allowed in this zone")
	ErrScheme     = errors.New("only http and https are fetched")
	ErrRedirects  = errors.New("too many redirects")
	ErrTimeout    = errors.New("timed out")
	ErrConnection = errors.New("connection failed") // reset, refused, unreachable, cut short: may pass
	ErrDNS        = errors.New("host name not found")
	ErrTLS        = errors.New("TLS failed")
	ErrBody       = errors.New("body cannot be decoded")
)

// HeldError says that the server asked not to be asked before Until and that
// this is too far off to wait for.
type HeldError struct {
	URL   string
	Until time.Time
}
