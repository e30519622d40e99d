package host

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// ServeOptions limit what a client may take; the zero value works.
type ServeOptions struct {
	ReadHeaderTimeout time.Duration // 0: 10 s
	ReadTimeout       time.Duration // of a whole request; 0: 30 s
	WriteTimeout      time.Duration // of a whole answer; 0: 5 min
	IdleTimeout       time.Duration // between requests; 0: 2 min
	MaxHeaderBytes    int           // 0: 32 KiB
	MaxConns          int           // at a time; 0: 4096
	Grace             time.Duration // for requests under way when ctx ends; 0: 10 s
	TLS               *tls.Config   // nil: plain HTTP
	ErrorLog          *log.Logger   // nil: nobody hears of broken connections
}

// Serve serves h on l, which it closes, until ctx ends; then it lets the
// requests under way finish and returns nil.
func Serve(ctx context.Context, l net.Listener, h http.Handler, o ServeOptions) error {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: cmp.Or(o.ReadHeaderTimeout, 10*time.Second),
		ReadTimeout:       cmp.Or(o.ReadTimeout, 30*time.Second),
		WriteTimeout:      cmp.Or(o.WriteTimeout, 5*time.Minute),
		IdleTimeout:       cmp.Or(o.IdleTimeout, 2*time.Minute),
		MaxHeaderBytes:    cmp.Or(o.MaxHeaderBytes, 32<<10),
		ErrorLog:          o.ErrorLog,
		TLSConfig:         o.TLS,
	}
	if s.ErrorLog == nil {
		s.ErrorLog = log.New(io.Discard, "", 0)
	}
	addr := l.Addr()
	l = netutil.LimitListener(l, cmp.Or(o.MaxConns, 4096))
	ended := make(chan error, 1)
	go func() {
		if o.TLS != nil {
			ended <- s.ServeTLS(l, "", "")
		} else {
			ended <- s.Serve(l)
		}
	}()
	select {
	case err := <-ended:
		_ = s.Close()
		return fmt.Errorf("serve on %v: %w", addr, err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), cmp.Or(o.Grace, 10*time.Second))
	defer cancel()
	err := s.Shutdown(grace)
	if err != nil {
		_ = s.Close() // those who are still reading have had their time
	}
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		return fmt.Errorf("serve on %v: %w", addr, served)
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("end serving on %v: %w", addr, err)
	}
	return nil
}
