// Package robots reads robots.txt as RFC 9309 wants it read, and remembers for
// each origin what it says.
//
// It promises that a page which robots.txt closes to us is not asked for, that
// an origin is asked for the file at most once a day, and that memory is
// bounded whatever servers send. Which requests it is asked about, and who may
// be exempt from it, is decided elsewhere.
package robots

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxFile  = 512 << 10 // bytes read of a file; the RFC asks for 500 KiB at least
	maxRules = 2000      // kept of it
	maxPath  = 2048      // bytes of one rule
	maxDelay = 10 * time.Second
)

// Rules are what a robots.txt says to one reader. The zero value allows all.
type Rules struct {
	list []rule
	// Delay is the Crawl-delay: the pause that is asked for between two requests,
	// at most 10 s. It is no part of the RFC, but many write it.
	Delay time.Duration
}

type rule struct {
	path  string // normalised, without the "$" of end
	end   bool
	allow bool
}

// Parse reads a robots.txt for the reader with a product token. It never
// fails: a line that cannot be read says nothing.
func Parse(body []byte, product string) Rules {
	body = bytes.TrimPrefix(body[:min(len(body), maxFile)], []byte("\xef\xbb\xbf"))
	g := groups{product: strings.ToLower(product)}
	for len(body) > 0 {
		line := body
		if i := bytes.IndexAny(body, "\r\n"); i >= 0 {
			line, body = body[:i], body[i+1:]
		} else {
			body = nil
		}
		if i := bytes.IndexByte(line, '#'); i >= 0 {
			line = line[:i]
		}
		key, value, ok := bytes.Cut(line, []byte(":"))
		if ok {
			g.line(strings.ToLower(string(bytes.TrimSpace(key))), string(bytes.TrimSpace(value)))
		}
	}
	if g.named {
		return Rules{g.own, g.ownDelay}
	}
	return Rules{g.all, g.allDelay}
}

// groups gathers the rules of the groups that name us, and of those for all.
type groups struct {
	product  string
	own, all []rule
	named    bool // there is a group for us, be it empty

	ownDelay, allDelay time.Duration

	inRules       bool // the group's agents are all named
	forUs, forAll bool
}

func (g *groups) line(key, value string) {
	switch key {
	case "user-agent", "useragent", "user agent":
		if g.inRules {
			g.inRules, g.forUs, g.forAll = false, false, false
		}
		switch name := token(value); {
		case value == "*" || strings.HasPrefix(value, "* "):
			g.forAll = true
		case name != "" && name == g.product:
			g.forUs, g.named = true, true
		}
	case "crawl-delay", "crawldelay":
		g.delay(value)
	case "allow":
		g.rule(value, true)
	case "disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw": // as misspelt in the wild
		g.rule(value, false)
	}
}

// token is the product token at the beginning of a user-agent line.
func token(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_')
	})
	if end >= 0 {
		s = s[:end]
	}
	return strings.ToLower(s)
}

// delay reads seconds; those of several groups for one reader add up to the longest.
func (g *groups) delay(value string) {
	s, err := strconv.ParseFloat(value, 64)
	if err != nil || !(s > 0) {
		return
	}
	d := time.Duration(min(s, maxDelay.Seconds()) * float64(time.Second)).Round(time.Millisecond)
	if g.forUs {
		g.ownDelay = max(g.ownDelay, d)
	}
	if g.forAll {
		g.allDelay = max(g.allDelay, d)
	}
}

func (g *groups) rule(value string, allow bool) {
	g.inRules = true
	if value == "" || len(value) > maxPath {
		return // an empty rule says nothing
	}
	r := newRule(value, allow)
	if g.forUs && len(g.own) < maxRules {
		g.own = append(g.own, r)
	}
	if g.forAll && len(g.all) < maxRules {
		g.all = append(g.all, r)
	}
}

func newRule(value string, allow bool) rule {
	r := rule{allow: allow}
	if r.end = strings.HasSuffix(value, "$"); r.end {
		value = value[:len(value)-1]
	}
	r.path = normal(value)
	if !strings.HasPrefix(r.path, "/") && !strings.HasPrefix(r.path, "*") {
		r.path = "/" + r.path
	}
	return r
}

// Allowed reports whether a URL may be asked for, and the rule that decides
// ("" where none does). The longest rule that matches counts; of two equally
// long ones the one that allows.
func (r Rules) Allowed(u *url.URL) (bool, string) {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if path == "/robots.txt" {
		return true, ""
	}
	if u.RawQuery != "" || u.ForceQuery {
		path += "?" + u.RawQuery
	}
	path = normal(path)
	best := -1
	for i, rule := range r.list {
		if best >= 0 {
			b := r.list[best]
			if rule.length() < b.length() || rule.length() == b.length() && (b.allow || !rule.allow) {
				continue
			}
		}
		if rule.matches(path) {
			best = i
		}
	}
	if best < 0 {
		return true, ""
	}
	return r.list[best].allow, r.list[best].String()
}

func (r rule) length() int {
	if r.end {
		return len(r.path) + 1
	}
	return len(r.path)
}

// String is the rule as the file has it.
func (r rule) String() string {
	s := "Disallow: " + r.path
	if r.allow {
		s = "Allow: " + r.path
	}
	if r.end {
		s += "$"
	}
	return s
}

// matches compares octets; "*" stands for any number of them. It takes time
// linear in the path.
func (r rule) matches(path string) bool {
	if strings.IndexByte(r.path, '*') < 0 {
		return strings.HasPrefix(path, r.path) && (!r.end || len(path) == len(r.path))
	}
	parts := strings.Split(r.path, "*")
	if !strings.HasPrefix(path, parts[0]) {
		return false
	}
	at := len(parts[0])
	for i, part := range parts[1:] {
		if r.end && i == len(parts)-2 {
			return len(path)-at >= len(part) && strings.HasSuffix(path, part)
		}
		j := strings.Index(path[at:], part)
		if j < 0 {
			return false
		}
		at += j + len(part)
	}
	return true
}

// normal gives every octet its one spelling: escaped where a URL must escape
// it, plain where it need not be.
func normal(s string) string {
	clean := true
	for i := range len(s) {
		clean = clean && s[i] > ' ' && s[i] < 0x7f && s[i] != '%'
	}
	if clean {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		escaped := false
		if c == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				c, escaped = byte(hi<<4|lo), true
				i += 2
			}
		}
		switch {
		case unreserved(c), !escaped && c > ' ' && c < 0x7f:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// String is a robots.txt that says the same to us.
func (r Rules) String() string {
	if len(r.list) == 0 && r.Delay == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("User-agent: *\n")
	if r.Delay > 0 {
		fmt.Fprintf(&b, "Crawl-delay: %g\n", r.Delay.Seconds())
	}
	for _, rule := range r.list {
		b.WriteString(rule.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// Equal reports whether two say the same in the same words.
func (r Rules) Equal(o Rules) bool { return r.Delay == o.Delay && slices.Equal(r.list, o.list) }

// Sitemaps lists the sitemaps that a robots.txt names, for whoever reads it.
func Sitemaps(body []byte) []string {
	var out []string
	for line := range strings.FieldsFuncSeq(string(body[:min(len(body), maxFile)]), func(r rune) bool { return r == '\n' || r == '\r' }) {
		key, value, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(strings.TrimSpace(key), "sitemap") && len(out) < 20 {
			out = append(out, strings.TrimSpace(value))
		}
	}
	return out
}
