package host

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// encoding is a Content-Encoding, in order of preference.
type encoding int

const (
	identity encoding = iota
	gzipped
	brotlied
	encodings
)

const (
	minEncoded = 256     // below, the header costs more than is won
	maxEncoded = 8 << 20 // above, encoding at the first request would keep the reader waiting
)

func (e encoding) String() string { return [...]string{"", "gzip", "br"}[e] }

// suffix sets the ETags of the encodings of one file apart.
func (e encoding) suffix() string { return [...]string{"", "-gz", "-br"}[e] }

// etagLen is how much of the hash an ETag holds: 128 bits.
const etagLen = 32

func etag(hash string, e encoding) string {
	return `"` + hash[:min(len(hash), etagLen)] + e.suffix() + `"`
}

// negotiate picks the encoding of the highest quality (RFC 9110, 12.5.3); among
// equals the one that is smallest.
func negotiate(header []string) encoding {
	if len(header) == 0 {
		return identity
	}
	// Thousandths; -1: not named.
	quality := [encodings]int{-1, -1, -1}
	star := -1
	for _, line := range header {
		for line != "" {
			var item string
			item, line, _ = strings.Cut(line, ",")
			name, params, _ := strings.Cut(item, ";")
			q := parseQ(params)
			switch name = strings.TrimSpace(name); {
			case strings.EqualFold(name, "gzip"), strings.EqualFold(name, "x-gzip"):
				quality[gzipped] = q
			case strings.EqualFold(name, "br"):
				quality[brotlied] = q
			case strings.EqualFold(name, "identity"):
				quality[identity] = q
			case name == "*":
				star = q
			}
		}
	}
	best, bestQ := identity, max(quality[identity], 0)
	for e := gzipped; e < encodings; e++ {
		q := quality[e]
		if q < 0 {
			q = star
		}
		if q > 0 && q >= bestQ {
			best, bestQ = e, q
		}
	}
	return best
}

// parseQ reads ";q=0.5" in thousandths; what is unreadable counts as 1.
func parseQ(params string) int {
	for params != "" {
		var p string
		p, params, _ = strings.Cut(params, ";")
		k, v, ok := strings.Cut(p, "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(k), "q") {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil || !(f >= 0 && f <= 1) {
			return 1000
		}
		return int(f * 1000)
	}
	return 1000
}

// encoders encodes, and reuses what that takes. The zero value works.
type encoders struct{ gzips, brotlis sync.Pool }

// encode returns body in encoding e.
func (p *encoders) encode(body []byte, e encoding) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(body)/3 + 64)
	var w io.WriteCloser
	switch e {
	case gzipped:
		z, _ := p.gzips.Get().(*gzip.Writer)
		if z == nil {
			z = gzip.NewWriter(nil)
		}
		z.Reset(&b)
		defer p.gzips.Put(z)
		w = z
	case brotlied:
		z, _ := p.brotlis.Get().(*brotli.Writer)
		if z == nil {
			z = brotli.NewWriterLevel(nil, 5)
		}
		z.Reset(&b)
		defer p.brotlis.Put(z)
		w = z
	default:
		return nil, fmt.Errorf("no such encoding: %d", e)
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(b.Bytes()), nil
}

// notModified answers If-None-Match (RFC 9110, 13.1.2). The hash is of the
// content, so an ETag of any of its encodings proves that the reader has it;
// the one that matched is put into out.
func notModified(in http.Header, hash string, out http.Header) bool {
	for _, line := range in["If-None-Match"] {
		for line != "" {
			line = strings.TrimLeft(line, " \t,")
			if strings.HasPrefix(line, "*") {
				out["Etag"] = []string{etag(hash, identity)}
				return true
			}
			tag, rest, ok := scanETag(line)
			if !ok {
				break
			}
			if matches(tag, hash) {
				out["Etag"] = []string{tag}
				return true
			}
			line = rest
		}
	}
	return false
}

// scanETag reads one entity tag, without its W/.
func scanETag(s string) (tag, rest string, ok bool) {
	s = strings.TrimPrefix(s, "W/")
	if s == "" || s[0] != '"' {
		return "", "", false
	}
	end := strings.IndexByte(s[1:], '"')
	if end < 0 {
		return "", "", false
	}
	return s[:end+2], s[end+2:], true
}

func matches(tag, hash string) bool {
	short := hash[:min(len(hash), etagLen)]
	rest, ok := strings.CutPrefix(tag[1:len(tag)-1], short)
	return ok && (rest == "" || rest == gzipped.suffix() || rest == brotlied.suffix())
}
