package otelmetricstest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/harness"
)

// Metrics are those of one test. Give the [otelmetrics.Recorder] in them to
// the code under test. Their methods are safe for concurrent use.
type Metrics struct {
	*otelmetrics.Metrics
	// Clock measures all durations of the recorder.
	Clock *Clock

	harness *harness.Harness
}

// held makes an option of a harness. The interface is embedded for the method
// that makes it one, which nobody calls.
type held struct {
	otelmetrics.Option
	*harness.Harness
}

// New returns a recorder that ends with the test. What it logs goes to the
// output of the test, and its service is named test: options override both. A
// wrong option, or an error of the shutdown, fails the test.
//
// It reads no OTEL_* variables, so that it is the same on every machine. Two
// things of the SDK read theirs all the same: the exporter of
// [otelmetrics.WithOTLP], and the resource, which shows in pushes and in the
// target_info of [otelmetrics.WithTargetInfo].
func New(t testing.TB, options ...otelmetrics.Option) *Metrics {
	t.Helper()
	clock := &Clock{reading: time.Now()}
	output := &output{to: t.Output()}
	h := &harness.Harness{Now: clock.Now}
	r, err := otelmetrics.New(t.Context(), append([]otelmetrics.Option{
		held{Harness: h},
		otelmetrics.WithService("test"),
		otelmetrics.WithLogger(slog.New(slog.NewTextHandler(output, nil))),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.WithoutCancel(t.Context()) // that of the test ends before its cleanups
	t.Cleanup(func() {
		if err := r.Shutdown(ctx); err != nil {
			t.Errorf("shutdown of the recorder: %v", err)
		}
		output.end()
	})
	return &Metrics{Metrics: r, Clock: clock, harness: h}
}

// Scrape reads all metrics of the recorder. It fails the test if they cannot be
// read, as after a shutdown, or with [otelmetrics.WithMeterProvider]: what is in
// a provider of your own is for its readers to show; see [Scrape].
func (r *Metrics) Scrape(t testing.TB) *Snapshot {
	t.Helper()
	s := Scrape(t, r.Handler())
	s.contract = r.harness.Contract
	return s
}

// Want is [Snapshot.Want] of the metrics now.
func (r *Metrics) Want(t testing.TB, lines string) {
	t.Helper()
	r.Scrape(t).Want(t, lines)
}

// Eventually is [Eventually] for the metrics of the recorder.
func (r *Metrics) Eventually(t testing.TB, lines string) {
	t.Helper()
	Eventually(t, r.Handler(), lines)
}

// Conforms is [Snapshot.Conforms] of the metrics now, to the recorder's own
// contract.
func (r *Metrics) Conforms(t testing.TB) {
	t.Helper()
	r.Scrape(t).Conforms(t, r.harness.Contract)
}
