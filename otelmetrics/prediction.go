package otelmetrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Prediction is one prediction in progress. It is made by
// [Recorder.StartPrediction] and ended by [Prediction.End].
//
// It must not be copied: give a pointer to functions that add to it. Its
// methods are safe for concurrent use, and do nothing on a nil pointer or the
// zero value.
type Prediction struct {
	predictor *Predictor
	ctx       context.Context
	span      trace.Span // nil without a tracer
	start     time.Time
	ended     atomic.Bool
	answered  atomic.Bool
	model     ownModel
}

// StartPrediction counts a prediction as active and starts its clock. Defer its
// end in the function that makes the prediction and names its error:
//
//	func answer(ctx context.Context) (err error) {
//		ctx, p := m.StartPrediction(ctx, otelmetrics.ChainOfThought)
//		defer p.End(&err)
//
// With [WithTracerProvider] the returned context carries a span for the
// prediction, otherwise it is ctx as it was.
func (r *Recorder) StartPrediction(ctx context.Context, kind PredictionType) (context.Context, Prediction) {
	return r.Predictor(kind).Start(ctx)
}

// End ends the prediction: it is no longer active, and its outcome and duration
// are recorded, once; later calls do nothing. err points to the error of the
// prediction, which is a success if that is nil (or err itself is). A failure
// adds one error of the type that [Classify] gives it, or the classifier of
// [WithErrorClassifier].
//
// If the goroutine panics the prediction has failed with the type [Panic] and
// the panic goes on. For this End has to be deferred itself, not called in a
// deferred function.
func (p *Prediction) End(err *error) {
	if p == nil || p.predictor == nil {
		return
	}
	if panicked := recover(); panicked != nil {
		p.end(panicError(panicked))
		panic(panicked) //nolint:forbidigo // the caller's own panic goes on
	}
	if err == nil {
		p.end(nil)
		return
	}
	p.end(*err)
}

func panicError(value any) error {
	if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return &Error{Type: Canceled, Err: err}
	}
	return &Error{Type: Panic, Err: fmt.Errorf("panic: %v", value)}
}

func (p *Prediction) end(err error) {
	if p.ended.Swap(true) {
		return
	}
	r := p.predictor.recorder
	elapsed := r.pipeline.since(p.start).Seconds()
	p.predictor.duration.Record(p.ctx, elapsed)
	var errorType ErrorType
	if err == nil {
		p.predictor.succeeded.Add(p.ctx, 1)
	} else {
		errorType = r.pipeline.classify(err)
		r.errors.Get(string(errorType)).Add(p.ctx, 1)
		p.predictor.failed.Add(p.ctx, 1)
		if p.span != nil {
			p.span.SetStatus(codes.Error, string(errorType))
		}
	}
	p.modelSeries().recordDuration(p.ctx, p.predictor.kind, elapsed, err != nil, errorType)
	if p.span != nil {
		p.span.End()
	}
}

// FirstToken records the time from the start to now as the time to the first
// token of a stream, the first time it is called.
func (p *Prediction) FirstToken() {
	if p == nil || p.predictor == nil || p.ended.Load() || p.answered.Swap(true) {
		return
	}
	p.predictor.recordFirstToken(p.ctx, p.modelSeries(), p.predictor.recorder.pipeline.since(p.start))
}

// AddTokens adds tokens that the prediction spent, also when it failed or has
// ended. See [Recorder.RecordTokens].
func (p *Prediction) AddTokens(what TokenType, count int64) {
	if p != nil && p.predictor != nil {
		p.predictor.recorder.recordTokens(p.ctx, p.predictor.kind, p.modelSeries(), what, count)
	}
}

// AddCost adds US dollars that the prediction cost, also when it failed or has
// ended. See [Recorder.RecordCost].
func (p *Prediction) AddCost(usd float64) {
	if p != nil {
		p.predictor.recordCost(p.ctx, usd)
	}
}
