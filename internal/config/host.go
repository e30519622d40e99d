package config

import (
	"fmt"
	"net"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Host says how `serve` hosts the site.
type Host struct {
	Listen        string            // address; empty: 127.0.0.1:8080
	Plain         string            // address on which plain HTTP leads to HTTPS; empty: none
	Names         []string          // host names; the first is the site's, the others lead there. Empty: any is answered
	Protect       map[string]string // path → secret with lines user:hash
	AccessLog     bool              // .coranto/access.log
	Previews      bool              // any branch and release at NAME--host
	CountryHeader string            // in which a proxy in front tells the reader's country
	Webhook       string            // secret with which announcements of the forge are signed
	TLS           TLS
}

// TLS says where certificates come from; the zero value is plain HTTP.
type TLS struct {
	Certificate string // file of PEM
	Key         string
	ACME        bool
	Email       string
	Directory   string // of the authority; empty: Let's Encrypt
	HSTS        time.Duration
}

// Secure reports whether the site is served by HTTPS.
func (t TLS) Secure() bool { return t.ACME || t.Certificate != "" }

var hostKeys = []entry[Host]{
	text("listen", "address and port to listen on", func(h *Host) *string { return &h.Listen }, listenAddress),
	text("plain", "address on which plain HTTP leads to HTTPS", func(h *Host) *string { return &h.Plain }, listenAddress),
	texts("names", "host names: the first is the site's, the others lead there", func(h *Host) *[]string { return &h.Names }, hostName),
	textMap("protect", "paths that need a password: {/drafts/: name of a secret}", func(h *Host) *map[string]string { return &h.Protect }, sitePath),
	boolean("access_log", "write .coranto/access.log", func(h *Host) *bool { return &h.AccessLog }),
	boolean("previews", "show any branch and release at NAME--host", func(h *Host) *bool { return &h.Previews }),
	text("country_header", "header in which a proxy in front tells the reader's country", func(h *Host) *string { return &h.CountryHeader }, word),
	text("webhook", "secret with which the forge signs its announcements", func(h *Host) *string { return &h.Webhook }, notEmpty),
	sub("tls", "where certificates come from", tlsKeys, func(h *Host) *TLS { return &h.TLS }),
}

var tlsKeys = []entry[TLS]{
	text("certificate", "file of the certificate and its chain, PEM", func(t *TLS) *string { return &t.Certificate }, notEmpty),
	text("key", "file of its private key, PEM", func(t *TLS) *string { return &t.Key }, notEmpty),
	boolean("acme", "ask an authority for certificates, and renew them", func(t *TLS) *bool { return &t.ACME }),
	text("email", "whom the authority tells when something is wrong", func(t *TLS) *string { return &t.Email }, notEmpty),
	duration("hsts", "for how long browsers that came by HTTPS come by nothing else; 0: not said", 0, func(t *TLS) *time.Duration { return &t.HSTS }),
	text("directory", "the authority; without it Let's Encrypt", func(t *TLS) *string { return &t.Directory }, notEmpty),
}

func hostEntry() entry[raw] {
	e := sub("host", "how serve hosts the site", hostKeys, func(r *raw) *Host { return &r.Host })
	set := e.set
	e.set = func(d *decoder, n *yaml.Node, key string, depth int, out *raw) {
		set(d, n, key, depth, out)
		switch t := out.Host.TLS; {
		case (t.Certificate == "") != (t.Key == ""):
			d.fault(n, join(key, "tls"), "name both files", "host.tls has a certificate without a key, or a key without a certificate")
		case t.ACME && t.Certificate != "":
			d.fault(n, join(key, "tls"), "leave one of them out", "host.tls has a certificate of its own and asks for one too")
		case t.ACME && len(out.Host.Names) == 0:
			d.fault(n, join(key, "tls"), "names: [news.example.org]", "host.tls.acme needs host.names, for which certificates are asked")
		}
	}
	return e
}

func listenAddress(s string) (string, string) {
	_, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return fmt.Sprintf("%q is no address to listen on", s), "127.0.0.1:8080, or :443 for all networks"
	}
	return "", ""
}

func hostName(s string) (string, string) {
	if s == "" || strings.ContainsAny(s, "/: \t*") || strings.Contains(s, "--") || len(s) > 253 {
		return fmt.Sprintf("%q is no host name", s), "news.example.org, without http:// and port"
	}
	return "", ""
}

func sitePath(s string) (string, string) {
	if !strings.HasPrefix(s, "/") || strings.Contains(s, "..") {
		return fmt.Sprintf("%q is no path of the site", s), "/ is all of it, /drafts/ a part"
	}
	return "", ""
}
