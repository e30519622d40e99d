package host

import (
	"net/http"
	"net/url"
	"strings"
)

// asked is what rules look at in a request.
type asked struct {
	scheme, host string
	path         string   // clean
	parts        []string // of path; a slash at its end leaves an empty one
	rawQuery     string
	country      string
	language     string // that the reader likes best
	cookie       func(name string) string
}

func newAsked(r *http.Request, path, countryHeader string) *asked {
	q := &asked{scheme: "http", host: strings.ToLower(Name(r.Host)), path: path, rawQuery: r.URL.RawQuery, parts: strings.Split(path[1:], "/")}
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		q.scheme = "https"
	}
	if countryHeader != "" {
		q.country = strings.ToLower(r.Header.Get(countryHeader))
	}
	q.language = bestLanguage(r.Header["Accept-Language"])
	q.cookie = func(name string) string {
		if c, err := r.Cookie(name); err == nil {
			return c.Value
		}
		return ""
	}
	return q
}

// match is what the rules say of a request.
type match struct {
	rule *rule // nil: nothing
	vars []bound
	next int // the rule to go on with, where this one leads nowhere
	// barred: a rule wants a role, which nobody has here, and none after it has
	// another answer: then not even a file is shown.
	barred bool
}

// match finds the first rule, from number begin on, that is about the request
// and whose conditions hold.
func (m *manner) match(q *asked, begin int) match {
	barred := false
	for i := begin; i < len(m.rules); i++ {
		r := &m.rules[i]
		vars, ok := r.about(q)
		if !ok {
			continue
		}
		if r.nested(q, vars) {
			break // it is not for them, and nothing after it is
		}
		if vars, ok = r.asks(q, vars); !ok {
			continue
		}
		if failed := r.fails(q); failed != nil {
			barred = barred || failed.kind == 'r'
			continue
		}
		return match{rule: r, vars: vars, next: i + 1}
	}
	return match{barred: barred}
}

// bound is what a placeholder stands for.
type bound struct {
	name, value string
	query       bool // it came out of a query: in a path it is escaped whole
}

// about reports whether r is about a place, and what its placeholders stand for.
func (r *rule) about(q *asked) ([]bound, bool) {
	if r.host != "" && (r.host != q.host || r.scheme != q.scheme) {
		return nil, false
	}
	return r.from.match(q.path, q.parts)
}

// asks adds what placeholders of the query stand for, and reports whether the
// query has all that r asks for.
func (r *rule) asks(q *asked, vars []bound) ([]bound, bool) {
	for _, p := range r.query {
		v, ok := lastValue(q.rawQuery, p.key)
		switch {
		case !ok:
			return nil, false
		case p.value[0] == ':':
			vars = append(vars, bound{p.value[1:], v, true})
		case v != p.value:
			return nil, false
		}
	}
	return vars, true
}

// lastValue is the value of a key in a query; the last where there are several.
func lastValue(raw, key string) (value string, ok bool) {
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		k, v, has := strings.Cut(pair, "=")
		if !has {
			continue
		}
		if k != key {
			if k, err := url.QueryUnescape(k); err != nil || k != key {
				continue
			}
		}
		if s, err := url.QueryUnescape(v); err == nil {
			v = s
		}
		value, ok = v, true
	}
	return value, ok
}

func (p *pattern) match(path string, parts []string) (vars []bound, ok bool) {
	if p.re != nil {
		return p.express(path)
	}
	n := len(p.segments)
	if n > 0 && len(parts) > 0 && !p.segments[0].name && p.segments[0].text != parts[0] {
		return nil, false // most rules end here
	}
	if !p.splat {
		if len(parts) != max(n, 1) && (len(parts) != n+1 || parts[n] != "") || n == 0 && parts[0] != "" {
			return nil, false
		}
	} else if len(parts) < n {
		return nil, false
	}
	for i, s := range p.segments {
		switch {
		case !s.name && s.text != parts[i], s.name && parts[i] == "":
			return nil, false
		case s.name:
			vars = append(vars, bound{s.text, parts[i], false})
		}
	}
	if p.splat {
		vars = append(vars, bound{"splat", strings.Join(parts[n:], "/"), false})
	}
	return vars, true
}

func (p *pattern) express(path string) (vars []bound, ok bool) {
	if !strings.HasPrefix(path, p.prefix) {
		return nil, false
	}
	m := p.re.FindStringSubmatch(path)
	if m == nil {
		return nil, false
	}
	for i, name := range p.names {
		vars = append(vars, bound{name, m[i+1], false})
	}
	return vars, true
}

// nest finds out where a rule leads that may lead to what it is about itself,
// such as "/* /de/:splat": who is there is not sent deeper.
func (r *rule) nest() {
	if !r.from.stars() || r.status == http.StatusOK {
		return
	}
	to := r.to
	if !strings.HasPrefix(to, "/") {
		scheme, rest, _ := strings.Cut(to, "://")
		host, path, ok := strings.Cut(rest, "/")
		if !ok || !strings.Contains("/"+path, "/:splat") {
			return
		}
		r.withinScheme, r.withinHost, to = scheme, strings.ToLower(host), "/"+path
	}
	r.within = to
	if i := strings.Index(to, "/:splat"); i > 0 {
		if rest := to[i+len("/:splat"):]; rest == "" || rest[0] == '/' && len(rest) > 1 {
			r.within = to[:i]
		}
	}
}

// nested reports whether a reader is where the rule leads, and would be led on
// from there by the same rule.
func (r *rule) nested(q *asked, vars []bound) bool {
	rest, ok := strings.CutPrefix(q.path, r.within)
	if r.within == "" || !ok || rest != "" && rest[0] != '/' && !strings.HasSuffix(r.within, "/") ||
		r.withinHost != "" && (r.withinHost != q.host || r.withinScheme != q.scheme) {
		return false
	}
	to := fill(r.to, vars, false)
	if r.withinHost != "" {
		_, to, _ = strings.Cut(to[len(r.withinScheme)+3:], "/")
		to = "/" + to
	}
	to = strings.ReplaceAll(to, "//", "/") // of a placeholder that stands for nothing
	_, again := r.from.match(to, strings.Split(to[1:], "/"))
	return again
}

// fails returns the first condition that does not hold for a request, nil where
// all do.
func (r *rule) fails(q *asked) *condition {
	for i := range r.conditions {
		if !r.conditions[i].holds(q) {
			return &r.conditions[i]
		}
	}
	return nil
}

func (c *condition) holds(q *asked) bool {
	base, _, _ := strings.Cut(q.language, "-")
	for _, v := range c.values {
		if v == "" {
			continue
		}
		switch c.kind {
		case 'l':
			if v == q.language || v == base {
				return true
			}
		case 'c':
			if v == q.country {
				return true
			}
		case 'k':
			if q.cookie(v) != "" {
				return true
			}
		}
	}
	return false
}

// bestLanguage is the language that the reader likes best, in lower case.
func bestLanguage(header []string) string {
	best, bestQ := "", 0
	for _, line := range header {
		for item := range strings.SplitSeq(line, ",") {
			tag, params, _ := strings.Cut(item, ";")
			if q := parseQ(params); q > bestQ {
				best, bestQ = strings.ToLower(strings.TrimSpace(tag)), q
			}
		}
	}
	return best
}

// leads fills the placeholders of to, each escaped for where it stands, and
// passes the query on.
func (r *rule) leads(vars []bound, query string) string {
	rest, fragment, hasFragment := strings.Cut(r.to, "#")
	path, own, has := strings.Cut(rest, "?")
	out := fill(path, vars, false)
	switch {
	case has:
		out += "?" + fill(own, vars, true)
	case query != "" && r.status < http.StatusBadRequest:
		out += "?" + query
	}
	if hasFragment {
		out += "#" + fill(fragment, vars, false)
	}
	return out
}

// fill replaces ":name" by what it stands for; the longest name first, and of
// two of one name the first.
func fill(s string, vars []bound, query bool) string {
	if !strings.Contains(s, ":") {
		return s
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, ':')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		best := -1
		for k, v := range vars {
			if v.name != "" && strings.HasPrefix(s[1:], v.name) && (best < 0 || len(v.name) > len(vars[best].name)) {
				best = k
			}
		}
		if best < 0 {
			b.WriteByte(':')
			s = s[1:]
			continue
		}
		b.WriteString(vars[best].escaped(query))
		s = s[1+len(vars[best].name):]
	}
	b.WriteString(s)
	return b.String()
}

// escaped is the value as it stands in a query or in a path.
func (b bound) escaped(query bool) string {
	switch {
	case query:
		return url.QueryEscape(b.value)
	case b.query:
		return strings.ReplaceAll(url.QueryEscape(b.value), "+", "%20")
	}
	return (&url.URL{Path: b.value}).EscapedPath()
}
