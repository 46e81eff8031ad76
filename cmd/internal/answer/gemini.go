package answer

// readGemini reads Gemini's answers, of Google's AI Studio and of Vertex AI. A
// stream is one of events or one JSON array that comes in parts. Usage is
// cumulative in each, and the end mark is a finishReason, or the reason why the
// prompt was blocked.
func (s *state) readGemini(m *message) bool {
	var inner message
	switch {
	case isGemini(m):
	case m.response.isObject() && !m.kind.stated() && !m.object.stated(): // Code Assist puts it into a member
		if !inner.parse(m.response, false) || !isGemini(&inner) {
			return false
		}
		inner.whole = m.whole
		m = &inner
	default:
		return false
	}
	s.streamed = s.streamed || !m.whole
	s.readModel(m.modelVersion)
	for e := m.candidates.elements(); e.next(); {
		index := 0
		var reason value
		for member := e.value.members(); member.next(); {
			switch string(member.name) {
			case "index":
				n, _ := parseDigits(member.value)
				index = int(n)
			case "finishReason", "finish_reason":
				reason = reasonOf(member.value)
			case "content":
				if !m.whole {
					s.contains(member.value)
				}
			}
		}
		s.choose(index)
		if reason.stated() && !reason.is("FINISH_REASON_UNSPECIFIED") {
			s.stop(index, reason)
		}
	}
	if reason := m.promptFeedback.at("blockReason"); !reason.empty() {
		s.stop(0, value(`"content_filter"`))
	}
	s.readUsage("usageMetadata", m.usageMetadata)
	return true
}

// isGemini reports whether an object is one of Gemini's. In other answers,
// candidates may be a word of the answer.
func isGemini(m *message) bool {
	if m.promptFeedback.isObject() || m.usageMetadata.at("promptTokenCount").stated() || m.usageMetadata.at("prompt_token_count").stated() ||
		m.usageMetadata.isObject() && m.modelVersion.isString() {
		return true
	}
	for e := m.candidates.elements(); e.next(); {
		if e.value.at("content").isObject() || e.value.at("finishReason").isString() {
			return true
		}
	}
	return false
}
