// Package access serves HTTP behind a web config file of Prometheus'
// exporter-toolkit (TLS, client certificates, passwords) and counts whom it
// refuses.
package access

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Config has no defaults: every field must be set but for WebConfigFile,
// Open and Connections.
type Config struct {
	Address       string // to listen on
	Handler       http.Handler
	WebConfigFile string        // empty serves everybody over plain HTTP
	Open          []string      // paths that need no password
	ClientTimeout time.Duration // for the headers of a request, at most 10 s
	KeepAlive     time.Duration // of idle connections
	Connections   int           // at a time; 0 for any
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
	s := &Server{Config: c}
	s.server = &http.Server{
		Handler:           c.Handler,
		ReadHeaderTimeout: min(10*time.Second, c.ClientTimeout),
		ReadTimeout:       time.Minute, // for handlers without a bound of their own
		MaxHeaderBytes:    64 << 10,    // the default of a MiB is a lot times the connections
		IdleTimeout:       c.KeepAlive,
	}
	refusals := newRefusals(c)
	s.server.ErrorLog = refusals.errorLog()
	s.server.HTTP2 = &http.HTTP2Config{CountError: refusals.http2}
	if c.WebConfigFile != "" {
		if err := s.protect(refusals); err != nil {
			return nil, &ConfigError{c.WebConfigFile, err}
		}
	}
	var err error
	if s.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", c.Address); err != nil {
		return nil, err
	}
	connections := newConnections(s.listener, c.Connections)
	s.listener, s.server.ConnState = connections, connections.state
	return s, nil
}

// protect has the server ask for what the web config file asks for.
func (s *Server) protect(r *refusals) error {
	settings := &settings{file: s.WebConfigFile}
	config, err := settings.load()
	if err != nil {
		return err
	}
	s.server.Handler = newGate(r, settings, config.RateLimiterConfig)
	if !config.TLSConfig.IsEnabled() {
		return nil
	}
	s.server.Protocols = new(http.Protocols)
	s.server.Protocols.SetHTTP1(true)
	s.server.Protocols.SetHTTP2(config.HTTPConfig.HTTP2)
	protocols := []string{"http/1.1"}
	if config.HTTPConfig.HTTP2 {
		protocols = []string{"h2", "http/1.1"}
	}
	s.server.TLSConfig = &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			config, err := settings.tls(protocols)
			if config != nil && err != nil {
				r.keptCertificate(err)
				return config, nil
			}
			return config, err
		},
	}
	return nil
}

// Addr is where the server listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Serve answers until Shutdown or Close. The error is never nil, and
// [http.ErrServerClosed] after either.
func (s *Server) Serve() error {
	if s.server.TLSConfig == nil {
		return s.server.Serve(s.listener)
	}
	return s.server.ServeTLS(s.listener, "", "")
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
