package situation

import (
	"context"
	"net/http"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
)

// Call is how a call of a procedure is recorded.
type Call struct {
	// Make makes the call. The context ends when a handler that waits has begun.
	Make func(ctx context.Context, t *testing.T, url string)
	// Endpoint is "" if nothing is to be recorded.
	Endpoint string
	Status   int
}

// TryCalls makes each call to a server of its own and compares what is recorded.
func TryCalls(t *testing.T, serve Server, calls map[string]Call) {
	t.Helper()
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := otelmetricstest.New(t)
			ctx, gone := context.WithCancel(t.Context())
			defer gone()
			call.Make(ctx, t, serve(t, m.Metrics, gone))
			want := 0
			if call.Endpoint != "" {
				m.Eventually(t, Line(call.Endpoint, http.MethodPost, call.Status))
				want = 1
			}
			if n := recorded(t, m); n != want {
				t.Errorf("the call was recorded in %d series, want %d:\n%s", n, want, m.Scrape(t))
			}
		})
	}
}
