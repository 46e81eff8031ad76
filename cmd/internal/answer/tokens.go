package answer

import (
	"iter"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Count is a number that an answer may state.
type Count struct {
	N      int64
	Stated bool
}

// Tokens are counts by type. Cache reads and writes are parts of the input, and
// reasoning is a part of the output, however the provider counts them.
type Tokens [5]Count // in the order of [tokenTypes]

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

// Stated reports whether any count was stated.
func (t *Tokens) Stated() bool {
	for _, c := range t {
		if c.Stated {
			return true
		}
	}
	return false
}

// All returns the counts that were stated, by type.
func (t *Tokens) All() iter.Seq2[otelmetrics.TokenType, int64] {
	return func(yield func(otelmetrics.TokenType, int64) bool) {
		for i, what := range tokenTypes() {
			if t[i].Stated && !yield(what, t[i].N) {
				return
			}
		}
	}
}

// Of returns the count of a type, which is 0 if it was not stated.
func (t *Tokens) Of(what otelmetrics.TokenType) int64 {
	for i, known := range tokenTypes() {
		if known == what {
			return t[i].N
		}
	}
	return 0
}

// add adds counts. A sum cannot overflow: one that makes no sense any more does
// not grow.
func (t *Tokens) add(other Tokens) {
	for i, c := range other {
		if c.Stated && t[i].N <= maxCount {
			t[i] = Count{t[i].N + c.N, true}
		}
	}
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
func (s *statement) first(fields ...field) Count {
	for _, f := range fields {
		if s.has(f) {
			return Count{s.get(f), true}
		}
	}
	return Count{}
}

// tokens returns the counts in the meaning of the contract: cache reads and
// writes are parts of the input, and reasoning is a part of the output. Where a
// count is stated under several names, one of them is taken.
func (s *statement) tokens() Tokens {
	t := Tokens{
		input:      s.first(promptTokens, billedInput, inputTokens, countedInput, promptTokenCount, bedrockInput, promptEvalCount, tokensEvaluated, timingsPrompt, namedInput),
		output:     s.first(completionTokens, billedOutput, outputTokens, countedOutput, candidatesTokenCount, bedrockOutput, evalCount, tokensPredicted, timingsPredicted, namedOutput),
		cacheRead:  s.first(promptDetailsCached, inputDetailsCached, cacheReadInputTokens, cacheReadTokens, promptCacheHitTokens, cachedTokens, cachedContentTokenCount, bedrockCacheRead, timingsCached, namedCacheRead),
		cacheWrite: s.first(promptDetailsCacheWrite, inputDetailsCacheWrite, cacheCreationInputTokens, cacheWriteTokens, bedrockCacheWrite, namedCacheWrite),
		reasoning:  s.first(completionDetailsReasoning, outputDetailsReasoning, reasoningTokens, thoughtsTokenCount, namedReasoning),
	}
	if !t[cacheWrite].Stated && (s.has(cacheCreation5m) || s.has(cacheCreation1h)) { // the parts of Anthropic's count
		t[cacheWrite] = Count{s.get(cacheCreation5m) + s.get(cacheCreation1h), true}
	}
	if s.besideCache() {
		t[input].N += t[cacheRead].N + t[cacheWrite].N
	}
	if s.has(promptTokenCount) && t[input].N == s.get(promptTokenCount) {
		t[input].N += s.get(toolUsePromptTokenCount)
	}
	if s.besideReasoning(t) {
		t[output] = Count{t[output].N + t[reasoning].N, true}
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
func (s *statement) besideReasoning(t Tokens) bool {
	if t[reasoning].N == 0 {
		return false
	}
	switch both := t[input].N + t[output].N; {
	case s.has(totalTokens) && s.get(totalTokens) == both+t[reasoning].N:
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
