package answer

import "bytes"

// message is one JSON object of an answer, by the members that a dialect knows.
type message struct {
	text value
	name []byte // of the event that brought it, or empty
	// whole: it came as the one value of a whole answer, and not as an event, a
	// line or an element of an array.
	whole bool
	// frame: it came in a frame of AWS, and its name is one of AWS's.
	frame bool
	// others: it has members besides, which are not empty.
	others bool

	// What every dialect may have.
	kind                 value // type
	model, id, object    value
	tier                 value // service_tier
	usage, cost, costUSD value
	cached, cacheHit     value
	scores, lmCalls      value
	toolCalls            value // a count; the calls themselves are a part of the answer
	parseFailures        value
	finishes             value
	error, errors        value
	vendor               value // x_groq and its like

	choices                          value // OpenAI's chat completions and completions
	response                         value // the object of OpenAI's events; Ollama's text
	status, incomplete               value // OpenAI's responses
	delta, message                   value
	stopReason, completion           value // Anthropic
	candidates, usageMetadata        value // Gemini
	promptFeedback, modelVersion     value
	stopReasonCamel, messageStop     value // Bedrock
	contentBlockDelta, metadata      value
	otherBlock                       value // contentBlockStart and its like
	bytes, invocationMetrics         value
	eventType, finishReason, meta    value // Cohere
	done, doneReason                 value // Ollama
	promptEvalCount, evalCount       value
	thinking                         value
	content, stop, stopType          value // llama.cpp
	tokensEvaluated, tokensPredicted value
	timings                          value
	metaInfo                         value // SGLang
	prediction, chunk, predictID     value // DSPy
	plainText                        value // text
	data                             value // embeddings
	token, generatedText, details    value // Text Generation Inference
	results, output                  value // watsonx, Titan; DashScope
	generation                       value // Llama on Bedrock
	eventMember                      value // event
	interaction                      value // Gemini's interactions
	result, body                     value // what gateways put an answer into
	responseMetadata, metrics        value // LangChain; Replicate
	tokensGenerated                  value // num_tokens_generated of Aleph Alpha
}

// parse reads an object, and reports whether it is one from its beginning to its
// end. Whether it has other members is of interest before the first content.
func (m *message) parse(text []byte, others bool) bool {
	v, ok := only(text)
	if !ok || !v.isObject() {
		return false
	}
	m.text = v
	c := v.members()
	for c.next() {
		if slot := m.slot(c.name); slot != nil {
			if *slot == nil { // of members with one name the first one holds
				*slot = c.value
			}
		} else if others && !m.others {
			m.others = !isAbout(c.name) && hasText(c.value)
		}
	}
	return c.closed
}

// named reports whether the event has this name.
func (m *message) named(name string) bool { return string(m.name) == name }

// is reports whether the message is of this type, which is a member or else the
// name of its event.
func (m *message) is(kind string) bool {
	if m.kind.isString() {
		return m.kind.is(kind)
	}
	return string(m.name) == kind
}

// isAbout reports whether a member, by its name, is about the message and no part
// of an answer. A StatusMessage of DSPy is one of them.
func isAbout(name []byte) bool {
	switch string(name) {
	case "created", "created_at", "timestamp", "time", "request_id", "trace_id", "session_id", "version",
		"system_fingerprint", "role", "index", "level", "progress", "step",
		"status_message", "error_type", "predict_name", "signature_field_name", "field", "is_last_chunk", "prediction_type":
		return true
	}
	return bytes.HasSuffix(name, []byte("_id")) || bytes.HasSuffix(name, []byte("Id"))
}

// slot returns where a member is kept, or nil.
func (m *message) slot(name []byte) *value {
	switch string(name) {
	case "type":
		return &m.kind
	case "model":
		return &m.model
	case "id":
		return &m.id
	case "object":
		return &m.object
	case "service_tier", "serviceTier":
		return &m.tier
	case "usage", "lm_usage", "token_usage":
		return &m.usage
	case "cost":
		return &m.cost
	case "cost_usd":
		return &m.costUSD
	case "cached":
		return &m.cached
	case "scores":
		return &m.scores
	case "lm_calls":
		return &m.lmCalls
	case "tool_calls":
		return &m.toolCalls
	case "parse_failures":
		return &m.parseFailures
	case "finishes":
		return &m.finishes
	case "cache_hit":
		return &m.cacheHit
	case "error":
		return &m.error
	case "errors":
		return &m.errors
	case "choices":
		return &m.choices
	case "response":
		return &m.response
	case "status":
		return &m.status
	case "incomplete_details":
		return &m.incomplete
	case "delta":
		return &m.delta
	case "message":
		return &m.message
	case "stop_reason":
		return &m.stopReason
	case "completion":
		return &m.completion
	case "candidates":
		return &m.candidates
	case "usageMetadata", "usage_metadata":
		return &m.usageMetadata
	case "promptFeedback", "prompt_feedback":
		return &m.promptFeedback
	case "modelVersion", "model_version":
		return &m.modelVersion
	case "stopReason":
		return &m.stopReasonCamel
	case "messageStop":
		return &m.messageStop
	case "contentBlockDelta":
		return &m.contentBlockDelta
	case "metadata":
		return &m.metadata
	case "messageStart", "contentBlockStart", "contentBlockStop":
		return &m.otherBlock
	case "bytes":
		return &m.bytes
	case "amazon-bedrock-invocationMetrics":
		return &m.invocationMetrics
	case "event_type":
		return &m.eventType
	case "finish_reason":
		return &m.finishReason
	case "meta":
		return &m.meta
	case "done":
		return &m.done
	case "done_reason":
		return &m.doneReason
	case "prompt_eval_count":
		return &m.promptEvalCount
	case "eval_count":
		return &m.evalCount
	case "thinking":
		return &m.thinking
	case "content":
		return &m.content
	case "stop":
		return &m.stop
	case "stop_type":
		return &m.stopType
	case "tokens_evaluated":
		return &m.tokensEvaluated
	case "tokens_predicted":
		return &m.tokensPredicted
	case "timings":
		return &m.timings
	case "meta_info":
		return &m.metaInfo
	case "prediction":
		return &m.prediction
	case "chunk":
		return &m.chunk
	case "predict_id":
		return &m.predictID
	case "text":
		return &m.plainText
	case "data":
		return &m.data
	case "token":
		return &m.token
	case "generated_text":
		return &m.generatedText
	case "details":
		return &m.details
	case "results":
		return &m.results
	case "output":
		return &m.output
	case "generation":
		return &m.generation
	case "event":
		return &m.eventMember
	case "interaction":
		return &m.interaction
	case "result":
		return &m.result
	case "body":
		return &m.body
	case "response_metadata":
		return &m.responseMetadata
	case "metrics":
		return &m.metrics
	case "num_tokens_generated":
		return &m.tokensGenerated
	}
	if len(name) > 2 && name[0] == 'x' && (name[1] == '_' || name[1] == '-') {
		return &m.vendor
	}
	return nil
}
