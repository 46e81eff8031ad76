package httprouter_test

import (
	"net/http"
	"testing"

	router "github.com/julienschmidt/httprouter"

	"github.com/dspy-metrics/dspy-metrics/examples/integrations/httprouter"
	"github.com/dspy-metrics/dspy-metrics/examples/integrations/internal/situation"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func TestRouter(t *testing.T) {
	t.Parallel()
	situation.Try(t, func(t *testing.T, m *otelmetrics.Metrics, began func()) string {
		t.Helper()
		r := router.New()
		for path, handler := range map[string]http.HandlerFunc{
			"/answers/:id":  func(http.ResponseWriter, *http.Request) {},
			situation.Busy:  func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "busy", http.StatusTooManyRequests) },
			situation.Panic: func(http.ResponseWriter, *http.Request) { panic("boom") },
			situation.Wait: func(_ http.ResponseWriter, r *http.Request) {
				began()
				<-r.Context().Done()
			},
		} {
			httprouter.Handle(m, r, http.MethodGet, path, handler)
		}
		return situation.Serve(t, r)
	}, map[string]situation.Want{
		"route":   {Path: situation.Answer, Endpoint: "/answers/:id", Status: 200},
		"failure": {Path: situation.Busy, Endpoint: "/busy", Status: 429},
		"panic":   {Path: situation.Panic, Endpoint: "/panic", Status: 500, Received: -1},
		"gone":    {Path: situation.Wait, Endpoint: "/wait", Status: 499, Gone: true},
	})
}
