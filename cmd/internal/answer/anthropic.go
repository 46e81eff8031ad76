package answer

// readAnthropic reads Anthropic's messages, and its older completions. A stream
// has its input in the first event, and its output, cumulative and sometimes with
// all the rest again, in message_delta. Its end mark is message_stop, or the
// stop_reason before it.
func (s *state) readAnthropic(m *message) bool {
	switch {
	case m.is("message_start"):
		s.streamed = true
		s.choose(0)
		s.readModel(m.message.at("model"))
		s.readUsage("message.usage", m.message.at("usage"))
	case m.is("content_block_delta"):
		s.streamed = true
		s.contains(m.delta)
	case m.is("content_block_start"), m.is("content_block_stop"), m.is("ping"):
	case m.is("message_delta"):
		s.streamed = true
		if reason := reasonOf(m.delta.at("stop_reason")); reason.stated() {
			s.stop(0, reason)
		}
	case m.is("message_stop"):
		s.ended = true
	case m.kind.is("message") && m.content.isArray(), m.kind.is("completion"):
		s.readModel(m.model)
		if !m.whole {
			s.streamed = true
			s.choose(0)
			s.contains(m.content, m.completion)
		}
		if reason := reasonOf(m.stopReason); reason.stated() {
			s.stop(0, reason)
		}
	default:
		return false
	}
	return true
}
