package host

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// certificateAge is for how long a certificate is trusted to be that of the files.
const certificateAge = 10 * time.Second

// OwnCertificate serves TLS with the certificate in files of PEM. They are read
// again when they have changed, so a renewal needs no restart; while what is
// there cannot be read, the old one stays.
func OwnCertificate(certificate, key string) (*tls.Config, error) {
	k := &keeper{certificate: certificate, key: key}
	if _, err := k.get(nil); err != nil {
		return nil, err
	}
	return Secure(k.get), nil
}

// Secure serves TLS 1.2 and later, HTTP/2 before HTTP/1.1, with the certificate
// that get finds for a name. An authority can ask over TLS too (RFC 8737).
func Secure(get func(*tls.ClientHelloInfo) (*tls.Certificate, error)) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1", acme.ALPNProto}, GetCertificate: get}
}

// StrictTransport tells browsers that come by HTTPS to come by nothing else for
// a time (RFC 6797).
func StrictTransport(h http.Handler, age time.Duration) http.Handler {
	value := []string{fmt.Sprintf("max-age=%d", int64(age/time.Second))}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			w.Header()["Strict-Transport-Security"] = value
		}
		h.ServeHTTP(w, r)
	})
}

type keeper struct {
	certificate, key string

	mu      sync.Mutex
	cert    *tls.Certificate
	print   string
	checked time.Time
}

func (k *keeper) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cert != nil && time.Since(k.checked) < certificateAge {
		return k.cert, nil
	}
	k.checked = time.Now()
	print := ""
	for _, f := range []string{k.certificate, k.key} {
		if st, err := os.Stat(f); err == nil {
			print += fmt.Sprint(st.Size(), st.ModTime().UnixNano(), " ")
		}
	}
	if k.cert != nil && print == k.print {
		return k.cert, nil
	}
	cert, err := tls.LoadX509KeyPair(k.certificate, k.key)
	if err != nil {
		if k.cert != nil {
			return k.cert, nil
		}
		return nil, fmt.Errorf("certificate %s: %w", k.certificate, err)
	}
	k.cert, k.print = &cert, print
	return k.cert, nil
}

// ACMEOptions say whose certificates are asked for.
type ACMEOptions struct {
	Names     []string // host names; no other gets one
	Email     string   // told by the authority when something is wrong; may be empty
	Directory string   // of the authority; "": Let's Encrypt
	Cache     string   // folder of keys and certificates
	Client    *http.Client
}

// ACME serves TLS with certificates that an authority gives by itself, and
// renews them. The authority asks its questions on port 80: they are answered
// before the handler there is asked.
func ACME(o ACMEOptions) (*tls.Config, func(http.Handler) http.Handler) {
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(o.Cache), HostPolicy: autocert.HostWhitelist(o.Names...), Email: o.Email,
		Client: &acme.Client{DirectoryURL: o.Directory, HTTPClient: o.Client, UserAgent: "coranto"},
	}
	if o.Directory == "" {
		m.Client.DirectoryURL = autocert.DefaultACMEDirectory
	}
	return Secure(m.GetCertificate), m.HTTPHandler
}

// ToHTTPS sends every request to the same address under HTTPS, at the port that
// port names; "": the usual one.
func ToHTTPS(port func() string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := Name(r.Host)
		if to == "" {
			http.Error(w, "400 the request names no host", http.StatusBadRequest)
			return
		}
		if p := port(); p != "" && p != "443" {
			to = net.JoinHostPort(to, p)
		} else if strings.Contains(to, ":") {
			to = "[" + to + "]"
		}
		w.Header().Set("Location", "https://"+to+r.URL.RequestURI())
		w.WriteHeader(http.StatusPermanentRedirect)
	})
}
