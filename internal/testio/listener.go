package testio

import (
	"net"
	"sync"
	"testing"
)

// Listen serves each connection in a way of the test's own, closes it after that,
// and returns the address. It ends with the test, when all have been served.
func Listen(t testing.TB, serve func(*net.TCPConn)) (address string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer func() { _ = conn.Close() }() // serve may have closed it
				serve(conn.(*net.TCPConn))          //nolint:forcetypeassert // of a listener on TCP
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	return listener.Addr().String()
}
