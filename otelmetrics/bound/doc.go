// Package bound measures at the speed of one atomic addition behind the OpenTelemetry API.
//
// An instrument of a [Meter] is the API's own instrument that can also be bound to attributes once, in the shape of
// the Binder interfaces of go.opentelemetry.io/otel/metric/x:
//
//	pull := bound.NewProducer(sdkmetric.CumulativeTemporalitySelector)
//	exporter, err := prometheus.New(prometheus.WithProducer(pull))
//	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter))
//	meter, err := bound.NewMeter(bound.Config{
//		Meter: provider.Meter("scope"), Scope: scope, Producers: []*bound.Producer{pull},
//	})
//	requests, err := meter.Int64Counter("requests")
//	hits := requests.Bind(attribute.String("cache", "hit"))
//	hits.Add(ctx, 1)
//
// # How it works
//
// A handle holds the cell in which it measures. Adding is one atomic addition, whose result tells when it is the first
// since the last collection; only then does it make itself known to its stream, by a lock. When cores meet often on one
// cell, it spreads over stripes. A collection moves what it finds in the cells to their series, for the total and for
// the interval of every reader, so temporality, minima, maxima and infinities are those of each reader on its own, and
// nothing is ever subtracted. Cells without measurements are soon visited no more, so an idle series costs a collection
// nothing but its point. No measurement waits for a collection.
//
// Exponential buckets move and merge as values come, so their cells are plain values behind a lock each, which is held for
// as long as it takes to count; a collection holds it to exchange the value for an empty one, and nobody waits for more.
// Cells on which cores meet have stripes, of which one that is taken is passed by. An index at the highest scale, shifted,
// is that of any lower one, so that the parts of a series add up to what one histogram would have become. Config.Twins
// keeps explicit buckets in the same cells.
//
// # The SDK is the oracle
//
// Names, descriptions, units, attribute filters, aggregations and boundaries come from the same views, under the SDK's
// rules: every matching view counts, the first of equal identity wins. What cannot be represented here (an aggregation that
// does not belong to its instrument, an exponential histogram of one or two buckets, an invalid name) is measured by the
// SDK's own instrument with attributes prepared in advance: correct, though slower. So is everything when there are no
// producers. An instrument cannot be torn: if one of its streams is measured here for another instrument already, and one
// only can be by the SDK, its declaration fails, and the latter is not measured.
//
// A series appears with its first measurement, as in the SDK. Differences that remain:
//
//   - The cardinality limit is one for all readers and does not start afresh with each delta interval: a series has the
//     same identity on every path.
//   - A reader's own aggregation selector and cardinality limit selector are not asked.
//   - Sums of floats are added up in another order, so they are equal up to rounding.
//   - A sum stops at the largest number of its type (and at the smallest, of an up-down counter) where the SDK's wraps or
//     becomes infinite. A counter ignores what is negative or NaN, so that it never goes down.
//   - Attributes that a view dropped reach an exemplar only as far as OpenMetrics' limit of 128 characters allows.
//   - A bucket that is hit more than 64 times between collections offers only each eighth further measurement as an
//     exemplar, as the filter costs more than the measurement.
//   - A measurement that returned may miss a collection that begins while another goroutine is still in the first
//     measurement of the same cell for a while. The next collection has it.
//   - A histogram in both forms counts what is not finite in neither, and both have the exemplars of its explicit buckets.
//   - Duplicate keys within an attribute value that is a map are not removed.
//   - Series can be retired, see [Config].
package bound
