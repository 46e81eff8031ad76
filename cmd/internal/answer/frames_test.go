package answer

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/google/go-cmp/cmp"
)

// The decoder of the AWS SDK reads the same of every message, and refuses the
// same ones.
func TestFramesAsTheSDK(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	values := []eventstream.Value{
		eventstream.BoolValue(true), eventstream.BoolValue(false), eventstream.Int8Value(1), eventstream.Int16Value(2), eventstream.Int32Value(3), eventstream.Int64Value(4),
		eventstream.BytesValue("bytes"), eventstream.StringValue("text"), eventstream.TimestampValue(time.UnixMilli(5)),
		eventstream.UUIDValue{6},
	}
	agreed := 0
	for range 2000 {
		message := eventstream.Message{Payload: []byte(`{"delta":{"text":"x"}}`)[:random.IntN(22)]}
		message.Headers.Set(":message-type", eventstream.StringValue("event"))
		for _, name := range []string{":event-type", "other", "another"} {
			message.Headers.Set(name, values[random.IntN(len(values))])
		}
		var b bytes.Buffer
		if err := eventstream.NewEncoder().Encode(&b, message); err != nil {
			t.Fatal(err)
		}
		frame := b.Bytes()
		if random.IntN(3) == 0 {
			frame[random.IntN(len(frame)-4)+4] ^= byte(1 << random.IntN(8))
		}
		_, err := eventstream.NewDecoder().Decode(bytes.NewReader(frame), nil)
		f := &frames{state: new(state), limit: megabyte}
		if got := f.decode(frame); got != (err == nil) {
			t.Fatalf("%q is decoded: %t; by the SDK: %v", frame, got, err)
		}
		if err != nil {
			continue
		}
		agreed++
		h, ok := readFrameHeader(frame[preludeLength : preludeLength+int(frame[7])])
		if !ok || !cmp.Equal(h.messageType, []byte("event")) {
			t.Fatalf("the header of %q: %t, %q", frame, ok, h)
		}
	}
	if agreed < 500 {
		t.Errorf("only %d messages could be read", agreed)
	}
}
