package echo_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	server "github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/dspy-metrics/dspy-metrics/examples/integrations/echo"
	"github.com/dspy-metrics/dspy-metrics/examples/integrations/internal/situation"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

var errBusy = errors.New("busy")

func serve(prefix string) situation.Server {
	return func(t *testing.T, m *otelmetrics.Metrics, began func()) string {
		t.Helper()
		e := server.New()
		e.Logger.SetOutput(io.Discard)
		// It decides on the status after the middleware has returned.
		e.HTTPErrorHandler = func(err error, c server.Context) {
			if errors.Is(err, errBusy) {
				err = server.NewHTTPError(http.StatusTooManyRequests, "busy")
			}
			e.DefaultHTTPErrorHandler(err, c)
		}
		e.Use(middleware.Recover(), echo.Middleware(m))
		group := e.Group(prefix)
		group.GET("/answers/:id", func(c server.Context) error { return c.NoContent(http.StatusOK) })
		group.GET(situation.Busy, func(server.Context) error { return errBusy })
		group.GET(situation.Panic, func(server.Context) error { panic("boom") })
		group.GET(situation.Wait, func(c server.Context) error {
			began()
			<-c.Request().Context().Done()
			return c.Request().Context().Err()
		})
		return situation.Serve(t, e)
	}
}

func TestServer(t *testing.T) {
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

func TestClassify(t *testing.T) {
	t.Parallel()
	for want, err := range map[otelmetrics.ErrorType]error{
		otelmetrics.ErrorRateLimit:    fmt.Errorf("ask: %w", server.NewHTTPError(http.StatusTooManyRequests)),
		otelmetrics.ErrorInvalidInput: server.NewHTTPError(http.StatusBadRequest),
		"":                            errors.New("another error"),
	} {
		if got := echo.Classify(err); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
}
