package host

import (
	"fmt"
	"net/http"
	"net/textproto"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// headerRule is a block of _headers, in Netlify's dialect: a path, in which "*"
// stands for anything and ":x" for a segment, and indented lines of headers.
type headerRule struct {
	parts []string // between the asterisks, ":x" as it is
	set   http.Header
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
		case line[0] != ' ' && line[0] != '\t':
			if trimmed[0] != '/' {
				bad("%q does not begin with /", trimmed)
			} else if len(rules) >= maxRules {
				bad("more than %d rules", maxRules)
			}
			rules = append(rules, headerRule{strings.Split(trimmed, "*"), http.Header{}})
			if trimmed[0] != '/' || len(rules) > maxRules {
				rules[len(rules)-1].parts = nil // its lines have a place, and no effect
			}
		case len(rules) == 0:
			bad("a header stands before any path")
		default:
			k, v, ok := strings.Cut(trimmed, ":")
			k, v = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(k)), strings.TrimSpace(v)
			switch {
			case !ok || !httpguts.ValidHeaderFieldName(k) || !httpguts.ValidHeaderFieldValue(v):
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

// match reports whether the rule is about a path.
func (r *headerRule) match(path string) bool {
	if len(r.parts) == 0 {
		return false
	}
	rest, ok := eat(r.parts[0], path)
	if !ok {
		return false
	}
	parts := r.parts[1:]
	for i, p := range parts {
		if i == len(parts)-1 {
			return p == "" || endsIn(p, rest)
		}
		if rest, ok = find1(p, rest); !ok {
			return false
		}
	}
	return rest == ""
}

// eat takes pattern, whose ":x" stand for a segment, from the front of path.
func eat(pattern, path string) (string, bool) {
	for pattern != "" {
		if len(pattern) > 1 && pattern[0] == ':' {
			_, pattern = cutSegment(pattern)
			seg, rest := cutSegment(path)
			if seg == "" {
				return "", false
			}
			path = rest
			continue
		}
		if path == "" || pattern[0] != path[0] {
			return "", false
		}
		pattern, path = pattern[1:], path[1:]
	}
	return path, true
}

func cutSegment(s string) (seg, rest string) {
	if i := strings.IndexByte(s, '/'); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func find1(pattern, path string) (string, bool) {
	for i := range len(path) + 1 {
		if rest, ok := eat(pattern, path[i:]); ok {
			return rest, true
		}
	}
	return "", false
}

func endsIn(pattern, path string) bool {
	for i := range len(path) + 1 {
		if rest, ok := eat(pattern, path[i:]); ok && rest == "" {
			return true
		}
	}
	return false
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

// decorate sets the headers that the site wants for a path.
func (m *manner) decorate(hd http.Header, path string) {
	seen := map[string]bool{}
	for i := range m.headers {
		if !m.headers[i].match(path) {
			continue
		}
		for k, v := range m.headers[i].set {
			switch {
			case !seen[k] || k == "Set-Cookie" && len(hd[k]) == 0:
				hd[k] = append([]string(nil), v...)
			case k == "Set-Cookie":
				hd[k] = append(hd[k], v...)
			default:
				hd[k] = []string{hd[k][0] + ", " + v[0]}
			}
			seen[k] = true
		}
	}
}
