package check

import (
	"errors"
	"fmt"
	"mime"
	"net/http"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/grpc/encoding"
	encodingproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	// messageSize is about what a message of OTLP takes in memory, whose own text
	// can be two bytes.
	messageSize = 160
	// expansion is how much more memory an export may take than its largest text.
	expansion = 8
)

// decode reads an export that is not packed, if it takes no more memory than it may.
func decode(body []byte, contentType string, most int) (*collectorpb.ExportMetricsServiceRequest, int, error) {
	in := new(collectorpb.ExportMetricsServiceRequest)
	var err error
	switch mediaType, _, _ := mime.ParseMediaType(contentType); mediaType {
	case "application/x-protobuf":
		err = unmarshal(body, in, most)
	case "application/json":
		if braces(body)*messageSize > most*expansion {
			return nil, http.StatusBadRequest, errExpands
		}
		err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(body, in)
	default:
		return nil, http.StatusUnsupportedMediaType, fmt.Errorf("content type %q, want application/x-protobuf or application/json", contentType)
	}
	if err != nil {
		return nil, http.StatusBadRequest, err
	}
	return in, http.StatusOK, nil
}

// errExpands means that decoding an export would take much more memory than its size.
var errExpands = errors.New("the export has too many messages for its size: raise --max-bytes")

func unmarshal(body []byte, in proto.Message, most int) error {
	room := most * expansion
	if err := measure(body, in.ProtoReflect().Descriptor(), &room); err != nil {
		return err
	}
	return proto.Unmarshal(body, in)
}

// measure takes from the room what a message takes in memory when it is decoded.
func measure(body []byte, message protoreflect.MessageDescriptor, room *int) error {
	if *room -= messageSize; *room < 0 {
		return errExpands
	}
	for len(body) > 0 {
		number, kind, length := protowire.ConsumeTag(body)
		if length < 0 {
			return protowire.ParseError(length)
		}
		size := protowire.ConsumeFieldValue(number, kind, body[length:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		value := body[length : length+size]
		body = body[length+size:]
		*room -= size
		field := message.Fields().ByNumber(number)
		if kind != protowire.BytesType || field == nil {
			continue
		}
		content, _ := protowire.ConsumeBytes(value)
		switch {
		case field.Message() != nil:
			if err := measure(content, field.Message(), room); err != nil {
				return err
			}
		case field.IsPacked() && field.Kind() != protoreflect.Fixed64Kind && field.Kind() != protoreflect.DoubleKind:
			*room -= 8 * len(content) // a byte or more for each number
		}
	}
	if *room < 0 {
		return errExpands
	}
	return nil
}

// braces counts the objects of a JSON text.
func braces(text []byte) int {
	count, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch {
		case quoted && text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && text[i] == '{':
			count++
		}
	}
	return count
}

// codec is that of gRPC with exports measured before they are decoded.
type codec struct {
	encoding.CodecV2
	most int
}

func newCodec(most int) codec { return codec{encoding.GetCodecV2(encodingproto.Name), most} }

// Unmarshal implements [encoding.CodecV2].
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	in, ok := v.(*collectorpb.ExportMetricsServiceRequest)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	body := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer body.Free()
	return unmarshal(body.ReadOnlyData(), in, c.most)
}
