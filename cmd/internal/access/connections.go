package access

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// restless is how long a connection is left alone between two requests, also
	// when others wait: its client may be about to send the next one.
	restless = time.Second
	// look is the interval at which a waiting connection checks for an idle one to
	// close.
	look = 50 * time.Millisecond
)

// connections are those that a listener has open. A bound on how many leaves the process
// files for what it needs to answer them: who comes beyond it waits. The connection that
// has been idle for longest makes room, if there is one.
type connections struct {
	net.Listener
	most  int // 0 for any
	start time.Time
	swept atomic.Pointer[time.Time] // when the deadlines were last looked at

	mu     sync.Mutex
	open   map[*connection]struct{}
	closed chan struct{}
	once   sync.Once
}

// connection is one that counts.
type connection struct {
	net.Conn
	of        *connections
	reading   deadline
	writing   deadline
	idleSince atomic.Int64 // in nanoseconds after the listener's start; 0 while it is used
}

func newConnections(l net.Listener, most int) *connections {
	now := time.Now()
	c := &connections{Listener: l, most: most, start: now, open: make(map[*connection]struct{}), closed: make(chan struct{})}
	c.swept.Store(&now)
	go c.sweep()
	return c
}

// Accept implements [net.Listener].
func (c *connections) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	counted := &connection{Conn: conn, of: c}
	for !c.add(counted) {
		select {
		case <-time.After(look):
		case <-c.closed:
			_ = conn.Close()
			return nil, net.ErrClosed
		}
	}
	return counted, nil
}

// Close implements [net.Listener].
func (c *connections) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Listener.Close()
}

// add adds a connection if there is room, or if one can be closed for it.
func (c *connections) add(conn *connection) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.most > 0 && len(c.open) >= c.most {
		longest := c.idle()
		if longest == nil {
			return false
		}
		delete(c.open, longest)
		_ = longest.Conn.Close()
	}
	conn.idle()
	c.open[conn] = struct{}{}
	return true
}

// idle returns the connection that has been idle for longest, and for long enough to be
// closed, or nil. The caller holds mu.
func (c *connections) idle() (longest *connection) {
	before := int64(time.Since(c.start) - restless)
	for conn := range c.open {
		if since := conn.idleSince.Load(); since != 0 && since < before {
			longest, before = conn, since
		}
	}
	return longest
}

// state records what each connection does.
func (c *connections) state(conn net.Conn, state http.ConnState) {
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok { // of TLS
		conn = wrapped.NetConn()
	}
	counted, ok := conn.(*connection)
	if !ok {
		return
	}
	switch state {
	case http.StateIdle:
		counted.idle()
	case http.StateActive, http.StateHijacked:
		counted.idleSince.Store(0)
	case http.StateNew, http.StateClosed: // it is idle from when it is accepted on
	}
}

// sweep looks at the deadlines of all connections until the last one has ended after
// the listener.
func (c *connections) sweep() {
	ticker := time.NewTicker(sweep)
	defer ticker.Stop()
	closed := c.closed
	for open := 0; closed != nil || open > 0; {
		select {
		case <-ticker.C:
		case <-closed:
			closed = nil
		}
		open = c.sweepOnce(time.Now())
	}
}

// sweepOnce returns how many connections there are.
func (c *connections) sweepOnce(now time.Time) int {
	c.swept.Store(&now)
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		conn.reading.sweep(now, conn.Conn.SetReadDeadline)
		conn.writing.sweep(now, conn.Conn.SetWriteDeadline)
	}
	return len(c.open)
}

// idle notes that the connection is not used from now on.
func (c *connection) idle() { c.idleSince.Store(int64(time.Since(c.of.start)) + 1) }

// SetReadDeadline implements [net.Conn].
func (c *connection) SetReadDeadline(t time.Time) error {
	return c.reading.set(t, *c.of.swept.Load(), c.Conn.SetReadDeadline)
}

// SetWriteDeadline implements [net.Conn].
func (c *connection) SetWriteDeadline(t time.Time) error {
	return c.writing.set(t, *c.of.swept.Load(), c.Conn.SetWriteDeadline)
}

// SetDeadline implements [net.Conn].
func (c *connection) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// Close implements [net.Conn].
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}
