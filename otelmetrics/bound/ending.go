package bound

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Ending returns a counter that ends what the up-down counter active counts: what is added to it is added to counter and
// taken from active.
//
//	active := bound.BindInt64UpDownCounter(activeRequests, service)
//	succeeded := bound.Ending(bound.BindInt64Counter(requests, service, success), active)
//	failed := bound.Ending(bound.BindInt64Counter(requests, service, failure), active)
//
//	active.Add(ctx, 1) // a request starts
//	succeeded.Add(ctx, 1) // and ends
//
// The two agree in every collection of every reader: what was ever added to active is active now, plus what its ending
// counters report. Active cannot go below what is in progress, and a measurement takes no lock for all that. The collection
// visits ending counters first and takes what they counted from the up-down counter, which it visits last: what has ended
// by the first visit has started before the last one.
//
// That holds for bound instruments of one [MeterProvider] that have one stream each. For others, and for a counter that is
// an ending one already, each addition measures first the counter and then active.
func Ending(counter metric.Int64Counter, active metric.Int64UpDownCounter) metric.Int64Counter {
	c, ok1 := counter.(*int64Counter)
	a, ok2 := active.(*int64UpDownCounter)
	if ok1 && ok2 && c.ends == nil && c.collecting == a.collecting {
		ending := newInt64Counter(c.stream, c.set)
		ending.ends = &a.sumCell
		return ending
	}
	return &endingPair{counter: counter, active: active}
}

// endingPair measures the two one after the other.
type endingPair struct {
	*api
	counter metric.Int64Counter
	active  metric.Int64UpDownCounter
}

// Add adds n to the counter and takes it from the up-down counter, so that for a moment more is there than has started, and never
// less.
func (e *endingPair) Add(ctx context.Context, n int64, options ...metric.AddOption) {
	e.counter.Add(ctx, n, options...)
	e.active.Add(ctx, -n)
}

// Enabled reports whether either measures.
func (e *endingPair) Enabled(ctx context.Context) bool {
	return e.counter.Enabled(ctx) || e.active.Enabled(ctx)
}

// Bind implements [Binder].
func (e *endingPair) Bind(attrs ...attribute.KeyValue) metric.Int64Counter {
	return &endingPair{counter: BindInt64Counter(e.counter, attrs...), active: e.active}
}

// Prime implements [Primer].
func (e *endingPair) Prime() { Prime(e.counter) }
