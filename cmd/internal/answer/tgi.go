package answer

// readTGI reads the own API of Hugging Face's Text Generation Inference, whose
// last event has all of the text, and the counts if they were asked for.
func (s *state) readTGI(m *message) bool {
	event := m.token.isObject() && len(m.generatedText) > 0
	if !event && (!m.generatedText.isString() || !m.details.isObject()) {
		return false
	}
	if event && !m.whole {
		s.streamed = true
		s.choose(0)
		s.contains(m.token.at("text"))
	}
	if !m.generatedText.isString() {
		return true
	}
	s.readCount(&s.usage.own, inputTokens, m.details.at("input_length"), "details", "", []byte("input_length"))
	s.readCount(&s.usage.own, outputTokens, m.details.at("generated_tokens"), "details", "", []byte("generated_tokens"))
	if reason := reasonOf(m.details.at("finish_reason")); reason.stated() {
		s.finish(reason)
	}
	s.ended = true
	return true
}

// readTGIElement reads an element of an array of answers. They are of several prompts,
// so that their counts are added up. Such an answer is no stream.
func (s *state) readTGIElement(m *message) bool {
	if !m.generatedText.isString() || !m.details.isObject() {
		return false
	}
	var one statement
	s.readCount(&one, inputTokens, m.details.at("input_length"), "details", "", []byte("input_length"))
	s.readCount(&one, outputTokens, m.details.at("generated_tokens"), "details", "", []byte("generated_tokens"))
	if reason := reasonOf(m.details.at("finish_reason")); reason.stated() {
		s.finish(reason)
	}
	s.usage.rest.add(one.spent())
	return true
}
