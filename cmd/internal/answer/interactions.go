package answer

import "github.com/dspy-metrics/dspy-metrics/otelmetrics"

import "bytes"

// readInteractions reads Gemini's interactions. A stream has its usage in the
// event that says that the interaction is complete, which is its end mark.
func (s *state) readInteractions(m *message) bool {
	kind := m.eventType.content()
	switch {
	case bytes.HasPrefix(kind, []byte("interaction.")):
		s.streamed = true
		s.readInteraction(m, m.interaction)
		switch string(kind) {
		case "interaction.complete", "interaction.completed":
			s.ended = true
		case "interaction.failed":
			s.fail(m.errorType(m.interaction.at("error")))
		}
	case bytes.HasPrefix(kind, []byte("content.")):
		s.streamed = true
		s.contains(m.delta)
	case m.object.is("interaction"):
		s.readInteraction(m, m.text)
	default:
		return false
	}
	return true
}

func (s *state) readInteraction(m *message, interaction value) {
	s.readModel(interaction.at("model"))
	switch status := interaction.at("status"); {
	case status.is("failed"):
		s.fail(m.errorType(interaction.at("error")))
	case status.is("completed"):
		s.finished = otelmetrics.FinishStop
	case status.is("requires_action"):
		s.finished = otelmetrics.FinishToolCalls
	}
	if !m.whole { // a whole one's is read as in all dialects
		s.readUsage("interaction.usage", interaction.at("usage"))
	}
}
