package views

import "net/http"

// The well-known values of the label prediction_type.
const (
	Predict          = "predict"
	ChainOfThought   = "cot"
	ReAct            = "react"
	FewShot          = "few_shot"
	ProgramOfThought = "program_of_thought"
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

func predictionTypes() []string {
	return []string{Predict, ChainOfThought, ReAct, FewShot, ProgramOfThought}
}

func statuses() []string { return []string{StatusSuccess, StatusFailure} }

func errorTypes() []string {
	return []string{
		ErrorTimeout, ErrorRateLimit, ErrorInvalidInput, ErrorPredictionFailed, ErrorUpstreamUnavailable, ErrorUnauthorized,
		ErrorCacheUnavailable, ErrorCanceled, ErrorPanic, Other,
	}
}

// outcomes are those of an attempt: it succeeded, or failed with an error type.
func outcomes() []string { return append([]string{StatusSuccess}, errorTypes()...) }

func usageReasons() []string {
	return []string{UsageNotStated, UsageUnreadable, UsageTooLarge, UsageCutOff, UsageUnpriced}
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
