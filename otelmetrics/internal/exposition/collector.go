// Package exposition exposes the metrics of an OpenTelemetry provider through a Prometheus registry, under the names and
// labels that OpenTelemetry's own exporter gives them. It adds what that exporter leaves out: the start time of each
// counter and histogram, and native buckets beside explicit ones.
package exposition

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/otlptranslator"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
)

// Collector collects from a reader of its own. Register it, and give its reader to a provider. It is safe for concurrent
// use.
type Collector struct {
	reader     *sdkmetric.ManualReader
	targetInfo bool
	namer      otlptranslator.MetricNamer

	mu       sync.Mutex
	families map[string]family // by the name on the page
	labels   *labels
}

// family is what all metrics of one name must agree in.
type family struct {
	help string
	kind kind
}

// New returns a collector of a provider and of what the producers bring. With targetInfo, the resource is exposed as
// target_info.
func New(targetInfo bool, producers ...sdkmetric.Producer) *Collector {
	var options []sdkmetric.ManualReaderOption
	for _, p := range producers {
		options = append(options, sdkmetric.WithProducer(p))
	}
	return &Collector{
		reader:     sdkmetric.NewManualReader(options...),
		targetInfo: targetInfo,
		namer:      otlptranslator.NewMetricNamer("", otlptranslator.UnderscoreEscapingWithSuffixes),
		families:   make(map[string]family),
		labels:     newLabels(),
	}
}

// Reader returns the reader, for the provider.
func (c *Collector) Reader() sdkmetric.Reader { return c.reader }

// Describe implements [prometheus.Collector]. What there will be is not known, so the registry checks it when it is there.
func (c *Collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector]. What cannot be exposed becomes an invalid metric, whose error says why. After
// the provider has shut down there is nothing.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	var rm metricdata.ResourceMetrics
	err := c.reader.Collect(context.Background(), &rm)
	if errors.Is(err, sdkmetric.ErrReaderShutdown) || errors.Is(err, sdkmetric.ErrReaderNotRegistered) {
		return
	}
	if err != nil {
		report(ch, fmt.Errorf("collection: %w", err))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.targetInfo && rm.Resource != nil {
		c.exposeTarget(ch, rm.Resource)
	}
	for _, scope := range rm.ScopeMetrics {
		for i := 0; i < len(scope.Metrics); i++ {
			m := scope.Metrics[i]
			if native := nativeForm(m, scope.Metrics[i+1:]); native != nil {
				i++
				c.expose(ch, m, native)
				continue
			}
			c.expose(ch, m, nil)
		}
	}
}

func (c *Collector) exposeTarget(ch chan<- prometheus.Metric, r *resource.Resource) {
	desc, values, err := c.labels.describe(otlptranslator.TargetInfoMetricName, "Target metadata", *r.Set())
	if err != nil {
		report(ch, fmt.Errorf("resource: %w", err))
		return
	}
	send(ch, desc)(prometheus.NewConstMetric(desc, prometheus.GaugeValue, 1, values...))
}

// expose exposes a metric, with the native form that follows it in the same stream, or nil.
func (c *Collector) expose(ch chan<- prometheus.Metric, m metricdata.Metrics, native metricdata.Aggregation) {
	k := kindOf(m.Data)
	name, err := c.namer.Build(otlptranslator.Metric{Name: m.Name, Unit: m.Unit, Type: k.named()})
	if err != nil {
		report(ch, fmt.Errorf("metric %q: %w", m.Name, err))
		return
	}
	known, ok := c.families[name]
	if !ok {
		known = family{m.Description, k}
		c.families[name] = known
	}
	if known.kind.exposed() != k.exposed() || k == other {
		report(ch, fmt.Errorf("metric %q is a %s, and there is a %s of the same name: one of the two needs another name", name, k, known.kind))
		return
	}
	e := exposer{ch, c.labels, name, known.help}
	switch d := m.Data.(type) {
	case metricdata.Sum[int64]:
		exposeSum(e, d)
	case metricdata.Sum[float64]:
		exposeSum(e, d)
	case metricdata.Gauge[int64]:
		exposeGauge(e, d)
	case metricdata.Gauge[float64]:
		exposeGauge(e, d)
	case metricdata.Histogram[int64]:
		exposeHistogram(e, d, native)
	case metricdata.Histogram[float64]:
		exposeHistogram(e, d, native)
	case metricdata.ExponentialHistogram[int64]:
		exposeExponential(e, d)
	case metricdata.ExponentialHistogram[float64]:
		exposeExponential(e, d)
	}
}

func report(ch chan<- prometheus.Metric, err error) {
	ch <- prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
}

// send returns what sends a metric, or the error for it.
func send(ch chan<- prometheus.Metric, desc *prometheus.Desc) func(prometheus.Metric, error) {
	return func(m prometheus.Metric, err error) {
		if err != nil {
			m = prometheus.NewInvalidMetric(desc, err)
		}
		ch <- m
	}
}
