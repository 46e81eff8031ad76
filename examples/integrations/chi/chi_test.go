package chi_test

import (
	"net/http"
	"testing"

	router "github.com/go-chi/chi/v5"

	"github.com/dspy-metrics/dspy-metrics/examples/integrations/chi"
	"github.com/dspy-metrics/dspy-metrics/examples/integrations/internal/situation"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func routes(r router.Router, began func()) {
	r.Get("/answers/{id}", func(http.ResponseWriter, *http.Request) {})
	r.Get(situation.Busy, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "busy", http.StatusTooManyRequests) })
	r.Get(situation.Panic, func(http.ResponseWriter, *http.Request) { panic("boom") })
	r.Get(situation.Wait, func(_ http.ResponseWriter, r *http.Request) {
		began()
		<-r.Context().Done()
	})
}

func TestRouter(t *testing.T) {
	t.Parallel()
	situation.Try(t, func(t *testing.T, m *otelmetrics.Metrics, began func()) string {
		r := router.NewRouter()
		r.Use(chi.Middleware(m))
		routes(r, began)
		return situation.Serve(t, r)
	}, map[string]situation.Want{
		"route":    {Path: situation.Answer, Endpoint: "/answers/{id}", Status: 200},
		"no route": {Path: situation.Nowhere, Endpoint: "unmatched", Status: 404},
		"failure":  {Path: situation.Busy, Endpoint: "/busy", Status: 429},
		"panic":    {Path: situation.Panic, Endpoint: "/panic", Status: 500, Received: -1},
		"gone":     {Path: situation.Wait, Endpoint: "/wait", Status: 499, Gone: true},
	})
}

func TestMounted(t *testing.T) {
	t.Parallel()
	situation.Try(t, func(t *testing.T, m *otelmetrics.Metrics, began func()) string {
		r, inner := router.NewRouter(), router.NewRouter()
		r.Use(chi.Middleware(m))
		routes(inner, began)
		r.Mount("/v1", inner)
		return situation.Serve(t, r)
	}, map[string]situation.Want{
		"route":    {Path: "/v1" + situation.Answer, Endpoint: "/v1/answers/{id}", Status: 200},
		"no route": {Path: situation.Nowhere, Endpoint: "unmatched", Status: 404},
		"failure":  {Path: "/v1" + situation.Busy, Endpoint: "/v1/busy", Status: 429},
		"panic":    {Path: "/v1" + situation.Panic, Endpoint: "/v1/panic", Status: 500, Received: -1},
		"gone":     {Path: "/v1" + situation.Wait, Endpoint: "/v1/wait", Status: 499, Gone: true},
	})
}
