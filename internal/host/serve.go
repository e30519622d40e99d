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

func (o *ServeOptions) defaults() {
	o.ReadHeaderTimeout = cmp.Or(o.ReadHeaderTimeout, 10*time.Second)
	o.ReadTimeout = cmp.Or(o.ReadTimeout, 30*time.Second)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, 5*time.Minute)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, 2*time.Minute)
	o.MaxHeaderBytes = cmp.Or(o.MaxHeaderBytes, 32<<10)
	o.MaxConns = cmp.Or(o.MaxConns, 4096)
	o.Grace = cmp.Or(o.Grace, 10*time.Second)
	if o.ErrorLog == nil {
		o.ErrorLog = log.New(io.Discard, "", 0)
	}
}

// Serve serves h on l, which it closes, until ctx ends; then it lets the
// requests under way finish and returns nil. h must be done with a request when
// it returns.
func Serve(ctx context.Context, l net.Listener, h http.Handler, o ServeOptions) error {
	o.defaults()
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: o.ReadHeaderTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout, IdleTimeout: o.IdleTimeout,
		MaxHeaderBytes: o.MaxHeaderBytes, ErrorLog: o.ErrorLog, TLSConfig: o.TLS,
	}
	addr := l.Addr()
	l = limit(l, o.MaxConns)
	ended := make(chan error, 1)
	end := func(context.Context) {}
	if o.TLS != nil {
		go func() { ended <- s.ServeTLS(l, "", "") }()
	} else {
		q := newLane(h, o, o.ErrorLog, addr)
		accepted := make(chan struct{})
		go func() { defer close(accepted); q.accept(l) }()
		go func() { ended <- s.Serve(q.rest) }()
		end = func(grace context.Context) {
			q.closing.Store(true)
			_ = l.Close()
			<-accepted
			q.shutdown(grace)
		}
	}
	select {
	case err := <-ended:
		gone, cancel := context.WithCancel(ctx)
		cancel()
		end(gone)
		_ = s.Close()
		return fmt.Errorf("serve on %v: %w", addr, err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.Grace)
	defer cancel()
	end(grace)
	err := s.Shutdown(grace)
	if err != nil {
		_ = s.Close() // those who are still reading have had their time
	}
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) && !errors.Is(served, net.ErrClosed) {
		return fmt.Errorf("serve on %v: %w", addr, served)
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("end serving on %v: %w", addr, err)
	}
	return nil
}
