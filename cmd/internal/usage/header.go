package usage

import (
	"net/http"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/views"
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
)

// FromHeader reads the header of an answer, or its trailer. It does not state
// failures.
func FromHeader(h http.Header) Report {
	var r Report
	if !hasFields(h) {
		return r
	}
	for _, field := range []struct {
		name      string
		tokenType views.TokenType
	}{
		{"Dspy-Input-Tokens", views.Input},
		{"Dspy-Output-Tokens", views.Output},
		{"Dspy-Cache-Read-Tokens", views.CacheRead},
		{"Dspy-Cache-Write-Tokens", views.CacheWrite},
		{"Dspy-Reasoning-Tokens", views.Reasoning},
	} {
		if n := r.headerCount(h, field.name); n != nil {
			r.Tokens = overlay(r.Tokens, map[views.TokenType]int64{field.tokenType: *n})
		}
	}
	r.Cost = r.headerCost(h)
	r.Cached = r.headerCached(h)
	r.ToolCalls = r.headerCount(h, headerToolCalls)
	r.ParseFailures = r.headerCount(h, headerParseFailures)
	r.headerCalls(h)
	r.settle()
	return r
}

// hasFields tells whether there is any such field. Mostly there is none.
func hasFields(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(name, headerPrefix) {
			return true
		}
	}
	return false
}

// headerCalls tells hits from misses where both follow.
func (r *Report) headerCalls(h http.Header) {
	calls, hits := r.headerCount(h, headerCalls), r.headerCount(h, headerCacheHits)
	switch {
	case hits == nil:
	case calls == nil:
		r.CacheHits = hits
	case *hits > *calls:
		r.refuse(headerCacheHits, h.Get(headerCacheHits), "at most "+h.Get(headerCalls)+", which is "+headerCalls)
	default:
		r.CacheHits, r.CacheMisses = hits, new(*calls-*hits)
	}
}

func (r *Report) headerCount(h http.Header, name string) *int64 {
	value, ok := r.headerValue(h, name)
	if !ok {
		return nil
	}
	n, ok := parseCount(value)
	if !ok || strings.Trim(value, "0123456789") != "" {
		r.refuse(name, value, "a non-negative integer of sensible size")
		return nil
	}
	return &n
}

func (r *Report) headerCost(h http.Header) *float64 {
	value, ok := r.headerValue(h, headerCost)
	if !ok {
		return nil
	}
	cost, ok := parseAmount(value)
	if !ok || cost > maxCost {
		r.refuse(headerCost, value, "a non-negative number of sensible size")
		return nil
	}
	return &cost
}

func (r *Report) headerCached(h http.Header) *bool {
	value, ok := r.headerValue(h, headerCache)
	if !ok {
		return nil
	}
	switch strings.ToLower(value) {
	case "hit":
		return new(true)
	case "miss":
		return new(false)
	default:
		r.refuse(headerCache, value, "hit or miss")
		return nil
	}
}

// headerValue returns the value of a field that stands once. Several values are
// a misunderstanding between programs: there is no telling which of them holds.
func (r *Report) headerValue(h http.Header, name string) (string, bool) {
	values := h.Values(name)
	if len(values) > 1 {
		r.refuse(name, strings.Join(values, ", "), "one value")
	}
	if len(values) != 1 {
		return "", false
	}
	return strings.TrimSpace(values[0]), true
}
