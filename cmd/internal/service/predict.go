package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// predict serves a route of predictions.
func (s *Service) predict(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := s.recorder(r.Header, nil)
		if s.draining.Load() {
			retryAfter(w, time.Second)
			s.refuse(recorder, w, r, http.StatusServiceUnavailable, otelmetrics.UpstreamUnavailable, "the service is shutting down")
			return
		}
		select {
		case s.places <- struct{}{}:
			defer func() { <-s.places }()
		default:
			retryAfter(w, time.Second)
			s.refuse(recorder, w, r, http.StatusTooManyRequests, otelmetrics.RateLimit,
				fmt.Sprintf("%d predictions are being made, which is the limit", s.MaxConcurrency))
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.MaxBodyBytes))
		kind := s.kind(route, r.Header, body)
		recorder = s.recorder(r.Header, body)
		if err == nil {
			err = s.Backend.Check(kind, body)
		}
		var tooLarge *http.MaxBytesError
		switch {
		case err == nil:
			s.answer(w, r, &exchange{recorder: recorder, kind: kind, body: body, model: s.requested(body)})
		case r.Context().Err() != nil:
			recorder.RecordError(r.Context(), otelmetrics.Canceled)
		case errors.As(err, &tooLarge):
			s.refuse(recorder, w, r, http.StatusRequestEntityTooLarge, otelmetrics.InvalidInput,
				fmt.Sprintf("the body is larger than %d bytes", s.MaxBodyBytes))
		default:
			s.refuse(recorder, w, r, http.StatusBadRequest, otelmetrics.InvalidInput, err.Error())
		}
	})
}

// refuse answers a request for which no prediction starts: one error.
func (s *Service) refuse(recorder *otelmetrics.Recorder, w http.ResponseWriter, r *http.Request, status int, errorType otelmetrics.ErrorType, detail string) {
	recorder.RecordError(r.Context(), errorType)
	writeProblem(w, status, errorType, detail)
}

// answer makes the prediction within its time.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, e *exchange) {
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	ctx, prediction := e.recorder.StartPrediction(ctx, e.kind)
	defer prediction.End(&e.err) // should anything below panic
	e.prediction = &prediction
	if e.model != (otelmetrics.Model{}) {
		prediction.SetModel(e.model)
	}
	r = r.WithContext(withExchange(ctx, e))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(e.body)), nil }
	r.Body, _ = r.GetBody()
	r.ContentLength, r.TransferEncoding = int64(len(e.body)), nil
	r.Header.Del("Upgrade") // which a server may ignore: an answer is not a tunnel

	aborted := s.forward(w, r)
	if aborted && e.err == nil {
		e.err = context.Canceled // the client took no more of the answer
	}
	prediction.End(&e.err)
	if e.err != nil {
		s.log(r, e)
	}
	if aborted {
		panic(http.ErrAbortHandler) // the client must see that the answer is not whole
	}
}

// forward lets the proxy answer, and reports whether the answer was cut off.
func (s *Service) forward(w http.ResponseWriter, r *http.Request) (aborted bool) {
	defer func() {
		switch panicked := recover(); panicked {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		default:
			panic(panicked)
		}
	}()
	s.proxy.ServeHTTP(w, r)
	return false
}

func (s *Service) log(r *http.Request, e *exchange) {
	errorType, level := otelmetrics.Classify(e.err), slog.LevelWarn
	if errorType == otelmetrics.Canceled || errorType == otelmetrics.InvalidInput {
		level = slog.LevelDebug
	}
	s.Logger.Log(r.Context(), level, "prediction failed", slog.String("prediction_type", fmt.Sprintf("%.100s", e.kind)),
		slog.String("error_type", string(errorType)), slog.Any("error", e.err))
}
