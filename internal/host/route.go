package host

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// answer is what a path leads to: a file, a redirect, or nothing.
type answer struct {
	status    int
	rel       Release
	path      string // of file
	file      File
	immutable bool
	location  string
	ruled     bool // location is the site's own, query and all
}

// find decides what path leads to in rel. Files are tried in the order of a
// static host: the file itself, the index of its directory, the redirect to
// that directory, the file without its ".html", the site's own 404 page.
func find(rel Release, old *recent, p string) answer {
	key, ok := clean(p)
	if !ok {
		return notFound(rel)
	}
	if key != p {
		return moved(key)
	}
	key = key[1:]
	if key == "" || key[len(key)-1] == '/' {
		name := key + "index.html"
		if f, ok := rel.Lookup(name); ok {
			return answer{status: http.StatusOK, rel: rel, path: name, file: f}
		}
		return notFound(rel)
	}
	if hidden(key) {
		return notFound(rel)
	}
	fingerprinted := Immutable(key)
	if f, ok := rel.Lookup(key); ok {
		return answer{status: http.StatusOK, rel: rel, path: key, file: f, immutable: fingerprinted}
	}
	if fingerprinted {
		// A page of the release before may just be on its way to the reader.
		if was, f, ok := old.lookup(key); ok {
			return answer{status: http.StatusOK, rel: was, path: key, file: f, immutable: true}
		}
	}
	if _, ok := rel.Lookup(key + "/index.html"); ok {
		return moved(p + "/")
	}
	if key != "404" { // other generators leave about.html for /about
		if f, ok := rel.Lookup(key + ".html"); ok {
			return answer{status: http.StatusOK, rel: rel, path: key + ".html", file: f}
		}
	}
	return notFound(rel)
}

func moved(to string) answer {
	u := url.URL{Path: to}
	return answer{status: http.StatusMovedPermanently, location: u.EscapedPath()}
}

func notFound(rel Release) answer {
	const name = "404.html"
	f, ok := rel.Lookup(name)
	if !ok {
		return answer{status: http.StatusNotFound}
	}
	return answer{status: http.StatusNotFound, rel: rel, path: name, file: f}
}

// hidden reports files that steer the host and are no part of the site.
func hidden(key string) bool { return key == "_redirects" || key == "_headers" }

// clean returns the one spelling of a path: absolute, without empty and dot
// segments. It refuses what no file of a release can be named.
func clean(p string) (string, bool) {
	if p == "" || p[0] != '/' {
		return "", false
	}
	dirty := false
	for i := range len(p) {
		switch c := p[i]; {
		case c < ' ' || c == 0x7f || c == '\\':
			return "", false
		case c == '/' && i+1 < len(p) && (p[i+1] == '/' || p[i+1] == '.'):
			dirty = true
		}
	}
	if !dirty {
		return p, true
	}
	c := path.Clean(p)
	if c != "/" && (strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.") || strings.HasSuffix(p, "/..")) {
		c += "/"
	}
	return c, true
}

// Immutable reports whether the name holds a fingerprint of the content, as
// assets/site.1a2b3c4d.css and images/0123456789abcdef.png do: then what is
// under it never changes. Elsewhere a number may be but a number.
func Immutable(key string) bool {
	if !strings.HasPrefix(key, "assets/") && !strings.HasPrefix(key, "images/") {
		return false
	}
	name := key[strings.LastIndexByte(key, '/')+1:]
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return false
	}
	stem := name[:dot]
	if i := strings.LastIndexByte(stem, '.'); i >= 0 {
		return isHex(stem[i+1:], 8)
	}
	return isHex(stem, 16)
}

func isHex(s string, least int) bool {
	if len(s) < least {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// answer is find with the rules that the site brings along: the first that is
// about the request counts, before the file where it is forced, else after it.
func (h *handler) answer(rel Release, old *recent, m *manner, r *http.Request) answer {
	if len(m.rules) == 0 {
		return find(rel, old, r.URL.Path)
	}
	key, ok := clean(r.URL.Path)
	if !ok || key != r.URL.Path || hidden(key[1:]) {
		return find(rel, old, r.URL.Path)
	}
	if !m.forced {
		if a := find(rel, old, key); a.status != http.StatusNotFound {
			return a
		}
	}
	q := newAsked(r, key, h.o.CountryHeader)
	for next := 0; ; {
		got := m.match(q, next)
		if got.barred {
			return notFound(rel)
		}
		if got.rule == nil {
			return find(rel, old, key)
		}
		if !got.rule.force {
			if a := find(rel, old, key); a.status != http.StatusNotFound {
				return a
			}
		}
		if a, ok := got.rule.answer(rel, got.vars, key, r.URL.RawQuery); ok {
			return a
		}
		next = got.next
	}
}

// answer is what the rule leads to. A redirect to where the reader is already,
// and a rewrite to no file, are none.
func (r *rule) answer(rel Release, vars []bound, path, query string) (answer, bool) {
	to := r.leads(vars, query)
	u, err := url.Parse(to)
	if err != nil {
		return answer{}, false
	}
	if r.status >= 300 && r.status < 400 {
		if u.Host == "" && !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n") ||
			u.Host == "" && u.Path == path && (u.RawQuery == query || !r.toQuery) {
			return answer{}, false
		}
		return answer{status: r.status, location: to, ruled: true}, true
	}
	name, ok := clean(u.Path)
	if u.Host != "" || !ok || hidden(name[1:]) {
		return answer{}, false
	}
	name = strings.TrimSuffix(name[1:], "/")
	for _, try := range []string{name, name + "/index.html", name + ".html"} {
		if f, ok := rel.Lookup(strings.TrimPrefix(try, "/")); ok {
			return answer{status: r.status, rel: rel, path: strings.TrimPrefix(try, "/"), file: f}, true
		}
	}
	return answer{}, false
}
