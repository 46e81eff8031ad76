package bound

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// several is an instrument of which the views make no stream or more than one. It passes each measurement on to all of them, one
// after the other, so that a collection in between sees the measurement in some of them.
type several[I any] struct {
	*api
	each []I
}

// Enabled reports whether there is any stream.
func (s *several[I]) Enabled(context.Context) bool { return len(s.each) > 0 }

// Finish implements [Finisher].
func (s *several[I]) Finish(ctx context.Context, attrs ...attribute.KeyValue) {
	for _, i := range s.each {
		if f, ok := any(i).(Finisher); ok {
			f.Finish(ctx, attrs...)
		}
	}
}

// Prime implements [Primer].
func (s *several[I]) Prime() {
	for _, i := range s.each {
		Prime(i)
	}
}

// bind returns the instruments of all streams, bound.
func (s *several[I]) bind(attrs []attribute.KeyValue) []I {
	bound := make([]I, len(s.each))
	for i, instrument := range s.each {
		bound[i] = instrument
		if b, ok := any(instrument).(Binder[I]); ok {
			bound[i] = b.Bind(attrs...)
		}
	}
	return bound
}

// severalAdders is a counter or an up-down counter of several streams.
type severalAdders[N int64 | float64, I adder[N]] struct{ several[I] }

// addToAll returns the counter of all streams.
func addToAll[N int64 | float64, I adder[N]](each []I) I {
	return as[I](&severalAdders[N, I]{several[I]{each: each}})
}

// Add adds n to the series of each stream.
func (s *severalAdders[N, I]) Add(ctx context.Context, n N, options ...metric.AddOption) {
	for _, i := range s.each {
		i.Add(ctx, n, options...)
	}
}

// Bind implements [Binder].
func (s *severalAdders[N, I]) Bind(attrs ...attribute.KeyValue) I { return addToAll[N](s.bind(attrs)) }

// severalRecorders is a gauge or a histogram of several streams.
type severalRecorders[N int64 | float64, I recorder[N]] struct{ several[I] }

// recordInAll returns the gauge or histogram of all streams.
func recordInAll[N int64 | float64, I recorder[N]](each []I) I {
	return as[I](&severalRecorders[N, I]{several[I]{each: each}})
}

// Record records v in the series of each stream.
func (s *severalRecorders[N, I]) Record(ctx context.Context, v N, options ...metric.RecordOption) {
	for _, i := range s.each {
		i.Record(ctx, v, options...)
	}
}

// Bind implements [Binder].
func (s *severalRecorders[N, I]) Bind(attrs ...attribute.KeyValue) I {
	return recordInAll[N](s.bind(attrs))
}
