// Command values measures a million distinct values in every public way, one
// after the other, for the tests in e2e:
//
//	values FOLDER
//
// It writes a line of JSON for each way, and into the folder the pages that it
// leaves, in each form in which they are served.
package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"context"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/verbs"
)

// result is what one way has cost.
type result struct {
	Verb, Label, Metric string
	Budget              int
	HeapBefore          uint64 // in bytes
	HeapAfter           uint64
	NanosEach           int64
}

const distinct = 1_000_000

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		slog.Error(err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, folder string) error {
	all := verbs.All()
	for i, name := range slices.Sorted(maps.Keys(all)) {
		got, err := measure(ctx, name, all[name], filepath.Join(folder, fmt.Sprint(i)))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := json.NewEncoder(os.Stdout).Encode(got); err != nil {
			return err
		}
	}
	return nil
}

func measure(ctx context.Context, name string, verb verbs.Verb, page string) (result, error) {
	m, err := otelmetrics.New(ctx, otelmetrics.WithService("values"), otelmetrics.WithContract(verbs.Contract()),
		otelmetrics.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return result{}, err
	}
	defer func() { _ = m.Shutdown(ctx) }() // nothing is pushed
	contract := verbs.Contract()
	label := contract.Labels.Named(verb.Label)
	got := result{Verb: name, Label: verb.Label, Metric: verb.Metric, Budget: label.Budget, HeapBefore: heap()}
	start := time.Now()
	for i := range distinct {
		verb.Record(m, fmt.Sprint("value ", i))
	}
	got.NanosEach = time.Since(start).Nanoseconds() / distinct
	got.HeapAfter = heap()
	for extension, accept := range map[string]string{
		".txt":      "text/plain",
		".om":       "application/openmetrics-text;version=1.0.0",
		".protobuf": "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
	} {
		request, answer := httptest.NewRequestWithContext(ctx, "GET", "/metrics", nil), httptest.NewRecorder()
		request.Header.Set("Accept", accept)
		m.Handler().ServeHTTP(answer, request)
		if err := os.WriteFile(page+extension, answer.Body.Bytes(), 0o600); err != nil {
			return result{}, err
		}
	}
	return got, nil
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // what has finalizers goes with the second
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
