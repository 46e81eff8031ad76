package bound

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// find returns the handle of the attributes of a measurement, by their hash, without a lock and an allocation. As in the
// SDK, equal hashes are taken for equal attributes.
func find[H any](st *stream, set attribute.Set) (handle H, ok bool) {
	if found, known := st.handles.Load(set.Equivalent()); known {
		handle, ok = found.(H)
	}
	return handle, ok
}

// with returns the handle of the attributes of a measurement, which it makes if they are new. The handle can be found
// until its cell becomes idle, which does not happen before the measurement has made the cell active.
//
// The caller must measure with the handle. A handle leaves the index when its cell goes from active to idle, so one that never
// measures would stay there forever.
func with[H any](st *stream, set attribute.Set, bind func(*stream, attribute.Set) H) H {
	if h, ok := find[H](st, set); ok {
		return h
	}
	made := bind(st, set)
	if found, known := st.handles.LoadOrStore(set.Equivalent(), made); known {
		if h, ok := found.(H); ok {
			return h
		}
	}
	return made
}

// addAttributes returns the attributes of a handle and a measurement. It allocates nothing if the handle has none and there is
// one option that holds a set.
func (h *cellHeader) addAttributes(options []metric.AddOption) attribute.Set {
	return merge(h.set, metric.NewAddConfig(options).Attributes(), options)
}

// recordAttributes returns the attributes of a handle and a measurement.
func (h *cellHeader) recordAttributes(options []metric.RecordOption) attribute.Set {
	return merge(h.set, metric.NewRecordConfig(options).Attributes(), options)
}

// merge returns the attributes that are bound, overridden by those that the options of the API give, overridden by those
// that options in the shape of metric/x WithUnsafeAttributes carry.
func merge[O any](bound, set attribute.Set, options []O) attribute.Set {
	if bound.Len() > 0 {
		set = join(bound, set.ToSlice())
	}
	for _, o := range options {
		if o, ok := any(o).(interface{ RawAttributes() []attribute.KeyValue }); ok {
			set = join(set, o.RawAttributes())
		}
	}
	return set
}

// join returns the attributes of a set and of a list, which overrides it. Of equal keys in the list, the last one counts, as
// everywhere in OpenTelemetry. The list is not changed.
func join(set attribute.Set, list []attribute.KeyValue) attribute.Set {
	if len(list) == 0 {
		return set
	}
	return attribute.NewSet(slices.Concat(set.ToSlice(), list)...)
}
