// Package access serves HTTP behind a web config file of Prometheus'
// exporter-toolkit (TLS, client certificates, passwords) and counts whom it
// refuses.
package access

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/exporter-toolkit/web"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Config has no defaults: every field must be set but for WebConfigFile and
// Open.
type Config struct {
	Address       string // to listen on
	Handler       http.Handler
	WebConfigFile string        // empty serves everybody over plain HTTP
	Open          []string      // paths that need no password
	ClientTimeout time.Duration // for the headers of a request, at most 10 s
	KeepAlive     time.Duration // of idle connections
	Recorder      *otelmetrics.Recorder
	Logger        *slog.Logger
}

// Server is a listener and what it serves.
type Server struct {
	Config
	listener net.Listener
	server   *http.Server
}

// Listen checks the web config file and takes the address. Requests wait until
// Serve.
func Listen(ctx context.Context, c Config) (*Server, error) {
	if err := web.Validate(c.WebConfigFile); err != nil {
		return nil, &ConfigError{c.WebConfigFile, err}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Address)
	if err != nil {
		return nil, err
	}
	s := &Server{Config: c, listener: listener}
	refusals := newRefusals(c)
	s.server = &http.Server{
		Handler:           refusals.behind(),
		ReadHeaderTimeout: min(10*time.Second, c.ClientTimeout),
		ReadTimeout:       time.Minute, // for handlers without a bound of their own
		MaxHeaderBytes:    64 << 10,    // the default of a MiB is a lot times the connections
		IdleTimeout:       c.KeepAlive,
		ErrorLog:          refusals.errorLog(),
		// The toolkit has put its handler before ours by then, and no connection
		// has been accepted: the one moment to stand before the toolkit's.
		BaseContext: func(net.Listener) context.Context {
			if c.WebConfigFile != "" {
				s.server.Handler = refusals.before(s.server.Handler)
			}
			return context.Background()
		},
	}
	return s, nil
}

// Addr is where the server listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Serve answers until Shutdown or Close. The error is never nil, and
// [http.ErrServerClosed] after either.
func (s *Server) Serve() error {
	return web.Serve(s.listener, s.server, &web.FlagConfig{WebConfigFile: &s.WebConfigFile}, slog.New(slog.DiscardHandler))
}

// Shutdown waits for what is in flight, and cuts it off when ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.server.Shutdown(ctx); err != nil {
		return errors.Join(err, s.server.Close())
	}
	return nil
}

// Close gives up the address, whether Serve was called or not.
func (s *Server) Close() {
	_ = s.server.Close()
	_ = s.listener.Close() // closed already if it was served
}
