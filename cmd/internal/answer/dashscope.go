package answer

// readDashScope reads the own API of Alibaba's DashScope, whose events repeat all
// counts so far. Its end mark is a finish_reason, which is the text "null" until
// then.
func (s *state) readDashScope(m *message) bool {
	choices, finish := m.output.at("choices"), m.output.at("finish_reason")
	if !choices.isArray() && !finish.isString() {
		return false
	}
	if !m.whole {
		s.streamed = true
		s.choose(0)
		s.contains(m.output.at("text"))
	}
	if reason := reasonOf(finish); reason.stated() {
		s.stop(0, reason)
	}
	for e := choices.elements(); e.next(); {
		part := s.readChoice(m, e.value)
		if !m.whole {
			s.contains(part.message)
		}
		if part.finish.stated() {
			s.stop(part.index, part.finish)
		}
	}
	return true
}
