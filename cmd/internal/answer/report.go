package answer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Report contains what an answer states about itself. A nil field was not stated,
// which differs from zero.
type Report struct {
	// Tokens were spent on the answer, by type.
	Tokens Tokens
	// Cost is the cost of the answer in US dollars.
	Cost *float64
	// Models are the parts of Tokens and Cost that were spent on a model, one of each
	// model. They are less than the whole where a part is of no named model.
	Models []Spending
	// ServiceTier is the provider's name for its service tier, such as default, flex,
	// priority, standard or batch. It is empty if it is not stated, or if the calls of
	// an answer had different tiers.
	ServiceTier string
	// Model is the model that says it answered. It is empty if several do.
	Model string
	// Finish is why the model stopped, or empty.
	Finish otelmetrics.FinishReason
	// Finishes are why the models of a program stopped, one for each of their answers.
	// They take the place of Finish.
	Finishes map[otelmetrics.FinishReason]int64

	// Cached reports whether the whole answer came from the program's own cache. Tokens,
	// models and cost of such an answer are not stated, because an earlier answer spent them.
	Cached *bool
	// Saved are the tokens that such an answer states: what it once cost, and this
	// time did not.
	Saved Tokens
	// Scores are how good the answer is by the metric functions of the program, by
	// their names. What makes no score is for others to refuse.
	Scores map[string]float64
	// Calls are the calls of language models on the way to the answer, CacheHits
	// those that the program's own cache answered, and CacheMisses the others.
	Calls, CacheHits, CacheMisses *int64
	// ModelCalls are the part of Calls that is known by model, by its name. Calls is
	// their sum if it is not stated itself.
	ModelCalls map[string]int64
	// ToolCalls are the calls of tools on the way to the answer.
	ToolCalls *int64
	// ParseFailures are the completions that could not be parsed.
	ParseFailures *int64

	// Failed reports that the answer contains an error, whatever its status.
	Failed bool
	// ErrorType is why it failed: PredictionFailed if the answer does not say it
	// in a word that is known, and empty if it did not fail.
	ErrorType otelmetrics.ErrorType
	// Content reports that a stream had content, for which OnContent was called.
	Content bool
	// Ended reports that the answer contained its end marker or an error.
	Ended bool
	// Whole reports that the answer is complete: it contained its end marker, or is one
	// JSON value.
	Whole bool
	// Cut reports that the answer is a stream of a dialect with an end marker, and ended
	// without it.
	Cut bool

	// Missing is why the tokens that were spent are not known, or empty if they
	// are known or none can have been spent.
	Missing otelmetrics.UsageReason
	// Ignored are the statements that make no sense, for a log at debug level.
	// There are few entries, and they are short.
	Ignored []string
}

// Spending is the usage of one model.
type Spending struct {
	Model       string // by the name under which the usage has it
	Tokens      Tokens
	Cost        *float64
	ServiceTier string // as in Report
}

func (c cost) pointer() *float64 {
	if !c.stated {
		return nil
	}
	usd := c.usd
	return &usd
}

// ignore notes that something makes no sense.
func (s *state) ignore(text string) {
	const most = 8
	if len(s.ignored) < most && !slices.Contains(s.ignored, text) {
		s.ignored = append(s.ignored, text)
	}
}

// refuse ignores a value because it is not what it ought to be. Of a statement
// that a stream repeats, one is noted.
func (s *state) refuse(name string, v []byte, wanted string) {
	const most = 64
	for _, ignored := range s.ignored {
		if rest, ok := strings.CutPrefix(ignored, name); ok && strings.HasPrefix(rest, " is not ") {
			return
		}
	}
	text := string(v[:min(len(v), most)])
	if len(v) > most {
		text += "…"
	}
	s.ignore(fmt.Sprintf("%s is not %s: %q", name, wanted, text))
}
