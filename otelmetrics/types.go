package otelmetrics

import "github.com/dspy-metrics/dspy-metrics/views"

// The label values of the contract; their documentation stands in package views.
// Any string is a legal value of [PredictionType], [ErrorType] and [CacheType]:
// a new one gets a series as long as its label has room (see package views).
type (
	// PredictionType is the kind of DSPy module that answers.
	PredictionType = views.PredictionType
	// Status is how a prediction ended.
	Status = views.Status
	// ErrorType is why something failed.
	ErrorType = views.ErrorType
	// CacheType is the cache that was asked.
	CacheType = views.CacheType
	// TokenType is what tokens were.
	TokenType = views.TokenType
	// UsageReason is why the usage of an answer is not known.
	UsageReason = views.UsageReason
)

// The well-known prediction types.
const (
	Predict          = views.Predict
	ChainOfThought   = views.ChainOfThought
	ReAct            = views.ReAct
	FewShot          = views.FewShot
	ProgramOfThought = views.ProgramOfThought
)

// The statuses of a prediction.
const (
	Success = views.Success
	Failure = views.Failure
)

// The well-known error types.
const (
	Timeout             = views.Timeout
	RateLimit           = views.RateLimit
	InvalidInput        = views.InvalidInput
	PredictionFailed    = views.PredictionFailed
	UpstreamUnavailable = views.UpstreamUnavailable
	Unauthorized        = views.Unauthorized
	CacheUnavailable    = views.CacheUnavailable
	Canceled            = views.Canceled
	Panic               = views.Panic
	OtherError          = views.OtherError
)

// The well-known cache types.
const (
	Memory = views.Memory
	Redis  = views.Redis
	DSPy   = views.DSPy
)

// The token types.
const (
	Input      = views.Input
	Output     = views.Output
	CacheRead  = views.CacheRead
	CacheWrite = views.CacheWrite
	Reasoning  = views.Reasoning
)

// The reasons why the usage of an answer is not known.
const (
	NotStated  = views.NotStated
	Unreadable = views.Unreadable
	TooLarge   = views.TooLarge
	CutOff     = views.CutOff
	Unpriced   = views.Unpriced
)
