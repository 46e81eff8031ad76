package views

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// View returns the view that enforces the contract on a meter provider. The
// contract is read once; later changes of it do not reach the view.
//
// An instrument of the contract, declared under its OpenTelemetry name with its
// kind, gets its documented name, description and buckets, and loses every
// attribute that is not one of its labels. Any other instrument whose name
// would be exposed under dspy_ is dropped. An instrument of [Metrics.Own] is
// treated like those of the contract, whatever its scope. All others are left
// alone: the view does not match them.
//
// With scopes given, only instruments of those instrumentation scopes can be
// the contract's, and one of another scope that is named like them is dropped
// too: the same series from two scopes would break the exposition.
//
// A view makes one stream of an instrument. Of a histogram that is
// [ClassicAndNative] it is the classic one; otelmetrics.New adds the native one,
// which an SDK would take for the same stream and drop.
//
// The view is safe for concurrent use.
func (c Contract) View(scopes ...string) sdkmetric.View {
	c = c.Clone()
	scopes = slices.Clone(scopes)
	metrics := make(map[string]Metric)
	for _, metric := range c.Metrics.All() {
		metrics[metric.Instrument] = metric
	}
	return func(instrument sdkmetric.Instrument) (sdkmetric.Stream, bool) {
		metric, ok := metrics[instrument.Name]
		if !reserved(instrument.Name) {
			if !ok || !metric.Kind.is(instrument.Kind) {
				return sdkmetric.Stream{}, false
			}
			return metric.stream(), true
		}
		ours := len(scopes) == 0 || slices.Contains(scopes, instrument.Scope.Name)
		if !ok || !ours || !metric.Kind.is(instrument.Kind) {
			return sdkmetric.Stream{Name: instrument.Name, Aggregation: sdkmetric.AggregationDrop{}}, true
		}
		return metric.stream(), true
	}
}

// Outside returns a view of yours for a provider that also has the contract's: it matches only the instruments that
// [Contract.View], with the same scopes, does not match. So a view that matches everything changes no metric of the
// contract:
//
//	sdkmetric.WithView(contract.View(), contract.Outside(mine))
//
// A nil view matches nothing.
func (c Contract) Outside(view sdkmetric.View, scopes ...string) sdkmetric.View {
	contract := c.View(scopes...)
	return func(instrument sdkmetric.Instrument) (sdkmetric.Stream, bool) {
		if _, ok := contract(instrument); ok || view == nil {
			return sdkmetric.Stream{}, false
		}
		return view(instrument)
	}
}

func (m Metric) stream() sdkmetric.Stream {
	keys := make([]attribute.Key, len(m.Labels))
	for i, label := range m.Labels {
		keys[i] = attribute.Key(label)
	}
	return sdkmetric.Stream{
		Name:            m.Name,
		Description:     m.Description,
		Unit:            m.Unit,
		Aggregation:     m.aggregation(),
		AttributeFilter: attribute.NewAllowKeysFilter(keys...),
	}
}

// aggregation names the aggregation even where it is the default one, so that
// no reader's selector and no environment variable can change what the contract
// promises on one path and not on the other.
func (m Metric) aggregation() sdkmetric.Aggregation {
	switch m.Kind {
	case Histogram:
		if m.Form == Native {
			return nativeBuckets()
		}
		// Prometheus has no place for min and max; without them every path
		// carries the same data.
		return sdkmetric.AggregationExplicitBucketHistogram{Boundaries: slices.Clone(m.Buckets), NoMinMax: true}
	case Gauge:
		return sdkmetric.AggregationLastValue{}
	default:
		return sdkmetric.AggregationSum{}
	}
}

func (k Kind) is(kind sdkmetric.InstrumentKind) bool {
	switch kind {
	case sdkmetric.InstrumentKindCounter, sdkmetric.InstrumentKindObservableCounter:
		return k == Counter
	case sdkmetric.InstrumentKindUpDownCounter, sdkmetric.InstrumentKindObservableUpDownCounter:
		return k == UpDownCounter
	case sdkmetric.InstrumentKindGauge, sdkmetric.InstrumentKindObservableGauge:
		return k == Gauge
	case sdkmetric.InstrumentKindHistogram:
		return k == Histogram
	default:
		return false
	}
}

// reserved reports whether Prometheus would show the name under dspy_: it writes
// an underscore for each character of an instrument name that is not a letter,
// a digit or an underscore. Instrument names are compared without case, as the
// specification of the metrics API asks.
func reserved(name string) bool {
	const namespace = "dspy"
	if len(name) < len(namespace) || !strings.EqualFold(name[:len(namespace)], namespace) {
		return false
	}
	return len(name) == len(namespace) || strings.IndexByte("_./-", name[len(namespace)]) >= 0
}
