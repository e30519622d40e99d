package egress

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

const (
	acceptEncoding = "gzip, br, zstd"
	maxEncodings   = 3 // layers of Content-Encoding; one is usual, two are a misconfigured server
	wireSlack      = 64 << 10
)

// body is what was read of a response.
type body struct {
	data      []byte
	truncated bool
	wire      int64
	wireErr   error // the connection failed before the end
	err       error // nothing could be decoded; is ErrBody
}

// reader reads bodies and reuses what that takes. The zero value works.
type reader struct {
	scratch, buffers, gzips, brotlis, zstds sync.Pool
}

// wire is the body as it comes: counted, limited, and its error remembered,
// for decoders bury it in their own.
type wire struct {
	r     io.Reader
	n     int64
	limit int64
	cut   bool
	err   error
}

func (w *wire) Read(p []byte) (int, error) {
	if w.n >= w.limit {
		w.cut = true
		return 0, io.EOF
	}
	if left := w.limit - w.n; int64(len(p)) > left {
		p = p[:left]
	}
	n, err := w.r.Read(p)
	w.n += int64(n)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// read reads and decodes a body up to limit decoded bytes; grow, if any, is
// asked once it is large.
//
// What cannot be decoded to its end is given as far as it goes: feeds with a
// broken gzip tail exist, and readers show them.
func (rd *reader) read(r io.Reader, encoding string, limit int64, grow func() error) body {
	w := &wire{r: r, limit: limit + wireSlack}
	src, done, err := rd.decoders(w, encoding)
	defer done()
	b := body{err: err}
	if err == nil {
		if ask := grow; ask != nil {
			grow = func() error {
				w.err = ask()
				return w.err
			}
		}
		var readErr error
		b.data, b.truncated, readErr = rd.all(src, limit, grow)
		switch {
		case b.truncated, readErr == nil, w.err != nil:
		case w.cut, len(b.data) > 0:
			// After a whole member an unreadable header is but garbage behind the end.
			b.truncated = w.cut || !errors.Is(readErr, gzip.ErrHeader)
		default:
			b.err = readErr
		}
		b.truncated = b.truncated || w.cut
	}
	if !b.truncated && w.err == nil {
		// To the end of the message, so that the connection can be used again.
		_, _ = io.CopyN(io.Discard, w, 4<<10)
	}
	b.wire = w.n
	if w.err != nil && !b.truncated {
		b.wireErr, b.truncated, b.err = w.err, true, nil
	}
	return b
}

// all reads src up to limit bytes, and says whether there was more. It gathers
// in buffers that are used again and copies once, so that a large body costs
// its own size rather than that of every step of a growing slice.
func (rd *reader) all(src io.Reader, limit int64, grow func() error) (data []byte, more bool, err error) {
	var (
		bufs  []*[]byte
		total int64
	)
	for err == nil && total <= limit {
		if grow != nil && total > LargeBody {
			if err = grow(); err != nil {
				break
			}
			grow = nil
		}
		bufs = append(bufs, rd.chunk(len(bufs) > 0))
		b := bufs[len(bufs)-1]
		for err == nil && total <= limit && len(*b) < cap(*b) {
			room := (*b)[len(*b):cap(*b)]
			if left := limit + 1 - total; int64(len(room)) > left {
				room = room[:left]
			}
			var n int
			n, err = src.Read(room)
			*b = (*b)[:len(*b)+n]
			total += int64(n)
		}
	}
	if err == io.EOF {
		err = nil
	}
	if total > limit {
		total, more, err = limit, true, nil
	}
	data = make([]byte, 0, total)
	for _, b := range bufs {
		data = append(data, (*b)[:min(len(*b), cap(data)-len(data))]...)
		rd.scratch.Put(b)
	}
	return data, more, err
}

// chunk is an empty buffer, a new one being small for a body's beginning and
// large for the rest.
func (rd *reader) chunk(rest bool) *[]byte {
	if b, _ := rd.scratch.Get().(*[]byte); b != nil {
		*b = (*b)[:0]
		return b
	}
	size := 64 << 10
	if rest {
		size = 512 << 10
	}
	return new(make([]byte, 0, size))
}

// decoders puts a decoder before w for every layer of a Content-Encoding. A
// body that plainly is not what the header says is taken as it is.
func (rd *reader) decoders(w *wire, encoding string) (src io.Reader, done func(), err error) {
	if encoding == "" {
		return w, func() {}, nil
	}
	layers := strings.Split(encoding, ",")
	var undo []func()
	done = func() {
		for _, f := range undo {
			f()
		}
	}
	if len(layers) > maxEncodings {
		return nil, done, errors.New("too many layers of Content-Encoding")
	}
	src = w
	for i := len(layers) - 1; i >= 0; i-- {
		name := strings.ToLower(strings.TrimSpace(layers[i]))
		switch name {
		case "", "identity", "none", "utf-8", "utf8", "binary", "8bit":
			continue // seen in the wild; nothing is encoded
		}
		br := rd.buffer(src, &undo)
		if src, err = rd.decoder(br, name, &undo); err != nil {
			return nil, done, err
		}
	}
	return src, done, nil
}

func (rd *reader) buffer(src io.Reader, undo *[]func()) *bufio.Reader {
	br, _ := rd.buffers.Get().(*bufio.Reader)
	if br == nil {
		br = bufio.NewReaderSize(nil, 4<<10)
	}
	br.Reset(src)
	*undo = append(*undo, func() { br.Reset(nil); rd.buffers.Put(br) })
	return br
}

func (rd *reader) decoder(br *bufio.Reader, name string, undo *[]func()) (io.Reader, error) {
	head, _ := br.Peek(4)
	if len(head) == 0 {
		return br, nil
	}
	switch name {
	case "gzip", "x-gzip":
		if !bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
			return br, nil
		}
		return rd.gzip(br, undo)
	case "br":
		z, _ := rd.brotlis.Get().(*brotli.Reader)
		if z == nil {
			z = brotli.NewReader(nil)
		}
		*undo = append(*undo, func() { rd.brotlis.Put(z) })
		return z, z.Reset(br)
	case "zstd":
		if !bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}) && !(len(head) == 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:], []byte{0x2a, 0x4d, 0x18})) {
			return br, nil
		}
		return rd.zstd(br, undo)
	case "deflate":
		// The name means zlib, yet some send the bare stream.
		if len(head) > 1 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
			return zlib.NewReader(br)
		}
		return flate.NewReader(br), nil
	}
	return nil, errors.New("unknown Content-Encoding " + name)
}

func (rd *reader) gzip(br *bufio.Reader, undo *[]func()) (io.Reader, error) {
	z, _ := rd.gzips.Get().(*gzip.Reader)
	if z == nil {
		z = new(gzip.Reader)
	}
	*undo = append(*undo, func() { rd.gzips.Put(z) })
	return z, z.Reset(br)
}

func (rd *reader) zstd(br *bufio.Reader, undo *[]func()) (io.Reader, error) {
	z, _ := rd.zstds.Get().(*zstd.Decoder)
	if z == nil {
		var err error
		// RFC 9659: a window of 8 MiB is what the web may use.
		z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, err
		}
	}
	*undo = append(*undo, func() {
		if z.Reset(nil) == nil {
			rd.zstds.Put(z)
		}
	})
	return z, z.Reset(br)
}
