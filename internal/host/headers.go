package host

import (
	"fmt"
	"net/http"
	"net/textproto"
	"regexp"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// headerRule is a block of _headers, in Netlify's dialect: a path, in which "*"
// stands for anything and a segment ":x" for one, and lines of headers.
type headerRule struct {
	of  place
	set http.Header
}

// ownHeaders are those that the host alone knows.
var ownHeaders = map[string]bool{
	"Accept-Ranges": true, "Connection": true, "Content-Encoding": true, "Content-Length": true, "Content-Range": true, "Date": true,
	"Etag": true, "Location": true, "Proxy-Authenticate": true, "Server": true, "Trailer": true, "Transfer-Encoding": true,
	"Upgrade": true, "Www-Authenticate": true, "Basic-Auth": true,
}

// parseHeaders reads _headers; what cannot be followed is told and left out.
func parseHeaders(text string) (rules []headerRule, problems []Problem) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		bad := func(format string, args ...any) {
			problems = append(problems, Problem{"_headers", n, fmt.Sprintf(format, args...)})
		}
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#':
		case trimmed[0] == '/':
			if len(rules) >= maxRules {
				bad("more than %d rules", maxRules)
				return rules, problems
			}
			of, why := newPlace(trimmed)
			if why != "" {
				bad("%s", why)
			}
			rules = append(rules, headerRule{of, http.Header{}})
		case len(rules) == 0:
			bad("a header stands before any path, which begins with /")
		default:
			k, v, ok := strings.Cut(trimmed, ":")
			k, v = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(k)), strings.TrimSpace(v)
			switch {
			case !ok || v == "" || !httpguts.ValidHeaderFieldName(k) || !httpguts.ValidHeaderFieldValue(v):
				bad("%q is no header", trimmed)
			case k == "Basic-Auth":
				bad("passwords do not belong into the site; see host.protect")
			case ownHeaders[k]:
				bad("%s is the host's to say", k)
			default:
				set := rules[len(rules)-1].set
				if k != "Set-Cookie" && len(set[k]) > 0 {
					set[k][0] += ", " + v
				} else {
					set[k] = append(set[k], v)
				}
			}
		}
	}
	return rules, problems
}

// place is the paths that a block is about: segments, in lower case, of which
// the last may be "*"; with stars elsewhere an expression. The zero value is
// about none.
type place struct {
	segments []string
	splat    bool
	some     bool
	re       *regexp.Regexp
	prefix   string
}

func newPlace(s string) (p place, why string) {
	var expr strings.Builder
	star := false
	for part := range strings.SplitSeq(strings.ToLower(s), "/") {
		if part = strings.TrimRight(part, " \t"); part == "" {
			continue
		}
		if p.splat {
			star = true // it was not the last
		}
		p.splat = part == "*"
		star = star || !p.splat && strings.Contains(part, "*")
		switch {
		case len(part) > 1 && part[0] == ':':
			expr.WriteString(`/[^/]+`)
		case part == "*":
			expr.WriteString(`(?:/.*)?`)
		default:
			expr.WriteString("/" + strings.ReplaceAll(regexp.QuoteMeta(part), `\*`, `.*`))
		}
		p.segments = append(p.segments, part)
	}
	if len(p.segments) > maxRuleParts || strings.Count(s, "*") > maxRuleParts {
		return place{}, "it has too many segments"
	}
	p.some = true
	if star {
		p.re = regexp.MustCompile(`(?s)^` + expr.String() + `/?$`)
		p.prefix, _ = p.re.LiteralPrefix()
	}
	return p, ""
}

// match reports whether the place holds a path, which is in lower case.
func (p *place) match(path string) bool {
	if p.re != nil {
		return strings.HasPrefix(path, p.prefix) && p.re.MatchString(path)
	}
	rest := path
	for i, want := range p.segments {
		if p.splat && i == len(p.segments)-1 {
			return true
		}
		if rest == "" {
			return false
		}
		seg, after := cutSegment(rest[1:])
		if seg == "" || want != seg && (len(want) < 2 || want[0] != ':') {
			return false
		}
		rest = after
	}
	return p.some && (rest == "" || rest == "/")
}

func cutSegment(s string) (seg, rest string) {
	if i := strings.IndexByte(s, '/'); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// manner is what a release says of how it is to be served.
type manner struct {
	rules    []rule
	forced   bool // one of rules goes before the files
	headers  []headerRule
	vary     []string // request headers that decide
	problems []Problem
}

var plain = &manner{}

// mannerOf reads _redirects and _headers of a release, once.
func (h *handler) mannerOf(rel Release) *manner {
	last := h.manner.Load()
	if last != nil && last.id == rel.ID() {
		return last.m
	}
	h.reading.Lock()
	defer h.reading.Unlock()
	if last = h.manner.Load(); last != nil && last.id == rel.ID() {
		return last.m
	}
	m := readManner(rel)
	if h.o.Problems != nil && len(m.problems) > 0 {
		h.o.Problems(rel.ID(), m.problems)
	}
	h.manner.Store(&mannered{rel.ID(), m})
	return m
}

// maxPreviewed is of how many previews the rules are remembered.
const maxPreviewed = 32

// mannerOfPreview is mannerOf for a release that is not live.
func (h *handler) mannerOfPreview(rel Release) *manner {
	h.reading.Lock()
	defer h.reading.Unlock()
	m := h.previewed[rel.ID()]
	if m == nil {
		m = readManner(rel)
		if h.previewed == nil || len(h.previewed) >= maxPreviewed {
			h.previewed = map[string]*manner{}
		}
		h.previewed[rel.ID()] = m
	}
	return m
}

type mannered struct {
	id string
	m  *manner
}

func readManner(rel Release) *manner {
	r, okR := rel.Lookup("_redirects")
	x, okX := rel.Lookup("_headers")
	if !okR && !okX {
		return plain
	}
	m := &manner{}
	read := func(name string, f File) string {
		if f.Size > maxRuleFile {
			m.problems = append(m.problems, Problem{name, 0, "it is too large"})
			return ""
		}
		b, err := rel.Open(f.Hash)
		if err != nil {
			m.problems = append(m.problems, Problem{name, 0, err.Error()})
		}
		return string(b)
	}
	if okR {
		rules, problems := parseRedirects(read("_redirects", r))
		m.rules, m.problems = rules, append(m.problems, problems...)
	}
	if okX {
		headers, problems := parseHeaders(read("_headers", x))
		m.headers, m.problems = headers, append(m.problems, problems...)
	}
	m.see()
	return m
}

// see finds out what the rules look at.
func (m *manner) see() {
	var lang, cookie bool
	for _, r := range m.rules {
		m.forced = m.forced || r.force
		for _, c := range r.conditions {
			m.forced = m.forced || c.kind == 'r'
			lang, cookie = lang || c.kind == 'l', cookie || c.kind == 'k'
		}
	}
	if lang {
		m.vary = append(m.vary, "Accept-Language")
	}
	if cookie {
		m.vary = append(m.vary, "Cookie")
	}
}

// decorate sets the headers that the site wants for a path; of several that set
// the same, the last.
func (m *manner) decorate(hd http.Header, path string) {
	path = strings.ToLower(path)
	for i := range m.headers {
		if !m.headers[i].of.match(path) {
			continue
		}
		for k, v := range m.headers[i].set {
			hd[k] = v
		}
	}
}
