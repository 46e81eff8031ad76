package otelmetrics_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// TestLostRoutes says once how to mend a middleware that sees no route, and nothing
// where routes are seen or there are none to see.
func TestLostRoutes(t *testing.T) {
	t.Parallel()
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	mux := http.NewServeMux()
	mux.Handle("/route", ok)
	for name, test := range map[string]struct {
		handler  http.Handler
		first    string // the path of one request before the others
		requests int
		want     int
	}{
		"all are lost":      {ok, "/a", 100, 1},
		"a few are lost":    {ok, "/a", 10, 0},
		"a scanner":         {mux, "/none", 100, 0},
		"one had a route":   {mux, "/route", 100, 0},
		"copied by wrapper": {http.StripPrefix("/v1", mux), "/v1/route", 100, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			m := newRecorder(t, otelmetrics.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			handler := m.Middleware(test.handler)
			path := test.first
			for range test.requests {
				handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
				if name == "one had a route" {
					path = "/none"
				}
			}
			if got := strings.Count(log.String(), "no request has had a route"); got != test.want {
				t.Errorf("got %d warnings, want %d:\n%s", got, test.want, log.String())
			}
		})
	}
}
