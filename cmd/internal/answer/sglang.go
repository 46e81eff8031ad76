package answer

// readSGLang reads the own API of SGLang, whose events repeat all of the text and
// the counts so far. Its end mark is a finish_reason, or [DONE].
func (s *state) readSGLang(m *message) bool {
	if !m.metaInfo.isObject() {
		return false
	}
	if !m.whole {
		s.streamed = true
		s.choose(0)
		s.contains(m.plainText)
	}
	finish := m.metaInfo.at("finish_reason")
	if reason := reasonOf(finish); reason.is("abort") {
		s.fail(m.errorType(finish))
	} else if reason.stated() {
		s.stop(0, reason)
	}
	s.readUsage("meta_info", m.metaInfo)
	return true
}
