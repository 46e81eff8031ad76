package main

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

type service struct {
	metrics   *otelmetrics.Metrics
	retrieved metric.Int64Counter
}

func newService(m *otelmetrics.Metrics) (*service, error) {
	// [readme:begin own]
	meter := m.MeterProvider().Meter("example.com/rag")
	retrieved, err := meter.Int64Counter("retrieved.documents",
		metric.WithUnit("{document}"), metric.WithDescription("Documents that were given to the predictor"))
	// [readme:end own]
	if err != nil {
		return nil, fmt.Errorf("instrument: %w", err)
	}
	return &service{metrics: m, retrieved: retrieved}, nil
}

// ServeHTTP answers any request.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := s.predict(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	_, _ = fmt.Fprintln(w, answer)
}

// predict stands for a prediction over retrieved documents.
func (s *service) predict(ctx context.Context) (answer string, err error) {
	ctx, p := s.metrics.StartPrediction(ctx, otelmetrics.ReAct)
	defer p.End(&err)
	documents := []string{"one", "two", "three"}
	s.retrieved.Add(ctx, int64(len(documents)), metric.WithAttributes(attribute.String("index", "wiki")))
	return fmt.Sprintf("an answer from %d documents", len(documents)), ctx.Err()
}
