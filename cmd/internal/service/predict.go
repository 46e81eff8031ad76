package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func (s *Service) predict(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		retryAfter(w, time.Second)
		s.refuse(w, r, http.StatusServiceUnavailable, otelmetrics.UpstreamUnavailable, "the service is shutting down")
		return
	}
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	default:
		retryAfter(w, time.Second)
		s.refuse(w, r, http.StatusTooManyRequests, otelmetrics.RateLimit,
			fmt.Sprintf("%d predictions are being made, which is the limit", s.MaxConcurrency))
		return
	}
	request, err := decode(http.MaxBytesReader(w, r.Body, s.MaxBodyBytes))
	if err == nil {
		err = s.Predictor.Check(request)
	}
	switch {
	case err == nil:
		s.answer(w, r, request)
	case r.Context().Err() != nil:
		s.Recorder.RecordError(r.Context(), otelmetrics.Canceled)
	case tooLarge(err):
		s.refuse(w, r, http.StatusRequestEntityTooLarge, otelmetrics.InvalidInput,
			fmt.Sprintf("the body is larger than %d bytes", s.MaxBodyBytes))
	default:
		s.refuse(w, r, http.StatusBadRequest, otelmetrics.InvalidInput, err.Error())
	}
}

// refuse answers a request for which no prediction starts: one error.
func (s *Service) refuse(w http.ResponseWriter, r *http.Request, status int, errorType otelmetrics.ErrorType, detail string) {
	s.Recorder.RecordError(r.Context(), errorType)
	writeProblem(w, status, errorType, detail)
}

func (s *Service) answer(w http.ResponseWriter, r *http.Request, request Request) {
	outputs, err := s.measured(r.Context(), request)
	if err == nil {
		writeJSON(w, http.StatusOK, answer{PredictionType: request.PredictionType, Outputs: outputs})
		return
	}
	errorType := otelmetrics.Classify(err)
	if errorType == otelmetrics.Canceled {
		return // nobody is there to be answered
	}
	s.Logger.Warn("prediction failed", slog.String("prediction_type", string(request.PredictionType)),
		slog.String("error_type", string(errorType)), slog.Any("error", err))
	writeProblem(w, status(errorType), errorType, detail(errorType, err))
}

// detail tells the client no more than it needs of a fault of ours.
func detail(errorType otelmetrics.ErrorType, err error) string {
	switch errorType {
	case otelmetrics.Panic:
		return "the prediction failed; the log of the service has the cause"
	case otelmetrics.Timeout:
		return "the prediction took too long"
	default:
		return err.Error()
	}
}

// measured makes the prediction within its time. A panic of the predictor is
// measured as one and comes back as an error, so that the client gets an answer.
func (s *Service) measured(ctx context.Context, request Request) (outputs Outputs, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	defer func() {
		if panicked := recover(); panicked != nil {
			s.Logger.Error("predictor panicked", slog.Any("panic", panicked), slog.String("stack", string(debug.Stack())))
			err = &otelmetrics.Error{Type: otelmetrics.Panic, Err: errors.New("predictor panicked")}
		}
	}()
	ctx, prediction := s.Recorder.StartPrediction(ctx, request.PredictionType)
	defer prediction.End(&err)
	return s.Predictor.Predict(ctx, request)
}
