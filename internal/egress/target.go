package egress

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// target is a URL as it goes on the wire: the host in its one spelling, no
// userinfo, no fragment.
type target struct {
	url    *url.URL
	user   *url.Userinfo
	host   string     // lower case, ASCII, without trailing dot; or an address without brackets
	addr   netip.Addr // of a host that is an address
	port   uint16
	origin string
	text   string // the whole
}

func (t *target) String() string { return t.text }

// parseTarget reads an absolute http(s) URL.
func parseTarget(raw string) (*target, error) {
	raw = strings.TrimSpace(raw)
	u, err := url.Parse(raw)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // the outer one quotes userinfo
		}
		return nil, &failure{redact(raw), ErrScheme, "not a URL: " + err.Error(), nil}
	}
	return newTarget(u)
}

// newTarget takes u over.
func newTarget(u *url.URL) (*target, error) {
	t := &target{url: u, user: u.User}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	u.Scheme = strings.ToLower(u.Scheme)
	fail := func(text string) (*target, error) {
		return nil, &failure{u.String(), ErrScheme, text, nil}
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		if u.Scheme == "" {
			return fail("not an absolute http or https URL")
		}
		return fail("only http and https are fetched, not " + u.Scheme)
	}
	if u.Opaque != "" || u.Host == "" {
		return fail("the URL names no host")
	}
	var err error
	if t.host, t.addr, err = canonicalHost(u.Hostname()); err != nil {
		return fail(err.Error())
	}
	std := uint16(80)
	if u.Scheme == "https" {
		std = 443
	}
	t.port = std
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return fail("port " + p + " does not exist")
		}
		t.port = uint16(n)
	}
	u.Host = t.host
	if t.addr.Is6() {
		u.Host = "[" + t.host + "]"
	}
	if t.port != std {
		u.Host += ":" + strconv.Itoa(int(t.port))
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawQuery = escapeQuery(u.RawQuery)
	t.origin = u.Scheme + "://" + u.Host
	t.text = u.String()
	return t, nil
}

// maxLocation is the longest address that a redirect may lead to; RFC 9110
// asks for 8,000 bytes to be understood.
const maxLocation = 16 << 10

// follow resolves a Location against t.
func (t *target) follow(location string) (*target, error) {
	if len(location) > maxLocation {
		return nil, &failure{t.String(), ErrRedirects, fmt.Sprintf("it redirects to an address of %d bytes", len(location)), nil}
	}
	ref, err := url.Parse(strings.TrimSpace(location))
	if err != nil {
		return nil, &failure{t.String(), ErrRedirects, "it redirects to something that is no URL", nil}
	}
	return newTarget(t.url.ResolveReference(ref))
}

// domain is the registrable domain (public suffix list, private section too),
// or the host where there is none.
func (t *target) domain() string {
	if !t.addr.IsValid() {
		if d, err := publicsuffix.EffectiveTLDPlusOne(t.host); err == nil {
			return d
		}
	}
	return t.host
}

var errHost = errors.New("the host name cannot be read")

// canonicalHost gives a host its one spelling, as the URL standard does:
// lower case, punycode, and every numeric notation of an IPv4 address
// (0x7f.1, 2130706433, 0177.0.0.1) as that address. Without this a check of
// names could be walked around, and C resolvers do read such spellings.
func canonicalHost(h string) (string, netip.Addr, error) {
	if strings.Contains(h, ":") {
		a, err := netip.ParseAddr(h)
		if err != nil {
			return "", netip.Addr{}, errHost
		}
		a = a.WithZone("")
		return a.String(), a, nil
	}
	for i := range len(h) {
		if h[i] >= 0x80 {
			ascii, err := idna.New(idna.MapForLookup(), idna.StrictDomainName(false)).ToASCII(h)
			if err != nil {
				return "", netip.Addr{}, errHost
			}
			h = ascii
			break
		}
	}
	h = strings.TrimSuffix(strings.ToLower(h), ".")
	if h == "" || len(h) > 253 || strings.ContainsAny(h, " %/\\?#@<>^|\x7f") || strings.Contains(h, "..") || h[0] == '.' {
		return "", netip.Addr{}, errHost
	}
	last := h[strings.LastIndexByte(h, '.')+1:]
	if _, err := legacyNumber(last); err != nil && strings.Trim(last, "0123456789") != "" {
		return h, netip.Addr{}, nil
	}
	a, err := legacyIPv4(h)
	if err != nil {
		return "", netip.Addr{}, err
	}
	return a.String(), a, nil
}

// legacyIPv4 reads what inet_aton reads: one to four numbers, the last of
// which fills the bytes that are left.
func legacyIPv4(h string) (netip.Addr, error) {
	parts := strings.Split(h, ".")
	if len(parts) > 4 {
		return netip.Addr{}, errHost
	}
	var v uint64
	for i, p := range parts {
		n, err := legacyNumber(p)
		if err != nil {
			return netip.Addr{}, err
		}
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (4 - i)
		}
		if n >= 1<<bits {
			return netip.Addr{}, errHost
		}
		v = v<<bits | n
	}
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}), nil
}

func legacyNumber(s string) (uint64, error) {
	base := 10
	switch {
	case len(s) > 1 && (s[:2] == "0x" || s[:2] == "0X"):
		if s, base = s[2:], 16; s == "" {
			return 0, nil
		}
	case len(s) > 1 && s[0] == '0':
		s, base = s[1:], 8
	}
	if s == "" || s[0] == '+' || s[0] == '-' {
		return 0, errHost
	}
	n, err := strconv.ParseUint(s, base, 64)
	if err != nil {
		return 0, errHost
	}
	return n, nil
}

// escapeQuery escapes what would break the request line.
func escapeQuery(q string) string {
	const hex = "0123456789ABCDEF"
	clean := true
	for i := range len(q) {
		clean = clean && q[i] > ' ' && q[i] < 0x7f
	}
	if clean {
		return q
	}
	var b strings.Builder
	for i := range len(q) {
		if c := q[i]; c <= ' ' || c >= 0x7f {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// redact takes userinfo out of a URL that may be malformed.
func redact(raw string) string {
	start := strings.Index(raw, "//")
	if start < 0 {
		start = 0
	} else {
		start += 2
	}
	end := len(raw)
	if i := strings.IndexAny(raw[start:], "/?#"); i >= 0 {
		end = start + i
	}
	if at := strings.LastIndexByte(raw[start:end], '@'); at >= 0 {
		return raw[:start] + raw[start+at+1:]
	}
	return raw
}
