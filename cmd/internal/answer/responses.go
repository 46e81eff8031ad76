package answer

import (
	"bytes"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// readResponses reads OpenAI's responses. A stream has its usage inside the
// response of the event that is its end mark.
func (s *state) readResponses(m *message) bool {
	kind := m.kind.content()
	if len(kind) == 0 {
		kind = m.name
	}
	event := bytes.HasPrefix(kind, []byte("response."))
	if !event && !m.object.is("response") {
		return false
	}
	if m.whole || !event {
		s.readResponse(m, m.text)
		return true
	}
	s.streamed = true
	switch string(kind) {
	case "response.completed", "response.incomplete", "response.failed", "response.cancelled", "response.done":
		s.readUsage("response.usage", s.readResponse(m, m.response))
		if string(kind) == "response.failed" {
			s.fail(m.errorType(nil))
		}
		s.ended = true
	case "response.error":
		s.fail(m.errorType(nil))
	case "response.image_generation_call.partial_image":
		s.contains(m.text.at("partial_image_b64"))
	default:
		switch {
		case bytes.HasSuffix(kind, []byte(".delta")):
			s.contains(m.delta)
		case bytes.HasSuffix(kind, []byte(".done")):
			s.contains(m.plainText)
		}
	}
	return true
}

// readResponse reads the object of a response, and returns its usage.
func (s *state) readResponse(m *message, response value) (usage value) {
	var status, reason, output value
	for member := response.members(); member.next(); {
		switch string(member.name) {
		case "usage":
			usage = member.value
		case "model":
			s.readModel(member.value)
		case "service_tier":
			s.readTier(tierOf(member.value))
		case "status":
			status = member.value
		case "error":
			s.readError("response.error", member.value, m)
		case "incomplete_details":
			reason = member.value.at("reason")
		case "output":
			output = member.value
		}
	}
	switch {
	case status.is("failed"):
		s.fail(otelmetrics.ErrorPredictionFailed)
		s.finished = otelmetrics.FinishError
	case status.is("cancelled"):
		s.fail(otelmetrics.ErrorCanceled)
	case status.is("incomplete"):
		s.finish(reason)
	case status.is("completed") && callsTool(output):
		s.finished = otelmetrics.FinishToolCalls
	case status.is("completed"):
		s.finished = otelmetrics.FinishStop
	}
	if !m.whole {
		s.contains(output)
	}
	return usage
}

// callsTool reports whether a response asks its caller to call a tool.
func callsTool(output value) bool {
	for e := output.elements(); e.next(); {
		if kind := e.value.at("type"); kind.is("function_call") || kind.is("custom_tool_call") {
			return true
		}
	}
	return false
}
