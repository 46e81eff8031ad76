package otelmetrics

import (
	"context"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// nativePrefix marks the native form of a histogram on its way through the
// registry, to which two forms of one name are duplicates. No metric can have it:
// colons are for the results of rules.
const nativePrefix = "native:"

// bothForms reports whether any histogram of the contract has both forms.
func bothForms(contract views.Contract) bool {
	return slices.ContainsFunc(contract.Metrics.All(), func(m views.Metric) bool { return m.Form == views.ClassicAndNative })
}

// nativeForm returns the native form of a histogram that has both.
func nativeForm(contract views.Contract) func(sdkmetric.Instrument) (sdkmetric.AggregationBase2ExponentialHistogram, bool) {
	both := make(map[string]bool)
	for _, metric := range contract.Metrics.All() {
		both[metric.Instrument] = metric.Form == views.ClassicAndNative
	}
	return func(i sdkmetric.Instrument) (sdkmetric.AggregationBase2ExponentialHistogram, bool) {
		return views.NativeBuckets(), i.Scope.Name == scope && both[i.Name]
	}
}

// markNative marks the native form of each histogram that has both.
type markNative struct{ sdkmetric.Producer }

// Produce implements [sdkmetric.Producer].
func (m markNative) Produce(ctx context.Context) ([]metricdata.ScopeMetrics, error) {
	scopes, err := m.Producer.Produce(ctx)
	for _, s := range scopes {
		for i := range s.Metrics {
			metric := &s.Metrics[i]
			if _, ok := metric.Data.(metricdata.ExponentialHistogram[float64]); ok && i > 0 && s.Metrics[i-1].Name == metric.Name {
				// The namer would append the unit after a word that it does not know.
				metric.Name, metric.Unit = nativePrefix+metric.Name, ""
			}
		}
	}
	return scopes, err
}

// unite gathers each histogram in both forms as Prometheus' own clients expose
// one: classic and native buckets in one message, of which the text formats show
// the classic ones.
func unite(gatherer prometheus.Gatherer) prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, err := gatherer.Gather()
		native := make(map[string]*dto.MetricFamily)
		families = slices.DeleteFunc(families, func(f *dto.MetricFamily) bool {
			name, ok := strings.CutPrefix(f.GetName(), nativePrefix)
			if ok {
				native[name] = f
			}
			return ok
		})
		for _, family := range families {
			addNative(family.GetMetric(), native[family.GetName()].GetMetric())
		}
		return families, err
	})
}

// addNative adds native buckets to the metrics of the same labels. Both are in the
// order of the registry.
func addNative(metrics, native []*dto.Metric) {
	for _, metric := range metrics {
		if len(native) == 0 || !slices.EqualFunc(metric.GetLabel(), native[0].GetLabel(), sameLabel) {
			continue
		}
		classic, buckets := metric.GetHistogram(), native[0].GetHistogram()
		buckets.Bucket = classic.GetBucket()
		metric.Histogram = buckets
		native = native[1:]
	}
}

func sameLabel(a, b *dto.LabelPair) bool {
	return a.GetName() == b.GetName() && a.GetValue() == b.GetValue()
}
