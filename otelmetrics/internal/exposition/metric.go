package exposition

import (
	"encoding/hex"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// exposer sends the series of one metric.
type exposer struct {
	ch         chan<- prometheus.Metric
	labels     *labels
	name, help string
}

// series calls f with what the series of the attributes needs, and sends the metric that it returns.
func (e exposer) series(attrs attribute.Set, f func(desc *prometheus.Desc, values []string) (prometheus.Metric, error)) {
	desc, values, err := e.labels.describe(e.name, e.help, attrs)
	if err != nil {
		report(e.ch, fmt.Errorf("metric %q: %w", e.name, err))
		return
	}
	send(e.ch, desc)(f(desc, values))
}

func exposeSum[N int64 | float64](e exposer, data metricdata.Sum[N]) {
	for _, p := range data.DataPoints {
		e.series(p.Attributes, func(desc *prometheus.Desc, values []string) (prometheus.Metric, error) {
			if !data.IsMonotonic {
				return prometheus.NewConstMetric(desc, prometheus.GaugeValue, float64(p.Value), values...)
			}
			m, err := prometheus.NewConstMetricWithCreatedTimestamp(desc, prometheus.CounterValue, float64(p.Value), p.StartTime, values...)
			return withExemplars(e.labels, m, p.Exemplars), err
		})
	}
}

func exposeGauge[N int64 | float64](e exposer, data metricdata.Gauge[N]) {
	for _, p := range data.DataPoints {
		e.series(p.Attributes, func(desc *prometheus.Desc, values []string) (prometheus.Metric, error) {
			return prometheus.NewConstMetric(desc, prometheus.GaugeValue, float64(p.Value), values...)
		})
	}
}

// exposeHistogram exposes a histogram with explicit buckets, and the exponential ones of its other form beside them, if
// there is one.
func exposeHistogram[N int64 | float64](e exposer, data metricdata.Histogram[N], other metricdata.Aggregation) {
	native, _ := other.(metricdata.ExponentialHistogram[N])
	for i, p := range data.DataPoints {
		e.series(p.Attributes, func(desc *prometheus.Desc, values []string) (prometheus.Metric, error) {
			buckets, count := make(map[float64]uint64, len(p.Bounds)), uint64(0)
			for i, bound := range p.Bounds {
				count += p.BucketCounts[i]
				buckets[bound] = count
			}
			m, err := prometheus.NewConstHistogramWithCreatedTimestamp(desc, p.Count, float64(p.Sum), buckets, p.StartTime, values...)
			if m = withExemplars(e.labels, m, p.Exemplars); err != nil || i >= len(native.DataPoints) {
				return m, err
			}
			n, err := nativeMetric(desc, values, native.DataPoints[i])
			return bothForms{m, withExemplars(e.labels, n, native.DataPoints[i].Exemplars)}, err
		})
	}
}

func exposeExponential[N int64 | float64](e exposer, data metricdata.ExponentialHistogram[N]) {
	for _, p := range data.DataPoints {
		e.series(p.Attributes, func(desc *prometheus.Desc, values []string) (prometheus.Metric, error) {
			m, err := nativeMetric(desc, values, p)
			return withExemplars(e.labels, m, p.Exemplars), err
		})
	}
}

// bothForms is a histogram with explicit and with native buckets in one message, as Prometheus' own clients expose one. The
// text formats show the explicit ones.
type bothForms struct {
	prometheus.Metric // the explicit form
	native            prometheus.Metric
}

// Write implements [prometheus.Metric].
func (m bothForms) Write(out *dto.Metric) error {
	var explicit dto.Metric
	if err := m.Metric.Write(&explicit); err != nil {
		return err
	}
	if err := m.native.Write(out); err != nil {
		return err
	}
	out.Histogram.Bucket = explicit.GetHistogram().GetBucket()
	return nil
}

// nativeForm returns the exponential buckets of a metric with explicit ones, if its stream follows with them.
func nativeForm(m metricdata.Metrics, following []metricdata.Metrics) metricdata.Aggregation {
	if len(following) == 0 || following[0].Name != m.Name {
		return nil
	}
	switch m.Data.(type) {
	case metricdata.Histogram[int64]:
		if native, ok := following[0].Data.(metricdata.ExponentialHistogram[int64]); ok {
			return native
		}
	case metricdata.Histogram[float64]:
		if native, ok := following[0].Data.(metricdata.ExponentialHistogram[float64]); ok {
			return native
		}
	}
	return nil
}

// withExemplars adds exemplars to a metric. One that does not fit the limits of OpenMetrics leaves the metric without any.
func withExemplars[N int64 | float64](l *labels, m prometheus.Metric, exemplars []metricdata.Exemplar[N]) prometheus.Metric {
	if len(exemplars) == 0 || m == nil {
		return m
	}
	exposed := make([]prometheus.Exemplar, len(exemplars))
	for i, e := range exemplars {
		pairs := make(prometheus.Labels)
		for _, kv := range e.FilteredAttributes {
			name, err := l.name(kv.Key)
			if err != nil {
				return m
			}
			pairs[name] = kv.Value.String()
		}
		pairs[otlptranslator.ExemplarTraceIDKey] = hex.EncodeToString(e.TraceID)
		pairs[otlptranslator.ExemplarSpanIDKey] = hex.EncodeToString(e.SpanID)
		exposed[i] = prometheus.Exemplar{Value: float64(e.Value), Timestamp: e.Time, Labels: pairs}
	}
	if with, err := prometheus.NewMetricWithExemplars(m, exposed...); err == nil {
		return with
	}
	return m
}
