// Command forms is a service whose histograms have a form, for the tests in e2e:
//
//	forms classic+native
//
// Each POST /predict is a prediction; the body is a JSON list of times to a first
// token, in seconds, that were measured elsewhere. OTEL_* variables configure it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		slog.Error(err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, name string) (err error) {
	contract := views.Default()
	metrics := &contract.Metrics
	for _, form := range []views.Form{views.Native, views.ClassicAndNative} {
		if string(form) == name {
			for _, histogram := range []*views.Metric{
				&metrics.PredictionDuration, &metrics.APILatency, &metrics.TimeToFirstToken,
				&metrics.TimePerOutputToken, &metrics.Overhead, &metrics.PredictionScore,
			} {
				histogram.Form = form
			}
		}
	}
	m, err := otelmetrics.New(ctx, otelmetrics.WithService("qa"), otelmetrics.WithContract(contract))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Shutdown(ctx)) }()

	// The instruments of the contract: times that are given, and not measured.
	meter := m.MeterProvider().Meter("github.com/dspy-metrics/dspy-metrics/otelmetrics")
	firstToken, err1 := meter.Float64Histogram(metrics.TimeToFirstToken.Instrument)
	perToken, err2 := meter.Float64Histogram(metrics.TimePerOutputToken.Instrument)
	overhead, err3 := meter.Float64Histogram(metrics.Overhead.Instrument)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	ofPredict := metric.WithAttributes(attribute.String(contract.Labels.Service.Key, "qa"), attribute.String(contract.Labels.PredictionType.Key, string(otelmetrics.Predict)))

	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	mux.Handle("POST /predict", m.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, p := m.StartPrediction(r.Context(), otelmetrics.Predict)
		var seconds []float64
		err := json.NewDecoder(r.Body).Decode(&seconds)
		defer p.End(&err)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, s := range seconds {
			firstToken.Record(ctx, s, ofPredict)
			perToken.Record(ctx, s/10, ofPredict)
			overhead.Record(ctx, s/100, ofPredict)
			m.RecordScore(ctx, otelmetrics.Predict, "relevance", 1/(1+s))
		}
	})))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	slog.Info("listening", "addr", listener.Addr())
	return (&http.Server{Handler: mux, ReadHeaderTimeout: time.Second}).Serve(listener)
}
