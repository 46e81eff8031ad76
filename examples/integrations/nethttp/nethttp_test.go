package nethttp_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/examples/integrations/internal/situation"
	"github.com/dspy-metrics/dspy-metrics/examples/integrations/nethttp"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func mux(began func()) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /answers/{id}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc(situation.Busy, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "busy", http.StatusTooManyRequests) })
	mux.HandleFunc(situation.Panic, func(http.ResponseWriter, *http.Request) { panic("boom") })
	mux.HandleFunc(situation.Wait, func(_ http.ResponseWriter, r *http.Request) {
		began()
		<-r.Context().Done()
	})
	return mux
}

func TestPlain(t *testing.T) {
	t.Parallel()
	situation.Try(t, func(t *testing.T, m *otelmetrics.Metrics, began func()) string {
		return situation.Serve(t, nethttp.Plain(m, mux(began)))
	}, map[string]situation.Want{
		"route":    {Path: situation.Answer, Endpoint: "/answers/{id}", Status: 200},
		"no route": {Path: situation.Nowhere, Endpoint: "unmatched", Status: 404},
		"failure":  {Path: situation.Busy, Endpoint: "/busy", Status: 429},
		"panic":    {Path: situation.Panic, Endpoint: "/panic", Status: 500, Received: -1},
		"gone":     {Path: situation.Wait, Endpoint: "/wait", Status: 499, Gone: true},
	})
}

func TestSub(t *testing.T) {
	t.Parallel()
	situation.Try(t, func(t *testing.T, m *otelmetrics.Metrics, began func()) string {
		outer := http.NewServeMux()
		nethttp.Sub(m, outer, "/v1", mux(began))
		return situation.Serve(t, outer)
	}, map[string]situation.Want{
		"route":    {Path: "/v1" + situation.Answer, Endpoint: "/v1/answers/{id}", Status: 200},
		"no route": {Path: "/v1" + situation.Nowhere, Endpoint: "unmatched", Status: 404},
		"failure":  {Path: "/v1" + situation.Busy, Endpoint: "/v1/busy", Status: 429},
		"panic":    {Path: "/v1" + situation.Panic, Endpoint: "/v1/panic", Status: 500, Received: -1},
		"gone":     {Path: "/v1" + situation.Wait, Endpoint: "/v1/wait", Status: 499, Gone: true},
	})
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	situation.Try(t, func(t *testing.T, m *otelmetrics.Metrics, began func()) string {
		outer := http.NewServeMux()
		for path, limit := range map[string]time.Duration{
			"GET /answers/{id}": time.Minute, situation.Busy: time.Minute, situation.Panic: time.Minute, situation.Wait: time.Minute, "/slow": time.Millisecond,
		} {
			handler := http.Handler(mux(began))
			if path == "/slow" {
				handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
			}
			nethttp.Timeout(m, outer, path, handler, limit)
		}
		return situation.Serve(t, outer)
	}, map[string]situation.Want{
		"route":    {Path: situation.Answer, Endpoint: "/answers/{id}", Status: 200},
		"failure":  {Path: situation.Busy, Endpoint: "/busy", Status: 429},
		"panic":    {Path: situation.Panic, Endpoint: "/panic", Status: 500, Received: -1},
		"gone":     {Path: situation.Wait, Endpoint: "/wait", Status: 499, Gone: true},
		"too slow": {Path: "/slow", Endpoint: "/slow", Status: 503},
	})
}
