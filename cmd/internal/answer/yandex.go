package answer

import "bytes"

// readYandex reads the text generation of Yandex, whose answers are inside a result,
// and whose counts are strings. A stream consists of objects that repeat all of the
// text and the counts so far. Its end mark is a status that is not a partial one.
func (s *state) readYandex(m *message) bool {
	alternatives, known := m.result.at("alternatives"), false
	for e := alternatives.elements(); e.next(); {
		status := e.value.at("status")
		if !status.begins("ALTERNATIVE_STATUS_") {
			continue
		}
		known = true
		s.streamed = s.streamed || !m.whole || status.is("ALTERNATIVE_STATUS_PARTIAL")
		if s.streamed {
			s.choose(0)
			s.contains(e.value.at("message"))
		}
		switch {
		case status.is("ALTERNATIVE_STATUS_PARTIAL"), status.is("ALTERNATIVE_STATUS_UNSPECIFIED"):
		case bytes.HasSuffix(status.content(), []byte("TRUNCATED_FINAL")):
			s.stop(0, value(`"length"`))
		case status.is("ALTERNATIVE_STATUS_FINAL"):
			s.stop(0, value(`"stop"`))
		default: // CONTENT_FILTER, TOOL_CALLS
			s.stop(0, value(`"`+string(bytes.TrimPrefix(status.content(), []byte("ALTERNATIVE_STATUS_")))+`"`))
		}
	}
	if known {
		s.readUsage("result.usage", m.result.at("usage"))
	}
	return known
}
