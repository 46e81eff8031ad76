// Package bound is an OpenTelemetry MeterProvider whose instruments measure at the speed of one atomic addition.
//
// The API and the readers are OpenTelemetry's, and so is everything that arrives at a backend. A program changes three
// lines: it gives its reader a [Producer], and its instruments come from [NewMeterProvider].
//
//	producer := bound.NewProducer(sdkmetric.CumulativeTemporalitySelector)
//	exporter, err := prometheus.New(prometheus.WithProducer(producer))
//	provider, err := bound.NewMeterProvider(bound.WithReader(exporter))
//
// Resource, views, exemplar filter and cardinality limit are options of the provider, as they are in the SDK. Readers may be
// of any kind and several: the Prometheus exporter, periodic readers with any exporter, manual readers, and one's own that
// embed one of these. The provider finds the producer of each reader by itself.
//
// # Instruments
//
// Every synchronous instrument is measured here, of int64 and of float64: counters, up-down counters, gauges and histograms
// with explicit or exponential buckets. Attributes may come with each measurement, and an option that was made once costs
// no allocation:
//
//	option := metric.WithAttributeSet(attribute.NewSet(attribute.String("cache", "hit")))
//	requests.Add(ctx, 1, option)
//
// An instrument that is bound to its attributes does not have to look for them at all:
//
//	hits := bound.BindInt64Counter(requests, attribute.String("cache", "hit"))
//	hits.Add(ctx, 1)
//
// The Bind functions take an instrument of any provider. One of another provider gets an option that is prepared once, so
// code that binds runs everywhere. Instruments are also [Finisher], to end a series, and [Primer], to begin it at zero.
// [Ending] makes a counter and an up-down counter agree in every collection.
//
// The SDK measures observable instruments and their callbacks, and what cannot be represented here: an aggregation that does
// not belong to its instrument, and an exponential histogram of one or two buckets. That is correct, though slower.
//
// # How it works
//
// A bound instrument has the cell in which it measures. To add is one atomic addition, and its result says whether it is the
// first since the last collection. When cores meet often on one cell, the cell spreads over several cache lines. A
// collection moves what it finds in the cells to their series, for the total and for the interval of every reader, so
// temporality, minima, maxima and infinities are those of each reader on its own, and nothing is ever subtracted. Cells
// without measurements become idle and are visited no more, so that an idle series costs a collection nothing but its
// point. No measurement waits for a collection.
//
// Exponential buckets move and merge as values come, so their cells are plain values behind a lock each. A measurement holds
// the lock for as long as it takes to count. A collection holds it to exchange the value for an empty one.
//
// # What it costs
//
// Time is relative to Prometheus' own client, and to the SDK with attributes that were prepared once. Nothing allocates but a
// measurement whose attributes are made for the call, which is the API's doing. docs/performance.md of this module says how
// it was measured.
//
//	                                               to client_golang    to the SDK
//	counter, bound, exemplars off                  1.19                0.07
//	counter, bound, default filter, no span        1.27                0.07
//	counter, bound, default filter, unsampled span 1.39                0.07
//	gauge, bound                                   1.13                0.07
//	histogram of 11 buckets, bound                 0.83                0.17
//	exponential histogram of 160 buckets, bound    0.52                0.17
//	counter and histogram, prepared option                             0.28
//	counter and histogram, attributes at the call                      0.69
//	memory of a counter with its handle            488 bytes, 0.72     0.60 to 1.2
//	memory of a histogram with its handle          840 bytes, 0.57     0.27 to 1.1
//
// Each reader of intervals adds a value to every series. A series that cores contend for takes up to four cache lines for
// each core.
//
// # Differences from the SDK
//
// The SDK is the oracle of the tests: for any sequence of measurements both give the same page and the same points. These
// differences remain:
//
//   - A total starts when its series was first measured, as the specification's start time per series does, and not when
//     its instrument was made.
//   - The cardinality limit is one for all readers and does not start afresh with each delta interval: a series has the
//     same identity on every path.
//   - A reader's own aggregation selector and cardinality limit selector are not asked. Use a view.
//   - Sums of floats are added up in another order, so they are equal up to rounding.
//   - A sum stops at the largest number of its type (and at the smallest, of an up-down counter) where the SDK's wraps or
//     becomes infinite. A counter ignores what is negative or NaN, so that it never goes down.
//   - Attributes that a view dropped reach an exemplar only as far as OpenMetrics' limit of 128 characters allows.
//   - A bucket that has counted 64 measurements since the last collection offers only each eighth further one as an exemplar.
//     A sum of at least 64 offers those that pass a multiple of eight. To ask the filter costs more than to measure.
//   - A histogram in both forms (see [WithNativeHistograms]) counts what is not finite in neither, and both have the
//     exemplars of its explicit buckets.
//   - Duplicate keys within an attribute value that is a map are not removed.
//   - Conflicting instruments are reported as the SDK reports them, but nothing is logged.
//   - Bucket boundaries that do not increase are an error of the declaration that has them. The SDK returns the error of the
//     first declaration of a histogram for all later ones.
//   - If a callback fails, the collection fails with it, as in the SDK. Its delta interval then continues until the next
//     collection, where the SDK loses it.
//   - Series can be forgotten, by [WithIdleTimeout] and [Finisher].
package bound
