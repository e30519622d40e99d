package host

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Limits of the rules that a release brings along.
const (
	maxRules     = 10_000
	maxRuleFile  = 1 << 20
	maxRuleParts = 64
)

// rule is a line of _redirects, in Netlify's dialect.
type rule struct {
	scheme, host string // of the request, host in lower case; "" : any
	from         pattern
	query        []param
	to           string
	toQuery      bool // to has a query of its own, so the request's is not passed on
	status       int
	force        bool // also where there is a file
	conditions   []condition
	// within is the place that the rule leads to, where it would lead there
	// readers who are there already; "": nowhere. Of a target with a host it
	// counts for requests to that host alone.
	within, withinScheme, withinHost string
}

type param struct{ key, value string } // value ":id" takes it, else it must be equal

// condition is Language=…, Country=… or Cookie=…, of which one value must hold,
// or Role=…, which nobody has here.
type condition struct {
	kind   byte // 'l', 'c', 'k', 'r'
	values []string
}

// Problem is a line of _redirects or _headers that is not followed.
type Problem struct {
	File string
	Line int
	Why  string
}

// parseRedirects reads _redirects. A line that cannot be followed is told and
// left out; the others are in force.
func parseRedirects(text string) (rules []rule, problems []Problem) {
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		n++
		bad := func(format string, args ...any) {
			problems = append(problems, Problem{"_redirects", n, fmt.Sprintf(format, args...)})
		}
		f := words(line)
		if len(f) == 0 {
			continue
		}
		if len(rules) >= maxRules {
			bad("more than %d rules", maxRules)
			break
		}
		r, why := parseRule(f)
		if why != "" {
			bad("%s", why)
			continue
		}
		rules = append(rules, r)
	}
	return rules, problems
}

// words parts a line; a word that begins with # begins a comment.
func words(line string) []string {
	f := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == '\f' })
	for i, w := range f {
		if w[0] == '#' {
			return f[:i]
		}
	}
	return f
}

func parseRule(f []string) (r rule, why string) {
	r.status = http.StatusMovedPermanently
	if why = r.source(f[0]); why != "" {
		return r, why
	}
	from := f[0]
	f = f[1:]
	for len(f) > 0 && !isTarget(f[0]) {
		k, v, ok := strings.Cut(f[0], "=")
		if !ok || k == "" || v == "" {
			break
		}
		r.query = append(r.query, param{k, v})
		f = f[1:]
	}
	if f, why = r.target(from, f); why != "" {
		return r, why
	}
	if len(f) > 0 {
		s := strings.TrimRight(f[0], "!")
		n, err := strconv.Atoi(s)
		if err != nil || n != 200 && (n < 301 || n > 308 || n == 304 || n == 305 || n == 306) && (n < 400 || n > 599) {
			return r, fmt.Sprintf("%q is no status to answer with", f[0])
		}
		r.status, r.force = n, s != f[0]
		f = f[1:]
	}
	for _, c := range f {
		if why = r.condition(c); why != "" {
			return r, why
		}
	}
	if r.status == 200 && !strings.HasPrefix(r.to, "/") {
		return r, "it would fetch from another server for the reader, which this host does not do"
	}
	r.nest()
	return r, ""
}

// target reads where a rule leads. "/path/* 200" leads to where it is: to keep
// what stands there from the rules after it, or for those whom conditions let.
func (r *rule) target(from string, f []string) (rest []string, why string) {
	switch {
	case len(f) == 0 || !isTarget(f[0]) && f[0] != "200" && f[0] != "200!":
		return nil, "it has no target that begins with / or http"
	case !isTarget(f[0]):
		path := from
		if r.host != "" {
			_, path, _ = strings.Cut(from[len(r.scheme)+3:], "/")
			path = "/" + path
		}
		if !strings.HasSuffix(path, "/*") {
			return nil, "it names no target, which only a rule that ends in /* and says 200 can leave out"
		}
		r.to = strings.TrimSuffix(path, "*") + ":splat"
		return f, ""
	case strings.HasPrefix(f[0], "//"):
		return nil, "a target on another host begins with https://"
	}
	r.to = f[0]
	r.toQuery = strings.Contains(r.to, "?")
	return f[1:], ""
}

func (r *rule) condition(c string) string {
	k, v, _ := strings.Cut(c, "=")
	kind, known := map[string]byte{"Language": 'l', "Country": 'c', "Cookie": 'k', "Role": 'r'}[k]
	if !known || v == "" {
		return fmt.Sprintf("%q is no condition; there are Language=, Country=, Cookie= and Role=", c)
	}
	if kind != 'k' {
		v = strings.ToLower(v)
	}
	r.conditions = append(r.conditions, condition{kind, strings.Split(v, ",")})
	return ""
}

func isTarget(s string) bool {
	return strings.HasPrefix(s, "/") || strings.HasPrefix(s, "http://") && len(s) > 7 || strings.HasPrefix(s, "https://") && len(s) > 8
}

// source reads what a rule is about.
func (r *rule) source(s string) string {
	for _, scheme := range []string{"http", "https"} {
		rest, ok := strings.CutPrefix(s, scheme+"://")
		if !ok {
			continue
		}
		host, path, ok := strings.Cut(rest, "/")
		if host == "" || !ok {
			return fmt.Sprintf("%q names no host and path; all of a host is %s://example.org/*", s, scheme)
		}
		r.scheme, r.host, s = scheme, strings.ToLower(host), "/"+path
	}
	if !strings.HasPrefix(s, "/") {
		return fmt.Sprintf("%q does not begin with /", s)
	}
	if p, err := url.PathUnescape(s); err == nil {
		s = p
	}
	if strings.Count(s, "/") > maxRuleParts {
		return "it has too many segments"
	}
	r.from = newPattern(s)
	return ""
}

// pattern is the path that a rule is about. Most are segments, of which the
// last may be "*"; others are matched by an expression.
type pattern struct {
	segments []segment
	splat    bool // "/*" at the end
	re       *regexp.Regexp
	names    []string // of what re takes
	prefix   string   // what every path that re matches begins with
}

type segment struct {
	text string
	name bool // a placeholder
}

// newPattern reads a path: a segment ":name" stands for one of any text, "*" at
// the end of a segment for any text, slashes too. A slash at the end does not
// count.
func newPattern(s string) pattern {
	var p pattern
	parts := strings.Split(strings.TrimSuffix(s, "/")[min(1, len(strings.TrimSuffix(s, "/"))):], "/")
	if len(parts) == 1 && parts[0] == "" {
		return p // the home page
	}
	if n := len(parts); parts[n-1] == "*" {
		p.splat, parts = true, parts[:n-1]
	}
	for _, part := range parts {
		name := len(part) > 1 && part[0] == ':'
		if !name && strings.HasSuffix(part, "*") {
			return newExpression(s)
		}
		if name {
			part = part[1:]
		}
		p.segments = append(p.segments, segment{part, name})
	}
	return p
}

func newExpression(s string) (p pattern) {
	var b strings.Builder
	b.WriteString(`^`)
	for part := range strings.SplitSeq(strings.TrimSuffix(s, "/")[1:], "/") {
		before, star := strings.CutSuffix(part, "*")
		switch {
		case len(part) > 1 && part[0] == ':':
			p.names = append(p.names, part[1:])
			b.WriteString(`/([^/]+)`)
		case star && before == "":
			p.names = append(p.names, "splat")
			b.WriteString(`(?:/(.*))?`)
		case star:
			p.names = append(p.names, "splat")
			b.WriteString("/" + regexp.QuoteMeta(before) + `/?(.*)`)
		default:
			b.WriteString("/" + regexp.QuoteMeta(part))
		}
	}
	b.WriteString(`/?$`)
	p.re = regexp.MustCompile("(?s)" + b.String())
	p.prefix, _ = p.re.LiteralPrefix()
	return p
}

// stars reports whether the pattern has a "*".
func (p *pattern) stars() bool { return p.splat || p.re != nil }
