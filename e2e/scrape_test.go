package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
)

// exercise makes three predictions, the last like the one before it, and two
// requests that are invalid.
func exercise(t *testing.T, s *service) {
	t.Helper()
	for _, question := range []string{"What is the capital of France?", "What is the capital of Italy?", "What is the capital of Italy?"} {
		if status, _, body := s.predict(t, "cot", question); status != http.StatusOK {
			t.Fatalf("predict %q: got status %d, want 200: %v", question, status, body)
		}
	}
	for range 2 {
		status, contentType, body := s.predict(t, "cot", "")
		if status != http.StatusBadRequest || !strings.HasPrefix(contentType, "application/problem+json") || body["error_type"] != "invalid_input" {
			t.Fatalf("predict without a question: got status %d, %s, %v, want 400, application/problem+json, invalid_input", status, contentType, body)
		}
	}
}

func TestPageCountsWhatHappened(t *testing.T) {
	t.Parallel()
	s := serve(t, "--service", "e2e")
	exercise(t, s)
	wants := []struct {
		metric string
		labels model.LabelSet
		value  float64
	}{
		{"dspy_predictions_total", model.LabelSet{"service": "e2e", "prediction_type": "cot", "status": "success"}, 3},
		{"dspy_prediction_duration_seconds_count", model.LabelSet{"service": "e2e", "prediction_type": "cot"}, 3},
		{"dspy_errors_total", model.LabelSet{"service": "e2e", "error_type": "invalid_input"}, 2},
		{"dspy_errors_total", nil, 2},
		{"dspy_active_predictions", model.LabelSet{"service": "e2e"}, 0},
		{"dspy_api_latency_seconds_count", model.LabelSet{"service": "e2e", "method": "POST", "status_code": "200"}, 3},
		{"dspy_api_latency_seconds_count", model.LabelSet{"service": "e2e", "method": "POST", "status_code": "400"}, 2},
	}
	// An answer may reach its client a moment before it is counted.
	until(t, s.process, func() error {
		samples := s.samples(t)
		var wrong []error
		for _, want := range wants {
			if got := total(samples, want.metric, want.labels); got != want.value {
				wrong = append(wrong, fmt.Errorf("%s%v: got %v, want %v", want.metric, want.labels, got, want.value))
			}
		}
		return errors.Join(wrong...)
	})
}

func TestPagePassesPromtool(t *testing.T) {
	t.Parallel()
	s := serve(t)
	exercise(t, s)
	lint := exec.CommandContext(t.Context(), locate(t, "promtool"), "check", "metrics")
	lint.Stdin = bytes.NewReader(s.page(t))
	if found, err := lint.CombinedOutput(); err != nil || len(found) > 0 {
		t.Errorf("promtool check metrics: %v, found:\n%s", err, found)
	}
}

func TestBucketsAreTheDocumentedOnes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	exercise(t, s)
	samples := s.samples(t)
	for histogram, want := range map[string][]float64{
		"dspy_prediction_duration_seconds": {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
		"dspy_api_latency_seconds":         {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1},
	} {
		got, err := bounds(samples, histogram)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: bounds (-want +got):\n%s", histogram, diff)
		}
	}
}

func TestPrometheusReadsThePage(t *testing.T) {
	t.Parallel()
	s := serve(t, "--service", "e2e")
	exercise(t, s)
	p := scrape(t, s.address)

	until(t, p.process, func() error {
		stored, err := p.query(t, `{__name__=~"dspy_.+"}`)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(contract(s.samples(t)), contract(stored)); diff != "" {
			return fmt.Errorf("stored samples differ from the page (-page +stored):\n%s", diff)
		}
		return nil
	})
	until(t, p.process, func() error {
		up, err := p.query(t, `up{job="dspy-metrics"}`)
		if err == nil && (len(up) != 1 || up[0].Value != 1) {
			err = fmt.Errorf("up: got %v, want one sample of 1", up)
		}
		return err
	})
}

func TestTerminates(t *testing.T) {
	t.Parallel()
	s := serve(t)
	exercise(t, s)
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.wait(t); err != nil {
		t.Errorf("after SIGTERM: got %v, want exit code 0", err)
	}
}
