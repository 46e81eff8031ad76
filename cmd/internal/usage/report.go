package usage

import (
	"cmp"
	"fmt"
	"maps"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// Report is what an answer says about itself. A nil field was not stated, which
// is not the same as zero.
type Report struct {
	// Tokens were spent on the answer, by type. A type that was not stated is
	// not in the map. Cache reads and writes are parts of the input and reasoning
	// is a part of the output, if the provider counts them so.
	Tokens map[views.TokenType]int64
	// Models are those of Tokens that were spent on a model, by the name under
	// which the usage has it: never more than Tokens, and less where some are of
	// no named model.
	Models map[string]map[views.TokenType]int64
	// Model is the model that says it answered, in the shape of OpenAI's APIs. It
	// is empty if several do.
	Model string
	// Cost is what was spent on the answer, in US dollars.
	Cost *float64
	// Cached says whether the whole answer came from the program's own cache.
	// Tokens, models and Cost of such an answer are nil: they were spent on an earlier one.
	Cached *bool
	// CacheHits are the calls of language models on the way to the answer that
	// the program's own cache answered, CacheMisses those that it did not.
	CacheHits, CacheMisses *int64
	// ToolCalls are the calls of tools on the way to the answer.
	ToolCalls *int64
	// ParseFailures are the completions that could not be parsed.
	ParseFailures *int64
	// Failed says that the answer tells of an error, whatever its status code.
	Failed bool
	// ErrorType is why it failed: PredictionFailed if the answer does not say it
	// in a word that is known, and empty if it did not fail.
	ErrorType views.ErrorType
	// Ignored tells what was stated and could not be used, for a log at debug
	// level. There are few entries, and they are short.
	Ignored []string
}

// Merge returns what body states, and what header states where body does not.
// For Tokens, that is by type; a header names no models.
func Merge(body, header Report) Report {
	r := Report{
		Tokens:        overlay(maps.Clone(header.Tokens), body.Tokens),
		Models:        body.Models,
		Model:         body.Model,
		Cost:          cmp.Or(body.Cost, header.Cost),
		Cached:        cmp.Or(body.Cached, header.Cached),
		CacheHits:     cmp.Or(body.CacheHits, header.CacheHits),
		CacheMisses:   cmp.Or(body.CacheMisses, header.CacheMisses),
		ToolCalls:     cmp.Or(body.ToolCalls, header.ToolCalls),
		ParseFailures: cmp.Or(body.ParseFailures, header.ParseFailures),
		Failed:        body.Failed || header.Failed,
		ErrorType:     cmp.Or(body.ErrorType, header.ErrorType),
	}
	for _, ignored := range [][]string{body.Ignored, header.Ignored} {
		for _, text := range ignored {
			r.ignore(text)
		}
	}
	r.settle()
	return r
}

// overlay puts the counts of top over those of base.
func overlay(base, top map[views.TokenType]int64) map[views.TokenType]int64 {
	if base == nil {
		return maps.Clone(top)
	}
	maps.Copy(base, top)
	return base
}

// settle takes away what a cached answer did not spend. DSPy keeps the cost of
// the call that filled the cache, and programs the usage.
func (r *Report) settle() {
	if r.Cached != nil && *r.Cached {
		r.Tokens, r.Models, r.Model, r.Cost = nil, nil, "", nil
	}
}

func (r *Report) fail(errorType views.ErrorType) {
	r.Failed, r.ErrorType = true, errorType
}

func (r *Report) ignore(text string) {
	const most = 8
	if len(r.Ignored) < most {
		r.Ignored = append(r.Ignored, text)
	}
}

// refuse ignores a value because it is not what it ought to be.
func (r *Report) refuse(name, value, wanted string) {
	const most = 64
	if len(value) > most {
		value = value[:most] + "…"
	}
	r.ignore(fmt.Sprintf("%s is not %s: %q", name, wanted, value))
}
