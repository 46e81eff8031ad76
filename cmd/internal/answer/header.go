package answer

import (
	"net/http"
	"strings"
)

// The header fields that a DSPy service writes, besides those of the tokens.
// Counts are non-negative decimal integers.
const (
	headerPrefix = "Dspy-"

	headerCost          = "Dspy-Cost-Usd"      // a non-negative decimal number
	headerCache         = "Dspy-Cache"         // hit or miss, of the whole answer
	headerCalls         = "Dspy-Lm-Calls"      // cache hits included
	headerCacheHits     = "Dspy-Lm-Cache-Hits" // at most as many as there are calls
	headerToolCalls     = "Dspy-Tool-Calls"
	headerParseFailures = "Dspy-Parse-Failures"
	headerModelCalls    = "Dspy-Lm-Calls-By-Model" // NAME=CALLS, separated by commas, names quoted as in a URL
	headerFinishes      = "Dspy-Finishes"          // REASON=COUNT, separated by commas
)

// headerLiteLLM is the cost as LiteLLM's gateway states it.
const headerLiteLLM = "X-Litellm-Response-Cost"

// readHeader reads what the header of an answer says about it. It states no
// failures. The result is nil if it says nothing, as mostly.
func (s *state) readHeader(h http.Header) *Report {
	if !speaks(h) {
		return nil
	}
	var r Report
	set := func(i int, n *int64) {
		if n != nil {
			r.Tokens[i] = Count{r.Tokens[i].N + *n, true}
		}
	}
	for _, field := range []struct {
		name string
		what int
	}{
		{"Dspy-Input-Tokens", input},
		{"Dspy-Output-Tokens", output},
		{"Dspy-Cache-Read-Tokens", cacheRead},
		{"Dspy-Cache-Write-Tokens", cacheWrite},
		{"Dspy-Reasoning-Tokens", reasoning},
	} {
		set(field.what, s.headerCount(h, field.name))
	}
	if !r.Tokens.Stated() { // Bedrock, whose input is without what its cache read and wrote
		for _, field := range []struct {
			name  string
			whats []int
		}{
			{"X-Amzn-Bedrock-Input-Token-Count", []int{input}},
			{"X-Amzn-Bedrock-Output-Token-Count", []int{output}},
			{"X-Amzn-Bedrock-Cache-Read-Input-Token-Count", []int{input, cacheRead}},
			{"X-Amzn-Bedrock-Cache-Write-Input-Token-Count", []int{input, cacheWrite}},
		} {
			n := s.headerCount(h, field.name)
			for _, what := range field.whats {
				set(what, n)
			}
		}
	}
	if r.Cost = s.headerCost(h, headerCost); r.Cost == nil {
		r.Cost = s.headerCost(h, headerLiteLLM)
	}
	r.Cached = s.headerCached(h)
	r.Scores = s.headerScores(h)
	r.ToolCalls = s.headerCount(h, headerToolCalls)
	r.ParseFailures = s.headerCount(h, headerParseFailures)
	s.headerCalls(&r, h)
	r.ModelCalls = s.headerModelCalls(h)
	r.Finishes = s.headerFinishes(h)
	return &r
}

// speaks reports whether there is any field that is read.
func speaks(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(name, headerPrefix) || name == headerLiteLLM || strings.HasPrefix(name, "X-Amzn-Bedrock-") {
			return true
		}
	}
	return false
}

// headerCalls reads the calls, and how many of them a cache answered.
func (s *state) headerCalls(r *Report, h http.Header) {
	calls, hits := s.headerCount(h, headerCalls), s.headerCount(h, headerCacheHits)
	switch {
	case hits == nil:
	case calls == nil:
		r.CacheHits = hits
	case *hits > *calls:
		s.refuse(headerCacheHits, []byte(h.Get(headerCacheHits)), "at most "+h.Get(headerCalls)+", which is "+headerCalls)
	default:
		r.CacheHits, r.CacheMisses = hits, new(*calls-*hits)
	}
	r.Calls = calls
}

func (s *state) headerCount(h http.Header, name string) *int64 {
	value, ok := s.headerValue(h, name)
	if !ok {
		return nil
	}
	n, ok := parseDigits(value)
	if !ok || n > maxCount {
		s.refuse(name, []byte(value), "a non-negative integer of sensible size")
		return nil
	}
	return &n
}

func (s *state) headerCost(h http.Header, name string) *float64 {
	text, ok := s.headerValue(h, name)
	if !ok || name == headerLiteLLM && text == "None" {
		return nil
	}
	cost, ok := parseAmount(text)
	if !ok || cost > maxCost {
		s.refuse(name, []byte(text), "a non-negative number of sensible size")
		return nil
	}
	return &cost
}

func (s *state) headerCached(h http.Header) *bool {
	value, ok := s.headerValue(h, headerCache)
	if !ok {
		return nil
	}
	switch strings.ToLower(value) {
	case "hit":
		return new(true)
	case "miss":
		return new(false)
	default:
		s.refuse(headerCache, []byte(value), "hit or miss")
		return nil
	}
}

// headerValue returns the value of a field that the header has once. Of several
// values, which programs that do not know each other write, none can be trusted.
func (s *state) headerValue(h http.Header, name string) (string, bool) {
	values := h[name]
	if len(values) > 1 {
		s.refuse(name, []byte(strings.Join(values, ", ")), "one value")
	}
	if len(values) != 1 {
		return "", false
	}
	return strings.TrimSpace(values[0]), true
}
