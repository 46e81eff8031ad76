// Package echo measures the routes of an echo server.
package echo

import (
	"errors"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/propagation"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// [docs:begin recipe]

// Middleware is for the Use of the server, after middleware.Recover. echo turns the
// error of a handler into a status only after all middleware has returned. So this
// one lets echo write the answer at once, and returns no error: middleware outside
// of it sees the status instead.
func Middleware(m *otelmetrics.Metrics) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			ctx, request := m.StartRequest(r.Context(), r.Method, propagation.HeaderCarrier(r.Header))
			defer request.End(func() (route string, status int) { return c.Path(), c.Response().Status })
			c.SetRequest(r.WithContext(ctx))
			if err := next(c); err != nil {
				c.Error(err)
			}
			return nil
		}
	}
}

// [docs:end recipe]

// [docs:begin classify]

// Classify gives the errors of echo the error_type of their status. Pass it to
// otelmetrics.WithErrorClassifier if predictions return such errors.
func Classify(err error) otelmetrics.ErrorType {
	if failed, ok := errors.AsType[*echo.HTTPError](err); ok {
		return otelmetrics.ClassifyStatus(failed.Code)
	}
	return "" // as otelmetrics.Classify has it
}

// [docs:end classify]
