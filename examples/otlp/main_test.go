package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
)

func TestRunPushes(t *testing.T) {
	collector := otlptest.NewHTTP(t)
	t.Setenv(endpointVariable, collector.Endpoint())
	if err := run(t.Context()); err != nil {
		t.Fatal(err)
	}
	metrics := make(map[string]otlptest.Metric)
	for _, metric := range collector.Requests()[0].Resources[0].Metrics {
		metrics[metric.Name] = metric
	}
	statuses := make(map[string]float64)
	for _, point := range metrics["dspy_predictions_total"].Points {
		statuses[point.Attributes["status"]] += point.Value
	}
	if statuses["success"] != 2 || statuses["failure"] != 1 {
		t.Errorf("got %v, want 2 of success and 1 of failure", statuses)
	}
	var durations uint64
	for _, point := range metrics["dspy_prediction_duration_seconds"].Points {
		durations += point.Count
	}
	if durations != 3 {
		t.Errorf("got %d durations, want 3", durations)
	}
	for name := range metrics {
		if !strings.HasPrefix(name, "dspy_") {
			t.Errorf("%q is pushed too", name)
		}
	}
}

func TestRunWithoutEndpoint(t *testing.T) {
	t.Setenv(endpointVariable, "")
	if err := run(t.Context()); err == nil || !strings.Contains(err.Error(), endpointVariable+" is not set") {
		t.Errorf("got %v", err)
	}
}

func TestRunRefused(t *testing.T) {
	collector := otlptest.NewHTTP(t)
	collector.Respond(otlptest.Fail(http.StatusUnauthorized))
	t.Setenv(endpointVariable, collector.Endpoint())
	if err := run(t.Context()); err == nil || !strings.Contains(err.Error(), "push to "+collector.Endpoint()) {
		t.Errorf("got %v", err)
	}
}
