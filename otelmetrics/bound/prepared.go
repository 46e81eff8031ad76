package bound

import (
	"context"
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// adder is a counter or an up-down counter of any implementation.
type adder[N int64 | float64] interface {
	Add(ctx context.Context, n N, options ...metric.AddOption)
	Enabled(ctx context.Context) bool
}

// recorder is a gauge or a histogram of any implementation.
type recorder[N int64 | float64] interface {
	Record(ctx context.Context, v N, options ...metric.RecordOption)
	Enabled(ctx context.Context) bool
}

// preparedAdder is an up-down counter of another implementation, with attributes that were prepared once.
type preparedAdder[N int64 | float64, I adder[N]] struct {
	*api
	instrument I
	set        attribute.Set
	options    []metric.AddOption
}

// prepareAdd prepares attributes for an up-down counter.
func prepareAdd[N int64 | float64, I adder[N]](instrument I, set attribute.Set) I {
	p := &preparedAdder[N, I]{instrument: instrument, set: set, options: []metric.AddOption{metric.WithAttributeSet(set)}}
	return as[I](p)
}

// Add adds with the prepared attributes, and with those of the options.
func (p *preparedAdder[N, I]) Add(ctx context.Context, n N, options ...metric.AddOption) {
	p.instrument.Add(ctx, n, more(p.options, options)...)
}

// Enabled asks the other.
func (p *preparedAdder[N, I]) Enabled(ctx context.Context) bool { return p.instrument.Enabled(ctx) }

// Bind implements [Binder].
func (p *preparedAdder[N, I]) Bind(attrs ...attribute.KeyValue) I {
	return prepareAdd[N](p.instrument, join(p.set, attrs))
}

// Prime adds zero, which makes the series appear.
func (p *preparedAdder[N, I]) Prime() { p.Add(context.Background(), 0) }

// preparedIncreaser is a counter of another implementation, with attributes that were prepared once. It ignores what is
// negative or NaN, and bounds the sum of its large numbers, so that the other's sum neither wraps nor becomes infinite.
type preparedIncreaser[N int64 | float64, I adder[N]] struct {
	preparedAdder[N, I]
	spent atomic.Uint64 // the bits of that sum
}

// prepareIncrease prepares attributes for a counter.
func prepareIncrease[N int64 | float64, I adder[N]](instrument I, set attribute.Set) I {
	options := []metric.AddOption{metric.WithAttributeSet(set)}
	return as[I](&preparedIncreaser[N, I]{preparedAdder: preparedAdder[N, I]{instrument: instrument, set: set, options: options}})
}

// Add adds what there is room for.
func (p *preparedIncreaser[N, I]) Add(ctx context.Context, n N, options ...metric.AddOption) {
	if n >= 0 {
		p.preparedAdder.Add(ctx, p.afford(n), options...)
	}
}

// Bind implements [Binder].
func (p *preparedIncreaser[N, I]) Bind(attrs ...attribute.KeyValue) I {
	return prepareIncrease[N](p.instrument, join(p.set, attrs))
}

// afford returns how much of n the other's sum has room for. Small numbers have half of an int64 to themselves.
func (p *preparedIncreaser[N, I]) afford(n N) N {
	most := largest[N]() / 2
	if n < small || n-n != 0 {
		return n
	}
	for {
		before := p.spent.Load()
		spent := fromBits[N](before)
		afforded := min(n, most-spent)
		if p.spent.CompareAndSwap(before, toBits(spent+afforded)) {
			return afforded
		}
	}
}

// preparedRecorder is a recorder of another implementation, with attributes that were prepared once.
type preparedRecorder[N int64 | float64, I recorder[N]] struct {
	*api
	instrument I
	set        attribute.Set
	options    []metric.RecordOption
}

// prepareRecord prepares attributes for a gauge or a histogram.
func prepareRecord[N int64 | float64, I recorder[N]](instrument I, set attribute.Set) I {
	p := &preparedRecorder[N, I]{instrument: instrument, set: set, options: []metric.RecordOption{metric.WithAttributeSet(set)}}
	return as[I](p)
}

// Record records with the prepared attributes, and with those of the options.
func (p *preparedRecorder[N, I]) Record(ctx context.Context, v N, options ...metric.RecordOption) {
	p.instrument.Record(ctx, v, more(p.options, options)...)
}

// Enabled asks the other.
func (p *preparedRecorder[N, I]) Enabled(ctx context.Context) bool { return p.instrument.Enabled(ctx) }

// Bind implements [Binder].
func (p *preparedRecorder[N, I]) Bind(attrs ...attribute.KeyValue) I {
	return prepareRecord[N](p.instrument, join(p.set, attrs))
}

// more returns the options of a measurement after those of its instrument.
func more[O any](bound, options []O) []O {
	if len(options) == 0 {
		return bound
	}
	return append(slices.Clip(bound), options...)
}

// as returns an instrument as one of its interfaces. Each of the types that call it implements all interfaces of its
// number and verb.
func as[I any](instrument any) I {
	i, _ := instrument.(I)
	return i
}
