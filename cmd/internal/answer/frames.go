package answer

import (
	"encoding/binary"
	"hash/crc32"
)

// frames cuts an answer into the messages of AWS's event stream encoding
// (application/vnd.amazon.eventstream), wherever the writes are cut. The decoder
// of the AWS SDK makes 40 allocations for a message; the tests compare with it.
type frames struct {
	state *state
	limit int

	frame  []byte // the part of the message that has come
	skip   uint32 // how much is left of a message that is over the limit
	broken bool   // what comes cannot be read any more
}

// A message begins with its length, the length of its header and a checksum of
// both. Then come the header, the payload and a checksum of everything.
const (
	preludeLength  = 12
	checksumLength = 4
	leastFrame     = preludeLength + checksumLength
)

func (f *frames) write(p []byte) {
	for len(p) > 0 && !f.broken {
		if f.skip > 0 {
			n := min(int64(f.skip), int64(len(p)))
			f.skip -= uint32(n) //nolint:gosec // it is at most skip
			p = p[n:]
			continue
		}
		p = f.take(p)
	}
}

// take reads one message, or the part of it that is in p, and returns the rest of
// p.
func (f *frames) take(p []byte) []byte {
	if missing := 4 - len(f.frame); missing > 0 && len(f.frame)+len(p) >= 4 {
		f.frame = append(f.frame, p[:missing]...)
		p = p[missing:]
	}
	if len(f.frame) < 4 {
		f.frame = append(f.frame, p...)
		return nil
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
		if !f.decode(f.frame) {
			f.fail()
			return nil
		}
		f.frame = f.frame[:0]
	}
	return p[n:]
}

// decode reads a whole message, and reports whether it is one.
func (f *frames) decode(frame []byte) bool {
	end := len(frame) - checksumLength
	headerLength := binary.BigEndian.Uint32(frame[4:])
	if int64(headerLength) > int64(end-preludeLength) ||
		crc32.ChecksumIEEE(frame[:8]) != binary.BigEndian.Uint32(frame[8:]) ||
		crc32.ChecksumIEEE(frame[:end]) != binary.BigEndian.Uint32(frame[end:]) {
		return false
	}
	payload := frame[preludeLength+headerLength : end]
	header, ok := readFrameHeader(frame[preludeLength : preludeLength+headerLength])
	if !ok {
		return false
	}
	switch string(header.messageType) {
	case "exception":
		f.state.exception(header.exceptionType, payload)
	case "error":
		f.state.exception(header.errorCode, nil)
	default:
		f.state.event(event{name: header.eventType, data: payload, frame: true})
	}
	return true
}

// frameHeader contains the headers of a message that are read.
type frameHeader struct{ messageType, eventType, exceptionType, errorCode []byte }

func readFrameHeader(text []byte) (h frameHeader, ok bool) {
	for len(text) > 0 {
		nameLength := int(text[0])
		if len(text) < 1+nameLength+1 {
			return h, false
		}
		name, kind := text[1:1+nameLength], text[1+nameLength]
		text = text[2+nameLength:]
		skip, length := frameValue(kind, text)
		if length < 0 || len(text) < skip+length {
			return h, false
		}
		value := text[skip : skip+length]
		text = text[skip+length:]
		switch string(name) {
		case ":message-type":
			h.messageType = value
		case ":event-type":
			h.eventType = value
		case ":exception-type":
			h.exceptionType = value
		case ":error-code":
			h.errorCode = value
		}
	}
	return h, true
}

// frameValue returns where a value of a header begins, by its type, and how long
// it is, or a negative length.
func frameValue(kind byte, text []byte) (skip, length int) {
	switch kind {
	case 0, 1: // true and false
		return 0, 0
	case 2:
		return 0, 1
	case 3:
		return 0, 2
	case 4:
		return 0, 4
	case 5, 8: // a number, a time
		return 0, 8
	case 6, 7: // bytes, text
		if len(text) < 2 {
			return 0, -1
		}
		return 2, int(binary.BigEndian.Uint16(text))
	case 9: // a UUID
		return 0, 16
	default:
		return 0, -1
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
