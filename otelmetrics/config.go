package otelmetrics

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/exemplar"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/harness"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// newConfig returns what the environment and the options say, or all that is
// wrong with them.
func newConfig(options []Option) (config, error) {
	c := config{
		contract:    views.Default(),
		priming:     true,
		seriesLimit: DefaultSeriesLimit,
		getenv:      os.Getenv,
		environ:     os.Environ,
	}
	var held *harness.Harness
	for _, option := range options {
		switch option := option.(type) {
		case nil:
		case harness.Holder:
			held = option.Held()
		default:
			option.apply(&c)
		}
	}
	if held != nil {
		c.hold(held)
	}
	c.readClock()
	err := errors.Join(c.readEnvironment(), c.validate())
	if c.logger == nil {
		c.logger = slog.Default()
	}
	c.logger = contain(c.logger)
	if c.exemplarFilter == nil {
		c.exemplarFilter = exemplar.TraceBasedFilter
	}
	return c, err
}

// readClock starts the clock of measurements. time.Since reads one clock, where time.Now reads two.
func (c *config) readClock() {
	if c.now == nil {
		c.now = time.Now
		start := time.Now()
		c.uptime = func() time.Duration { return time.Since(start) }
		return
	}
	now, start := c.now, c.now()
	c.uptime = func() time.Duration { return now().Sub(start) }
}

// hold puts the recorder of a test into its harness.
func (c *config) hold(h *harness.Harness) {
	c.now, c.isolated = h.Now, true
	c.getenv, c.environ = func(string) string { return "" }, func() []string { return nil }
	h.Contract = c.contract.Clone()
}

func (c *config) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.service != nil && *c.service == "" {
		bad("option WithService: the name of the service is empty; give one or leave the option out")
	}
	if c.seriesLimit < 1 {
		bad("option WithSeriesLimit: %d is not positive", c.seriesLimit)
	}
	if c.idleTimeout < 0 {
		bad("option WithIdleTimeout: %s is negative", c.idleTimeout)
	}
	if err := c.genAI.validate(); err != nil {
		bad("option WithGenAI: %w", err)
	}
	if err := c.contract.Validate(); err != nil {
		bad("option WithContract: %w", err)
	}
	return errors.Join(errs...)
}
