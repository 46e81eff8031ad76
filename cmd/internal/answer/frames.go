package answer

import (
	"bytes"
	"encoding/binary"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

// frames cuts an answer into the messages of AWS's event stream encoding
// (application/vnd.amazon.eventstream), wherever the writes are cut.
type frames struct {
	state *state
	limit int

	frame  []byte // the part of the message that has come
	skip   uint32 // how much is left of a message that is over the limit
	broken bool   // what comes cannot be read any more
}

// A message begins with its length, the length of its header and a checksum of
// both, and ends with a checksum.
const (
	preludeLength = 12
	leastFrame    = preludeLength + 4
)

func (f *frames) write(p []byte) {
	for len(p) > 0 && !f.broken {
		if f.skip > 0 {
			n := min(int(f.skip), len(p))
			f.skip -= uint32(n) //nolint:gosec // it is at most skip
			p = p[n:]
			continue
		}
		p = f.take(p)
	}
}

// take reads from p what is missing of one message, and returns the rest of p.
func (f *frames) take(p []byte) []byte {
	if missing := 4 - len(f.frame); missing > 0 {
		n := min(missing, len(p))
		f.frame = append(f.frame, p[:n]...)
		if p = p[n:]; n < missing {
			return nil
		}
	}
	length := binary.BigEndian.Uint32(f.frame)
	switch {
	case length < leastFrame:
		f.fail()
		return nil
	case int64(length) > int64(f.limit):
		f.state.tooLarge("an event", f.limit)
		f.frame, f.skip = f.frame[:0], length-4
		return p
	}
	n := min(int(length)-len(f.frame), len(p))
	f.frame = append(f.frame, p[:n]...)
	if len(f.frame) == int(length) {
		f.decode()
		f.frame = f.frame[:0]
	}
	return p[n:]
}

func (f *frames) decode() {
	message, err := eventstream.NewDecoder().Decode(bytes.NewReader(f.frame), nil)
	if err != nil {
		f.fail()
		return
	}
	header := func(name string) string {
		if v, ok := message.Headers.Get(name).(eventstream.StringValue); ok {
			return string(v)
		}
		return ""
	}
	switch header(":message-type") {
	case "exception":
		f.state.exception(header(":exception-type"), message.Payload)
	case "error":
		f.state.exception(header(":error-code"), nil)
	default:
		f.state.event(event{name: []byte(header(":event-type")), data: message.Payload, frame: true})
	}
}

func (f *frames) fail() {
	f.broken, f.frame = true, nil
	f.state.broken("a message of the event stream cannot be read")
}

func (f *frames) close() {
	if len(f.frame) > 0 || f.skip > 0 {
		f.state.broken("a message of the event stream does not end")
	}
	f.frame = nil
}
