package bound

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"
)

// exemplars are the reservoirs of one series, one for each reader, made when the first measurement is sampled.
type exemplars struct {
	mu         sync.Mutex
	reservoirs []exemplar.Reservoir
}

// Thinning: of many measurements that one sum or one bucket gets between two collections, the first thinnedFrom ask the
// exemplar filter, and of the later ones each thinning-th does. To find the span of a context costs more than to measure,
// and of that many measurements the reservoir keeps one or two.
const thinning, thinnedFrom = 8, 64

// A reservoir is not safe for concurrent use, so there is a lock. Only sampled measurements take it.

// samples reports whether the filter samples a measurement.
func (st *stream) samples(ctx context.Context) bool { return st.sample != nil && st.sample(ctx) }

// offer makes a sampled measurement of the cell an exemplar of its series. The attributes of the handle that the view
// dropped go with it.
func (h *cellHeader) offer(ctx context.Context, c cell, value exemplar.Value) {
	h.stream.offer(ctx, h.seriesOf(c), value, exemplarAttributes(h.dropped()))
}

// offer makes a measurement an exemplar of a series, for every reader. The reservoirs are made when the first one comes: most
// series never have any.
func (st *stream) offer(ctx context.Context, h *seriesHeader, value exemplar.Value, dropped []attribute.KeyValue) {
	e := h.exemplars.Load()
	if e == nil {
		h.exemplars.CompareAndSwap(nil, &exemplars{reservoirs: make([]exemplar.Reservoir, len(st.slots))})
		e = h.exemplars.Load()
	}
	now := st.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, r := range e.reservoirs {
		if r == nil {
			r = st.reservoir(h.attrs)
			e.reservoirs[i] = r
		}
		r.Offer(ctx, now, value, dropped)
	}
}

// collectExemplars returns the exemplars of a series for a reader. A reader of intervals gets those of its own, and the next
// interval begins with an empty reservoir.
func collectExemplars[N int64 | float64](h *seriesHeader, c *collection) []metricdata.Exemplar[N] {
	e := h.exemplars.Load()
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.reservoirs[c.reader]
	if r == nil {
		return nil
	}
	if c.delta() {
		e.reservoirs[c.reader] = nil
	}
	var held []exemplar.Exemplar
	r.Collect(&held)
	out := make([]metricdata.Exemplar[N], 0, len(held))
	for _, x := range held {
		value := N(x.Value.Int64())
		if x.Value.Type() == exemplar.Float64ValueType {
			value = N(x.Value.Float64())
		}
		out = append(out, metricdata.Exemplar[N]{
			FilteredAttributes: x.FilteredAttributes,
			Time:               x.Time,
			Value:              value,
			SpanID:             x.SpanID,
			TraceID:            x.TraceID,
		})
	}
	return out
}

// sampler returns the filter to ask, or nil if no measurement is ever sampled. The default is the SDK's. One of the user's
// that panics samples nothing.
func sampler(f exemplar.Filter) exemplar.Filter {
	is := func(g exemplar.Filter) bool { return reflect.ValueOf(f).Pointer() == reflect.ValueOf(g).Pointer() }
	switch {
	case f == nil || is(exemplar.TraceBasedFilter):
		return traceBased
	case is(exemplar.AlwaysOffFilter):
		return nil
	}
	return func(ctx context.Context) (sampled bool) {
		defer func() {
			if recover() != nil {
				sampled = false
			}
		}()
		return f(ctx)
	}
}

// traceBased is the SDK's filter, with a short answer for a caller that knows that there is no span. For others it has to search
// the context, which costs about three times what a counter's addition does.
func traceBased(ctx context.Context) bool {
	return ctx != context.Background() && trace.SpanContextFromContext(ctx).IsSampled()
}

// exemplarRunes is what OpenMetrics' limit of 128 leaves for attributes beside trace_id and span_id.
const exemplarRunes = 128 - len("trace_id") - 32 - len("span_id") - 16

// exemplarAttributes returns the dropped attributes that an exemplar may carry: the exporter drops all exemplars of a
// point if one exceeds the limit or has a label that Prometheus does not accept.
func exemplarAttributes(dropped []attribute.KeyValue) []attribute.KeyValue {
	var kept []attribute.KeyValue
	room := exemplarRunes
	for _, kv := range dropped {
		key, value := string(kv.Key), kv.Value.String()
		if strings.Trim(key, "_") == "" || strings.HasPrefix(key, "__") || !utf8.ValidString(key) || !utf8.ValidString(value) {
			continue
		}
		// The exporter may put "key_" in front of the name.
		if n := len("key_") + utf8.RuneCountInString(key) + utf8.RuneCountInString(value); n <= room {
			kept = append(kept, kv)
			room -= n
		}
	}
	return kept
}

// asks reports whether the n-th measurement of a bucket asks the filter.
func (h *cellHeader) asks(n uint64) bool {
	return h.few > 1 && (n <= thinnedFrom || n%thinning == 0)
}
