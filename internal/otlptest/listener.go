package otlptest

import (
	"net"
	"sync"
	"testing"
)

// listener can refuse connections and take them again on the same port. Closing
// the socket instead could lose the port to another process.
type listener struct {
	net.Listener

	mu       sync.Mutex
	refusing bool
	open     map[*conn]struct{}
}

// conn informs its listener when it is closed.
type conn struct {
	net.Conn
	from *listener
}

func listen(t testing.TB) *listener {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("otlptest: %v", err)
	}
	return &listener{Listener: l, open: map[*conn]struct{}{}}
}

// Accept returns the next connection that is not refused.
func (l *listener) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: raw, from: l}
		if l.admit(c) {
			return c, nil
		}
		_ = raw.Close()
	}
}

func (l *listener) admit(c *conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.refusing {
		l.open[c] = struct{}{}
	}
	return !l.refusing
}

// refuse turns refusing on or off. Turned on, it also ends the open connections.
func (l *listener) refuse(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusing = on
	if on {
		l.end()
	}
}

// sever ends the open connections.
func (l *listener) sever() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end()
}

func (l *listener) end() {
	for c := range l.open {
		_ = c.Conn.Close()
	}
	clear(l.open)
}

func (c *conn) Close() error {
	c.from.mu.Lock()
	delete(c.from.open, c)
	c.from.mu.Unlock()
	return c.Conn.Close()
}
