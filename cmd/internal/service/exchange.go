package service

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/pace"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// exchange is the state of one prediction. Only one goroutine at a time uses it.
type exchange struct {
	Call
	service    *Service
	writer     pace.Writer       // to the client
	named      string            // the model that the request asks for, as it is written
	model      otelmetrics.Model // that the request asks for, if it says so
	started    otelmetrics.Prediction
	prediction *otelmetrics.Prediction // what it costs: started, or that of another exchange that it is made for
	watch      watch
	question   bytes.Reader          // of the body, as it goes to the backend
	proxy      httputil.ReverseProxy // of this exchange: its transport is the exchange
	program    watched               // the body of the answer, as it comes from the backend
	observed   observed              // the same body, as it is read on its way
	delivery   delivery              // the same body, as it goes to the client
	// reader reads what the answer says about itself. It is nil if nothing is read.
	reader interface{ Ended() bool }
	// err is why the prediction failed, the first cause that was seen.
	err error
	// whole means that the answer itself says that all of it has come: it is one
	// JSON value, or had the mark at its end that a stream has.
	whole bool
}

// layer is one of those between the proxy and the backend. It answers by itself
// or asks the next one.
type layer interface {
	answer(e *exchange, r *http.Request) (*http.Response, error)
}

// RoundTrip implements [http.RoundTripper] for the proxy. The request is the one
// that goes to the backend. It gets its body here, because the proxy would wrap it:
// net/http sends a body that it knows to be in memory in one packet with the header.
func (e *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	if len(e.Body) > 0 {
		e.question.Reset(e.Body)
		r.Body = io.NopCloser(&e.question)
	}
	response, err := e.service.layers.answer(e, r)
	if err != nil {
		return nil, err
	}
	e.delivery = delivery{body: response.Body, exchange: e, left: response.ContentLength}
	response.Body = &e.delivery
	return response, nil
}

// fail notes why the prediction failed.
func (e *exchange) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// adopt takes over how a request ended that was made for several exchanges.
func (e *exchange) adopt(err error) {
	if err != nil {
		e.fail(err)
	}
}

// broke notes that the transport of the answer ended early, because of the
// request's context or because of the backend. It makes no failure of an answer
// that the client has.
func (e *exchange) broke(ctx context.Context, err error) {
	if e.delivery.complete {
		return
	}
	e.fail(brokenBy(ctx, err))
}

// brokenBy returns why the transport of an answer ended early: the cause of the
// context's end, or the backend.
func brokenBy(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return unavailable(err)
}

func unavailable(err error) error {
	if typed, ok := errors.AsType[*otelmetrics.Error](err); ok {
		return typed
	}
	return &otelmetrics.Error{Type: otelmetrics.ErrorUpstreamUnavailable, Err: err}
}

// ask makes the request that the proxy gets of the one that came in, whose body
// has been read.
func (e *exchange) ask(ctx context.Context, r *http.Request) *http.Request {
	r = r.WithContext(ctx)
	r.Body = http.NoBody // see RoundTrip
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(e.Body)), nil }
	r.ContentLength, r.TransferEncoding = int64(len(e.Body)), nil
	// A server may ignore it, and a tunnel would pass by all that is bounded and
	// measured here.
	r.Header.Del("Upgrade")
	return r
}
