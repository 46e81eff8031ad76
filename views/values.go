package views

import "net/http"

// The well-known values of the label prediction_type: the modules of DSPy. Series of the first six exist from the start.
const (
	Predict          = "predict"
	ChainOfThought   = "cot"
	ReAct            = "react"
	FewShot          = "few_shot"
	ProgramOfThought = "program_of_thought" // DSPy 3.5 replaces it by RLM
	RLM              = "rlm"
	CodeAct          = "code_act"
	ReActV2          = "react_v2"
	MultiChain       = "multi_chain"
	BestOfN          = "best_of_n"
	Refine           = "refine"
	Parallel         = "parallel"
)

// The values of the label status.
const (
	StatusSuccess = "success"
	StatusFailure = "failure"
)

// The well-known values of the label error_type, with [Other] for everything else. Package otelmetrics documents what each
// one means.
const (
	ErrorTimeout             = "timeout"
	ErrorRateLimit           = "rate_limit"
	ErrorInvalidInput        = "invalid_input"
	ErrorPredictionFailed    = "prediction_failed"
	ErrorUpstreamUnavailable = "upstream_unavailable"
	ErrorUnauthorized        = "unauthorized"
	ErrorCacheUnavailable    = "cache_unavailable"
	ErrorOverloaded          = "overloaded"
	ErrorCanceled            = "canceled"
	ErrorPanic               = "panic"
)

// The well-known values of the label cache_type.
const (
	CacheMemory = "memory"
	CacheRedis  = "redis"
	CacheDSPy   = "dspy"
)

// The values of the label token_type.
const (
	TokensInput      = "input"
	TokensOutput     = "output"
	TokensCacheRead  = "cache_read"
	TokensCacheWrite = "cache_write"
	TokensReasoning  = "reasoning"
)

// The values of the label reason of the metric [Metrics.UsageMissing].
const (
	UsageNotStated  = "not_stated"
	UsageUnreadable = "unreadable"
	UsageTooLarge   = "too_large"
	UsageCutOff     = "cut_off"
	UsageUnpriced   = "unpriced"
)

// The values of the label source.
const (
	CostByProvider  = "provider"
	CostByPriceList = "local"
)

// The values of the label finish_reason, with [Other] for everything else.
const (
	FinishStop          = "stop"
	FinishLength        = "length"
	FinishToolCalls     = "tool_calls"
	FinishContentFilter = "content_filter"
	FinishError         = "error"
)

func predictionTypes() []string {
	return []string{Predict, ChainOfThought, ReAct, FewShot, ProgramOfThought, RLM}
}

func statuses() []string { return []string{StatusSuccess, StatusFailure} }

func errorTypes() []string {
	return []string{
		ErrorTimeout, ErrorRateLimit, ErrorInvalidInput, ErrorPredictionFailed, ErrorUpstreamUnavailable, ErrorUnauthorized,
		ErrorCacheUnavailable, ErrorOverloaded, ErrorCanceled, ErrorPanic, Other,
	}
}

// outcomes are those of an attempt: it succeeded, or failed with an error type.
func outcomes() []string { return append([]string{StatusSuccess}, errorTypes()...) }

func usageReasons() []string {
	return []string{UsageNotStated, UsageUnreadable, UsageTooLarge, UsageCutOff, UsageUnpriced}
}

func costSources() []string { return []string{CostByProvider, CostByPriceList} }

func finishReasons() []string {
	return []string{FinishStop, FinishLength, FinishToolCalls, FinishContentFilter, FinishError, Other}
}

func cacheTypes() []string { return []string{CacheMemory, CacheRedis, CacheDSPy} }

func tokenTypes() []string {
	return []string{TokensInput, TokensOutput, TokensCacheRead, TokensCacheWrite, TokensReasoning}
}

// methods are the request methods of RFC 9110 §9.3 and RFC 5789.
func methods() []string {
	return []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace,
	}
}
