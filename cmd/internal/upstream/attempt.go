package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// longestPause is the longest time to wait for a service to come back, where a
// prediction has no time limit.
const longestPause = 10 * time.Minute

// Predict sends the request. If its body can be had again (GetBody), Predict
// sends it again after no connection was made and, if the request may be
// repeated, after a connection broke or the service answered that it is away. A
// service that says when to come back (Retry-After) is asked then and not before.
// The last answer is returned as it came, and so is one after which the time that
// is left for the prediction is too short. All errors that are not those of the
// request's context are [otelmetrics.ErrorUpstreamUnavailable].
func (u *Upstream) Predict(call *service.Call, r *http.Request) (*http.Response, error) {
	var pauses *backoff.ExponentialBackOff
	attempt := r
	for retries := u.retries; ; retries-- {
		call.Begin()
		response, err := u.RoundTrip(attempt)
		reason := failure(response, err)
		if reason == nil || retries <= 0 || !retryable(r, response, err) {
			return response, err
		}
		if pauses == nil {
			pauses = newPauses()
		}
		pause := pauses.NextBackOff()
		if response != nil {
			pause = max(pause, retryAfter(response.Header))
		}
		if pause > timeLeft(call) {
			return response, err
		}
		if response != nil {
			_ = response.Body.Close()
		}
		call.Fail(r.Context(), reason)
		if err := sleep(r.Context(), pause); err != nil {
			return nil, err
		}
		attempt = again(r)
	}
}

// RoundTrip sends a request once. It implements [http.RoundTripper].
func (u *Upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := u.transport.RoundTrip(r)
	if err != nil {
		if r.Context().Err() != nil {
			return nil, context.Cause(r.Context())
		}
		return nil, &otelmetrics.Error{Type: otelmetrics.ErrorUpstreamUnavailable, Err: err}
	}
	switched := response.StatusCode == http.StatusSwitchingProtocols && r.Header.Get("Upgrade") != ""
	if response.StatusCode < http.StatusOK && !switched {
		// Nobody asked for another protocol, and below 100 there is no status.
		_ = response.Body.Close()
		return nil, &otelmetrics.Error{
			Type: otelmetrics.ErrorUpstreamUnavailable,
			Err:  fmt.Errorf("status %q is not a final HTTP status", response.Status),
		}
	}
	u.leadBack(response.Header, r.URL)
	return response, nil
}

// failure returns why an attempt failed so that another one may help, or nil.
func failure(response *http.Response, err error) error {
	if err == nil && away(response.StatusCode) {
		return &otelmetrics.Error{Type: otelmetrics.ClassifyStatus(response.StatusCode), Err: errors.New(response.Status)}
	}
	return err
}

// away reports whether a status says that the service is not there.
func away(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// retryable reports whether a request that failed may be sent again.
func retryable(r *http.Request, response *http.Response, err error) bool {
	if r.GetBody == nil || r.Context().Err() != nil {
		return false
	}
	return response == nil && unsent(err) || repeatable(r)
}

// unsent reports whether the service cannot have seen the request.
func unsent(err error) bool {
	operation, ok := errors.AsType[*net.OpError](err)
	return ok && operation.Op == "dial"
}

// repeatable reports whether a request may be made twice: its method says so, or
// the client by the header that net/http takes for it as well.
func repeatable(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return r.Header.Get("Idempotency-Key") != "" || r.Header.Get("X-Idempotency-Key") != ""
}

// again returns the request for another attempt.
func again(r *http.Request) *http.Request {
	attempt := r.Clone(r.Context())
	attempt.Body, _ = r.GetBody() // of bytes in memory
	return attempt
}

// newPauses returns pauses that are short, as a client waits: 50 ms and half as
// much more each time.
func newPauses() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = 50 * time.Millisecond
	return b
}

// timeLeft returns how long the prediction may still take.
func timeLeft(call *service.Call) time.Duration {
	if call.Deadline.IsZero() {
		return longestPause
	}
	return time.Until(call.Deadline)
}

// sleep waits, and returns why ctx ended if it did.
func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
