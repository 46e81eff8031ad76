package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// exchange is one prediction on its way through the layers. One goroutine at a
// time has it.
type exchange struct {
	Call
	service    *Service
	proxy      httputil.ReverseProxy // of this exchange: its transport is the exchange
	recorder   *otelmetrics.Recorder
	model      otelmetrics.Model // that the request asks for, if it says so
	prediction otelmetrics.Prediction
	// err is why it failed, the first cause that was seen.
	err error
}

// RoundTrip is called by the proxy, with the request that goes to the backend.
func (e *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	return e.service.layers.answer(e, r)
}

// layer is one of those between the proxy and the backend. It answers by itself
// or asks the next one.
type layer interface {
	answer(e *exchange, r *http.Request) (*http.Response, error)
}

func (e *exchange) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// brokenBy returns why the transport of an answer ended early: because of us,
// as the context tells, or because of the backend.
func brokenBy(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if typed, ok := errors.AsType[*otelmetrics.Error](err); ok {
		return typed
	}
	return &otelmetrics.Error{Type: otelmetrics.UpstreamUnavailable, Err: err}
}

// failed returns the error that an answer's status tells, or nil.
func failed(status int) error {
	if status < http.StatusBadRequest {
		return nil
	}
	return &otelmetrics.Error{Type: errorType(status), Err: fmt.Errorf("the backend answered %d %s", status, http.StatusText(status))}
}

func errorType(status int) otelmetrics.ErrorType {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return otelmetrics.InvalidInput
	case http.StatusTooManyRequests:
		return otelmetrics.RateLimit
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return otelmetrics.Timeout
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		return otelmetrics.UpstreamUnavailable
	case 499: // nginx: the client went away
		return otelmetrics.Canceled
	}
	if status < http.StatusInternalServerError {
		return otelmetrics.OtherError
	}
	return otelmetrics.PredictionFailed
}
