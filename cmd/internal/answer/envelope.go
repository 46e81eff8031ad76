package answer

import "bytes"

// readEnvelope reads an answer that a gateway has put into a member of an object
// of its own, and reports whether there is one of a known dialect.
func (s *state) readEnvelope(m *message) bool {
	around := [...]value{m.data, m.result, m.response, m.body, m.output, nil, nil}
	if m.whole {
		around[5], around[6] = m.text.at("Response"), m.text.at("chatResponse") // Tencent, Oracle
	}
	for _, v := range around {
		text := []byte(v)
		if v.isString() && bytes.HasPrefix(v.content(), []byte("{")) { // the body of AWS Lambda's proxies
			text = unescape(nil, v)
		}
		inner := message{whole: m.whole}
		if len(text) == 0 || text[0] != '{' || !inner.parse(text, false) {
			continue
		}
		if s.readDialect(&inner) {
			s.readFailure(&inner)
			s.readCommon(&inner)
			return true
		}
		for _, usage := range [...]value{inner.usage, inner.usageMetadata, inner.text.at("Usage")} {
			if s.usage.own.some || len(s.usage.models) > 0 || !usage.isObject() {
				continue
			}
			var one statement
			if s.readCounts(&one, "usage", usage) {
				s.readModel(inner.model)
				s.readUsage("usage", usage)
			}
		}
	}
	return false
}

// readElsewhere reads a usage where frameworks and servers have it that are not
// the model's: LangChain, Haystack, Replicate, Titan, Llama, Ollama's embeddings.
func (s *state) readElsewhere(m *message) {
	own := &s.usage.own
	if m.usageMetadata.isObject() && !isGemini(m) {
		s.readUsage("usage_metadata", m.usageMetadata)
	}
	if m.usage.isObject() || len(s.usage.models) > 0 {
		return
	}
	for _, name := range [...]string{"token_usage", "usage"} {
		if usage := m.responseMetadata.at(name); usage.isObject() {
			s.readUsage("response_metadata."+name, usage)
			return
		}
	}
	if usage := m.metadata.at("usage"); usage.isObject() && !own.some { // Dify
		s.readCounts(own, "metadata.usage", usage)
	}
	for e := m.meta.elements(); e.next() && !own.some; { // Haystack: the choices of one call
		s.readModel(e.value.at("model"))
		s.readUsage("meta.usage", e.value.at("usage"))
	}
	if m.metrics.isObject() {
		s.readCounts(own, "metrics", m.metrics)
	}
	switch {
	case m.generation.isString(), m.text.at("inputTextTokenCount").stated():
		s.readCounts(own, "", m.text)
	case m.promptEvalCount.stated() && !m.done.stated():
		s.readCount(own, promptEvalCount, m.promptEvalCount, "prompt_eval_count", "", nil)
	}
}
