// Command quickstart is a plain net/http service with the metrics of
// dspy-metrics: it answers at POST /predict and is scraped at GET /metrics.
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
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends; ready is told where.
func run(ctx context.Context, address string, ready func(net.Addr)) (err error) {
	// [readme:begin integration]
	m, err := otelmetrics.New(ctx, otelmetrics.WithService("qa"))
	if err != nil {
		return err
	}
	// ctx has ended by then, and the last push needs one that has not.
	defer func() { err = errors.Join(err, m.Shutdown(context.WithoutCancel(ctx))) }()

	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	mux.Handle("POST /predict", m.Middleware(&service{metrics: m.Recorder}))
	// [readme:end integration]

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	ready(listener.Addr())
	return serve(ctx, listener, mux)
}

// serve finishes the requests in flight before it returns.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	drained := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		drained <- server.Shutdown(grace)
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-drained
}
