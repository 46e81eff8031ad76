package otelmetrics

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"
)

// Error gives an error its type, for [Prediction.End]:
//
//	return &otelmetrics.Error{Type: otelmetrics.RateLimit, Err: err}
type Error struct {
	// Type becomes the label error_type.
	Type ErrorType
	// Err is the cause. It may be nil.
	Err error
}

// Error returns the text of the cause, or the type if there is none.
func (e *Error) Error() string {
	if e.Err == nil {
		return string(e.Type)
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Classify returns the type of an error, in this order: the type of an [*Error]
// in its chain; [Canceled] and [Timeout] for the errors of a context, or any
// error that calls itself a timeout; [InvalidInput] for a body over its limit;
// [UpstreamUnavailable] for a connection that could not be made or broke;
// [PredictionFailed] for everything else. It returns "" for nil.
func Classify(err error) ErrorType {
	var (
		typed     *Error
		timeout   interface{ Timeout() bool }
		tooLarge  *http.MaxBytesError
		operation *net.OpError
	)
	switch {
	case err == nil:
		return ""
	case errors.As(err, &typed):
		return typed.Type
	case errors.Is(err, context.Canceled), errors.Is(err, http.ErrAbortHandler):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	case errors.As(err, &tooLarge):
		return InvalidInput
	case errors.As(err, &operation), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		return UpstreamUnavailable
	default:
		return PredictionFailed
	}
}
