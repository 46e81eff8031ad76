package answer

import (
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// count is a number that an answer may state.
type count struct {
	n      int64
	stated bool
}

// tokens are counts by type, in the order of [tokenTypes].
type tokens [5]count

const (
	input = iota
	output
	cacheRead
	cacheWrite
	reasoning
)

func tokenTypes() [5]otelmetrics.TokenType {
	return [5]otelmetrics.TokenType{otelmetrics.TokensInput, otelmetrics.TokensOutput, otelmetrics.TokensCacheRead, otelmetrics.TokensCacheWrite, otelmetrics.TokensReasoning}
}

func (t *tokens) stated() bool {
	for _, c := range t {
		if c.stated {
			return true
		}
	}
	return false
}

// add adds counts. A sum cannot overflow: one that makes no sense any more does
// not grow.
func (t *tokens) add(other tokens) {
	for i, c := range other {
		if c.stated && t[i].n <= maxCount {
			t[i] = count{t[i].n + c.n, true}
		}
	}
}

// byType returns nil if nothing was stated.
func (t *tokens) byType() map[otelmetrics.TokenType]int64 {
	if !t.stated() {
		return nil
	}
	types := tokenTypes()
	counts := make(map[otelmetrics.TokenType]int64, len(types))
	for i, c := range t {
		if c.stated {
			counts[types[i]] = c.n
		}
	}
	return counts
}

// statement is the usage that one call of a model states, collected from all places
// that state it. The last value of each field is used, because streams repeat their
// cumulative counts. 0 replaces no other number, because some servers send 0 for
// unknown counts.
type statement struct {
	counts [fieldCount]int64 // plus one, so that 0 is a count that was not stated
	cost   cost
	// some: a count or a cost was stated.
	some bool
}

// cost is an amount of US dollars that an answer may state.
type cost struct {
	usd    float64
	stated bool
}

func (s *statement) set(f field, n int64) {
	if n > 0 || !s.has(f) {
		s.counts[f] = n + 1
	}
	s.some = true
}

func (s *statement) has(f field) bool { return s.counts[f] > 0 }

// get returns 0 for a count that was not stated.
func (s *statement) get(f field) int64 { return max(s.counts[f]-1, 0) }

func (s *statement) setCost(usd float64) {
	if usd > 0 || !s.cost.stated {
		s.cost = cost{usd, true}
	}
	s.some = true
}

// first returns the count that is stated under the first of the names.
func (s *statement) first(fields ...field) count {
	for _, f := range fields {
		if s.has(f) {
			return count{s.get(f), true}
		}
	}
	return count{}
}

// tokens returns the counts in the meaning of the contract: cache reads and
// writes are parts of the input, and reasoning is a part of the output. Where a
// count is stated under several names, one of them is taken.
func (s *statement) tokens() tokens {
	t := tokens{
		input:      s.first(promptTokens, billedInput, inputTokens, countedInput, promptTokenCount, bedrockInput, promptEvalCount, tokensEvaluated, timingsPrompt),
		output:     s.first(completionTokens, billedOutput, outputTokens, countedOutput, candidatesTokenCount, bedrockOutput, evalCount, tokensPredicted, timingsPredicted),
		cacheRead:  s.first(promptDetailsCached, inputDetailsCached, cacheReadInputTokens, cacheReadTokens, promptCacheHitTokens, cachedTokens, cachedContentTokenCount, bedrockCacheRead, timingsCached),
		cacheWrite: s.first(promptDetailsCacheWrite, inputDetailsCacheWrite, cacheCreationInputTokens, cacheWriteTokens, bedrockCacheWrite),
		reasoning:  s.first(completionDetailsReasoning, outputDetailsReasoning, reasoningTokens, thoughtsTokenCount),
	}
	if !t[cacheWrite].stated && (s.has(cacheCreation5m) || s.has(cacheCreation1h)) { // the parts of Anthropic's count
		t[cacheWrite] = count{s.get(cacheCreation5m) + s.get(cacheCreation1h), true}
	}
	if s.besideCache() {
		t[input].n += t[cacheRead].n + t[cacheWrite].n
	}
	if s.has(promptTokenCount) && t[input].n == s.get(promptTokenCount) {
		t[input].n += s.get(toolUsePromptTokenCount)
	}
	if s.besideReasoning(t) {
		t[output] = count{t[output].n + t[reasoning].n, true}
	}
	return t
}

// besideCache reports whether the input is without what was read from the
// provider's cache and written to it. That is so for Anthropic, whose names for
// these counts LiteLLM passes on beside its own prompt_tokens, which has them,
// for Bedrock, and for llama.cpp's timings.
func (s *statement) besideCache() bool {
	switch {
	case s.has(promptTokens), s.has(billedInput):
		return false
	case s.has(inputTokens):
		return !s.has(inputDetailsCached) && (s.has(cacheReadInputTokens) || s.has(cacheCreationInputTokens) || s.has(cacheCreation5m) || s.has(cacheCreation1h))
	case s.has(countedInput), s.has(promptTokenCount):
		return false
	case s.has(bedrockInput): // the AI SDK's input, of the same name, has the cache's
		return s.has(bedrockCacheRead) || s.has(bedrockCacheWrite)
	case s.has(promptEvalCount), s.has(tokensEvaluated):
		return false
	default:
		return s.has(timingsPrompt)
	}
}

// besideReasoning reports whether the output is without reasoning, as it is for
// Gemini. Where a total is stated it decides: xAI counts as Gemini does, under the
// names of OpenAI, and some of Gemini's models as OpenAI does.
func (s *statement) besideReasoning(t tokens) bool {
	if t[reasoning].n == 0 {
		return false
	}
	switch both := t[input].n + t[output].n; {
	case s.has(totalTokens) && s.get(totalTokens) == both+t[reasoning].n:
		return true
	case s.has(totalTokens) && s.get(totalTokens) == both:
		return false
	default:
		return s.has(thoughtsTokenCount) && !s.has(completionTokens) && !s.has(outputTokens)
	}
}

// merge sets all counts that the other states.
func (s *statement) merge(other *statement) {
	if !other.some {
		return
	}
	for f, n := range other.counts {
		if n > 0 {
			s.set(field(f), n-1)
		}
	}
	if other.cost.stated {
		s.setCost(other.cost.usd)
	}
}
