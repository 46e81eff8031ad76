package views

import "net/http"

// PredictionType is a value of the label prediction_type: which kind of DSPy
// module answered. Any string is a legal type; these are the well-known ones.
type PredictionType string

// The well-known prediction types.
const (
	Predict          PredictionType = "predict"
	ChainOfThought   PredictionType = "cot"
	ReAct            PredictionType = "react"
	FewShot          PredictionType = "few_shot"
	ProgramOfThought PredictionType = "program_of_thought"
)

// Status is a value of the label status: how a prediction ended.
type Status string

// The statuses. There are no others.
const (
	Success Status = "success"
	Failure Status = "failure"
)

// ErrorType is a value of the label error_type: why something failed. Any
// string is a legal type; these are the well-known ones.
type ErrorType string

// The well-known error types.
const (
	// Timeout: a deadline passed.
	Timeout ErrorType = "timeout"
	// RateLimit: refused because too much was asked, here or upstream.
	RateLimit ErrorType = "rate_limit"
	// InvalidInput: the caller's fault.
	InvalidInput ErrorType = "invalid_input"
	// PredictionFailed: the predictor returned an error.
	PredictionFailed ErrorType = "prediction_failed"
	// UpstreamUnavailable: the predictor could not be reached.
	UpstreamUnavailable ErrorType = "upstream_unavailable"
	// Unauthorized: a client was refused before its request was looked at, for
	// wrong or missing credentials or a TLS handshake that it did not pass.
	Unauthorized ErrorType = "unauthorized"
	// CacheUnavailable: the cache could not be asked, or what it held was
	// damaged. The prediction went on without it.
	CacheUnavailable ErrorType = "cache_unavailable"
	// Canceled: the caller went away.
	Canceled ErrorType = "canceled"
	// Panic: the predictor panicked.
	Panic ErrorType = "panic"
	// OtherError: everything else.
	OtherError ErrorType = Other
)

// CacheType is a value of the label cache_type: which cache was asked. Any
// string is a legal type; these are the well-known ones.
type CacheType string

// The well-known cache types.
const (
	// Memory is a cache in the process.
	Memory CacheType = "memory"
	// Redis is a cache that processes share.
	Redis CacheType = "redis"
	// DSPy is the DSPy program's own cache.
	DSPy CacheType = "dspy"
)

// TokenType is a value of the label token_type: what the tokens were.
// CacheRead and CacheWrite are parts of Input, and Reasoning is a part of
// Output, as in OpenTelemetry's generative AI conventions: do not add them up.
type TokenType string

// The token types. There are no others.
const (
	Input      TokenType = "input"
	Output     TokenType = "output"
	CacheRead  TokenType = "cache_read"
	CacheWrite TokenType = "cache_write"
	Reasoning  TokenType = "reasoning"
)

// UsageReason is a value of the label reason of the metric UsageMissing: why the
// tokens that an answer spent are not known, or not their price.
type UsageReason string

// The reasons. There are no others.
const (
	// NotStated: the answer says nothing about what it spent.
	NotStated UsageReason = "not_stated"
	// Unreadable: the answer is in a coding or of a shape that is not understood.
	Unreadable UsageReason = "unreadable"
	// TooLarge: the answer, or the part that states its usage, is larger than
	// what is read.
	TooLarge UsageReason = "too_large"
	// CutOff: the answer ended before it could state its usage.
	CutOff UsageReason = "cut_off"
	// Unpriced: the tokens are known, and no price for their model is.
	Unpriced UsageReason = "unpriced"
)

func predictionTypes() []string {
	return texts(Predict, ChainOfThought, ReAct, FewShot, ProgramOfThought)
}

func statuses() []string { return texts(Success, Failure) }

func errorTypes() []string {
	return texts(Timeout, RateLimit, InvalidInput, PredictionFailed, UpstreamUnavailable, Unauthorized, CacheUnavailable, Canceled, Panic, OtherError)
}

// outcomes are those of an attempt: it succeeded, or failed for a reason.
func outcomes() []string { return append(texts(Success), errorTypes()...) }

func usageReasons() []string { return texts(NotStated, Unreadable, TooLarge, CutOff, Unpriced) }

func cacheTypes() []string { return texts(Memory, Redis, DSPy) }

func tokenTypes() []string { return texts(Input, Output, CacheRead, CacheWrite, Reasoning) }

// methods are the request methods of RFC 9110 §9.3 and RFC 5789.
func methods() []string {
	return []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace,
	}
}

func texts[T ~string](values ...T) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = string(value)
	}
	return out
}
