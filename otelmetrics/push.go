package otelmetrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/backlog"
)

// push wraps one exporter. It logs an outage once, and not at every export: the reader hands each error to a global handler
// otherwise. The reader exports one thing after the other.
//
// The reader runs as soon as it is made, which is before there is anything that
// an export needs. So an export waits until the push begins.
type push struct {
	sdkmetric.Exporter
	name   string // of the exporter, in the log
	logger *slog.Logger
	now    func() time.Time
	failed func() // counts a failed export
	begun  chan struct{}

	backlog backlog.Backlog

	mu    sync.Mutex
	err   error // of the last export
	since time.Time
	lost  int // points, in this outage
}

func newPush(name string, exporter sdkmetric.Exporter, c config) *push {
	return &push{Exporter: exporter, name: name, logger: c.logger, now: c.now, failed: func() {}, begun: make(chan struct{})}
}

// Export exports and keeps the error to itself. The next export that succeeds
// carries what this one did not: totals have it anyway, and deltas are kept.
func (p *push) Export(ctx context.Context, data *metricdata.ResourceMetrics) error {
	data = p.backlog.Join(data)
	select {
	case <-p.begun:
	case <-ctx.Done():
		p.backlog.Keep(data)
		return nil
	}
	err := p.Exporter.Export(ctx, data)
	lost := 0
	switch {
	case err == nil || takenInPart(err):
		p.backlog.Drop()
	default:
		lost = p.backlog.Keep(data)
		if refusedAsInvalid(err) {
			lost += p.backlog.Drop()
		}
	}
	p.note(err, lost)
	return nil
}

// note counts a failed export and logs when an outage begins, when it begins to
// lose something, and when it ends.
func (p *push) note(err error, lost int) {
	p.mu.Lock()
	before, since, lostBefore := p.err, p.since, p.lost
	p.err = err
	p.lost += lost
	lostInAll := p.lost
	switch {
	case err == nil:
		p.lost = 0
	case before == nil:
		p.since = p.now()
	}
	p.mu.Unlock()

	if err != nil {
		p.failed()
	}
	switch {
	case err != nil && before == nil:
		p.logger.Warn(p.name+" push fails; it is tried again at every interval, and what it did not bring goes out with the first that succeeds",
			slog.Any("error", err))
	case err == nil && before != nil:
		p.logger.Info(p.name+" push works again", slog.Duration("outage", p.now().Sub(since)), slog.Int("points_lost", lostInAll))
	}
	if lostBefore == 0 && lost > 0 {
		p.logger.Error(p.name+" push loses deltas: the collector refuses them as invalid, or they are too many or too old to keep",
			slog.Int("points", lost))
	}
}

// takenInPart reports whether the collector took all but what it rejected, and
// so must not get it again. The exporter has no other sign of it than its text.
func takenInPart(err error) bool { return strings.Contains(err.Error(), "OTLP partial success: ") }

// refusedAsInvalid reports whether the collector will never take the same data,
// and so must not get it again. The HTTP exporter has no other sign of it than
// its text.
func refusedAsInvalid(err error) bool {
	if classify(err).errorType == ErrorInvalidInput {
		return true
	}
	text := err.Error()
	return strings.Contains(text, ": 400 Bad Request") || strings.Contains(text, ": 413 ") || strings.Contains(text, "too large: exceeded")
}

// lastError returns what became of the last export.
func (p *push) lastError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// reader returns the periodic reader of the exporter, which runs from now on.
func (p *push) reader(interval time.Duration, producers []sdkmetric.Producer) sdkmetric.Reader {
	var options []sdkmetric.PeriodicReaderOption
	if interval > 0 {
		options = append(options, sdkmetric.WithInterval(interval))
	}
	for _, producer := range producers {
		options = append(options, sdkmetric.WithProducer(producer))
	}
	return sdkmetric.NewPeriodicReader(p, options...)
}

// pushes are all exporters of a pipeline.
type pushes []*push

// newPushes makes the exporters that the options and the environment ask for.
func newPushes(ctx context.Context, c config) (all pushes, err error) {
	if c.otlp.on {
		exporter, err := newOTLPExporter(ctx, c.otlp)
		if err != nil {
			return nil, err
		}
		all = append(all, newPush("otlp", exporter, c))
	}
	if c.console {
		exporter, err := stdoutmetric.New()
		if err != nil {
			return nil, fmt.Errorf("console exporter: %w", err)
		}
		all = append(all, newPush("console", exporter, c))
	}
	for _, exporter := range c.exporters {
		all = append(all, newPush(fmt.Sprintf("%T", exporter), exporter, c))
	}
	return all, nil
}

// lastError returns what became of the last exports.
func (all pushes) lastError() error {
	errs := make([]error, len(all))
	for i, p := range all {
		errs[i] = p.lastError()
	}
	return errors.Join(errs...)
}

// begin lets exports begin, once all is set. It must be called once.
func (all pushes) begin() {
	for _, p := range all {
		close(p.begun)
	}
}
