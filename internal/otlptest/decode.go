package otlptest

import (
	"math"
	"strconv"
)

// The numbers of fields are those of opentelemetry/proto/metrics/v1/metrics.proto.

// Decode reads an ExportMetricsServiceRequest.
func Decode(request []byte) ([]Resource, error) {
	var all []Resource
	err := message(request, func(f field) error {
		if f.number != 1 {
			return nil
		}
		resource := Resource{Attributes: make(map[string]string)}
		err := resource.decode(f.bytes)
		all = append(all, resource)
		return err
	})
	return all, err
}

// message calls take for each field, until one of them fails.
func message(raw []byte, take func(field) error) error {
	for f, err := range fields(raw) {
		if err == nil {
			err = take(f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Resource) decode(raw []byte) error {
	return message(raw, func(f field) error {
		switch f.number {
		case 1: // the resource itself
			return message(f.bytes, func(f field) error {
				if f.number != 1 {
					return nil
				}
				return attribute(r.Attributes, f.bytes)
			})
		case 2: // a scope
			return message(f.bytes, func(f field) error {
				if f.number != 2 {
					return nil
				}
				var metric Metric
				err := metric.decode(f.bytes)
				r.Metrics = append(r.Metrics, metric)
				return err
			})
		}
		return nil
	})
}

func (m *Metric) decode(raw []byte) error {
	return message(raw, func(f field) error {
		switch f.number {
		case 1:
			m.Name = string(f.bytes)
		case 2:
			m.Description = string(f.bytes)
		case 3:
			m.Unit = string(f.bytes)
		case 5:
			return m.data(Gauge, f.bytes)
		case 7:
			return m.data(Sum, f.bytes)
		case 9:
			return m.data(Histogram, f.bytes)
		case 10:
			return m.data(ExponentialHistogram, f.bytes)
		}
		return nil
	})
}

func (m *Metric) data(kind Kind, raw []byte) error {
	m.Kind = kind
	return message(raw, func(f field) error {
		switch f.number {
		case 1:
			point := Point{Attributes: make(map[string]string)}
			decode := map[Kind]func([]byte) error{
				Gauge: point.number, Sum: point.number, Histogram: point.histogram, ExponentialHistogram: point.exponential,
			}[kind]
			err := decode(f.bytes)
			m.Points = append(m.Points, point)
			return err
		case 2:
			m.Temporality = Temporality(f.bits)
		case 3:
			m.Monotonic = f.bits != 0
		}
		return nil
	})
}

func (p *Point) number(raw []byte) error {
	return message(raw, func(f field) error {
		switch f.number {
		case 2:
			p.Start = f.bits
		case 3:
			p.Time = f.bits
		case 4:
			p.Value = f.float()
		case 6:
			p.Value = float64(int64(f.bits)) //nolint:gosec // a signed number in two's complement
		case 7:
			return attribute(p.Attributes, f.bytes)
		}
		return nil
	})
}

func (p *Point) histogram(raw []byte) error {
	return message(raw, func(f field) (err error) {
		switch f.number {
		case 6:
			p.Counts, err = fixed(f.bytes)
		case 7:
			var bounds []uint64
			bounds, err = fixed(f.bytes)
			for _, bits := range bounds {
				p.Bounds = append(p.Bounds, math.Float64frombits(bits))
			}
		case 9:
			err = attribute(p.Attributes, f.bytes)
		default:
			p.summary(f)
		}
		return err
	})
}

// summary reads what histograms of both kinds have under the same numbers.
func (p *Point) summary(f field) {
	switch f.number {
	case 2:
		p.Start = f.bits
	case 3:
		p.Time = f.bits
	case 4:
		p.Count = f.bits
	case 5:
		p.Sum = f.float()
	}
}

func (p *Point) exponential(raw []byte) error {
	return message(raw, func(f field) error {
		switch f.number {
		case 1:
			return attribute(p.Attributes, f.bytes)
		case 6:
			p.Scale = f.zigzag()
		case 8:
			return message(f.bytes, func(f field) (err error) {
				switch f.number {
				case 1:
					p.Offset = f.zigzag()
				case 2:
					p.Counts, err = varints(f.bytes)
				}
				return err
			})
		default:
			p.summary(f)
		}
		return nil
	})
}

// attribute reads a KeyValue, whose value may be a text, a truth value or a number.
func attribute(into map[string]string, raw []byte) error {
	var key, value string
	err := message(raw, func(f field) error {
		switch f.number {
		case 1:
			key = string(f.bytes)
		case 2:
			return message(f.bytes, func(f field) error {
				switch f.number {
				case 1:
					value = string(f.bytes)
				case 2:
					value = strconv.FormatBool(f.bits != 0)
				case 3:
					value = strconv.FormatInt(int64(f.bits), 10) //nolint:gosec // a signed number in two's complement
				case 4:
					value = strconv.FormatFloat(f.float(), 'g', -1, 64)
				}
				return nil
			})
		}
		return nil
	})
	into[key] = value
	return err
}
