package service_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// acting is a program without a network: it answers what act writes.
type acting struct {
	header http.Header
	length int64 // -1 for an answer that does not say
	before time.Duration
	act    func(ctx context.Context, w io.Writer) error
}

func (acting) Check(otelmetrics.PredictionType, []byte) error { return nil }
func (acting) Rewrite(*httputil.ProxyRequest)                 {}
func (acting) String() string                                 { return "a program" }

func (a acting) Predict(call *service.Call, r *http.Request) (*http.Response, error) {
	call.Begin()
	return a.RoundTrip(r)
}

func (a acting) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := wait(r.Context(), a.before); err != nil {
		return nil, err
	}
	out, in := io.Pipe()
	go func() { _ = in.CloseWithError(a.act(r.Context(), in)) }()
	context.AfterFunc(r.Context(), func() { _ = in.CloseWithError(context.Cause(r.Context())) })
	return &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: a.header.Clone(), ContentLength: a.length, Body: out, Request: r}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// script writes texts, and waits before each.
func script(steps ...any) func(context.Context, io.Writer) error {
	return func(ctx context.Context, w io.Writer) error {
		for _, step := range steps {
			switch step := step.(type) {
			case time.Duration:
				if err := wait(ctx, step); err != nil {
					return err
				}
			case string:
				if _, err := io.WriteString(w, step); err != nil {
					return err
				}
			case error:
				return step
			}
		}
		return nil
	}
}

func stream() http.Header { return http.Header{"Content-Type": {"text/event-stream"}} }

// without serves without a network and returns a function that reads the page.
func without(t *testing.T, backend service.Backend, change func(*service.Config)) (http.Handler, func() string) {
	t.Helper()
	recorder, err := otelmetrics.New(t.Context(), otelmetrics.WithService("qa"), otelmetrics.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = recorder.Shutdown(context.Background()) })
	c := config(recorder, backend)
	if change != nil {
		change(&c)
	}
	s, err := service.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler(), func() string {
		page := httptest.NewRecorder()
		s.Handler().ServeHTTP(page, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
		return page.Body.String()
	}
}

func wantLines(t *testing.T, page string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+page, "\n"+line+"\n") {
			t.Errorf("the page has no line %q:\n%s", line, page)
		}
	}
}

func attempted(outcome string, count int) string {
	return strings.Replace(errorsOf(outcome, count), `dspy_errors_total{error_type=`, `dspy_upstream_attempts_total{outcome=`, 1)
}

// TestTimeLimits has programs that take their time, within the limits and beyond
// them.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	const (
		chunk = "data: {\"chunk\":\"a\"}\n\n"
		done  = "data: [DONE]\n\n"
	)
	tests := map[string]struct {
		timeout, silence time.Duration
		backend          acting
		status           int
		took             time.Duration
		failure          string // error type, or empty
	}{
		"whole, at the limit":            {10 * time.Minute, 2 * time.Minute, acting{length: -1, before: 10*time.Minute - 1, act: script("{}")}, 200, 10*time.Minute - 1, ""},
		"whole, beyond":                  {10 * time.Minute, 2 * time.Minute, acting{length: -1, before: 10*time.Minute + 1, act: script("{}")}, 504, 10 * time.Minute, "timeout"},
		"whole, no limit":                {0, 2 * time.Minute, acting{length: -1, before: 24 * time.Hour, act: script("{}")}, 200, 24 * time.Hour, ""},
		"stream, silent at the limit":    {10 * time.Minute, 2 * time.Minute, acting{stream(), -1, 0, script(chunk, 2*time.Minute-1, chunk, 2*time.Minute-1, done)}, 200, 4*time.Minute - 2, ""},
		"stream, silent beyond":          {10 * time.Minute, 2 * time.Minute, acting{stream(), -1, 0, script(chunk, time.Minute, chunk, time.Hour, done)}, 200, 3 * time.Minute, "timeout"},
		"stream, silent from the start":  {10 * time.Minute, 2 * time.Minute, acting{stream(), -1, time.Minute, script(time.Hour, done)}, 200, 3 * time.Minute, "timeout"},
		"stream, kept alive by comments": {10 * time.Minute, 2 * time.Minute, acting{stream(), -1, 0, script(chunk, 100*time.Second, ": ping\n\n", 100*time.Second, ":\n\n", 100*time.Second, done)}, 200, 5 * time.Minute, ""},
		"stream, in all beyond":          {3 * time.Minute, 2 * time.Minute, acting{stream(), -1, 0, script(chunk, 100*time.Second, chunk, 100*time.Second, done)}, 200, 3 * time.Minute, "timeout"},
		"stream, no limit of silence":    {10 * time.Minute, 0, acting{stream(), -1, 0, script(chunk, 9*time.Minute, done)}, 200, 9 * time.Minute, ""},
		"stream, no limits":              {0, 0, acting{stream(), -1, 0, script(chunk, 24*time.Hour, done)}, 200, 24 * time.Hour, ""},
		"blank lines before JSON":        {10 * time.Minute, 2 * time.Minute, acting{http.Header{"Content-Type": {"application/json"}}, -1, 0, script("\n", time.Minute, "\n", 100*time.Second, "{}")}, 200, 160 * time.Second, ""},
		"JSON that stops":                {10 * time.Minute, 2 * time.Minute, acting{http.Header{"Content-Type": {"application/json"}}, 2, 0, script("{", 3*time.Minute, "}")}, 200, 2 * time.Minute, "timeout"},
		// After the end mark the program has no more to say, and takes its time.
		"silent after the end": {10 * time.Minute, 2 * time.Minute, acting{stream(), -1, 0, script(chunk, done, time.Hour)}, 200, 2 * time.Minute, ""},
		"long after the end":   {time.Minute, 2 * time.Minute, acting{stream(), -1, 0, script(chunk, done, time.Hour)}, 200, time.Minute, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				handler, page := without(t, test.backend, func(c *service.Config) { c.Timeout, c.SilenceTimeout = test.timeout, test.silence })
				start, got := time.Now(), httptest.NewRecorder()
				func() {
					defer func() { _ = recover() }() // an answer that breaks off
					handler.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/predict", strings.NewReader("{}")))
				}()
				if took := time.Since(start); got.Code != test.status || took != test.took {
					t.Errorf("got status %d after %s, want %d after %s", got.Code, took, test.status, test.took)
				}
				text := page()
				if test.failure == "" {
					wantLines(t, text, predictions("predict", "success", 1), predictions("predict", "failure", 0), attempted("success", 1), idle)
				} else {
					wantLines(t, text, predictions("predict", "failure", 1), errorsOf(test.failure, 1), attempted(test.failure, 1), idle)
				}
				wantLines(t, text, latency("/predict", "POST", strconv.Itoa(test.status)))
			})
		})
	}
}
