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
		Type: ErrorType(r.StatusCode),
		Err:  fmt.Errorf("the backend answered %d %s", r.StatusCode, http.StatusText(r.StatusCode)),
	}
}

// unchanged reports whether a client that has an answer was told that it is still
// good, as it asked: RFC 9110 §13.
func unchanged(r *http.Response) bool {
	asked := r.Request.Header
	return r.StatusCode == http.StatusNotModified && (asked.Get("If-None-Match") != "" || asked.Get("If-Modified-Since") != "")
}

// Statuses that net/http does not name.
const (
	statusClientGone   = 499 // nginx: the client went away
	statusLBClientGone = 460 // AWS load balancers: the same
	// Those of Cloudflare.
	statusConnectionTimedOut = 522
	statusTimeout            = 524
	statusLastOfCloudflare   = 530
	statusOverloaded         = 529 // Anthropic
	// Those of proxies that ran out of time.
	statusReadTimeout    = 598
	statusConnectTimeout = 599
)

// ErrorType returns the type of the error that a status of a failure says.
func ErrorType(status int) otelmetrics.ErrorType {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return otelmetrics.InvalidInput
	case http.StatusTooManyRequests:
		return otelmetrics.RateLimit
	case http.StatusRequestTimeout, http.StatusGatewayTimeout,
		statusConnectionTimedOut, statusTimeout, statusReadTimeout, statusConnectTimeout:
		return otelmetrics.Timeout
	case http.StatusBadGateway, http.StatusServiceUnavailable, statusOverloaded:
		return otelmetrics.UpstreamUnavailable
	case statusClientGone, statusLBClientGone:
		return otelmetrics.Canceled
	}
	switch {
	case status < http.StatusBadRequest: // the client asked at a wrong place
		return otelmetrics.InvalidInput
	case status < http.StatusInternalServerError:
		return otelmetrics.OtherError
	case status >= 520 && status <= statusLastOfCloudflare:
		return otelmetrics.UpstreamUnavailable
	default:
		return otelmetrics.PredictionFailed
	}
}

// status returns the status that says how a prediction failed.
func status(errorType otelmetrics.ErrorType) int {
	switch errorType {
	case otelmetrics.Timeout:
		return http.StatusGatewayTimeout
	case otelmetrics.InvalidInput:
		return http.StatusBadRequest
	case otelmetrics.RateLimit:
		return http.StatusTooManyRequests
	case otelmetrics.UpstreamUnavailable:
		return http.StatusBadGateway
	default:
		return http.StatusInternalServerError
	}
}
