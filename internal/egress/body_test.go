package egress

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// pack encodes s.
func pack(t testing.TB, encoding string, s []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch encoding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, _ = zstd.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	case "flate":
		w, _ = flate.NewWriter(&b, 5)
	default:
		return s
	}
	if _, err := w.Write(s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadBody(t *testing.T) {
	text := []byte(strings.Repeat("A sheet of news from many places. ", 3000))
	bomb := bytes.Repeat([]byte{0}, 20<<20)
	gz := pack(t, "gzip", text)
	badSum := bytes.Clone(gz)
	badSum[len(badSum)-6] ^= 1
	tests := []struct {
		name, encoding string
		in             []byte
		limit          int
		size           int // of the decoded body; -1: most of text
		truncated      bool
		bad            bool
	}{
		{"plain", "", text, 1 << 20, len(text), false, false},
		{"plain, at the limit", "", text, len(text), len(text), false, false},
		{"plain, over the limit", "", text, 1000, 1000, true, false},
		{"empty", "", nil, 1000, 0, false, false},
		{"gzip", "gzip", gz, 1 << 20, len(text), false, false},
		{"x-gzip", "X-GZIP", gz, 1 << 20, len(text), false, false},
		{"br", "br", pack(t, "br", text), 1 << 20, len(text), false, false},
		{"zstd", "zstd", pack(t, "zstd", text), 1 << 20, len(text), false, false},
		{"deflate", "deflate", pack(t, "zlib", text), 1 << 20, len(text), false, false},
		{"bare deflate", "deflate", pack(t, "flate", text), 1 << 20, len(text), false, false},
		{"twice", "gzip, br", pack(t, "br", gz), 1 << 20, len(text), false, false},
		{"two members", "gzip", append(bytes.Clone(gz), gz...), 1 << 20, 2 * len(text), false, false},
		{"gzip over the limit", "gzip", gz, 1000, 1000, true, false},
		{"gzip bomb", "gzip", pack(t, "gzip", bomb), 1 << 20, 1 << 20, true, false},
		{"br bomb", "br", pack(t, "br", bomb), 1 << 20, 1 << 20, true, false},
		{"zstd bomb", "zstd", pack(t, "zstd", bomb), 1 << 20, 1 << 20, true, false},
		{"bomb in a bomb", "gzip, gzip", pack(t, "gzip", pack(t, "gzip", bomb)), 1 << 20, 1 << 20, true, false},
		{"empty members for ever", "gzip", bytes.Repeat(pack(t, "gzip", nil), 10000), 1000, 0, true, false},
		{"gzip without its tail", "gzip", gz[:len(gz)-8], 1 << 20, len(text), true, false},
		{"gzip cut short", "gzip", gz[:len(gz)/2], 1 << 20, -1, true, false},
		{"gzip with a wrong sum", "gzip", badSum, 1 << 20, len(text), true, false},
		{"gzip and garbage", "gzip", append(bytes.Clone(gz), "\r\n<!-- cached -->"...), 1 << 20, len(text), false, false},
		{"not gzip at all", "gzip", text, 1 << 20, len(text), false, false},
		{"not zstd at all", "zstd", text, 1 << 20, len(text), false, false},
		{"a charset", "UTF-8", text, 1 << 20, len(text), false, false},
		{"empty gzip", "gzip", nil, 1 << 20, 0, false, false},
		{"gzip header only", "gzip", gz[:6], 1 << 20, 0, false, true},
		{"unknown", "compress", text, 1 << 20, 0, false, true},
		{"many layers", "gzip,gzip,gzip,gzip", gz, 1 << 20, 0, false, true},
	}
	var rd reader
	for range 2 { // the second time with what the first one left
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				b := rd.read(bytes.NewReader(tt.in), tt.encoding, int64(tt.limit), nil)
				if (b.err != nil) != tt.bad || b.wireErr != nil {
					t.Fatalf("errors %v, %v", b.err, b.wireErr)
				}
				if tt.size >= 0 && len(b.data) != tt.size || tt.size < 0 && (len(b.data) == 0 || len(b.data) >= len(text)) {
					t.Errorf("%d bytes, want %d", len(b.data), tt.size)
				}
				if b.truncated != tt.truncated {
					t.Errorf("truncated = %t, want %t", b.truncated, tt.truncated)
				}
				if n := min(len(b.data), len(text)); len(b.data) > 0 && b.data[0] != 0 && !bytes.Equal(b.data[:n], text[:n]) {
					t.Error("other bytes than were sent")
				}
				if b.wire > int64(tt.limit+wireSlack) {
					t.Errorf("%d bytes taken from the wire under limit %d", b.wire, tt.limit)
				}
			})
		}
	}
}

func TestReadBodyCutByConnection(t *testing.T) {
	var rd reader
	reset := errors.New("reset")
	gz := pack(t, "gzip", bytes.Repeat([]byte("news "), 50000))
	for encoding, in := range map[string][]byte{"": gz, "gzip": gz[:len(gz)/2]} {
		b := rd.read(io.MultiReader(bytes.NewReader(in), iotest.ErrReader(reset)), encoding, 1<<20, nil)
		if !errors.Is(b.wireErr, reset) || len(b.data) == 0 || !b.truncated || b.err != nil {
			t.Errorf("%q: %d bytes, truncated %t, errors %v, %v", encoding, len(b.data), b.truncated, b.wireErr, b.err)
		}
	}
}

func FuzzReadBody(f *testing.F) {
	text := []byte("A sheet of news from many places.")
	for _, e := range []string{"gzip", "br", "zstd"} {
		f.Add(pack(f, e, text), e, 20)
	}
	f.Add(pack(f, "zlib", text), "deflate, gzip", 1000)
	var rd reader
	f.Fuzz(func(t *testing.T, in []byte, encoding string, limit int) {
		limit = 1 + (limit&0x7fffffff)%(1<<16)
		b := rd.read(bytes.NewReader(in), encoding, int64(limit), nil)
		if len(b.data) > limit {
			t.Errorf("%d bytes over limit %d", len(b.data), limit)
		}
		if b.wireErr != nil || b.err != nil && len(b.data) > 0 {
			t.Errorf("errors %v, %v with %d bytes", b.wireErr, b.err, len(b.data))
		}
		if b.wire > int64(len(in)) {
			t.Errorf("read %d of %d bytes", b.wire, len(in))
		}
	})
}
