package sampleweb

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// document is an answer made once: its bytes, plain and compressed.
type document struct {
	body, gz []byte
	ctype    string
	etag     string
	modified time.Time
}

func (s *site) encode(text string) []byte {
	if !s.latin1() {
		return []byte(text)
	}
	b, err := encoding.HTMLEscapeUnsupported(charmap.Windows1252.NewEncoder()).Bytes([]byte(text))
	if err != nil {
		return []byte(text)
	}
	return b
}

// maxKept is the largest page that is kept once made; padded ones are made
// again, or thousands of them would fill the memory.
const maxKept = 16 << 10

// serve answers every request of every source, and writes it down.
func (w *Web) serve(rw http.ResponseWriter, r *http.Request) {
	a := Access{
		Host: r.Host, Method: r.Method, Path: r.URL.RequestURI(), Time: time.Now(), UserAgent: r.UserAgent(),
		Conditional: r.Header.Get("If-None-Match") != "" || r.Header.Get("If-Modified-Since") != "",
		Gzip:        strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"),
	}
	d, ok := w.byHost[r.Host]
	if !ok {
		w.note(a)
		http.Error(rw, "no such host here", http.StatusMisdirectedRequest)
		return
	}
	a.Site = d.site.Site.ID
	if d.site.Fault == Hang {
		w.note(a)
		select {
		case <-r.Context().Done():
		case <-w.ctx.Done():
		}
		panic(http.ErrAbortHandler) // or net/http would answer 200 now
	}
	status, header, doc := w.answer(d, r)
	a.Status, a.Bytes = w.write(rw, r, status, header, doc, a.Gzip)
	w.note(a)
}

func (w *Web) note(a Access) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.log) >= maxLog {
		w.log = append(w.log[:0], w.log[maxLog/2:]...)
	}
	w.log = append(w.log, a)
}

func (w *Web) write(rw http.ResponseWriter, r *http.Request, status int, header http.Header, doc *document, gzipped bool) (int, int) {
	h := rw.Header()
	for k, v := range header {
		h[k] = v
	}
	if doc == nil {
		doc = &document{}
	}
	if doc.etag != "" {
		h.Set("ETag", doc.etag)
	}
	if !doc.modified.IsZero() {
		h.Set("Last-Modified", doc.modified.Format(http.TimeFormat))
	}
	if status == http.StatusOK && unchanged(r, doc) {
		rw.WriteHeader(http.StatusNotModified)
		return http.StatusNotModified, 0
	}
	if doc.ctype != "" {
		h.Set("Content-Type", doc.ctype)
	}
	body := doc.body
	if gzipped && doc.gz != nil && !w.opt.NoGzip {
		body = doc.gz
		h.Set("Content-Encoding", "gzip")
		h.Set("Vary", "Accept-Encoding")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	rw.WriteHeader(status)
	if r.Method == http.MethodHead {
		return status, 0
	}
	n, err := rw.Write(body)
	if err != nil {
		return status, n
	}
	return status, n
}

// unchanged says that what the client has is what it would get. RFC 9110 has
// If-None-Match win over If-Modified-Since.
func unchanged(r *http.Request, d *document) bool {
	if inm := r.Header.Get("If-None-Match"); inm != "" && d.etag != "" {
		return strings.Contains(inm, strings.TrimPrefix(d.etag, "W/")) || inm == "*"
	}
	if ims := r.Header.Get("If-Modified-Since"); ims != "" && !d.modified.IsZero() {
		t, err := http.ParseTime(ims)
		return err == nil && !d.modified.After(t)
	}
	return false
}

func plain(status int) (int, http.Header, *document) {
	return status, nil, &document{body: fmt.Appendln(nil, status, http.StatusText(status)), ctype: "text/plain; charset=utf-8"}
}

// answer decides what a request gets.
func (w *Web) answer(d door, r *http.Request) (int, http.Header, *document) {
	s := d.site
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return plain(http.StatusMethodNotAllowed)
	}
	if d.old {
		return http.StatusMovedPermanently, http.Header{"Location": {s.origin + r.URL.RequestURI()}}, nil
	}
	path := r.URL.Path
	switch {
	case path == s.feedPath:
		return w.answerFeed(s)
	case path == "/" && r.URL.RawQuery == "" || path == "/archive" || path == "/about":
		w.mu.Lock()
		defer w.mu.Unlock()
		return http.StatusOK, nil, &document{body: s.homePage(w), ctype: s.pageType()}
	case path == "/logo.svg" || path == "/favicon.ico":
		return http.StatusOK, nil, &document{body: logo(s), ctype: "image/svg+xml"}
	case path == "/robots.txt":
		return http.StatusOK, nil, &document{body: []byte("User-agent: *\nDisallow: /private/\n"), ctype: "text/plain"}
	case strings.HasPrefix(path, "/img/"):
		return w.answerPicture(s, path)
	}
	return w.answerPost(s, r)
}

func (s *site) pageType() string {
	if s.n%3 == 2 {
		return "text/html" // the charset stands in the page alone
	}
	if s.latin1() {
		return "text/html; charset=iso-8859-1"
	}
	return "text/html; charset=utf-8"
}

func (w *Web) answerFeed(s *site) (int, http.Header, *document) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.asked++
	switch s.Fault {
	case Error:
		return plain(http.StatusInternalServerError)
	case Gone:
		return plain(http.StatusGone)
	case Flaky:
		if s.asked%2 == 1 {
			status, header, doc := plain(http.StatusServiceUnavailable)
			if w.opt.RetryAfter {
				header = http.Header{"Retry-After": {"1"}}
			}
			return status, header, doc
		}
	}
	if s.feed == nil {
		s.feed = w.makeFeed(s)
	}
	return http.StatusOK, nil, s.feed
}

func (w *Web) makeFeed(s *site) *document {
	d := &document{body: s.feedBody(w.now()), ctype: feedTypes[s.Format]}
	d.gz = w.squeeze.gzip(d.body, nil)
	if v := s.n % 4; v != 3 { // both, one, the other, or neither
		if v != 2 {
			h := fnv.New64a()
			h.Write(d.body)
			d.etag = fmt.Sprintf("%q", strconv.FormatUint(h.Sum64(), 36))
			if s.n%8 >= 4 {
				d.etag = "W/" + d.etag
			}
		}
		if v != 1 {
			d.modified = s.modified
		}
	}
	return d
}

func (w *Web) answerPicture(s *site, path string) (int, http.Header, *document) {
	name, ok := strings.CutSuffix(strings.TrimPrefix(path, "/img/"), ".png")
	n, err := strconv.Atoi(name)
	if !ok || err != nil || n < 0 {
		return plain(http.StatusNotFound)
	}
	cache := http.Header{"Cache-Control": {"public, max-age=86400"}}
	return http.StatusOK, cache, &document{body: w.images.get(s, n), ctype: "image/png", etag: fmt.Sprintf("\"p%d\"", n)}
}

// answerPost finds the post by path and query; tracking parameters are
// overlooked, as real sites do.
func (w *Web) answerPost(s *site, r *http.Request) (int, http.Header, *document) {
	want := r.URL.EscapedPath()
	if id := r.URL.Query().Get("p"); id != "" {
		want += "?p=" + id
	}
	w.mu.Lock()
	p := s.byPath[want]
	var d *document
	if p != nil {
		d = p.render
	}
	if p != nil && d == nil {
		d = &document{body: p.page(w), ctype: s.pageType()}
	}
	w.mu.Unlock()
	if p == nil {
		return plain(http.StatusNotFound)
	}
	if d.gz == nil && !w.opt.NoGzip {
		d.gz = w.squeeze.gzip(d.body, w.pages)
	}
	if len(d.body) <= maxKept {
		w.mu.Lock()
		p.render = d
		w.mu.Unlock()
	}
	return http.StatusOK, nil, d
}
