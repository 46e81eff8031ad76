package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/address"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/pace"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// predict serves a route of predictions.
func (s *Service) predict(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asksAbout(route.Pattern, r) {
			s.about.ServeHTTP(w, r)
			return
		}
		recorder := s.recorder(r.Header, nil)
		if s.draining.Load() {
			retryAfter(w, time.Second)
			s.refuse(recorder, w, r, http.StatusServiceUnavailable, otelmetrics.ErrorUpstreamUnavailable, "the service is shutting down")
			return
		}
		client := address.Of(r.RemoteAddr)
		if err := s.places.has(client, 1); err != nil {
			s.refuseOverload(recorder, w, r, err) // before its body takes memory
			return
		}
		body, err := s.read(w, r)
		if err != nil {
			s.unread(recorder, w, r, err)
			return
		}
		readForever(w)
		if err := s.places.take(client, 1); err != nil {
			s.refuseOverload(recorder, w, r, err)
			return
		}
		defer s.places.give(client, 1)
		kind := s.kind(route, r.Header, body)
		recorder = s.recorder(r.Header, body)
		if err := s.Backend.Check(kind, body); err != nil {
			s.refuse(recorder, w, r, http.StatusBadRequest, otelmetrics.ErrorInvalidInput, err.Error())
			return
		}
		call := Call{Type: kind, Body: body, recorder: recorder}
		if s.Readiness.Attempts {
			call.readiness = &s.readiness
		}
		named := requested(body)
		s.answer(w, r, &exchange{Call: call, named: named, model: s.model(named)})
	})
}

// unread answers a request whose body could not be read.
func (s *Service) unread(recorder *otelmetrics.Recorder, w http.ResponseWriter, r *http.Request, err error) {
	writeWithin(w, s.ClientTimeout)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		s.refuse(recorder, w, r, http.StatusRequestEntityTooLarge, otelmetrics.ErrorInvalidInput,
			fmt.Sprintf("the body is larger than %d bytes", s.MaxBodyBytes))
	case errors.Is(err, errAllTaken), errors.Is(err, errShareTaken):
		answerFirst(w)
		s.refuseOverload(recorder, w, r, err)
	case errors.Is(err, pace.ErrSlow):
		s.refuse(recorder, w, r, http.StatusRequestTimeout, otelmetrics.ErrorTimeout,
			fmt.Sprintf("the body came more slowly than %d bytes a second", s.MinRequestRate))
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.refuse(recorder, w, r, http.StatusRequestTimeout, otelmetrics.ErrorTimeout,
			fmt.Sprintf("the body did not arrive within %s", s.ClientTimeout))
	case errors.Is(err, io.ErrUnexpectedEOF), r.Context().Err() != nil:
		recorder.RecordError(r.Context(), otelmetrics.ErrorCanceled)
		panic(http.ErrAbortHandler) // nobody is there to be answered
	default:
		s.refuse(recorder, w, r, http.StatusBadRequest, otelmetrics.ErrorInvalidInput, "the body cannot be read: "+err.Error())
	}
}

// refuseOverload answers a request for which there is no place.
func (s *Service) refuseOverload(recorder *otelmetrics.Recorder, w http.ResponseWriter, r *http.Request, reason error) {
	retryAfter(w, time.Second)
	detail := fmt.Sprintf("%d predictions are being made, which is the limit", s.MaxConcurrency)
	if errors.Is(reason, errShareTaken) {
		detail = fmt.Sprintf("%d predictions are being made for the address of this client, which is the limit (--max-client-concurrency)", s.MaxClientConcurrency)
	}
	s.refuse(recorder, w, r, http.StatusTooManyRequests, otelmetrics.ErrorOverloaded, detail)
}

// refuse answers a request for which no prediction starts: one error.
func (s *Service) refuse(recorder *otelmetrics.Recorder, w http.ResponseWriter, r *http.Request, status int, errorType otelmetrics.ErrorType, detail string) {
	recorder.RecordError(r.Context(), errorType)
	writeProblem(w, status, errorType, detail)
}

// answer makes the prediction within its time.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, e *exchange) {
	now := time.Now()
	e.service, e.Deadline, e.delivery.left = s, s.deadline(now), -1
	e.writer.Begin(w, r, s.MinResponseRate, now, after(now, s.longest()))
	ctx := e.watch.begin(r.Context(), now, s.limits)
	defer e.watch.end()
	_, e.started = e.recorder.Predictor(e.Type).Start(r.Context())
	e.prediction = &e.started
	e.measured = e.prediction
	defer e.prediction.End(&e.err) // should anything below panic
	if e.model != (otelmetrics.Model{}) {
		e.prediction.SetModel(e.model)
	}
	aborted := e.forward(e.ask(ctx, r))
	writeWithin(w, s.ClientTimeout)
	if !aborted && e.delivery.body != nil {
		e.delivery.done()
	}
	if aborted && !e.delivery.complete {
		if e.writer.Slow() {
			e.fail(&otelmetrics.Error{Type: otelmetrics.ErrorCanceled, Err: pace.ErrSlow})
		}
		e.fail(cmp.Or(context.Cause(ctx), context.Canceled)) // the client took no more of the answer
	}
	e.end(r.Context(), e.err)
	e.prediction.End(&e.err)
	if e.err != nil {
		s.log(r, e)
	}
	if aborted {
		panic(http.ErrAbortHandler) // the client must see that the answer is not whole
	}
}

func (s *Service) log(r *http.Request, e *exchange) {
	errorType, level := otelmetrics.Classify(e.err), slog.LevelWarn
	if errorType == otelmetrics.ErrorCanceled || errorType == otelmetrics.ErrorInvalidInput {
		level = slog.LevelDebug
	}
	s.Logger.Log(r.Context(), level, "prediction failed", slog.String("prediction_type", fmt.Sprintf("%.100s", e.Type)),
		slog.String("error_type", string(errorType)), slog.Any("error", e.err))
}
