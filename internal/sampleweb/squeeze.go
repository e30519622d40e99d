package sampleweb

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/flate"
)

// squeezer compresses answers. What thousands of pages share is compressed
// once: blocks of DEFLATE (RFC 1951) that do not refer back beyond their own
// start can stand in any stream.
type squeezer struct{ pool sync.Pool }

// gzip is body in gzip (RFC 1952); nil if it is too short to be worth it.
// style, unless nil, is what may stand within it already compressed.
func (q *squeezer) gzip(body []byte, style *pageStyle) []byte {
	if len(body) < 200 {
		return nil
	}
	var out bytes.Buffer
	out.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255})
	rest := body
	if style != nil && style.padding != "" {
		if i := bytes.Index(body, []byte(style.padding)); i >= 0 {
			q.deflate(&out, body[:i], false)
			style.once.Do(func() {
				var b bytes.Buffer
				q.deflate(&b, []byte(style.padding), false)
				style.squeezed = b.Bytes()
			})
			out.Write(style.squeezed)
			rest = body[i+len(style.padding):]
		}
	}
	q.deflate(&out, rest, true)
	tail := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(body))
	out.Write(binary.LittleEndian.AppendUint32(tail, uint32(len(body))))
	return out.Bytes()
}

// deflate appends blocks that end on a byte; the last ones end the stream.
// Writing to a Buffer does not fail.
func (q *squeezer) deflate(out *bytes.Buffer, b []byte, last bool) {
	z, ok := q.pool.Get().(*flate.Writer)
	if ok {
		z.Reset(out)
	} else {
		z, _ = flate.NewWriter(out, flate.BestSpeed) // errs on unknown levels only
	}
	defer q.pool.Put(z)
	_, _ = z.Write(b)
	if last {
		_ = z.Close()
	} else {
		_ = z.Flush()
	}
}
