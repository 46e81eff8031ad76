package answer

import "bytes"

// readCohere reads Cohere's answers, of both versions. A stream has its usage in
// its last event, which is its end mark: message-end of version 2, stream-end of
// version 1. Cohere states two counts of one call, of which the billed one holds.
func (s *state) readCohere(m *message) bool {
	kind := m.kind.content()
	switch {
	case m.eventType.isString():
		s.readCohere1(m)
	case m.is("message-end"):
		s.streamed = true
		s.readError("delta.error", m.delta.at("error"), m)
		if reason := reasonOf(m.delta.at("finish_reason")); reason.stated() {
			s.stop(0, reason)
		}
		s.readUsage("delta.usage", m.delta.at("usage"))
		s.ended = true
	case m.is("message-start"), bytes.HasPrefix(kind, []byte("content-")), bytes.HasPrefix(kind, []byte("tool-call-")),
		m.is("tool-plan-delta"), bytes.HasPrefix(kind, []byte("citation-")):
		s.streamed = true
		s.contains(m.delta.at("message"))
	case m.message.isObject() && m.finishReason.isString() && m.whole:
		s.finish(m.finishReason)
	case m.meta.at("billed_units").isObject(), m.meta.at("tokens").isObject():
		if reason := reasonOf(m.finishReason); reason.stated() {
			s.finish(reason)
		}
		s.readUsage("meta", m.meta)
	default:
		return false
	}
	return true
}

func (s *state) readCohere1(m *message) {
	s.streamed = true
	if !m.eventType.is("stream-end") {
		s.contains(m.plainText, m.text.at("tool_call_delta"))
		return
	}
	if reason := reasonOf(m.finishReason); reason.stated() {
		s.stop(0, reason)
	}
	s.contains(m.response.at("text"))
	s.readUsage("response.meta", m.response.at("meta"))
	s.ended = true
}
