package answer

// readLlamaCPP reads the own API of llama.cpp's server, whose last event says
// that it stopped. Its chat completions have the shape of OpenAI's, with timings.
func (s *state) readLlamaCPP(m *message) bool {
	if !m.content.isString() || !m.stop.isBool() {
		return false
	}
	s.readModel(m.model)
	if !m.whole {
		s.streamed = true
		s.contains(m.content)
	}
	if !m.stop.isTrue() {
		return true
	}
	if reason := reasonOf(m.stopType); reason.stated() {
		s.finish(reason)
	}
	s.readCount(&s.usage.own, tokensEvaluated, m.tokensEvaluated, "tokens_evaluated", "", nil)
	s.readCount(&s.usage.own, tokensPredicted, m.tokensPredicted, "tokens_predicted", "", nil)
	s.ended = true
	return true
}
