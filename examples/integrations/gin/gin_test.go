package gin_test

import (
	"io"
	"net/http"
	"testing"

	engine "github.com/gin-gonic/gin"

	"github.com/dspy-metrics/dspy-metrics/examples/integrations/gin"
	"github.com/dspy-metrics/dspy-metrics/examples/integrations/internal/situation"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func serve(prefix string) situation.Server {
	return func(t *testing.T, m *otelmetrics.Metrics, began func()) string {
		t.Helper()
		e := engine.New()
		e.Use(engine.RecoveryWithWriter(io.Discard))
		e.GET("/metrics", engine.WrapH(m.Handler()))
		e.Use(gin.Middleware(m))
		group := e.Group(prefix)
		group.GET("/answers/:id", func(c *engine.Context) { c.String(http.StatusOK, c.Param("id")) })
		group.GET(situation.Busy, func(c *engine.Context) { c.AbortWithStatus(http.StatusTooManyRequests) })
		group.GET(situation.Panic, func(*engine.Context) { panic("boom") })
		group.GET(situation.Wait, func(c *engine.Context) {
			began()
			<-c.Request.Context().Done()
		})
		return situation.Serve(t, e)
	}
}

func TestMain(m *testing.M) {
	engine.SetMode(engine.TestMode)
	m.Run()
}

func TestEngine(t *testing.T) {
	t.Parallel()
	situation.Try(t, serve(""), map[string]situation.Want{
		"route":    {Path: situation.Answer, Endpoint: "/answers/:id", Status: 200},
		"no route": {Path: situation.Nowhere, Endpoint: "unmatched", Status: 404},
		"failure":  {Path: situation.Busy, Endpoint: "/busy", Status: 429},
		"panic":    {Path: situation.Panic, Endpoint: "/panic", Status: 500},
		"gone":     {Path: situation.Wait, Endpoint: "/wait", Status: 499, Gone: true},
	})
}

func TestGroup(t *testing.T) {
	t.Parallel()
	situation.Try(t, serve("/v1"), map[string]situation.Want{
		"route":    {Path: "/v1" + situation.Answer, Endpoint: "/v1/answers/:id", Status: 200},
		"no route": {Path: "/v1" + situation.Nowhere, Endpoint: "unmatched", Status: 404},
		"failure":  {Path: "/v1" + situation.Busy, Endpoint: "/v1/busy", Status: 429},
		"panic":    {Path: "/v1" + situation.Panic, Endpoint: "/v1/panic", Status: 500},
		"gone":     {Path: "/v1" + situation.Wait, Endpoint: "/v1/wait", Status: 499, Gone: true},
	})
}
