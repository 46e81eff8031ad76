package gorilla_test

import (
	"net/http"
	"testing"

	"github.com/gorilla/mux"

	"github.com/dspy-metrics/dspy-metrics/examples/integrations/gorilla"
	"github.com/dspy-metrics/dspy-metrics/examples/integrations/internal/situation"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func serve(prefix string) situation.Server {
	return func(t *testing.T, m *otelmetrics.Metrics, began func()) string {
		t.Helper()
		router := mux.NewRouter()
		gorilla.Use(m, router)
		routes := router
		if prefix != "" {
			routes = router.PathPrefix(prefix).Subrouter()
		}
		routes.HandleFunc("/answers/{id}", func(http.ResponseWriter, *http.Request) {})
		routes.HandleFunc(situation.Busy, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "busy", http.StatusTooManyRequests) })
		routes.HandleFunc(situation.Panic, func(http.ResponseWriter, *http.Request) { panic("boom") })
		routes.HandleFunc(situation.Wait, func(_ http.ResponseWriter, r *http.Request) {
			began()
			<-r.Context().Done()
		})
		return situation.Serve(t, router)
	}
}

func TestRouter(t *testing.T) {
	t.Parallel()
	situation.Try(t, serve(""), map[string]situation.Want{
		"route":    {Path: situation.Answer, Endpoint: "/answers/{id}", Status: 200},
		"no route": {Path: situation.Nowhere, Endpoint: "unmatched", Status: 404},
		"failure":  {Path: situation.Busy, Endpoint: "/busy", Status: 429},
		"panic":    {Path: situation.Panic, Endpoint: "/panic", Status: 500, Received: -1},
		"gone":     {Path: situation.Wait, Endpoint: "/wait", Status: 499, Gone: true},
	})
}

func TestSubrouter(t *testing.T) {
	t.Parallel()
	situation.Try(t, serve("/v1"), map[string]situation.Want{
		"route":    {Path: "/v1" + situation.Answer, Endpoint: "/v1/answers/{id}", Status: 200},
		"no route": {Path: "/v1" + situation.Nowhere, Endpoint: "unmatched", Status: 404},
		"failure":  {Path: "/v1" + situation.Busy, Endpoint: "/v1/busy", Status: 429},
		"panic":    {Path: "/v1" + situation.Panic, Endpoint: "/v1/panic", Status: 500, Received: -1},
		"gone":     {Path: "/v1" + situation.Wait, Endpoint: "/v1/wait", Status: 499, Gone: true},
	})
}
