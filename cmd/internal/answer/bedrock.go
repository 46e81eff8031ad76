package answer

import "encoding/base64"

// readBedrock reads the answers of Bedrock's Converse, and those of other APIs
// that Bedrock wraps. A stream consists of AWS's frames, and has its usage in the
// event metadata, which is its last one. Programs pass the events on as objects
// with one member, as boto3 returns them.
func (s *state) readBedrock(m *message) bool {
	switch {
	case m.frame:
		s.readFrame(m)
	case m.contentBlockDelta.isObject():
		s.streamed = true
		s.contains(m.contentBlockDelta.at("delta"))
	case m.messageStop.isObject():
		s.streamed = true
		if reason := reasonOf(m.messageStop.at("stopReason")); reason.stated() {
			s.stop(0, reason)
		}
	case m.otherBlock.isObject() && !m.whole:
		s.streamed = true
	case m.metadata.at("usage").isObject() && !m.whole:
		s.readUsage("metadata.usage", m.metadata.at("usage"))
		s.ended = true
	case m.stopReasonCamel.isString() && m.whole:
		s.finish(m.stopReasonCamel)
	default:
		return false
	}
	return true
}

func (s *state) readFrame(m *message) {
	s.streamed = true
	switch string(m.name) {
	case "messageStart":
		s.choose(0)
	case "contentBlockDelta":
		s.contains(m.delta)
	case "messageStop":
		if reason := reasonOf(m.stopReasonCamel); reason.stated() {
			s.stop(0, reason)
		}
	case "metadata":
		s.ended = true
	case "chunk":
		s.readBytes(m.bytes)
	}
}

// readBytes reads an event of another API, or a part of a text.
func (s *state) readBytes(v value) {
	content := v.content()
	text := make([]byte, base64.StdEncoding.DecodedLen(len(content)))
	n, err := base64.StdEncoding.Decode(text, content)
	if err != nil {
		s.broken("a chunk is not in base64")
		return
	}
	var inner message
	switch {
	case inner.parse(text[:n], !s.content):
		s.readMessage(&inner)
	case n > 0:
		s.hasContent()
	}
}
