package service

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httputil"
	"time"

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
	// String describes to clients what makes the predictions.
	fmt.Stringer
}

// Call is what a backend knows about a prediction in addition to its request.
type Call struct {
	Type     otelmetrics.PredictionType
	Body     []byte    // of the request, which must not be changed
	Deadline time.Time // when the prediction is given up; zero for never

	recorder  *otelmetrics.Recorder
	readiness *readiness // that learns from each attempt; nil for none
	trying    bool       // an attempt has begun and has not failed
	// measured is the prediction whose upstream this is, waiting whether its clock
	// runs: from the beginning of an attempt to the last byte of the answer.
	measured *otelmetrics.Prediction
	waiting  bool
}

// Begin is called before each attempt to get an answer from a program. The last
// one ends as the prediction does.
func (c *Call) Begin() {
	c.trying, c.waiting = true, true
	c.measured.BeginUpstream()
}

// received is called when nothing more comes of an attempt.
func (c *Call) received() {
	if c.waiting {
		c.waiting = false
		c.measured.EndUpstream()
	}
}

// Fail counts an attempt that failed and that another one may follow.
func (c *Call) Fail(ctx context.Context, err error) {
	c.trying = false
	c.received()
	c.recorder.RecordUpstreamAttempt(ctx, err)
	if c.readiness != nil {
		c.readiness.attempted(err)
	}
}

// end counts the last attempt, if there is one.
func (c *Call) end(ctx context.Context, err error) {
	if c.trying {
		c.Fail(ctx, err)
	}
}
