package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func TestRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- run(ctx, "127.0.0.1:0", func(a net.Addr) { address <- "http://" + a.String() })
	}()
	var base string
	select {
	case base = <-address:
	case err := <-done:
		t.Fatal(err)
	}

	for _, c := range []struct {
		body, answer string
		status       int
	}{
		{`{"question":"What is the capital of France?"}`, `{"answer":"Paris"}`, http.StatusOK},
		{`{"question":"What is the capital of Atlantis?"}`, "no answer to", http.StatusBadGateway},
		{`{"question":""}`, "want", http.StatusBadRequest},
		{`{`, "want", http.StatusBadRequest},
	} {
		if status, body := do(t, http.MethodPost, base+"/predict", c.body); status != c.status || !strings.Contains(body, c.answer) {
			t.Errorf("%s: got %d %q, want %d %q", c.body, status, body, c.status, c.answer)
		}
	}

	status, page := do(t, http.MethodGet, base+"/metrics", "")
	if status != http.StatusOK {
		t.Fatalf("got status %d:\n%s", status, page)
	}
	metrics := otelmetricstest.Parse(t, page)
	metrics.Want(t, `
		dspy_predictions_total{prediction_type="cot",service="qa",status="success"} 1
		dspy_predictions_total{prediction_type="cot",service="qa",status="failure"} 1
		dspy_prediction_duration_seconds_count{prediction_type="cot",service="qa"} 2
		dspy_active_predictions{service="qa"} 0
		dspy_errors_total{error_type="prediction_failed",service="qa"} 1
		dspy_errors_total{error_type="invalid_input",service="qa"} 2
		dspy_api_latency_seconds_count{endpoint="/predict",method="POST",service="qa",status_code="200"} 1
		dspy_api_latency_seconds_count{endpoint="/predict",method="POST",service="qa",status_code="400"} 2
		dspy_api_latency_seconds_count{endpoint="/predict",method="POST",service="qa",status_code="502"} 1`)
	metrics.Conforms(t, views.Default())

	cancel()
	if err := <-done; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestRunAddressTaken(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if err := run(t.Context(), taken.Addr().String(), func(net.Addr) { t.Error("it is ready") }); err == nil {
		t.Error("no error")
	}
}

func do(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	// A spare connection that carried no request would hold the shutdown up for 5 s.
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}
