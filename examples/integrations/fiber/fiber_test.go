package fiber_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"

	app "github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/recover"

	"github.com/dspy-metrics/dspy-metrics/examples/integrations/fiber"
	"github.com/dspy-metrics/dspy-metrics/examples/integrations/internal/situation"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func serve(prefix string) situation.Server {
	return func(t *testing.T, m *otelmetrics.Metrics, _ func()) string {
		t.Helper()
		a := app.New(app.Config{DisableStartupMessage: true})
		a.Use(recover.New(), fiber.Middleware(m))
		group := a.Group(prefix)
		group.Get("/answers/:id", func(c *app.Ctx) error { return c.SendStatus(app.StatusOK) })
		group.Get(situation.Busy, func(*app.Ctx) error { return app.ErrTooManyRequests })
		group.Get(situation.Panic, func(*app.Ctx) error { panic("boom") })
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = a.Listener(listener) }() // It ends with the test.
		t.Cleanup(func() { _ = a.Shutdown() })
		return "http://" + listener.Addr().String()
	}
}

func TestApp(t *testing.T) {
	t.Parallel()
	situation.Try(t, serve(""), map[string]situation.Want{
		"route":    {Path: situation.Answer, Endpoint: "/answers/:id", Status: 200},
		"no route": {Path: situation.Nowhere, Endpoint: "unmatched", Status: 404},
		"failure":  {Path: situation.Busy, Endpoint: "/busy", Status: 429},
		"panic":    {Path: situation.Panic, Endpoint: "/panic", Status: 500},
	})
}

func TestGroup(t *testing.T) {
	t.Parallel()
	situation.Try(t, serve("/v1"), map[string]situation.Want{
		"route":    {Path: "/v1" + situation.Answer, Endpoint: "/v1/answers/:id", Status: 200},
		"no route": {Path: "/v1" + situation.Nowhere, Endpoint: "unmatched", Status: 404},
		"failure":  {Path: "/v1" + situation.Busy, Endpoint: "/v1/busy", Status: 429},
		"panic":    {Path: "/v1" + situation.Panic, Endpoint: "/v1/panic", Status: 500},
	})
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for want, err := range map[otelmetrics.ErrorType]error{
		otelmetrics.ErrorRateLimit:    fmt.Errorf("ask: %w", app.NewError(http.StatusTooManyRequests)),
		otelmetrics.ErrorInvalidInput: app.NewError(http.StatusBadRequest),
		"":                            errors.New("another error"),
	} {
		if got := fiber.Classify(err); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
}
