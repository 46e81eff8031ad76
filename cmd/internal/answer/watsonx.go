package answer

// readWatsonx reads the text generation of IBM's watsonx.ai, and Amazon's Titan,
// which has the same shape with other names. A stream of watsonx states the input
// in its first event, and the output so far in each; its end mark is a
// stop_reason.
func (s *state) readWatsonx(m *message) bool {
	known := false
	for e := m.results.elements(); e.next(); {
		text, reason := e.value.at("generated_text"), reasonOf(e.value.at("stop_reason"))
		if !text.isString() {
			text, reason = e.value.at("outputText"), reasonOf(e.value.at("completionReason"))
		}
		if !text.isString() {
			continue
		}
		known = true
		if !m.whole {
			s.streamed = true
			s.choose(0)
			s.contains(text)
		}
		if reason.stated() && !reason.is("not_finished") {
			s.stop(0, reason)
		}
		s.readCounts(&s.usage.own, "results", e.value)
		if count := e.value.at("tokenCount"); count.stated() {
			s.readCount(&s.usage.own, bedrockOutput, count, "results", "", []byte("tokenCount"))
		}
		s.noteOutput(&s.usage.own)
	}
	return known
}
