package service_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// canned answers at once, without a network.
type canned struct {
	header http.Header
	body   string
}

func (canned) Check(otelmetrics.PredictionType, []byte) error { return nil }
func (canned) Rewrite(r *httputil.ProxyRequest)               { r.SetXForwarded() }
func (canned) String() string                                 { return "a program" }

func (c canned) Predict(call *service.Call, r *http.Request) (*http.Response, error) {
	call.Begin()
	return c.RoundTrip(r)
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: c.header, ContentLength: int64(len(c.body)),
		Body: io.NopCloser(strings.NewReader(c.body)), Request: r,
	}, nil
}

// nowhere is a client that takes everything.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n nowhere) WriteHeader(int)             {}
func (n nowhere) Flush()                      {}

func (n nowhere) SetReadDeadline(time.Time) error  { return nil }
func (n nowhere) SetWriteDeadline(time.Time) error { return nil }

// TestAllocations has a ceiling for what the service allocates for a prediction
// beyond a ReverseProxy. It is raised only for what is worth it.
func TestAllocations(t *testing.T) {
	json := canned{
		http.Header{"Content-Type": {"application/json"}},
		`{"prediction_type":"predict","outputs":{"answer":"x"},"usage":{"m":{"prompt_tokens":12,"completion_tokens":5}},"cost_usd":0.001,"cached":false}`,
	}
	text := canned{http.Header{"Content-Type": {"text/plain"}}, "x"}
	for name, test := range map[string]struct {
		program canned
		most    float64
	}{
		"whose usage is read": {json, 20},
		"that is not read":    {text, 16},
	} {
		t.Run(name, func(t *testing.T) {
			recorder, err := otelmetrics.New(t.Context(), otelmetrics.WithService("qa"), otelmetrics.WithLogger(slog.New(slog.DiscardHandler)))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = recorder.Shutdown(context.Background()) })
			s, err := service.New(config(recorder, test.program))
			if err != nil {
				t.Fatal(err)
			}
			bare := &httputil.ReverseProxy{Rewrite: test.program.Rewrite, Transport: test.program, BufferPool: newBuffers()}
			got := allocations(s.Handler()) - allocations(bare)
			if got > test.most {
				t.Errorf("got %v allocations beyond a ReverseProxy, want %v at most", got, test.most)
			}
		})
	}
}

// allocations returns how many times a request allocates.
func allocations(handler http.Handler) float64 {
	// As in a server, the context can be canceled.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const question = `{"prediction_type":"cot","inputs":{"question":"What?"}}`
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/predict", nil)
	request.Header.Set("Content-Type", "application/json")
	request.ContentLength = int64(len(question))
	body := strings.NewReader(question)
	request.Body = io.NopCloser(body)
	return testing.AllocsPerRun(1000, func() {
		body.Reset(question)
		clear(request.Header["X-Forwarded-For"])
		handler.ServeHTTP(nowhere{make(http.Header, 2)}, request)
	})
}
