package access

import (
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// restless is how long a connection is left alone between two requests, also
	// when others wait: its client may be about to send the next one.
	restless = time.Second
	// look is how often somebody who waits looks for a connection that is idle.
	look = 50 * time.Millisecond
)

// connections bounds how many connections a listener has open, so that the process
// has files left for what it needs to answer them. Who comes beyond that waits. The
// connection that has been idle for longest makes room, if there is one.
type connections struct {
	net.Listener
	most int

	mu     sync.Mutex
	open   map[*connection]time.Time // since when it is idle, or zero
	closed chan struct{}
	once   sync.Once
}

// connection is one that counts.
type connection struct {
	net.Conn
	of *connections
}

func newConnections(l net.Listener, most int) *connections {
	return &connections{Listener: l, most: most, open: make(map[*connection]time.Time), closed: make(chan struct{})}
}

// Accept implements [net.Listener].
func (c *connections) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	counted := &connection{conn, c}
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
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) >= c.most {
		longest := c.idle(now.Add(-restless))
		if longest == nil {
			return false
		}
		delete(c.open, longest)
		_ = longest.Conn.Close()
	}
	c.open[conn] = now
	return true
}

// idle returns the connection that has been idle for longest, since before a time,
// or nil. The caller holds mu.
func (c *connections) idle(before time.Time) (longest *connection) {
	for conn, since := range c.open {
		if !since.IsZero() && since.Before(before) {
			longest, before = conn, since
		}
	}
	return longest
}

// state is told what each connection does.
func (c *connections) state(conn net.Conn, state http.ConnState) {
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok { // of TLS
		conn = wrapped.NetConn()
	}
	counted, ok := conn.(*connection)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.open[counted]; !ok {
		return
	}
	switch state {
	case http.StateIdle:
		c.open[counted] = time.Now()
	case http.StateActive, http.StateHijacked:
		c.open[counted] = time.Time{}
	case http.StateNew, http.StateClosed: // open is written as it is accepted and closed
	}
}

// Close implements [net.Conn].
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}
