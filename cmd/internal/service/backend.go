package service

import (
	"fmt"
	"net/http"
	"net/http/httputil"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Backend makes predictions. It is used concurrently.
type Backend interface {
	// Check refuses a request that the backend cannot take; it is the caller's
	// fault and no prediction starts.
	Check(kind otelmetrics.PredictionType, body []byte) error
	// Rewrite makes the request to the backend of the one that came in.
	Rewrite(r *httputil.ProxyRequest)
	// RoundTripper makes the prediction, and ends early when the context of the
	// request does.
	http.RoundTripper
	// String tells clients who makes the predictions.
	fmt.Stringer
}
