package provider

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"net/http"
)

// converse is Amazon Bedrock's API, whose streams are binary messages.
type converse struct{}

func (converse) whole(a *answer) any {
	return object{
		"output":     object{"message": object{"role": "assistant", "content": list{object{"text": "one two three"}}}},
		"stopReason": "end_turn", "usage": converseUsage(a.Order), "metrics": object{"latencyMs": 5},
	}
}

func (converse) open(a *answer) {
	a.contentType("application/vnd.amazon.eventstream")
	message(a, "event", "messageStart", object{"role": "assistant"})
}

func (converse) content(a *answer, text string) {
	message(a, "event", "contentBlockDelta", object{"contentBlockIndex": 0, "delta": object{"text": text}})
}

func (converse) finish(a *answer) {
	message(a, "event", "contentBlockStop", object{"contentBlockIndex": 0})
	message(a, "event", "messageStop", object{"stopReason": "end_turn"})
	message(a, "event", "metadata", object{"usage": converseUsage(a.Order), "metrics": object{"latencyMs": 5}})
}

func (converse) failure(f Fault) (status int, body any) {
	status, name := converseFailure(f)
	return status, object{"__type": name, "message": "as it was asked"}
}

func (converse) breakOff(a *answer, f Fault) {
	_, name := converseFailure(f)
	message(a, "exception", name, object{"message": "as it was asked"})
}

func converseFailure(f Fault) (status int, name string) {
	switch f {
	case RateLimit, LateRateLimit:
		return http.StatusTooManyRequests, "throttlingException"
	case Overloaded, LateOverload:
		return http.StatusServiceUnavailable, "serviceUnavailableException"
	default:
		return http.StatusBadRequest, "validationException"
	}
}

func converseUsage(o Order) object {
	return object{
		"inputTokens": o.Input - o.CacheRead - o.CacheWrite, "outputTokens": o.Output, "totalTokens": o.Input + o.Output,
		"cacheReadInputTokens": o.CacheRead, "cacheWriteInputTokens": o.CacheWrite,
	}
}

// message writes one message of the encoding application/vnd.amazon.eventstream:
// two lengths and their checksum, headers, a payload, and the checksum of all.
func message(a *answer, kind, name string, payload any) {
	var headers bytes.Buffer
	header := func(name, value string) {
		const isString = 7
		headers.WriteByte(byte(len(name)))
		headers.WriteString(name)
		headers.WriteByte(isString)
		headers.Write(binary.BigEndian.AppendUint16(nil, uint16(len(value))))
		headers.WriteString(value)
	}
	header(":"+kind+"-type", name)
	header(":content-type", "application/json")
	header(":message-type", kind)
	text := marshal(payload)
	const around = 16
	all := binary.BigEndian.AppendUint32(nil, uint32(around+headers.Len()+len(text)))
	all = binary.BigEndian.AppendUint32(all, uint32(headers.Len()))
	all = binary.BigEndian.AppendUint32(all, crc32.ChecksumIEEE(all))
	all = append(all, headers.Bytes()...)
	all = append(all, text...)
	a.write(string(binary.BigEndian.AppendUint32(all, crc32.ChecksumIEEE(all))))
}
