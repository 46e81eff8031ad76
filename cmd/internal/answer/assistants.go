package answer

import "bytes"

// readAssistants reads the streams of OpenAI's assistants, by the names of their
// events. The usage is in the event that a run has come to its end, which is the
// end mark.
func (s *state) readAssistants(m *message) bool {
	if m.whole || !bytes.HasPrefix(m.name, []byte("thread.")) {
		return false
	}
	s.streamed = true
	switch string(m.name) {
	case "thread.message.delta", "thread.run.step.delta":
		s.contains(m.delta)
	case "thread.run.completed", "thread.run.requires_action", "thread.run.incomplete":
		s.readModel(m.model)
		s.ended = true
	case "thread.run.failed", "thread.run.expired", "thread.run.cancelled":
		s.fail(m.errorType(m.text.at("last_error")))
	}
	return true
}
