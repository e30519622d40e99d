package host

import (
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// CombinedLog returns a function for Options.Log that writes a line a request
// in the Combined Log Format, which every reader of logs knows, and after it
// the microseconds the answer took. What readers send is quoted, so that a
// request cannot forge a line.
func CombinedLog(w io.Writer) func(Access) {
	var mu sync.Mutex
	var buf []byte
	return func(a Access) {
		mu.Lock()
		defer mu.Unlock()
		buf = a.append(buf[:0])
		_, _ = w.Write(buf) // a full disk must not keep readers from the site
	}
}

func (a *Access) append(o []byte) []byte {
	remote := a.Remote
	if h, _, err := net.SplitHostPort(remote); err == nil {
		remote = h
	}
	dash := func(s string) []byte {
		if s == "" {
			return append(o, '-')
		}
		return appendQuoted(o, s)
	}
	o = append(o, remote...)
	o = append(o, " - "...)
	o = dash(a.User)
	o = append(o, " ["...)
	o = a.At.AppendFormat(o, "02/Jan/2006:15:04:05 -0700")
	o = append(o, `] "`...)
	o = appendQuoted(o, a.Method)
	o = append(o, ' ')
	o = appendQuoted(o, a.URI)
	o = append(o, ' ')
	o = appendQuoted(o, a.Proto)
	o = append(o, `" `...)
	o = strconv.AppendInt(o, int64(a.Status), 10)
	o = append(o, ' ')
	o = strconv.AppendInt(o, a.Bytes, 10)
	o = append(o, ` "`...)
	o = dash(a.Referer)
	o = append(o, `" "`...)
	o = dash(a.UserAgent)
	o = append(o, `" `...)
	o = strconv.AppendInt(o, int64(a.Took/time.Microsecond), 10)
	return append(o, '\n')
}

// appendQuoted writes control characters, quotes and backslashes as \xhh.
func appendQuoted(o []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			o = append(o, '\\', 'x', hex[c>>4], hex[c&15])
		} else {
			o = append(o, c)
		}
	}
	return o
}
