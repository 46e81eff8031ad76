package service

import (
	"fmt"
	"net/http"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// failed returns the error that the status of an answer says, or nil.
func failed(r *http.Response) error {
	if r.StatusCode < http.StatusMultipleChoices || unchanged(r) {
		return nil
	}
	return &otelmetrics.Error{
		Type: otelmetrics.ClassifyStatus(r.StatusCode),
		Err:  fmt.Errorf("the backend answered %d %s", r.StatusCode, http.StatusText(r.StatusCode)),
	}
}

// unchanged reports whether the response tells the client that its stored answer is
// still valid (RFC 9110 §13).
func unchanged(r *http.Response) bool {
	asked := r.Request.Header
	return r.StatusCode == http.StatusNotModified && (asked.Get("If-None-Match") != "" || asked.Get("If-Modified-Since") != "")
}

// status returns the status that says how a prediction failed.
func status(errorType otelmetrics.ErrorType) int {
	switch errorType {
	case otelmetrics.ErrorTimeout:
		return http.StatusGatewayTimeout
	case otelmetrics.ErrorInvalidInput:
		return http.StatusBadRequest
	case otelmetrics.ErrorRateLimit, otelmetrics.ErrorOverloaded:
		return http.StatusTooManyRequests
	case otelmetrics.ErrorUpstreamUnavailable:
		return http.StatusBadGateway
	default:
		return http.StatusInternalServerError
	}
}
