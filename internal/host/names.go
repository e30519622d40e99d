package host

import (
	"net"
	"net/http"
	"strings"
)

// Names sends the readers of other names of the site to its first, and answers
// those who ask for a name that is not its own with 421. The preview of a
// release, "NAME--host", goes to the handler, as does what is asked by address.
type Names struct {
	First   string   // "news.example.org"; "": any name is answered
	Others  []string // "www.example.org"
	Preview bool
	HTTPS   bool // what First is reached by
}

// Handler puts n before h.
func (n Names) Handler(h http.Handler) http.Handler {
	if n.First == "" {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := Name(r.Host)
		_, base, preview := strings.Cut(name, "--")
		switch {
		case strings.EqualFold(name, n.First), net.ParseIP(name) != nil, strings.HasPrefix(r.URL.Path, "/.well-known/acme-challenge/"),
			n.Preview && preview && strings.EqualFold(base, n.First):
			h.ServeHTTP(w, r)
			return
		}
		for _, o := range n.Others {
			if strings.EqualFold(name, o) {
				scheme := "http://"
				if n.HTTPS || r.TLS != nil {
					scheme = "https://"
				}
				to := n.First
				if _, port, err := net.SplitHostPort(r.Host); err == nil {
					to = net.JoinHostPort(n.First, port)
				}
				w.Header().Set("Location", scheme+to+r.URL.RequestURI())
				w.WriteHeader(http.StatusPermanentRedirect)
				return
			}
		}
		http.Error(w, "421 no site of this name is here", http.StatusMisdirectedRequest)
	})
}

// Name is the name in a Host header, without port and brackets.
func Name(h string) string {
	if name, _, err := net.SplitHostPort(h); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(h, "["), "]")
}

// previewName is the name of the release that a host asks for, "NAME--host".
func previewName(h string) string {
	name, _, ok := strings.Cut(Name(h), "--")
	if !ok || strings.Contains(name, ".") {
		return ""
	}
	return strings.ToLower(name)
}
