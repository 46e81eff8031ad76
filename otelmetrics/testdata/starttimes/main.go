// Command starttimes is a service whose idle series are forgotten after eight seconds, for the tests in e2e. POST
// /tokens?type=TYPE&count=COUNT records tokens of a prediction type, and GET /metrics exposes them.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func main() {
	if err := run(context.Background()); err != nil {
		slog.Error(err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	m, err := otelmetrics.New(ctx, otelmetrics.WithService("qa"), otelmetrics.WithIdleTimeout(8*time.Second))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Shutdown(ctx)) }()
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	mux.HandleFunc("POST /tokens", func(w http.ResponseWriter, r *http.Request) {
		count, err := strconv.ParseInt(r.FormValue("count"), 10, 64)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		m.RecordUsage(r.Context(), otelmetrics.PredictionType(r.FormValue("type")), otelmetrics.Usage{Tokens: otelmetrics.Tokens{Input: count}})
	})
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	slog.Info("listening", "addr", listener.Addr())
	return (&http.Server{Handler: mux, ReadHeaderTimeout: time.Second}).Serve(listener)
}
