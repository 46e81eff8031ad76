// Package gin measures the routes of a gin engine.
package gin

import (
	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/propagation"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// [docs:begin recipe]

// Middleware is for the Use of the engine, after gin.Recovery. Only routes that are
// added later are measured: add /metrics before it.
func Middleware(m *otelmetrics.Metrics) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, request := m.StartRequest(c.Request.Context(), c.Request.Method, propagation.HeaderCarrier(c.Request.Header))
		defer request.End(func() (route string, status int) { return c.FullPath(), c.Writer.Status() })
		c.Request = c.Request.WithContext(ctx)
		c.Next()
	}
}

// [docs:end recipe]
