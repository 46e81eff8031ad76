package access

import (
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener of connections in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (p pipes) Close() error { close(p); return nil }
func (pipes) Addr() net.Addr { return &net.TCPAddr{} }

// dial connects and reports whether the other side has closed the connection.
func (p pipes) dial(t *testing.T) (closed func() bool) {
	t.Helper()
	client, server := net.Pipe()
	go func() { p <- server }()
	t.Cleanup(func() { _ = client.Close() })
	gone := make(chan struct{})
	go func() {
		_, _ = client.Read(make([]byte, 1))
		close(gone)
	}()
	return func() bool {
		synctest.Wait()
		select {
		case <-gone:
			return true
		default:
			return false
		}
	}
}

// Who comes beyond the bound takes the place of the connection that has been idle
// for longest, and waits where all are in use.
func TestConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		listener := make(pipes)
		c := newConnections(listener, 2)
		accepted := make(chan net.Conn)
		go func() {
			for {
				conn, err := c.Accept()
				if err != nil {
					close(accepted)
					return
				}
				accepted <- conn
			}
		}()
		first, second := listener.dial(t), listener.dial(t)
		one, two := <-accepted, <-accepted
		c.state(one, http.StateActive)
		c.state(two, http.StateActive)
		third := listener.dial(t)
		select {
		case <-accepted:
			t.Fatal("accepted beyond the bound")
		case <-time.After(time.Minute):
		}
		start := time.Now()
		c.state(two, http.StateIdle)
		three := <-accepted
		if took := time.Since(start); took < restless || took > 2*restless {
			t.Errorf("an idle connection was closed after %v, want %v", took, restless)
		}
		if first() == second() || third() {
			t.Errorf("closed: %t, %t, %t, want one of the first two", first(), second(), third())
		}
		_ = one.Close()
		if listener.dial(t); true {
			four := <-accepted // at once, as there is room again
			_ = four.Close()
		}
		_ = three.Close()
		_ = two.Close() // again
		if len(c.open) != 0 {
			t.Errorf("%d connections are counted that have ended", len(c.open))
		}
		_ = c.Close()
		<-accepted
	})
}
