package host

import (
	"fmt"
	"net/http"
	"net/url"
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
	host    string // of the request, in lower case; "" : any
	from    []string
	splat   bool // from ends in "*"
	query   []param
	to      string
	toQuery bool // to has a query of its own, so the request's is not passed on
	status  int
	force   bool     // also where there is a file
	lang    []string // Language=…, in lower case
	country []string // Country=…, in capitals
	cookie  []string // Cookie=…
	never   bool     // Role=…: nobody has one here
}

type param struct{ key, value string } // value ":id" takes it, else it must be equal

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
	for line := range strings.Lines(text) {
		n++
		bad := func(format string, args ...any) {
			problems = append(problems, Problem{"_redirects", n, fmt.Sprintf(format, args...)})
		}
		if i := strings.Index(line, "#"); i == 0 || i > 0 && (line[i-1] == ' ' || line[i-1] == '\t') {
			line = line[:i]
		}
		f := strings.Fields(line)
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

func parseRule(f []string) (r rule, why string) {
	r.status = http.StatusMovedPermanently
	if r, why = r.source(f[0]); why != "" {
		return r, why
	}
	f = f[1:]
	for len(f) > 0 && strings.Contains(f[0], "=") && !isTarget(f[0]) {
		k, v, _ := strings.Cut(f[0], "=")
		r.query = append(r.query, param{k, v})
		f = f[1:]
	}
	if len(f) == 0 || !isTarget(f[0]) {
		// "/old 404": the file of that name, with that status.
		if len(f) == 1 {
			if _, err := strconv.Atoi(strings.TrimSuffix(f[0], "!")); err == nil {
				return r, "it names no target"
			}
		}
		return r, "it has no target that begins with / or http"
	}
	r.to = f[0]
	r.toQuery = strings.Contains(r.to, "?")
	f = f[1:]
	if len(f) > 0 && !strings.Contains(f[0], "=") {
		s, forced := strings.CutSuffix(f[0], "!")
		n, err := strconv.Atoi(s)
		if err != nil || n != 200 && (n < 301 || n > 308 || n == 304 || n == 305 || n == 306) && (n < 400 || n > 599) {
			return r, fmt.Sprintf("%q is no status to answer with", f[0])
		}
		r.status, r.force = n, forced
		f = f[1:]
	}
	for _, c := range f {
		k, v, _ := strings.Cut(c, "=")
		list := strings.Split(v, ",")
		switch strings.ToLower(k) {
		case "language":
			for _, l := range list {
				r.lang = append(r.lang, strings.ToLower(l))
			}
		case "country":
			for _, l := range list {
				r.country = append(r.country, strings.ToUpper(l))
			}
		case "cookie":
			r.cookie = append(r.cookie, list...)
		case "role":
			r.never = true
		default:
			return r, fmt.Sprintf("%q is no condition; there are Language, Country and Cookie", c)
		}
	}
	if r.status == 200 && !strings.HasPrefix(r.to, "/") {
		return r, "it would fetch from another server for the reader, which this host does not do"
	}
	return r, ""
}

func isTarget(s string) bool {
	return strings.HasPrefix(s, "/") || strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// source reads what a rule is about.
func (r rule) source(s string) (rule, string) {
	if strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" {
			return r, fmt.Sprintf("%q is no address", s)
		}
		r.host = strings.ToLower(u.Host)
		s = u.Path
		if s == "" {
			s = "/"
		}
	}
	if !strings.HasPrefix(s, "/") {
		return r, fmt.Sprintf("%q does not begin with /", s)
	}
	if p, err := url.PathUnescape(s); err == nil {
		s = p
	}
	parts := split(s)
	if len(parts) > maxRuleParts {
		return r, "it has too many segments"
	}
	for i, p := range parts {
		if strings.Contains(p, "*") && (p != "*" || i < len(parts)-1) {
			return r, "* stands for all that follows, so it is a segment of its own, the last"
		}
	}
	if n := len(parts); n > 0 && parts[n-1] == "*" {
		r.splat, parts = true, parts[:n-1]
	}
	r.from = parts
	return r, ""
}

// split parts a path; a slash at its end does not count.
func split(p string) []string {
	p = strings.Trim(p, "/")
	if p == "" {
		return nil
	}
	return strings.Split(p, "/")
}

// match reports whether r is about a path, and what its placeholders stand for.
func (r *rule) match(parts []string, q url.Values) (vars []param, ok bool) {
	if len(parts) < len(r.from) || len(parts) > len(r.from) && !r.splat {
		return nil, false
	}
	for i, want := range r.from {
		if len(want) > 1 && want[0] == ':' {
			vars = append(vars, param{want[1:], parts[i]})
		} else if want != parts[i] {
			return nil, false
		}
	}
	for _, p := range r.query {
		if !q.Has(p.key) {
			return nil, false
		}
		if v := q.Get(p.key); len(p.value) > 1 && p.value[0] == ':' {
			vars = append(vars, param{p.value[1:], v})
		} else if v != p.value {
			return nil, false
		}
	}
	if r.splat {
		vars = append(vars, param{"splat", strings.Join(parts[len(r.from):], "/")})
	}
	return vars, true
}

// holds reports whether the conditions hold for a request.
func (r *rule) holds(req *http.Request, country string) bool {
	if r.never || r.host != "" && !strings.EqualFold(r.host, req.Host) {
		return false
	}
	if len(r.country) > 0 && !contains(r.country, strings.ToUpper(country)) {
		return false
	}
	if len(r.lang) > 0 && !speaks(r.lang, req.Header.Get("Accept-Language")) {
		return false
	}
	for _, name := range r.cookie {
		if _, err := req.Cookie(name); err == nil {
			return true
		}
	}
	return len(r.cookie) == 0
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return s != ""
		}
	}
	return false
}

// speaks reports whether the language the reader likes best is one of list:
// "en" takes en-GB too.
func speaks(list []string, header string) bool {
	best, bestQ := "", -1
	for item := range strings.SplitSeq(header, ",") {
		tag, params, _ := strings.Cut(item, ";")
		if q := parseQ(params); q > bestQ {
			best, bestQ = strings.ToLower(strings.TrimSpace(tag)), q
		}
	}
	base, _, _ := strings.Cut(best, "-")
	return contains(list, best) || contains(list, base)
}

// target fills the placeholders of to, each escaped for where it stands.
func (r *rule) target(vars []param, query string) string {
	path, rest, has := strings.Cut(r.to, "?")
	out := fill(path, vars, func(s string) string { return (&url.URL{Path: s}).EscapedPath() })
	if has {
		return out + "?" + fill(rest, vars, url.QueryEscape)
	}
	if query != "" && r.status != http.StatusNotFound {
		frag := ""
		if i := strings.IndexByte(out, '#'); i >= 0 {
			out, frag = out[:i], out[i:]
		}
		return out + "?" + query + frag
	}
	return out
}

// fill replaces ":name" by what it stands for; the longest name first.
func fill(s string, vars []param, escape func(string) string) string {
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
			if strings.HasPrefix(s[1:], v.key) && (best < 0 || len(v.key) > len(vars[best].key)) {
				best = k
			}
		}
		if best < 0 {
			b.WriteByte(':')
			s = s[1:]
			continue
		}
		b.WriteString(escape(vars[best].value))
		s = s[1+len(vars[best].key):]
	}
	b.WriteString(s)
	return b.String()
}
