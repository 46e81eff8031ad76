package bound

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/attribute"
)

// instrument is what a declaration has become: no, one or several streams.
type instrument struct{ streams []*stream }

// point is where a handle measures in one stream.
type point[C any] interface {
	*C
	place() *listing
	tie(st *stream, set attribute.Set)
}

// handle is an instrument bound to a set of attributes. The methods of the API are those of the types that embed it.
//
// With one stream, which is the rule, its own cell is the one of the stream, and a measurement finds everything there.
type handle[C any, P point[C]] struct {
	*api
	own        C
	instrument *instrument
	more       []*C // the points, if there is not exactly one stream
}

// init ties an empty handle.
func (h *handle[C, P]) init(in *instrument, set attribute.Set) {
	h.instrument = in
	own := P(&h.own)
	own.place().set = set
	if len(in.streams) == 1 {
		own.tie(in.streams[0], set)
		return
	}
	own.place().mode.Store(several)
	for _, st := range in.streams {
		c := new(C)
		P(c).tie(st, set)
		h.more = append(h.more, c)
	}
}

// each calls f with the point of every stream.
func (h *handle[C, P]) each(f func(P)) {
	if len(h.instrument.streams) == 1 {
		f(&h.own)
	}
	for _, c := range h.more {
		f(c)
	}
}

// set returns all attributes, dropped or not.
func (h *handle[C, P]) set() attribute.Set { return P(&h.own).place().set }

// Enabled reports whether measurements are reported.
func (h *handle[C, P]) Enabled(context.Context) bool { return len(h.instrument.streams) > 0 }

// join returns the attributes of a set and of lists, the later ones overriding.
func join(set attribute.Set, lists ...[]attribute.KeyValue) attribute.Set {
	return attribute.NewSet(slices.Concat(append([][]attribute.KeyValue{set.ToSlice()}, lists...)...)...)
}

// raw returns the attributes of metric/x WithUnsafeAttributes, which the options of the API do not tell.
func raw[O any](options []O) []attribute.KeyValue {
	var kvs []attribute.KeyValue
	for _, o := range options {
		if o, ok := any(o).(interface{ RawAttributes() []attribute.KeyValue }); ok {
			kvs = append(kvs, o.RawAttributes()...)
		}
	}
	return kvs
}
