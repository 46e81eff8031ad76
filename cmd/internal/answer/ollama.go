package answer

// readOllama reads Ollama's own answers. A stream consists of lines, of which the
// last one has the counts and says that it is done.
func (s *state) readOllama(m *message) bool {
	if !m.done.isBool() || !m.message.isObject() && !m.response.isString() {
		return false
	}
	s.readModel(m.model)
	if !m.done.isTrue() || !m.whole {
		s.streamed = true
	}
	if s.streamed {
		s.contains(m.message, m.response, m.thinking)
	}
	if !m.done.isTrue() {
		return true
	}
	if reason := reasonOf(m.doneReason); reason.stated() {
		s.finish(reason)
	}
	s.readCount(&s.usage.own, promptEvalCount, m.promptEvalCount, "prompt_eval_count", "", nil)
	s.readCount(&s.usage.own, evalCount, m.evalCount, "eval_count", "", nil)
	s.ended = true
	return true
}
