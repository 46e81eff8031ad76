package usage

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// names are where a count may stand in a model's usage; the first that is stated
// is taken. They are LiteLLM's and OpenAI's, then Anthropic's and DSPy's.
type names struct {
	tokenType views.TokenType
	paths     [4]string // fewer if the rest is empty
}

func countNames() [5]names {
	return [5]names{
		{views.Input, [4]string{"prompt_tokens", "input_tokens"}},
		{views.Output, [4]string{"completion_tokens", "output_tokens"}},
		{views.CacheRead, [4]string{
			"prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens",
			"cache_read_input_tokens", "cache_read_tokens",
		}},
		{views.CacheWrite, [4]string{
			"prompt_tokens_details.cache_creation_tokens", "prompt_tokens_details.cache_write_tokens",
			"cache_creation_input_tokens", "cache_write_tokens",
		}},
		{views.Reasoning, [4]string{
			"completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens", "reasoning_tokens",
		}},
	}
}

// tokens reads a member usage: one model's, or an object of models.
func (r *Report) tokens(usage gjson.Result) map[views.TokenType]int64 {
	if !stated(usage) {
		return nil
	}
	if !usage.IsObject() {
		r.refuse(memberUsage, usage.Raw, "an object")
		return nil
	}
	if one := r.model(usage); len(one) > 0 {
		return one
	}
	sum := make(map[views.TokenType]int64)
	usage.ForEach(func(name, model gjson.Result) bool {
		if model.IsObject() {
			counts := r.model(model)
			add(sum, counts)
			r.of(name.Str, counts)
		}
		return true
	})
	return r.sensible(sum)
}

// of notes the counts of one model. Of very many, the rest goes without.
func (r *Report) of(name string, counts map[views.TokenType]int64) {
	const most = 64
	if name = modelName(name); name == "" || len(counts) == 0 || len(r.Models) == most {
		return
	}
	if r.Models == nil {
		r.Models = make(map[string]map[views.TokenType]int64)
	}
	r.Models[name] = overlay(r.Models[name], counts)
}

// modelName returns a copy of the name, which is a part of the answer, or
// nothing if it is longer than any.
func modelName(name string) string {
	const longest = 256
	if len(name) > longest {
		return ""
	}
	return strings.Clone(name)
}

// model reads the usage of one model.
func (r *Report) model(usage gjson.Result) map[views.TokenType]int64 {
	counts := make(map[views.TokenType]int64)
	for _, n := range countNames() {
		for _, path := range n.paths {
			if path == "" {
				break
			}
			value := usage.Get(path)
			if !stated(value) {
				continue
			}
			if count, ok := parseCount(value.Raw); ok {
				counts[n.tokenType] = count
				break
			}
			r.refuse(memberUsage+"."+path, value.Raw, "a non-negative integer of sensible size")
		}
	}
	if anthropic(usage) {
		counts[views.Input] += counts[views.CacheRead] + counts[views.CacheWrite]
	}
	return counts
}

// anthropic tells Anthropic's own usage, whose input_tokens are those that were
// neither read from its prompt cache nor written to it. LiteLLM, which passes
// the same names on, adds them up to prompt_tokens.
func anthropic(usage gjson.Result) bool {
	_, input := parseCount(usage.Get("input_tokens").Raw)
	return input && !usage.Get("prompt_tokens").Exists() && !usage.Get("input_tokens_details").Exists() &&
		(usage.Get("cache_read_input_tokens").Exists() || usage.Get("cache_creation_input_tokens").Exists())
}

// add adds counts to sum, which cannot overflow: what is not sensible any more
// does not grow.
func add(sum, counts map[views.TokenType]int64) {
	for tokenType, count := range counts {
		if sum[tokenType] <= maxCount {
			sum[tokenType] += count
		}
	}
}

// sensible takes sums out that are too large.
func (r *Report) sensible(sum map[views.TokenType]int64) map[views.TokenType]int64 {
	for _, n := range countNames() {
		if sum[n.tokenType] > maxCount {
			r.ignore("the sum of " + string(n.tokenType) + " tokens is too large")
			delete(sum, n.tokenType)
			r.Models = nil
		}
	}
	if len(sum) == 0 {
		return nil
	}
	return sum
}
