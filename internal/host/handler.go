package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type handler struct {
	releases Releases
	o        Options
	cache    *cache
	recent   *recent
	csp      []string
	prefixes []string  // paths of Beside that end in a slash
	pool     sync.Pool // of *exchange
	types    sync.Map  // media types seen, by name or extension: *media
	manner   atomic.Pointer[mannered]
	reading  sync.Mutex // of manner and previewed

	previewed map[string]*manner // by release
}

// exchange is one request and its answer: what the access log tells is
// gathered on the way.
type exchange struct {
	http.ResponseWriter
	status  int
	bytes   int64
	release string
	user    string
	private bool // only for this reader
	err     error
}

func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= 200 {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.ResponseWriter.Write(p)
	x.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController find what the server can do.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, _ := h.pool.Get().(*exchange)
	if x == nil {
		x = new(exchange)
	}
	*x = exchange{ResponseWriter: w}
	if h.o.Log == nil {
		h.serve(x, r)
	} else {
		h.logged(x, r)
	}
	*x = exchange{}
	h.pool.Put(x)
}

func (h *handler) logged(x *exchange, r *http.Request) {
	at, begin := h.o.Now(), time.Now()
	h.serve(x, r)
	if x.status == 0 {
		x.status = http.StatusOK
	}
	h.o.Log(Access{At: at, Remote: r.RemoteAddr, Method: r.Method, Host: r.Host, URI: r.RequestURI, Proto: r.Proto,
		Status: x.status, Bytes: x.bytes, Took: time.Since(begin), Referer: r.Referer(), UserAgent: r.UserAgent(), User: x.user, Release: x.release, Err: x.err})
}

func (h *handler) serve(x *exchange, r *http.Request) {
	x.Header()["X-Content-Type-Options"] = nosniff
	b := h.beside(r.URL.Path)
	if (b == nil || !h.open(r.URL.Path)) && !h.admit(x, r) {
		return
	}
	if b != nil {
		b.ServeHTTP(x, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		x.Header().Set("Allow", "GET, HEAD")
		x.text(r, http.StatusMethodNotAllowed, "405 method not allowed\n")
		return
	}
	rel, preview, err := h.release(r)
	if errors.Is(err, errNoPreview) {
		h.document(x.Header())
		x.text(r, http.StatusNotFound, "404 no release of this name is kept\n")
		return
	}
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			x.err = err
		}
		x.Header().Set("Retry-After", "5")
		x.text(r, http.StatusServiceUnavailable, "503 the site is being prepared\n")
		return
	}
	x.release = rel.ID()
	old := h.recent
	var m *manner
	if preview {
		x.private, old = true, &recent{}
		x.Header()["X-Robots-Tag"] = noIndex
		m = h.mannerOfPreview(rel)
	} else {
		h.recent.see(rel)
		m = h.mannerOf(rel)
	}
	a := h.answer(rel, old, m, r)
	if len(m.vary) > 0 {
		x.Header()["Vary"] = m.vary
	}
	switch {
	case a.location != "":
		h.redirect(x, r, a)
	case a.file.Hash == "":
		h.document(x.Header())
		x.text(r, http.StatusNotFound, "404 page not found\n")
	default:
		h.file(x, r, &a, m)
	}
}

// release returns what is to be served: what is live, or what is previewed.
func (h *handler) release(r *http.Request) (rel Release, preview bool, err error) {
	if h.o.Preview != nil {
		if name := previewName(r.Host); name != "" {
			if rel, err = h.o.Preview(r.Context(), name); err != nil {
				return nil, true, fmt.Errorf("%w: %w", errNoPreview, err)
			}
			return rel, true, nil
		}
	}
	rel, err = h.releases.Current(r.Context())
	return rel, false, err
}

var errNoPreview = errors.New("no such preview")

func (h *handler) open(path string) bool {
	for _, p := range h.o.Open {
		if path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

func (h *handler) beside(path string) http.Handler {
	if b := h.o.Beside[path]; b != nil {
		return b
	}
	for _, p := range h.prefixes {
		if strings.HasPrefix(path, p) {
			return h.o.Beside[p]
		}
	}
	return nil
}

// text answers with a line for people.
func (x *exchange) text(r *http.Request, status int, line string) {
	hd := x.Header()
	hd["Content-Type"] = plainText
	hd["Cache-Control"] = revalidate
	hd.Set("Content-Length", strconv.Itoa(len(line)))
	x.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = x.Write([]byte(line))
	}
}

func (h *handler) redirect(x *exchange, r *http.Request, a answer) {
	to := a.location
	if r.URL.RawQuery != "" && !a.ruled {
		to += "?" + r.URL.RawQuery
	}
	x.Header().Set("Location", to)
	x.text(r, a.status, "moved to "+to+"\n")
}

// document sets what protects the reader of a page.
func (h *handler) document(hd http.Header) {
	hd["Content-Security-Policy"] = h.csp
	hd["Referrer-Policy"] = referrer
	hd["X-Frame-Options"] = deny
	hd["Permissions-Policy"] = permissions
	hd["Cross-Origin-Opener-Policy"] = sameOrigin
}

// file answers with a file, in the encoding that suits the reader best.
func (h *handler) file(x *exchange, r *http.Request, a *answer, m *manner) {
	hd := x.Header()
	mt := h.mediaType(a)
	hd["Content-Type"] = mt.header
	if mt.document {
		h.document(hd)
	}
	hd["Cache-Control"] = revalidate
	if a.immutable {
		hd["Cache-Control"] = forever
	}
	if len(m.headers) > 0 {
		m.decorate(hd, r.URL.Path)
	}
	if x.private {
		hd["Cache-Control"] = private
	}
	enc := identity
	if mt.text && a.file.Size >= minEncoded && a.file.Size <= maxEncoded {
		if len(m.vary) > 0 {
			hd["Vary"] = append([]string{"Accept-Encoding"}, m.vary...)
		} else {
			hd["Vary"] = varyEncoding
		}
		enc = negotiate(r.Header["Accept-Encoding"])
	}
	ranged := a.status == http.StatusOK && len(r.Header["Range"]) > 0
	if ranged {
		enc = identity // a range is of the file as it is, whatever can be decoded
	}
	if a.status == http.StatusOK && notModified(r.Header, a.file.Hash, hd) {
		delete(hd, "Content-Type")
		x.WriteHeader(http.StatusNotModified)
		return
	}
	v, err := h.cache.get(a.rel, a.file, enc)
	if err != nil {
		x.err = err
		clear(hd)
		hd["X-Content-Type-Options"] = nosniff
		x.text(r, http.StatusInternalServerError, "500 the file cannot be read\n")
		return
	}
	if v.encoding != nil {
		hd["Content-Encoding"] = v.encoding
	}
	hd["Accept-Ranges"] = acceptRanges
	if a.status == http.StatusOK {
		hd["Etag"] = v.etag
		if ranged || len(r.Header["If-Match"]) > 0 {
			http.ServeContent(x, r, "", time.Time{}, bytes.NewReader(v.body))
			return
		}
	}
	hd["Content-Length"] = v.length
	x.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = x.Write(v.body)
	}
}

// Header values that never change. The server reads them; nobody writes to
// them, so that one slice does for all requests.
var (
	nosniff      = []string{"nosniff"}
	plainText    = []string{"text/plain; charset=utf-8"}
	revalidate   = []string{"no-cache"}
	private      = []string{"private, no-cache"}
	noStore      = []string{"no-store"}
	noIndex      = []string{"noindex"}
	forever      = []string{"public, max-age=31536000, immutable"}
	referrer     = []string{"strict-origin-when-cross-origin"}
	deny         = []string{"DENY"}
	permissions  = []string{"camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()"}
	sameOrigin   = []string{"same-origin"}
	varyEncoding = []string{"Accept-Encoding"}
	acceptRanges = []string{"bytes"}
)
