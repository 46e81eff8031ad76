package otlptest

import (
	"encoding/binary"
	"errors"
	"iter"
	"math"
)

// field is one field of a protobuf message: a number, or bytes.
type field struct {
	number int
	bits   uint64 // of a varint or a fixed number
	bytes  []byte // of a text, a message or packed numbers
}

func (f field) float() float64 { return math.Float64frombits(f.bits) }

// zigzag is a signed number as protobuf's sint32 has it.
func (f field) zigzag() int {
	return int(int32(uint32(f.bits)>>1) ^ -int32(f.bits&1)) //nolint:gosec // 32 bits by definition
}

// errWire is the error for a request that is not a protobuf message.
var errWire = errors.New("not a protobuf message")

// fields reads the fields of a message in order. The format is small enough to be read
// here, and this module then requires neither protobuf nor gRPC: a test of the command
// compares the result with protobuf's own.
func fields(message []byte) iter.Seq2[field, error] {
	return func(yield func(field, error) bool) {
		for len(message) > 0 {
			f, n := next(message)
			if n == 0 {
				yield(field{}, errWire)
				return
			}
			if !yield(f, nil) {
				return
			}
			message = message[n:]
		}
	}
}

// next reads one field and how many bytes it takes, 0 if it is none.
func next(message []byte) (f field, length int) {
	key, n := binary.Uvarint(message)
	if n <= 0 || key>>3 == 0 || key>>3 > 1<<29-1 {
		return field{}, 0
	}
	f.number = int(key >> 3)
	rest := message[n:]
	switch key & 7 {
	case 0:
		bits, m := binary.Uvarint(rest)
		if m <= 0 {
			return field{}, 0
		}
		f.bits = bits
		return f, n + m
	case 1:
		if len(rest) < 8 {
			return field{}, 0
		}
		f.bits = binary.LittleEndian.Uint64(rest)
		return f, n + 8
	case 2:
		size, m := binary.Uvarint(rest)
		if m <= 0 || size > uint64(len(rest)-m) { //nolint:gosec // m bytes were read of it
			return field{}, 0
		}
		end := m + int(size) //nolint:gosec // not more than there is
		f.bytes = rest[m:end]
		return f, n + end
	case 5:
		if len(rest) < 4 {
			return field{}, 0
		}
		f.bits = uint64(binary.LittleEndian.Uint32(rest))
		return f, n + 4
	}
	return field{}, 0
}

// fixed reads packed numbers of 8 bytes.
func fixed(packed []byte) ([]uint64, error) {
	if len(packed)%8 != 0 {
		return nil, errWire
	}
	var all []uint64
	for ; len(packed) > 0; packed = packed[8:] {
		all = append(all, binary.LittleEndian.Uint64(packed))
	}
	return all, nil
}

// varints reads packed numbers of any length.
func varints(packed []byte) ([]uint64, error) {
	var all []uint64
	for len(packed) > 0 {
		value, n := binary.Uvarint(packed)
		if n <= 0 {
			return nil, errWire
		}
		all = append(all, value)
		packed = packed[n:]
	}
	return all, nil
}
