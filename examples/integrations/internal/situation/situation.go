// Package situation tries the situations of docs/integrations.md on a server.
package situation

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// The paths that each server under test answers.
const (
	// Answer is answered with 200. Its route has a parameter.
	Answer = "/answers/42"
	// Busy fails with 429.
	Busy = "/busy"
	// Panic panics.
	Panic = "/panic"
	// Wait answers when the client is gone.
	Wait = "/wait"
	// Nowhere has no route.
	Nowhere = "/nowhere/7"
)

// Want is how a request is recorded.
type Want struct {
	// Path is what is asked for, and Endpoint the route it is recorded with.
	Path, Endpoint string
	Status         int
	// Received is what the client sees, if not Status; -1 is a broken connection.
	Received int
	// Gone lets the client go away before the answer.
	Gone bool
}

// Server starts a server with the metrics until the test ends. The handler of Wait
// calls began, so that the client goes away when the request has arrived.
type Server func(t *testing.T, m *otelmetrics.Metrics, began func()) (url string)

// Try sends each request to a server of its own and compares what is recorded.
func Try(t *testing.T, serve Server, wants map[string]Want) {
	t.Helper()
	for name, want := range wants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := otelmetricstest.New(t)
			ctx, gone := context.WithCancel(t.Context())
			defer gone()
			request(ctx, t, serve(t, m.Metrics, gone)+want.Path, want)
			m.Eventually(t, Line(want.Endpoint, http.MethodGet, want.Status))
			if n := recorded(t, m); n != 1 {
				t.Errorf("the request was recorded in %d series:\n%s", n, m.Scrape(t))
			}
		})
	}
}

// Line is the series of one request.
func Line(endpoint, method string, status int) string {
	return fmt.Sprintf(`%s{endpoint=%q,method=%q,service="test",status_code="%d"} 1`, requests(), endpoint, method, status)
}

// requests names the series that count requests.
func requests() string { return views.Default().Metrics.APILatency.Name + "_count" }

// recorded returns how many series count requests.
func recorded(t *testing.T, m *otelmetricstest.Metrics) int {
	t.Helper()
	return strings.Count(m.Scrape(t).String(), requests())
}

func request(ctx context.Context, t *testing.T, url string, want Want) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	received := want.Status
	if want.Received != 0 {
		received = want.Received
	}
	switch {
	case want.Gone || received == -1:
		if err == nil {
			_ = response.Body.Close()
			t.Fatalf("got status %d, want no answer", response.StatusCode)
		}
		return
	case err != nil:
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != received {
		t.Errorf("the client got status %d, want %d", response.StatusCode, received)
	}
}

// Serve serves until the test ends, and keeps the panics out of its output.
func Serve(t *testing.T, handler http.Handler) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}
