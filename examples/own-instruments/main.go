// Command own-instruments is a service with a counter of its own, which appears
// beside the metrics of the contract on GET /metrics and on the push.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, "localhost:8080", func(address net.Addr) { fmt.Println("listening on", address) })
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "own-instruments:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends; ready is told where.
func run(ctx context.Context, address string, ready func(net.Addr)) (err error) {
	m, err := otelmetrics.New(ctx, otelmetrics.WithService("rag"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Shutdown(context.WithoutCancel(ctx))) }()
	s, err := newService(m)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	mux.Handle("POST /predict", m.Middleware(s))

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	// The quickstart shows how to let requests in flight finish.
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	ready(listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
