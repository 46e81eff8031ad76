package answer

// readDSPy reads what a DSPy program sends: the events of streaming_response and
// of programs that write their own. A chunk of a completion is inside an event of
// the program, as an object or as a string that contains one; other programs have
// text there. The end mark is the event of the prediction.
//
// A whole answer of a program has no shape of its own. What it states is read as
// in all dialects, and its usage is by model ([state.readModels]).
func (s *state) readDSPy(m *message) bool {
	switch {
	case m.whole:
		return false
	case m.prediction.isObject(), m.named("prediction"):
		if !s.failed {
			s.hasContent()
		}
		s.ended = true
	case m.chunk.isObject(), m.chunk.isString():
		s.readWrapped(m)
	default:
		return false
	}
	return true
}

// readWrapped reads an event with a chunk.
func (s *state) readWrapped(m *message) {
	chunk := m.chunk
	if chunk.isString() {
		s.scratch = unescape(s.scratch[:0], chunk)
		chunk = s.scratch
	}
	var inner message
	if !inner.parse(chunk, false) || !inner.choices.isArray() {
		if inner.text == nil && len(m.chunk) > 2 || hasText(inner.text) {
			s.hasContent()
		}
		return
	}
	s.streamed = true
	s.readFailure(&inner)
	s.readModel(inner.model)
	s.readTier(tierOf(inner.tier))
	var stated statement
	s.readCounts(&stated, "chunk.usage", inner.usage)
	turn := s.completions.read(inner.id, inner.predictID, &stated)
	for e := inner.choices.elements(); e.next(); {
		part := s.readChoice(&inner, e.value)
		s.contains(part.delta, part.message, part.text)
		if part.finish.stated() {
			s.finish(part.finish)
		}
		turn.choice(part)
	}
	turn.spent.merge(&stated)
	s.completions.between = turn.stopped != 0
}
