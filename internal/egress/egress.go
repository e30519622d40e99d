// Package egress is the only way out: every request to the web goes through
// its Client, which keeps to a network zone, to good manners and to limits.
//
// What a response means (a feed, a page, a moved source) is decided elsewhere.
package egress

import (
	"context"
	"crypto/x509"
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
	Allow         []netip.Prefix // on top of the public network (DefaultZone) or instead of it (any other); none: the public network
	Ports         []uint16       // empty: every port but those the Fetch standard blocks
	SourceAddress netip.Addr     // local address to dial from; zero: any
	Proxy         string         // http(s):// or socks5:// URL; empty: none, the environment is never asked
	RootCAs       *x509.CertPool // nil: the system's
	DNS           netip.AddrPort // resolver of its names, asked from SourceAddress; zero: Options.Lookup

	PerHost       PerHost // fields that are zero take Options.PerHost
	MaxPerDomain  int     // 0: Options.MaxPerDomain
	MaxPerAddress int     // 0: Options.MaxPerAddress
}

// Request is a GET. The zero value of everything but URL works.
type Request struct {
	URL          string
	Zone         string
	Accept       string // Accept header; empty: */*
	ETag         string // sent as If-None-Match
	LastModified string // sent as If-Modified-Since
	// ValidatorURL is the Response.URL of the answer that bore ETag and
	// LastModified; they are sent to that URL alone. Empty: to URL, and on from
	// there as long as the redirects are permanent (301, 308).
	ValidatorURL string
	Header       http.Header   // for the origin of URL; of these only Accept-Language crosses to another
	MaxBody      int64         // decoded bytes; 0: Options.MaxBody
	Timeout      time.Duration // total, all hops and the body; the wait for one's turn does not count; 0: Options.Timeout
	// Permit is asked before a redirect to a URL is followed; its error ends the
	// Get. nil: every redirect the zone allows.
	Permit func(ctx context.Context, url string) error
	// Gap is the pause that the origin of URL asks for after the request; that of
	// the zone holds where it is longer.
	Gap time.Duration
	// Grow is asked once, before more than LargeBody of a body is kept: it may
	// wait until there is room, which takes no time of the request, or refuse.
	Grow func(ctx context.Context) error
	// Post is sent as the body of a POST, in place of a GET. Nothing that is
	// posted follows a redirect.
	Post []byte
	// NoRedirects makes a redirect the answer.
	NoRedirects bool
}

// LargeBody is the size in bytes from which a body is large, see Request.Grow.
const LargeBody = 512 << 10

// Response is the answer of the last hop, whatever its status; Body is decoded
// (gzip) and whole, or cut at the limit with Truncated set.
type Response struct {
	Status    int
	URL       string // of the last hop
	Redirects []Redirect
	Header    http.Header // without Content-Encoding and Content-Length, which Body no longer has
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
// be left alone (Retry-After). The default keeps them in memory. Held is asked
// four times a hop, so it should not go to a disk; an unknown key has the zero time.
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

// Options of a Client. The zero value works.
type Options struct {
	Identity  string        // where to read about us, "+https://news.example.org/bot"; part of the User-Agent
	Version   string        // ours; empty: "dev"
	Timeout   time.Duration // of a Get, all hops and the body, without waits; 0: 20 s
	MaxBody   int64         // decoded bytes; 0: 10 MiB
	MaxHeader int64         // bytes of a response's header; 0: 256 KiB
	PerHost   PerHost

	MaxPerDomain  int // requests in flight per registrable domain; 0: 8
	MaxPerAddress int // requests in flight per IP address; 0: 8
	MaxConcurrent int // requests in flight at all; 0: 64
	MaxRedirects  int // hops followed; 0: 10, negative: none

	Zones []Zone // DefaultZone is there even if not listed
	// Untrusted names zones that are not among Zones for lack of trust alone.
	Untrusted []string
	Holds     Holds // nil: in memory
	// Manners are shared with other Clients; nil: the Client's own.
	Manners *Manners
	// MaxWait is how long a Get waits for a Retry-After to pass rather than
	// return a HeldError; 0: 30 s, negative: not at all.
	MaxWait time.Duration

	Now     func() time.Time // for holds; nil: time.Now
	Observe func(Access)     // called once per hop that went on the wire, from many goroutines; may be nil
	// Lookup resolves host names; nil: the system's resolver.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

// NoGap asks for no pause between the requests to an origin.
const NoGap time.Duration = -1

// PerHost is how an origin (scheme, host, port) is treated.
type PerHost struct {
	Parallel int           // requests at a time; 0: 1
	Gap      time.Duration // from the end of a request to the start of the next; 0: 2 s, NoGap: none
}

// Access tells of one request on the wire: what a server's own log has.
type Access struct {
	At          time.Time // sent, by Options.Now
	Zone        string
	Origin      string // https://example.org, http://example.org:8080
	URL         string // without userinfo
	Hop         int    // 0: the first
	Address     netip.Addr
	Status      int // 0: no answer
	Conditional bool
	Waited      time.Duration // for its turn
	Took        time.Duration
	WireBytes   int64         // of the body
	RetryAfter  time.Duration // 0: not asked for
	Err         error
}

// HeldError says that the server asked not to be asked before Until and that
// this is too far off to wait for.
type HeldError struct {
	URL   string
	Until time.Time
}
