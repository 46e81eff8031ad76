package answer

// field is a count as one dialect names it. Counts are kept under the names by
// which they were stated, because what they include depends on the name.
type field int

const (
	// OpenAI's chat completions and completions, and what has their shape.
	promptTokens field = iota
	completionTokens
	promptDetailsCached
	promptDetailsCacheWrite
	completionDetailsReasoning
	reasoningTokens
	totalTokens
	cachedTokens // Moonshot, Cohere, SGLang
	promptCacheHitTokens

	// OpenAI's responses, Anthropic's messages, DSPy's LMUsage.
	inputTokens
	outputTokens
	inputDetailsCached
	inputDetailsCacheWrite
	cacheCreation5m
	cacheCreation1h
	outputDetailsReasoning
	cacheReadInputTokens
	cacheCreationInputTokens
	cacheReadTokens
	cacheWriteTokens

	// Bedrock's Converse, and what Bedrock adds to the last event of other APIs.
	bedrockInput
	bedrockOutput
	bedrockCacheRead
	bedrockCacheWrite

	// Gemini.
	promptTokenCount
	toolUsePromptTokenCount
	candidatesTokenCount
	thoughtsTokenCount
	cachedContentTokenCount

	// Cohere, which has two accounts of one call.
	billedInput
	billedOutput
	countedInput
	countedOutput

	// Ollama.
	promptEvalCount
	evalCount

	// llama.cpp.
	tokensEvaluated
	tokensPredicted
	timingsPrompt
	timingsPredicted
	timingsCached

	// Counts whose names are read by their words, see [fieldNamed].
	namedInput
	namedOutput
	namedCacheRead
	namedCacheWrite
	namedReasoning

	fieldCount
)

// fields is a set of them.
type fields uint64

// first adds a field, and reports whether it is new.
func (s *fields) first(f field) bool {
	known := *s&(1<<f) != 0
	*s |= 1 << f
	return !known
}

// fieldOf returns the field that a member of a usage is, by the name of the
// object around it, which is empty for the usage itself.
func fieldOf(around string, name []byte) (field, bool) {
	switch around {
	case "":
		return topField(name)
	case "prompt_tokens_details":
		switch string(name) {
		case "cached_tokens":
			return promptDetailsCached, true
		case "cache_creation_tokens", "cache_write_tokens":
			return promptDetailsCacheWrite, true
		}
	case "input_tokens_details":
		switch string(name) {
		case "cached_tokens", "cache_read":
			return inputDetailsCached, true
		case "cache_creation_tokens", "cache_write_tokens", "cache_creation":
			return inputDetailsCacheWrite, true
		}
	case "cache_creation":
		switch string(name) {
		case "ephemeral_5m_input_tokens":
			return cacheCreation5m, true
		case "ephemeral_1h_input_tokens":
			return cacheCreation1h, true
		}
	case "completion_tokens_details":
		if string(name) == "reasoning_tokens" {
			return completionDetailsReasoning, true
		}
	case "output_tokens_details":
		switch string(name) {
		case "reasoning_tokens", "thinking_tokens", "reasoning":
			return outputDetailsReasoning, true
		}
	case "billed_units":
		switch string(name) {
		case "input_tokens":
			return billedInput, true
		case "output_tokens":
			return billedOutput, true
		}
		return 0, false
	case "tokens":
		switch string(name) {
		case "input_tokens":
			return countedInput, true
		case "output_tokens":
			return countedOutput, true
		}
		return 0, false
	}
	f, ok := fieldNamed(name)
	return f, ok && f != namedInput && f != namedOutput // those are parts of the counts
}

// containerOf returns the name of an object inside a usage that has fields.
func containerOf(name []byte) string {
	switch string(name) {
	case "prompt_tokens_details", "promptTokensDetails":
		return "prompt_tokens_details"
	case "input_tokens_details", "input_token_details", "inputTokensDetails", "inputTokenDetails": // LangChain's, the AI SDK's
		return "input_tokens_details"
	case "completion_tokens_details", "completionTokensDetails":
		return "completion_tokens_details"
	case "output_tokens_details", "output_token_details", "outputTokensDetails", "outputTokenDetails":
		return "output_tokens_details"
	case "cache_creation":
		return "cache_creation"
	case "billed_units":
		return "billed_units"
	case "tokens":
		return "tokens"
	default:
		return ""
	}
}

// topField returns the field that a member of a usage is. Names that begin with a capital
// letter, as of .NET and Tencent, are those that do not.
func topField(name []byte) (field, bool) {
	if len(name) > 0 && 'A' <= name[0] && name[0] <= 'Z' {
		const longest = 32
		var lower [longest]byte
		n := copy(lower[:], name)
		lower[0] += 'a' - 'A'
		name = lower[:n]
	}
	switch string(name) {
	case "prompt_tokens", "promptTokens":
		return promptTokens, true
	case "completion_tokens", "completionTokens":
		return completionTokens, true
	case "reasoning_tokens", "reasoningTokens":
		return reasoningTokens, true
	case "total_tokens", "totalTokens", "totalTokenCount", "total_token_count":
		return totalTokens, true
	case "cached_tokens", "cachedInputTokens":
		return cachedTokens, true
	case "prompt_cache_hit_tokens":
		return promptCacheHitTokens, true
	case "input_tokens", "input_token_count":
		return inputTokens, true
	case "output_tokens", "output_token_count", "generated_token_count":
		return outputTokens, true
	case "cache_read_input_tokens":
		return cacheReadInputTokens, true
	case "cache_creation_input_tokens":
		return cacheCreationInputTokens, true
	case "cache_read_tokens":
		return cacheReadTokens, true
	case "cache_write_tokens":
		return cacheWriteTokens, true
	case "inputTokens", "inputTokenCount", "inputTextTokenCount":
		return bedrockInput, true
	case "outputTokens", "outputTokenCount", "totalOutputTextTokenCount":
		return bedrockOutput, true
	case "cacheReadInputTokens", "cacheReadInputTokenCount":
		return bedrockCacheRead, true
	case "cacheWriteInputTokens", "cacheWriteInputTokenCount":
		return bedrockCacheWrite, true
	case "promptTokenCount", "prompt_token_count", "total_input_tokens":
		return promptTokenCount, true
	case "toolUsePromptTokenCount", "tool_use_prompt_token_count", "total_tool_use_tokens":
		return toolUsePromptTokenCount, true
	case "candidatesTokenCount", "candidates_token_count", "total_output_tokens", "generation_token_count":
		return candidatesTokenCount, true
	case "thoughtsTokenCount", "thoughts_token_count", "total_thought_tokens":
		return thoughtsTokenCount, true
	case "cachedContentTokenCount", "cached_content_token_count", "total_cached_tokens":
		return cachedContentTokenCount, true
	case "prompt_eval_count":
		return promptEvalCount, true
	case "eval_count":
		return evalCount, true
	case "tokens_evaluated":
		return tokensEvaluated, true
	case "tokens_predicted":
		return tokensPredicted, true
	case "prompt_n":
		return timingsPrompt, true
	case "predicted_n":
		return timingsPredicted, true
	case "cache_n":
		return timingsCached, true
	case "inputTextTokens", "num_tokens_prompt_total": // Yandex, Aleph Alpha
		return namedInput, true
	default:
		return fieldNamed(name)
	}
}
