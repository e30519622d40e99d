package host

import (
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// parser reads the head of a plain request. It takes only what can be understood
// in one way (RFC 9112, sections 2 to 5); all else is for net/http to judge.
type parser struct {
	url    url.URL
	values [maxPlainHeaders]string
}

const maxPlainHeaders = 48

// notPlain are headers that ask for more than a file as it is, or say where a
// message ends.
var notPlain = map[string]bool{
	"Content-Length": true, "Transfer-Encoding": true, "Expect": true, "Upgrade": true, "Te": true, "Trailer": true, "Connection": true,
	"Proxy-Connection": true, "Keep-Alive": true, "Range": true, "If-Range": true, "If-Match": true, "If-Unmodified-Since": true, "Http2-Settings": true,
}

// parse reads head, which ends in an empty line, into r. It returns false for
// what is not plain; r is undefined then.
func (p *parser) parse(head string, r *http.Request) bool {
	line, rest, ok := strings.Cut(head, "\r\n")
	if !ok || !p.requestLine(line, r) {
		return false
	}
	clear(r.Header)
	r.Host = ""
	for n := 0; ; n++ {
		if line, rest, ok = strings.Cut(rest, "\r\n"); !ok || n >= maxPlainHeaders {
			return false
		}
		if line == "" {
			return r.Host != "" && rest == ""
		}
		colon := strings.IndexByte(line, ':')
		if colon <= 0 {
			return false
		}
		name, value := line[:colon], strings.Trim(line[colon+1:], " \t")
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return false
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		switch {
		case name == "Host":
			if r.Host != "" || !plainHost(value) {
				return false
			}
			r.Host = value
		case name == "Connection" && strings.EqualFold(value, "keep-alive"):
			// it is kept anyhow
		case notPlain[name]:
			return false
		case r.Header[name] == nil:
			p.values[n] = value
			r.Header[name] = p.values[n : n+1 : n+1]
		default:
			r.Header[name] = append(r.Header[name], value)
		}
	}
}

func (p *parser) requestLine(line string, r *http.Request) bool {
	line, ok := strings.CutSuffix(line, " HTTP/1.1")
	if !ok {
		return false
	}
	method, target, _ := strings.Cut(line, " ")
	if method != http.MethodGet && method != http.MethodHead || target == "" || target[0] != '/' {
		return false
	}
	r.Method, r.RequestURI = method, target
	escaped := false
	for i := range len(target) {
		c := target[i]
		if !plainByte[c] {
			return false
		}
		escaped = escaped || c == '%' || c == '?'
	}
	if !escaped {
		p.url = url.URL{Path: target}
		r.URL = &p.url
		return true
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return false
	}
	r.URL = u
	return true
}

// plainByte are the bytes of a path and a query (RFC 3986, section 3.3 and 3.4).
var plainByte = func() (t [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?%" {
		t[c] = true
	}
	return t
}()

func plainHost(h string) bool {
	for i := range len(h) {
		c := h[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && strings.IndexByte("-._:[]", c) < 0 {
			return false
		}
	}
	return h != ""
}
