// Command otlp records a few predictions and pushes them to the collector that
// OTEL_EXPORTER_OTLP_ENDPOINT names.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

const endpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT"

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "otlp:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	endpoint := os.Getenv(endpointVariable)
	if endpoint == "" {
		return fmt.Errorf("%s is not set; give the address of a collector, for example http://localhost:4318", endpointVariable)
	}
	// A collector that does not answer is tried again until this is over.
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()

	m, err := otelmetrics.New(ctx, otelmetrics.WithService("batch"))
	if err != nil {
		return err
	}
	// What it pushes has been pushed before, so its error says nothing new.
	defer func() { _ = m.Shutdown(ctx) }()

	for _, failure := range []error{nil, nil, errors.New("the model gave no answer")} {
		_ = predict(ctx, m.Recorder, failure) // counted, which is all we are after
	}

	// A service need not do this: it pushes at every interval and at shutdown.
	if err := m.ForceFlush(ctx); err != nil {
		return fmt.Errorf("push to %s: %w", endpoint, err)
	}
	fmt.Println("pushed 3 predictions to", endpoint)
	return nil
}

// predict stands for a prediction that ends with this error.
func predict(ctx context.Context, m *otelmetrics.Recorder, failure error) (err error) {
	ctx, p := m.StartPrediction(ctx, otelmetrics.Predict)
	defer p.End(&err)
	return errors.Join(ctx.Err(), failure)
}
