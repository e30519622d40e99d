package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"
)

// failure is a request that brought no whole answer: its class for programs,
// its text for people.
type failure struct {
	url   string // without userinfo
	class error
	text  string
	cause error // may be nil
}

func (e *failure) Error() string { return "get " + brief(e.url, 500) + ": " + brief(e.text, 1000) }

// brief cuts what a stranger's address may make endless.
func brief(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func (e *failure) Unwrap() []error {
	if e.cause == nil {
		return []error{e.class}
	}
	return []error{e.class, e.cause}
}

// denial says why a zone does not let an address or port pass.
type denial struct{ text string }

func (d *denial) Error() string { return d.text }
func (d *denial) Unwrap() error { return ErrDenied }

func (e *HeldError) Error() string {
	return fmt.Sprintf("get %s: the server asked to be left alone until %s", e.URL, e.Until.UTC().Format("2006-01-02 15:04:05 MST"))
}

// classify gives err, from the network, its class. within is the time the
// request had; ctx is the caller's.
func classify(ctx context.Context, url string, err error, within time.Duration, doing string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("get %s: %w", url, context.Cause(ctx))
	}
	fail := func(class error, text string) error { return &failure{url, class, text, err} }
	var (
		deny *denial
		dns  *net.DNSError
		op   *net.OpError
	)
	switch {
	case errors.As(err, &deny):
		return &failure{url, ErrDenied, deny.text, nil}
	case errors.Is(err, context.DeadlineExceeded):
		return fail(ErrTimeout, fmt.Sprintf("timed out after %v while %s", within.Round(time.Millisecond), doing))
	case errors.As(err, &dns):
		return fail(dnsClass(dns), dnsText(dns))
	case isTLS(err):
		return fail(ErrTLS, tlsText(err))
	case isTimeout(err):
		return fail(ErrTimeout, "no connection: "+trim(err))
	case errors.As(err, &op) && op.Op == "dial":
		return fail(ErrConnection, "no connection: "+trim(err))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fail(ErrConnection, "the connection was closed while "+doing)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fail(ErrConnection, "the connection was reset while "+doing)
	}
	return fail(ErrConnection, "failed while "+doing+": "+trim(err))
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func dnsClass(e *net.DNSError) error {
	if e.IsTimeout {
		return ErrTimeout
	}
	return ErrDNS
}

func dnsText(e *net.DNSError) string {
	switch {
	case e.IsNotFound:
		return "no such host: " + e.Name
	case e.IsTimeout:
		return "the lookup of host " + e.Name + " timed out"
	}
	return "the lookup of host " + e.Name + " failed: " + e.Err
}

func isTLS(err error) bool {
	var (
		verify *tls.CertificateVerificationError
		record tls.RecordHeaderError
		alert  tls.AlertError
		ech    *tls.ECHRejectionError
	)
	return errors.As(err, &verify) || errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &ech) ||
		strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "gave HTTP response to HTTPS client") ||
		strings.Contains(err.Error(), "TLS handshake timeout")
}

func tlsText(err error) string {
	var (
		invalid x509.CertificateInvalidError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "TLS: its certificate has expired or is not valid yet"
	case errors.As(err, &unknown):
		return "TLS: its certificate is signed by nobody this machine trusts"
	case errors.As(err, &host):
		return "TLS: its certificate is for another host name"
	case errors.As(err, &record), strings.Contains(err.Error(), "gave HTTP response to HTTPS client"):
		return "TLS: the server does not speak TLS on this port"
	}
	return "TLS: " + strings.TrimPrefix(trim(err), "tls: ")
}

// trim drops the layers of words that the packages below put around an error.
func trim(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" && op.Addr != nil {
		inner := op.Err.Error()
		var sys syscall.Errno
		if errors.As(op.Err, &sys) {
			inner = sys.Error()
		}
		return op.Addr.String() + ": " + inner
	}
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "net/http: "), "http: ")
}
