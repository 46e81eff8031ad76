// Package fiber measures the routes of a fiber app.
package fiber

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"
	"go.opentelemetry.io/otel/propagation"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// [docs:begin recipe]

// Middleware is for the Use of the app, after recover.New and as the last
// middleware. fiber turns the error of a handler into a status only after all
// middleware has returned, so this one lets it write the answer at once.
//
// fiber's server does not say that a client has gone away, so there is no 499.
func Middleware(m *otelmetrics.Metrics) fiber.Handler {
	return func(c *fiber.Ctx) error {
		// fiber uses the memory of a request again, and a span may outlive it.
		ctx, request := m.StartRequest(c.UserContext(), strings.Clone(c.Method()), headers(c))
		own := c.Route()
		defer request.End(func() (route string, status int) {
			if c.Route() == own {
				return "", c.Response().StatusCode() // no route came after this middleware
			}
			return c.Route().Path, c.Response().StatusCode()
		})
		c.SetUserContext(ctx)
		err := c.Next()
		if err == nil {
			return nil
		}
		return c.App().ErrorHandler(c, err)
	}
}

func headers(c *fiber.Ctx) propagation.TextMapCarrier {
	header := http.Header{}
	for _, name := range []string{"Traceparent", "Tracestate", "Baggage"} {
		if value := c.Get(name); value != "" {
			header.Set(name, strings.Clone(value))
		}
	}
	return propagation.HeaderCarrier(header)
}

// [docs:end recipe]

// [docs:begin classify]

// Classify gives the errors of fiber the error_type of their status. Pass it to
// otelmetrics.WithErrorClassifier if predictions return such errors.
func Classify(err error) otelmetrics.ErrorType {
	if failed, ok := errors.AsType[*fiber.Error](err); ok {
		return otelmetrics.ClassifyStatus(failed.Code)
	}
	return "" // as otelmetrics.Classify has it
}

// [docs:end classify]
