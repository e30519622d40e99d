package host

import (
	"net"
	"sync"
)

// handover is a listener of connections that the lane does not keep.
type handover struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	failed chan error
}

func newHandover(addr net.Addr) *handover {
	return &handover{addr: addr, conns: make(chan net.Conn), closed: make(chan struct{}), failed: make(chan error, 1)}
}

// give hands a connection over and reports whether anybody took it.
func (h *handover) give(c net.Conn) bool {
	select {
	case h.conns <- c:
		return true
	case <-h.closed:
		return false
	}
}

// fail ends Accept with an error.
func (h *handover) fail(err error) { h.failed <- err }

func (h *handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case err := <-h.failed:
		return nil, err
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h *handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

func (h *handover) Addr() net.Addr { return h.addr }

// prefixed is a connection of which something has been read already.
type prefixed struct {
	net.Conn
	before []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.before) > 0 {
		n := copy(b, p.before)
		p.before = p.before[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// limited is a listener of so many connections at a time. Those it gives out are
// of a type that can write several buffers in one call.
type limited struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once
}

func limit(l net.Listener, n int) *limited {
	return &limited{Listener: l, places: make(chan struct{}, n), closed: make(chan struct{})}
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return &placed{Conn: c, l: l}, nil
	}
	return &placedTCP{TCPConn: tcp, l: l}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type placed struct {
	net.Conn
	l    *limited
	once sync.Once
}

func (c *placed) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { <-c.l.places })
	return err
}

type placedTCP struct {
	*net.TCPConn
	l    *limited
	once sync.Once
}

func (c *placedTCP) Close() error {
	err := c.TCPConn.Close()
	c.once.Do(func() { <-c.l.places })
	return err
}
