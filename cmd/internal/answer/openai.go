package answer

// readOpenAI reads chat completions, completions and embeddings, as OpenAI, Azure
// and very many others write them: DeepSeek, Groq, Mistral, OpenRouter, LiteLLM,
// vLLM, SGLang, llama.cpp.
//
// A stream has its usage in the last chunk, or cumulative in each, and its end
// mark is [DONE] or the finish_reason of each choice. Snowflake's chunks have neither,
// nor any other member that says how they end: then no end mark can be missing.
func (s *state) readOpenAI(m *message) bool {
	embeddings := m.object.is("list") && m.data.isArray()
	if !m.choices.isArray() && !m.object.begins("chat.completion") && !m.object.begins("text_completion") && !embeddings {
		return false
	}
	s.streamed = s.streamed || !m.whole && (m.object.stated() || m.choices.empty())
	s.readModel(m.model)
	for e := m.choices.elements(); e.next(); {
		c := s.readChoice(m, e.value)
		if !m.whole {
			s.contains(c.delta, c.message, c.text)
			s.choose(c.index)
			s.streamed = s.streamed || c.saysEnd
		}
		if c.finish.stated() {
			s.stop(c.index, c.finish)
		}
		s.readUsage("choices.usage", c.usage) // Moonshot
		s.readError("choices.delta.error", c.delta.at("error"), m)
	}
	if m.result.isString() && !m.whole { // Baidu
		s.choose(0)
		s.contains(m.result)
		if m.text.at("is_end").isTrue() {
			s.stop(0, value(`"stop"`))
		}
	}
	if m.vendor.isObject() { // x_groq
		s.readUsage("x_groq.usage", m.vendor.at("usage"))
		s.readError("x_groq.error", m.vendor.at("error"), m)
	}
	if total := m.usage.at("total_tokens"); embeddings && total.stated() && !m.usage.at("prompt_tokens").stated() {
		s.readCount(&s.usage.own, promptTokens, total, "usage", "", []byte("total_tokens")) // Voyage
	}
	return true
}

// choice is an element of choices.
type choice struct {
	index                int
	finish               value // the reason, if it is over
	saysEnd              bool  // it has a reason, maybe null, or an index: the chunks say when it is over
	delta, message, text value
	usage                value
}

func (s *state) readChoice(m *message, v value) choice {
	var c choice
	for member := v.members(); member.next(); {
		switch string(member.name) {
		case "index":
			c.saysEnd = true
			index, _ := parseDigits(member.value)
			c.index = int(index)
		case "finish_reason":
			c.saysEnd = true
			c.finish = reasonOf(member.value)
		case "delta":
			c.delta = member.value
		case "message":
			c.message = member.value
		case "text":
			c.text = member.value
		case "usage":
			c.usage = member.value
		case "error":
			s.readError("choices.error", member.value, m)
		}
	}
	return c
}

// reasonOf returns a finish reason, which is in an object for SGLang. It is nil
// if there is none.
func reasonOf(v value) value {
	if v.isObject() {
		v = v.at("type")
	}
	if v.empty() || !v.isString() || v.is("null") { // the text null is DashScope's
		return nil
	}
	return v
}
