package cache

import (
	"context"
	"net"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// checkedConn is a connection to a Redis server whose replies are checked before
// the client library reads them.
type checkedConn struct {
	net.Conn
	replies replies
	err     error
}

func (c *checkedConn) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.Conn.Read(p)
	if c.err = c.replies.check(p[:n]); c.err != nil {
		return 0, c.err
	}
	return n, err
}

// socketConn is a checkedConn on a socket. The client library asks the socket
// whether an idle connection is still alive.
type socketConn struct {
	*checkedConn
	syscall.Conn
}

// checked returns the dialer of the options with the check around each connection.
func checked(options *redis.Options, maxReplyBytes int64) func(ctx context.Context, network, address string) (net.Conn, error) {
	dial := redis.NewDialer(options)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		c := &checkedConn{Conn: conn, replies: replies{maxBytes: maxReplyBytes}}
		if socket, ok := conn.(syscall.Conn); ok {
			return &socketConn{c, socket}, nil
		}
		return c, nil
	}
}
