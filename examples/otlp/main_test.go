package main

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// newCollector answers each push with a status, and sends what it got if that
// is 200.
func newCollector(t *testing.T, status int) (url string, received <-chan []*metricspb.Metric) {
	t.Helper()
	requests := make(chan []*metricspb.Metric, 8) // more than one run pushes
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		metrics, err := decode(r)
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(status)
		if status == http.StatusOK {
			requests <- metrics
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

func decode(r *http.Request) ([]*metricspb.Metric, error) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = unzipped
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if r.URL.Path != "/v1/metrics" {
		return nil, errors.New("push to " + r.URL.Path)
	}
	var in collectorpb.ExportMetricsServiceRequest
	if err := proto.Unmarshal(raw, &in); err != nil {
		return nil, err
	}
	var metrics []*metricspb.Metric
	for _, resource := range in.GetResourceMetrics() {
		for _, scope := range resource.GetScopeMetrics() {
			metrics = append(metrics, scope.GetMetrics()...)
		}
	}
	return metrics, nil
}

func TestRunPushes(t *testing.T) {
	url, received := newCollector(t, http.StatusOK)
	t.Setenv(endpointVariable, url)
	if err := run(t.Context()); err != nil {
		t.Fatal(err)
	}
	metrics := make(map[string]*metricspb.Metric)
	for _, metric := range <-received {
		metrics[metric.GetName()] = metric
	}
	statuses := make(map[string]int64)
	for _, point := range metrics["dspy_predictions_total"].GetSum().GetDataPoints() {
		for _, attribute := range point.GetAttributes() {
			if attribute.GetKey() == "status" {
				statuses[attribute.GetValue().GetStringValue()] += point.GetAsInt()
			}
		}
	}
	if statuses["success"] != 2 || statuses["failure"] != 1 {
		t.Errorf("got %v, want 2 of success and 1 of failure", statuses)
	}
	var durations uint64
	for _, point := range metrics["dspy_prediction_duration_seconds"].GetHistogram().GetDataPoints() {
		durations += point.GetCount()
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
	url, _ := newCollector(t, http.StatusUnauthorized)
	t.Setenv(endpointVariable, url)
	if err := run(t.Context()); err == nil || !strings.Contains(err.Error(), "push to "+url) {
		t.Errorf("got %v", err)
	}
}
