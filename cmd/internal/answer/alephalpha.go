package answer

// readAlephAlpha reads the completions of Aleph Alpha. A stream has its finish reason
// in a summary of each choice, and its usage in the summary of all, which is its end
// mark.
func (s *state) readAlephAlpha(m *message) bool {
	switch {
	case m.is("stream_chunk"):
		s.streamed = true
		s.choose(0)
		s.contains(m.completion)
		return true
	case m.is("stream_summary"):
		s.streamed = true
		s.choose(0)
		if reason := reasonOf(m.finishReason); reason.stated() {
			s.finish(reason) // the counts are yet to come
		}
		return true
	case m.is("completion_summary"):
		s.readCounts(&s.usage.own, "completion_summary", m.text)
		s.noteOutput(&s.usage.own)
		s.ended = true
		return true
	}
	if !m.whole || !m.tokensGenerated.isNumber() {
		return false
	}
	for e := m.text.at("completions").elements(); e.next(); {
		if reason := reasonOf(e.value.at("finish_reason")); reason.stated() {
			s.finish(reason)
		}
	}
	s.readCounts(&s.usage.own, "", m.text)
	return true
}
