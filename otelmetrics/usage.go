package otelmetrics

import "context"

// Usage says what calls of one language model spent, one call or several. What is
// zero or empty is not stated, and counts nothing, so fill in what you know:
//
//	p.AddUsage(otelmetrics.Usage{
//		Model:  otelmetrics.Model{Provider: "openai", Name: "gpt-4o-mini"},
//		Tokens: otelmetrics.Tokens{Input: 1500, Output: 90},
//		Calls:  1,
//		Finish: otelmetrics.FinishStop,
//	})
//
// A prediction that asks several models has a Usage of each. Counts below zero are
// ignored.
type Usage struct {
	// Model is the model that was asked. The zero Model is that of the prediction:
	// see [Prediction.SetModel] and [WithModel].
	Model Model
	// Tokens were spent. A cached answer spends none.
	Tokens Tokens
	// Saved are the tokens that a cached answer once cost, and this time did not.
	Saved Tokens

	// CostUSD is what it cost, in US dollars. One that is negative or not finite is
	// ignored. With the zero Model it is what the whole prediction cost, whatever
	// models it asked, so that [WithPrices] adds nothing.
	CostUSD float64
	// CostSource is who says what it cost. If it is empty, a cost above zero is the
	// provider's word, and zero means that nobody has said it. To state that
	// something was free, give the source with a cost of zero.
	CostSource CostSource
	// ServiceTier is what the provider calls the way in which it answered, such as
	// flex, priority or batch, for the prices of [WithPrices]: the member
	// service_tier of an answer.
	ServiceTier string

	// Calls is how often the model was asked, calls that a cache answered included.
	// Prices of long contexts need to know that there was one.
	Calls int64
	// CacheHits and CacheMisses are the calls that DSPy's own cache answered, and
	// those that it did not: the cache type is [CacheDSPy]. For a cache of yours
	// there are [Recorder.RecordCacheHit] and [Recorder.RecordCacheMiss].
	CacheHits, CacheMisses int64
	// ToolCalls is how many tools were called.
	ToolCalls int64
	// ParseFailures is how many completions could not be parsed.
	ParseFailures int64
	// Finish is why the model stopped, and Finishes how many of its answers ended
	// so: 0 is one answer. Without a Finish none is counted.
	Finish   FinishReason
	Finishes int64

	// Missing is why the tokens of an answer, or their price, are not known. It
	// counts one answer, so that sums that are too low can be seen to be so.
	Missing UsageReason
}

// Tokens are numbers of tokens by type. CacheRead and CacheWrite are parts of Input, and Reasoning is a part of Output, as in
// OpenTelemetry's conventions for generative AI: do not add them up.
type Tokens struct {
	Input, Output, CacheRead, CacheWrite, Reasoning int64
}

// tokenCount is a number of tokens of one type.
type tokenCount struct {
	what  TokenType
	count int64
}

func (t Tokens) counts() [5]tokenCount {
	return [...]tokenCount{
		{TokensInput, t.Input},
		{TokensOutput, t.Output},
		{TokensCacheRead, t.CacheRead},
		{TokensCacheWrite, t.CacheWrite},
		{TokensReasoning, t.Reasoning},
	}
}

// of returns the number of tokens of a type, or nil for a type that is not documented.
func (t *Tokens) of(what TokenType) *int64 {
	switch what {
	case TokensInput:
		return &t.Input
	case TokensOutput:
		return &t.Output
	case TokensCacheRead:
		return &t.CacheRead
	case TokensCacheWrite:
		return &t.CacheWrite
	case TokensReasoning:
		return &t.Reasoning
	default:
		return nil
	}
}

// RecordUsage adds what a prediction spent that was made and measured elsewhere. The zero Model is that of [WithModel].
// [WithPrices] does not price it: state the cost. Prefer [Prediction.AddUsage].
func (r *Recorder) RecordUsage(ctx context.Context, kind PredictionType, usage Usage) {
	if r == nil {
		return
	}
	name, series := r.modelName(), r.model
	if usage.Model != (Model{}) {
		name, series = usage.Model.label(), r.modelSeries(usage.Model)
	}
	r.recordUsage(ctx, kind, name, series, usage)
}

// AddUsage adds what the prediction spent, also when it failed or has ended. What is added before its end also counts for
// [WithPrices], and for the time per output token: see [Prediction.LastToken]. It does not allocate, but with WithPrices.
func (p *Prediction) AddUsage(usage Usage) {
	if p == nil || p.predictor == nil {
		return
	}
	r := p.predictor.recorder
	name, series := p.modelName(), p.modelSeries()
	if usage.Model != (Model{}) {
		name, series = usage.Model.label(), r.modelSeries(usage.Model)
	}
	r.recordUsage(p.ctx, p.predictor.kind, name, series, usage)
	p.pace.output.Add(max(usage.Tokens.Output, 0))
	p.lmCalls.Add(max(usage.Calls, 0))
	p.toolCalls.Add(max(usage.ToolCalls, 0))
	p.billUsage(usage)
}

// AddTokens adds tokens of one type that the prediction's model spent: the short form of [Prediction.AddUsage]. A count below
// 1 is ignored. Add none for a cached answer.
func (p *Prediction) AddTokens(what TokenType, count int64) {
	if p == nil || p.predictor == nil || count < 1 {
		return
	}
	p.predictor.recorder.recordTokens(p.ctx, p.predictor.kind, p.modelName(), p.modelSeries(), what, count)
	if what == TokensOutput {
		p.pace.output.Add(count)
	}
	p.billTokens(what, count)
}
