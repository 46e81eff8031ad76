package otelmetrics

import (
	"context"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// newExporter makes the exporter; it does not connect.
func newExporter(ctx context.Context, c otlpConfig) (sdkmetric.Exporter, error) {
	if c.protocol == protocolGRPC {
		var options []otlpmetricgrpc.Option
		if c.endpoint != "" {
			options = append(options, otlpmetricgrpc.WithEndpointURL(c.endpoint))
		}
		return otlpmetricgrpc.New(ctx, options...)
	}
	var options []otlpmetrichttp.Option
	if c.endpoint != "" {
		options = append(options, otlpmetrichttp.WithEndpointURL(metricsURL(c.endpoint)))
	}
	return otlpmetrichttp.New(ctx, options...)
}

// metricsURL adds the path of the signal to a base URL, as the specification
// does for OTEL_EXPORTER_OTLP_ENDPOINT.
func metricsURL(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Path != "" && u.Path != "/" {
		return endpoint
	}
	u.Path = "/v1/metrics"
	return u.String()
}

// push is the exporter of the push path. It tells an outage once, not at every
// export: the reader hands each error to a global handler otherwise.
type push struct {
	sdkmetric.Exporter
	logger *slog.Logger
	now    func() time.Time
	failed func()

	mu    sync.Mutex
	err   error // of the last export
	since time.Time
}

// Export exports and keeps the error to itself. Totals are cumulative, so the
// next export that succeeds carries what this one did not.
func (p *push) Export(ctx context.Context, data *metricdata.ResourceMetrics) error {
	err := p.Exporter.Export(ctx, data)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err != nil && p.err == nil:
		p.since = p.now()
		p.logger.Warn("otlp push fails; it is tried again at every interval, and the totals go out with the first that succeeds",
			slog.Any("error", err))
	case err == nil && p.err != nil:
		p.logger.Info("otlp push works again", slog.Duration("outage", p.now().Sub(p.since)))
	}
	if p.err = err; err != nil {
		p.failed()
	}
	return nil
}

// lastError returns what became of the last export; nil is no push path.
func (p *push) lastError() error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *push) reader(interval *time.Duration, producers []sdkmetric.Producer) sdkmetric.Reader {
	var options []sdkmetric.PeriodicReaderOption
	if interval != nil {
		options = append(options, sdkmetric.WithInterval(*interval))
	}
	for _, producer := range producers {
		options = append(options, sdkmetric.WithProducer(producer))
	}
	return sdkmetric.NewPeriodicReader(p, options...)
}
