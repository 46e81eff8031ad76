package answer

import "bytes"

// readOpenAIMedia reads the streams of OpenAI's transcriptions, speech and
// images, whose last event has the usage.
func (s *state) readOpenAIMedia(m *message) bool {
	kind := m.kind.content()
	dot := bytes.LastIndexByte(kind, '.')
	if m.whole || dot < 0 {
		return false
	}
	switch string(kind[:dot]) {
	case "transcript.text", "speech.audio", "image_generation", "image_edit":
	default:
		return false
	}
	s.streamed = true
	switch string(kind[dot+1:]) {
	case "delta", "partial_image":
		s.contains(m.delta, m.text.at("audio"), m.text.at("b64_json"))
	case "done", "completed":
		s.contains(m.plainText, m.text.at("b64_json"))
		s.ended = true
	}
	return true
}
