package host

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// lane answers by itself what nearly all requests for a site are: GET and HEAD
// of HTTP/1.1 without a body, whose head comes in one piece, on a connection that
// is kept. Whatever looks otherwise, and all that follows it on the connection,
// goes to net/http as it came; the lane never guesses. It takes a third of the
// time: one write an answer, no goroutine that watches the connection meanwhile,
// and nothing allocated but the text of the head.
//
// So a handler must be done with a request when it returns.
type lane struct {
	h    http.Handler
	o    ServeOptions
	log  *log.Logger
	rest *handover
	ctx  context.Context // of the requests
	stop context.CancelFunc

	clock   clock
	closing atomic.Bool
	mu      sync.Mutex
	conns   map[*laneConn]struct{}
	under   sync.WaitGroup
}

// laneLast is how long a connection that is idle when serving ends is listened to.
const laneLast = 100 * time.Millisecond

// laneBuffer is what the head of a request may take; net/http has more room.
const laneBuffer = 4 << 10

func newLane(h http.Handler, o ServeOptions, errorLog *log.Logger, addr net.Addr) *lane {
	q := &lane{h: h, o: o, log: errorLog, rest: newHandover(addr), conns: map[*laneConn]struct{}{}}
	q.ctx, q.stop = context.WithCancel(context.Background())
	return q
}

// accept takes connections until the listener is closed.
func (q *lane) accept(l net.Listener) {
	for wait := time.Duration(0); ; {
		c, err := l.Accept()
		switch {
		case err == nil:
		case q.closing.Load():
			return
		case isTemporary(err):
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			time.Sleep(wait) // too many files are open: others will be closed
			continue
		default:
			q.rest.fail(err)
			return
		}
		wait = 0
		q.under.Go(func() { q.serve(c) })
	}
}

func isTemporary(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && t.Temporary()
}

// shutdown lets requests under way end and closes all connections that wait for
// one. The listener is closed, and closing set, before.
func (q *lane) shutdown(grace context.Context) {
	q.mu.Lock()
	for c := range q.conns {
		_ = c.conn.SetReadDeadline(time.Unix(1, 0))
	}
	q.mu.Unlock()
	done := make(chan struct{})
	go func() { q.under.Wait(); close(done) }()
	select {
	case <-done:
	case <-grace.Done():
		q.mu.Lock()
		for c := range q.conns {
			_ = c.conn.Close()
		}
		q.mu.Unlock()
		q.stop()
		<-done
	}
	q.stop()
}

// laneConn is one connection; everything of it is used again for the next request.
type laneConn struct {
	q      *lane
	conn   net.Conn
	buf    []byte
	n      int           // bytes in buf
	blank  *http.Request // what all requests have in common
	req    *http.Request
	parser parser
	w      laneWriter
	readBy time.Time // the deadline that is set
	woken  bool
	write  time.Time
}

func (q *lane) serve(conn net.Conn) {
	c := &laneConn{q: q, conn: conn, buf: make([]byte, laneBuffer)}
	c.blank = (&http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, RemoteAddr: conn.RemoteAddr().String()}).WithContext(q.ctx)
	c.req = c.blank.WithContext(q.ctx)
	c.w = laneWriter{c: c, header: http.Header{}}
	q.mu.Lock()
	q.conns[c] = struct{}{}
	q.mu.Unlock()
	handed := false
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			q.log.Printf("http: panic serving %v: %v\n%s", c.req.RemoteAddr, p, debug.Stack())
		}
		q.mu.Lock()
		delete(q.conns, c)
		q.mu.Unlock()
		if !handed {
			_ = conn.Close()
		}
	}()
	for first := true; ; first = false {
		end, what := c.head(first)
		*c.req = *c.blank // without what a handler has left in the last one, such as its form
		if what == headWhole && !c.parser.parse(string(c.buf[:end]), c.req) {
			what = headOther
		}
		switch what {
		case headNone:
			return
		case headOther:
			_ = conn.SetReadDeadline(time.Time{})
			_ = conn.SetWriteDeadline(time.Time{})
			handed = q.rest.give(&prefixed{Conn: conn, before: c.buf[:c.n]})
			return
		}
		if !c.answer() {
			return
		}
		c.n = copy(c.buf, c.buf[end:c.n])
	}
}

// What head finds.
const (
	headWhole = iota
	headOther // net/http is to read it
	headNone  // the connection is over
)

// head reads until the head of a request is there, and returns where it ends.
func (c *laneConn) head(first bool) (end, what int) {
	last := false
	for seen := 0; ; {
		if c.n > 0 {
			if c.buf[0] != 'G' && c.buf[0] != 'H' {
				return 0, headOther
			}
			if i := bytes.Index(c.buf[max(seen-3, 0):c.n], headEnd); i >= 0 {
				return max(seen-3, 0) + i + len(headEnd), headWhole
			}
			if c.n == len(c.buf) || bareLine(c.buf[max(seen-1, 0):c.n]) {
				return 0, headOther
			}
		}
		if last = c.n == 0 && c.q.closing.Load(); last {
			// What has been sent before the reader could know is still answered.
			_ = c.conn.SetReadDeadline(time.Now().Add(laneLast))
		} else {
			c.deadline(first || c.n > 0, seen == 0 && c.n > 0)
		}
		seen = c.n
		n, err := c.conn.Read(c.buf[c.n:])
		c.n += n
		if err != nil && n == 0 {
			if last || !c.q.closing.Load() || !errors.Is(err, os.ErrDeadlineExceeded) || c.woken {
				return 0, headNone
			}
			c.woken, c.readBy = true, time.Time{} // by shutdown, within a head or before one
		}
	}
}

var headEnd = []byte("\r\n\r\n")

// bareLine reports whether a line ends without "\r": some may, but not here.
func bareLine(b []byte) bool {
	for at := 0; ; at++ {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return false
		}
		if at += i; at > 0 && b[at-1] != '\r' {
			return true
		}
	}
}

// deadline says until when the next bytes must come: of a head soon, and all of
// it; of the next request not so soon. What differs by less than a second is not
// set again.
func (c *laneConn) deadline(head, anew bool) {
	now := time.Now()
	by := now.Add(c.q.o.IdleTimeout)
	if head {
		by = now.Add(c.q.o.ReadHeaderTimeout)
		if !anew && !c.readBy.IsZero() && c.readBy.Before(by) {
			return
		}
	}
	if d := by.Sub(c.readBy); d > time.Second || d < -time.Second {
		c.readBy = by
		_ = c.conn.SetReadDeadline(by)
		if c.n == 0 && c.q.closing.Load() { // shutdown must not be overruled
			_ = c.conn.SetReadDeadline(time.Unix(1, 0))
		}
	}
}

// answer has the handler answer, and reports whether the connection stays.
func (c *laneConn) answer() bool {
	if now := time.Now(); now.Sub(c.write) > time.Second {
		c.write = now
		_ = c.conn.SetWriteDeadline(now.Add(c.q.o.WriteTimeout))
	}
	c.w.reset(c.req.Method == http.MethodHead)
	c.q.h.ServeHTTP(&c.w, c.req)
	return c.w.finish() == nil && !c.w.close
}

// laneWriter is the http.ResponseWriter of a lane.
type laneWriter struct {
	c      *laneConn
	header http.Header
	status int
	bare   bool // no body goes out
	sent   bool // the head has gone out
	close  bool
	left   int64  // of the body that was announced; -1: none was
	body   []byte // that waits for its length
	out    []byte
	vec    [2][]byte
	err    error
}

// laneBody is how much of a body without a length is gathered before it is sent,
// ended by the end of the connection.
const laneBody = 256 << 10

func (w *laneWriter) reset(bare bool) {
	clear(w.header)
	w.status, w.bare, w.sent, w.close, w.left, w.err = 0, bare, false, false, -1, nil
	w.body = w.body[:0]
}

func (w *laneWriter) Header() http.Header { return w.header }

func (w *laneWriter) WriteHeader(status int) {
	if w.status != 0 || status < 200 || status > 999 {
		return
	}
	w.status = status
	w.bare = w.bare || status == http.StatusNoContent || status == http.StatusNotModified
	if v := w.header["Content-Length"]; len(v) == 1 {
		if n, err := strconv.ParseInt(v[0], 10, 64); err == nil && n >= 0 {
			w.left = n
			return
		}
	}
	delete(w.header, "Content-Length")
}

func (w *laneWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.err != nil:
		return 0, w.err
	case w.bare:
		return len(p), nil
	case w.left >= 0:
		if int64(len(p)) > w.left {
			return 0, http.ErrContentLength
		}
		w.left -= int64(len(p))
		w.send(p)
	case w.sent:
		w.send(p)
	default:
		w.body = append(w.body, p...)
		if len(w.body) > laneBody {
			w.close = true
			w.send(w.body)
		}
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// finish sends what is left and tells whether all has gone out.
func (w *laneWriter) finish() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if !w.sent {
		if w.left < 0 && !w.bare {
			w.left = int64(len(w.body))
			w.header["Content-Length"] = []string{strconv.Itoa(len(w.body))}
		}
		body := w.body
		w.left -= int64(len(body))
		w.send(body)
	}
	if cap(w.body) > laneBody/4 {
		w.body = nil // a connection that waits holds little
	}
	if w.err == nil && w.left > 0 && !w.bare {
		w.err = io.ErrShortWrite // the reader must not take the next answer for the rest
	}
	return w.err
}

// send writes a part of the body, before the first the head, in one call.
func (w *laneWriter) send(p []byte) {
	if w.sent {
		_, w.err = w.c.conn.Write(p)
		return
	}
	w.sent = true
	w.close = w.close || w.c.q.closing.Load()
	if len(p) > 0 && w.header["Content-Type"] == nil {
		w.header["Content-Type"] = []string{http.DetectContentType(p)}
	}
	w.out = appendHead(w.out[:0], w.status, w.c.q.clock.now(time.Now()), w.header, w.close)
	if len(p) < 1<<10 {
		w.out = append(w.out, p...)
		_, w.err = w.c.conn.Write(w.out)
		return
	}
	w.vec[0], w.vec[1] = w.out, p
	bufs := net.Buffers(w.vec[:])
	_, w.err = bufs.WriteTo(w.c.conn)
	w.vec[1] = nil
}

// appendHead writes the head of an answer.
func appendHead(o []byte, status int, date string, header http.Header, last bool) []byte {
	o = append(o, "HTTP/1.1 "...)
	o = strconv.AppendInt(o, int64(status), 10)
	o = append(o, ' ')
	o = append(o, http.StatusText(status)...)
	o = append(o, "\r\nDate: "...)
	o = append(o, date...)
	for name, values := range header {
		if name == "Connection" || name == "Date" || name == "Transfer-Encoding" {
			continue
		}
		for _, v := range values {
			o = append(o, "\r\n"...)
			o = append(o, name...)
			o = append(o, ": "...)
			at := len(o)
			o = append(o, v...)
			for i := at; i < len(o); i++ {
				if c := o[i]; c == '\r' || c == '\n' || c == 0 {
					o[i] = ' '
				}
			}
		}
	}
	if last {
		o = append(o, "\r\nConnection: close"...)
	}
	return append(o, "\r\n\r\n"...)
}

// clock tells the date as a header does, made once a second.
type clock struct{ last atomic.Pointer[dated] }

type dated struct {
	second int64
	text   string
}

func (c *clock) now(t time.Time) string {
	s := t.Unix()
	if d := c.last.Load(); d != nil && d.second == s {
		return d.text
	}
	d := &dated{s, t.UTC().Format(http.TimeFormat)}
	c.last.Store(d)
	return d.text
}
