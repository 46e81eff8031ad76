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
	// Predict makes the prediction that r asks for, and ends early when the
	// context of r does.
	Predict(call *Call, r *http.Request) (*http.Response, error)
	// String tells clients who makes the predictions.
	fmt.Stringer
}

// Call is what a backend can know of a prediction beside its request.
type Call struct {
	Type otelmetrics.PredictionType
	Body []byte // of the request, which must not be changed
}
