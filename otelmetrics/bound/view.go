package bound

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

const (
	int64Number   = "int64"
	float64Number = "float64"
)

// identity is what makes two streams the same.
type identity struct {
	name, description, unit string
	kind                    sdkmetric.InstrumentKind
	number                  string
}

// declaration is an instrument as it was declared.
type declaration struct {
	sdkmetric.Instrument
	number  string
	allowed []attribute.Key // the attributes it has by default, nil for all
	bounds  []float64       // the boundaries it advises
}

// described is what the configurations of all instruments have.
type described interface {
	Description() string
	Unit() string
}

// declare returns the declaration of an instrument.
func declare[O any](name string, c described, k sdkmetric.InstrumentKind, number string, options []O) declaration {
	return declaration{
		Instrument: sdkmetric.Instrument{Name: name, Description: c.Description(), Unit: c.Unit(), Kind: k},
		number:     number,
		allowed:    allowed(options),
	}
}

// allowed returns the attributes that an instrument has by default, as metric/x WithDefaultAttributes gives them, or
// nil for all.
func allowed[O any](options []O) []attribute.Key {
	var keys []attribute.Key
	for _, o := range options {
		if o, ok := any(o).(interface{ AllowedKeys() []attribute.Key }); ok {
			keys = append(append([]attribute.Key{}, keys...), o.AllowedKeys()...)
		}
	}
	return keys
}

// resolve returns the streams that the views make of an instrument, or nil if one of them must be left to the SDK.
// Then all of the instrument is, so that its streams are reported together. If that cannot be, as another instrument has
// one of them here already, which must not be reported twice, it loses those of the SDK, with an error.
//
// As in the SDK, an invalid name is reported and used, and invalid boundaries are reported and ignored. Leaving such an
// instrument to the SDK would report a metric twice if a valid declaration has the same one.
func (m *meter) resolve(d declaration) ([]*stream, error) {
	d.Scope = m.scope
	err := checkName(d.Name)
	if invalid := checkBoundaries(d.bounds); invalid != nil {
		err = errors.Join(err, fmt.Errorf("instrument %q: %w", d.Name, invalid))
		d.bounds = nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()

	native, invalid := m.nativeForm(d)
	err = errors.Join(err, invalid)
	wanted := m.views(d)
	// One stream that cannot be measured here makes the SDK measure all of them.
	if i := slices.IndexFunc(wanted, func(s sdkmetric.Stream) bool { return !m.represents(d, s) }); i >= 0 {
		if !slices.ContainsFunc(wanted, func(s sdkmetric.Stream) bool { return m.byIdentity[d.identity(s)].stream != nil }) {
			for _, s := range wanted {
				m.leave(d.identity(s))
			}
			return nil, nil
		}
		err = errors.Join(err, fmt.Errorf("instrument %q: stream %q: %w", d.Name, wanted[i].Name, errTorn))
		wanted = slices.DeleteFunc(wanted, func(s sdkmetric.Stream) bool { return !m.represents(d, s) })
	}
	streams := []*stream{}
	for i, s := range wanted {
		if i > 0 {
			native = nil
		}
		if st := m.stream(d, s, native); st != nil && !slices.Contains(streams, st) {
			streams = append(streams, st)
		}
	}
	return streams, err
}

// errTorn is the error of an instrument of which one stream is not measured.
var errTorn = errors.New("only the SDK can measure it, but another stream of the instrument is measured by the bound meter already: " +
	"give the views of the two different names")

// views returns what the matching views make of the instrument, or the instrument as it is if there are none. As in the SDK,
// every matching view makes a stream, and the first of equal identity is kept.
func (m *meter) views(d declaration) []sdkmetric.Stream {
	var out []sdkmetric.Stream
	for _, view := range m.provider.views {
		if s, ok := view(d.Instrument); ok {
			out = append(out, d.complete(s))
		}
	}
	if out == nil {
		out = append(out, d.complete(sdkmetric.Stream{Name: d.Name, Description: d.Description, Unit: d.Unit}))
	}
	return out
}

// complete fills in what the view leaves open. The instrument's advice yields to any aggregation of a view.
func (d declaration) complete(s sdkmetric.Stream) sdkmetric.Stream {
	switch s.Aggregation.(type) {
	case nil:
		s.Aggregation = sdkmetric.DefaultAggregationSelector(d.Kind)
		if h, ok := s.Aggregation.(sdkmetric.AggregationExplicitBucketHistogram); ok && len(d.bounds) > 0 {
			h.Boundaries = d.bounds
			s.Aggregation = h
		}
	case sdkmetric.AggregationDefault:
		s.Aggregation = sdkmetric.DefaultAggregationSelector(d.Kind)
	}
	if s.AttributeFilter == nil && d.allowed != nil {
		s.AttributeFilter = attribute.NewAllowKeysFilter(d.allowed...)
	}
	if s.ExemplarReservoirProviderSelector == nil {
		s.ExemplarReservoirProviderSelector = sdkmetric.DefaultExemplarReservoirProviderSelector
	}
	return s
}

// identity returns what makes two streams different for the SDK. Names are the same in upper and lower case.
func (d declaration) identity(s sdkmetric.Stream) identity {
	return identity{strings.ToLower(s.Name), s.Description, s.Unit, d.Kind, d.number}
}

// represents reports whether s can be measured here: the first stream of its identity is, or its aggregation drops it or
// is the natural one of the instrument. The caller holds the lock.
func (m *meter) represents(d declaration, s sdkmetric.Stream) bool {
	if known, ok := m.byIdentity[d.identity(s)]; ok {
		return !known.left
	}
	switch a := s.Aggregation.(type) {
	case sdkmetric.AggregationDrop:
		return true
	case sdkmetric.AggregationSum:
		return d.Kind == sdkmetric.InstrumentKindCounter || d.Kind == sdkmetric.InstrumentKindUpDownCounter
	case sdkmetric.AggregationLastValue:
		return d.Kind == sdkmetric.InstrumentKindGauge
	case sdkmetric.AggregationExplicitBucketHistogram:
		return d.Kind == sdkmetric.InstrumentKindHistogram
	case sdkmetric.AggregationBase2ExponentialHistogram:
		return d.Kind == sdkmetric.InstrumentKindHistogram && measurable(a)
	}
	return false
}

// claim says who measures the streams of an identity: this package, or nobody if the stream is nil as a view drops it, or the
// SDK if they were left to it. The first declaration decides for all.
type claim struct {
	stream *stream
	left   bool
}

// leave notes that streams of this identity are the SDK's. The caller holds the lock.
func (m *meter) leave(id identity) {
	if _, ok := m.byIdentity[id]; !ok {
		m.byIdentity[id] = claim{left: true}
	}
}

// stream returns the stream of s, which it makes unless there is one of the same identity. It is nil for a dropped one.
// If native is not nil, a histogram with explicit buckets also gets these. The caller holds the lock.
func (m *meter) stream(d declaration, s sdkmetric.Stream, native *sdkmetric.AggregationBase2ExponentialHistogram) *stream {
	id := d.identity(s)
	if known, ok := m.byIdentity[id]; ok {
		return known.stream
	}
	var st *stream
	if k := d.streamKind(s.Aggregation, native); k != nil {
		st = &stream{
			name:        s.Name,
			description: s.Description,
			unit:        s.Unit,
			filter:      s.AttributeFilter,
			limit:       m.provider.limit,
			now:         m.provider.now,
			sample:      sampler(m.provider.filter),
			reservoir:   s.ExemplarReservoirProviderSelector(s.Aggregation),
			timeout:     m.provider.timeout(d.Instrument),
			kind:        k,
			collecting:  &m.provider.collecting,
		}
		st.init(m.deltas(d.Kind))
		m.streams = append(m.streams, st)
	}
	m.byIdentity[id] = claim{stream: st}
	return st
}

// nativeForm returns the exponential buckets that the first stream of a histogram has beside its explicit ones, or nil.
func (m *meter) nativeForm(d declaration) (*sdkmetric.AggregationBase2ExponentialHistogram, error) {
	if m.provider.native == nil || d.Kind != sdkmetric.InstrumentKindHistogram {
		return nil, nil
	}
	native, ok := m.provider.native(d.Instrument)
	if !ok {
		return nil, nil
	}
	if !measurable(native) {
		return nil, fmt.Errorf("instrument %q: exponential buckets of size %d and scale %d: %w", d.Name, native.MaxSize, native.MaxScale, errNative)
	}
	return &native, nil
}

// errNative is the error of exponential buckets that cannot be kept beside explicit ones.
var errNative = errors.New("the size must be 3 or more and the scale from -10 to 20")

// streamKind returns the kind of series that an aggregation of the instrument needs, or nil if it drops them.
func (d declaration) streamKind(a sdkmetric.Aggregation, native *sdkmetric.AggregationBase2ExponentialHistogram) kind {
	if d.number == int64Number {
		return kindOf[int64](d.Kind, a, native)
	}
	return kindOf[float64](d.Kind, a, native)
}

// kindOf returns the kind of series of an aggregation. An explicit histogram with a native form beside it is of the exponential
// kind, which counts both under one lock, so that they always agree.
func kindOf[N int64 | float64](k sdkmetric.InstrumentKind, a sdkmetric.Aggregation, native *sdkmetric.AggregationBase2ExponentialHistogram) kind {
	switch a := a.(type) {
	case sdkmetric.AggregationSum:
		return sumKind[N]{updown: k == sdkmetric.InstrumentKindUpDownCounter}
	case sdkmetric.AggregationLastValue:
		return gaugeKind[N]{}
	case sdkmetric.AggregationExplicitBucketHistogram:
		explicit := &histogramKind[N]{bounds: slices.Sorted(slices.Values(a.Boundaries)), minMax: !a.NoMinMax}
		if native != nil {
			return newExponentialKind(*native, explicit)
		}
		return explicit
	case sdkmetric.AggregationBase2ExponentialHistogram:
		return newExponentialKind[N](a, nil)
	}
	return nil
}

// checkBoundaries returns an error if the advised boundaries do not increase.
func checkBoundaries(bounds []float64) error {
	for i := 1; i < len(bounds); i++ {
		if bounds[i-1] >= bounds[i] {
			return fmt.Errorf("bucket boundaries %v: %w", bounds, errBoundaries)
		}
	}
	return nil
}

// errBoundaries is the error of advised boundaries that are not used.
var errBoundaries = errors.New("each must be greater than the one before, so the default boundaries are used")

// checkName returns an error if the name of an instrument breaks the rules of the specification.
func checkName(name string) error {
	isAlpha := func(c rune) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
	valid := name != "" && len(name) <= 255
	for i, c := range name {
		valid = valid && (isAlpha(c) || i > 0 && strings.ContainsRune("0123456789_.-/", c))
	}
	if valid {
		return nil
	}
	return fmt.Errorf("%w: %q must have 1 to 255 characters, a letter first, and then letters, digits and _ . - / only",
		sdkmetric.ErrInstrumentName, name)
}
