package otelmetrics

import "github.com/dspy-metrics/dspy-metrics/views"

// PredictionType is a value of the label prediction_type: which kind of DSPy module answered. Any string is a legal type. A
// new one gets its own series as long as the label has room.
type PredictionType string

// The well-known prediction types.
const (
	Predict          PredictionType = views.Predict
	ChainOfThought   PredictionType = views.ChainOfThought
	ReAct            PredictionType = views.ReAct
	FewShot          PredictionType = views.FewShot
	ProgramOfThought PredictionType = views.ProgramOfThought
	RLM              PredictionType = views.RLM
	CodeAct          PredictionType = views.CodeAct
	ReActV2          PredictionType = views.ReActV2
	MultiChain       PredictionType = views.MultiChain
	BestOfN          PredictionType = views.BestOfN
	Refine           PredictionType = views.Refine
	Parallel         PredictionType = views.Parallel
)

// Status is a value of the label status: how a prediction ended.
type Status string

// The statuses. There are no others.
const (
	StatusSuccess Status = views.StatusSuccess
	StatusFailure Status = views.StatusFailure
)

// ErrorType is a value of the label error_type: why something failed. Any string is a legal type. A new one gets its own
// series as long as the label has room.
type ErrorType string

// The well-known error types.
const (
	// ErrorTimeout: a deadline passed.
	ErrorTimeout ErrorType = views.ErrorTimeout
	// ErrorRateLimit: a language model's provider or a gateway refused the request because there were too many.
	ErrorRateLimit ErrorType = views.ErrorRateLimit
	// ErrorInvalidInput: the caller sent something that cannot be answered.
	ErrorInvalidInput ErrorType = views.ErrorInvalidInput
	// ErrorPredictionFailed: the predictor returned an error.
	ErrorPredictionFailed ErrorType = views.ErrorPredictionFailed
	// ErrorUpstreamUnavailable: the predictor could not be reached.
	ErrorUpstreamUnavailable ErrorType = views.ErrorUpstreamUnavailable
	// ErrorUnauthorized: this service refused a client before it looked at the request, for wrong or missing credentials
	// or a failed TLS handshake.
	ErrorUnauthorized ErrorType = views.ErrorUnauthorized
	// ErrorCacheUnavailable: the cache could not be asked, or its entry was damaged. The prediction went on without it.
	ErrorCacheUnavailable ErrorType = views.ErrorCacheUnavailable
	// ErrorOverloaded: this service refused the request because it makes as many predictions as it may.
	ErrorOverloaded ErrorType = views.ErrorOverloaded
	// ErrorCanceled: the caller went away.
	ErrorCanceled ErrorType = views.ErrorCanceled
	// ErrorPanic: the predictor panicked.
	ErrorPanic ErrorType = views.ErrorPanic
	// ErrorOther: everything else.
	ErrorOther ErrorType = views.Other
)

// CacheType is a value of the label cache_type: which cache was asked. Any string is a legal type. A new one gets its own
// series as long as the label has room.
type CacheType string

// The well-known cache types.
const (
	// CacheMemory is a cache in the process.
	CacheMemory CacheType = views.CacheMemory
	// CacheRedis is a cache that processes share.
	CacheRedis CacheType = views.CacheRedis
	// CacheDSPy is the DSPy program's own cache.
	CacheDSPy CacheType = views.CacheDSPy
)

// TokenType is a value of the label token_type: what the tokens were. TokensCacheRead and TokensCacheWrite are parts of
// TokensInput, and TokensReasoning is a part of TokensOutput, as in OpenTelemetry's conventions for generative AI. Do not
// add them up.
type TokenType string

// The token types. There are no others.
const (
	TokensInput      TokenType = views.TokensInput
	TokensOutput     TokenType = views.TokensOutput
	TokensCacheRead  TokenType = views.TokensCacheRead
	TokensCacheWrite TokenType = views.TokensCacheWrite
	TokensReasoning  TokenType = views.TokensReasoning
)

// UsageReason is a value of the label reason of dspy_usage_missing_total: why the tokens that an answer spent are not known,
// or not their price.
type UsageReason string

// The reasons. There are no others.
const (
	// UsageNotStated: the answer does not state what it spent.
	UsageNotStated UsageReason = views.UsageNotStated
	// UsageUnreadable: the answer has an unknown coding or shape.
	UsageUnreadable UsageReason = views.UsageUnreadable
	// UsageTooLarge: the answer, or the part that states its usage, is larger than what is read.
	UsageTooLarge UsageReason = views.UsageTooLarge
	// UsageCutOff: the answer ended before it could state its usage.
	UsageCutOff UsageReason = views.UsageCutOff
	// UsageUnpriced: the tokens are known, but no price for their model is.
	UsageUnpriced UsageReason = views.UsageUnpriced
)

// FinishReason is a value of the label finish_reason: why a language model stopped.
type FinishReason string

// The finish reasons. There are no others.
const (
	// FinishStop: it came to its end, or to a stop sequence.
	FinishStop FinishReason = views.FinishStop
	// FinishLength: it reached the limit of its output, so the answer is truncated.
	FinishLength FinishReason = views.FinishLength
	// FinishToolCalls: it asks for tools to be called.
	FinishToolCalls FinishReason = views.FinishToolCalls
	// FinishContentFilter: it was stopped because of the content.
	FinishContentFilter FinishReason = views.FinishContentFilter
	// FinishError: it failed.
	FinishError FinishReason = views.FinishError
	// FinishOther: everything else.
	FinishOther FinishReason = views.Other
)

// CostSource is a value of the label source of dspy_cost_usd_total: who says what something cost.
type CostSource string

// The sources of a cost. There are no others.
const (
	// CostByProvider: the provider or its gateway stated the cost.
	CostByProvider CostSource = views.CostByProvider
	// CostByPriceList: the cost follows from the tokens and a price list.
	CostByPriceList CostSource = views.CostByPriceList
)
