package otelmetrics

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/goexit"
)

// Prediction is one prediction in progress. It is made by [Recorder.StartPrediction] and ended by [Prediction.End].
//
// It must not be copied. Its methods are safe for concurrent use, and do nothing on a nil pointer or the zero value.
type Prediction struct {
	predictor *Predictor
	ctx       context.Context
	start     time.Duration // of the pipeline's uptime
	notes     notes
	upstream  upstreamClock
	pace      tokenPace
	lmCalls   atomic.Int64
	toolCalls atomic.Int64
}

// StartPrediction counts a prediction as active and starts its clock. Defer its end in the function that makes the
// prediction and names its error:
//
//	func answer(ctx context.Context) (err error) {
//		ctx, p := m.StartPrediction(ctx, otelmetrics.ChainOfThought)
//		defer p.End(&err)
//
// The returned context carries the prediction, for [PredictionFrom], and with [WithTracerProvider] a span. The two are one
// allocation; [Predictor.Start] needs none.
func (r *Recorder) StartPrediction(ctx context.Context, kind PredictionType) (context.Context, *Prediction) {
	if r == nil {
		return ctx, nil
	}
	p := new(Prediction)
	r.Predictor(kind).start(ctx, p)
	return (*predictionContext)(p), p
}

// PredictionFrom returns the prediction that the context carries, the innermost one if predictions are nested, or nil. The
// methods of a nil prediction do nothing, so that code deep in the stack adds what it knows without asking whether anybody
// measures:
//
//	otelmetrics.PredictionFrom(ctx).AddTokens(otelmetrics.TokensInput, usage.PromptTokens)
func PredictionFrom(ctx context.Context) *Prediction {
	p, _ := ctx.Value(predictionKey{}).(*Prediction)
	return p
}

type predictionKey struct{}

// predictionContext is a prediction as the context that carries it, in one allocation. None is not possible: whoever has
// the context may keep it and ask it for the prediction later, so the prediction can neither be on the stack nor be used
// again from a pool, where it would be another's.
type predictionContext Prediction

// Deadline implements [context.Context].
func (c *predictionContext) Deadline() (deadline time.Time, ok bool) { return c.ctx.Deadline() }

// Done implements [context.Context].
func (c *predictionContext) Done() <-chan struct{} { return c.ctx.Done() }

// Err implements [context.Context].
func (c *predictionContext) Err() error { return c.ctx.Err() }

// Value implements [context.Context].
func (c *predictionContext) Value(key any) any {
	if key == (predictionKey{}) {
		return (*Prediction)(c)
	}
	return c.ctx.Value(key)
}

// End ends the prediction: it is no longer active, and its outcome and duration
// are recorded, once; later calls do nothing. err points to the error of the
// prediction, which is a success if that is nil (or err itself is). A failure
// adds one error of the type that [Classify] gives it, or the classifier of
// [WithErrorClassifier].
//
// If the error has no type of its own (see [WithErrorClassifier] and [Error]) and
// the context that the prediction was started with has ended, that decides: the
// type is [ErrorTimeout] after its deadline, [ErrorCanceled] otherwise, or that of its
// [context.Cause] if it is an [*Error], whatever came back from a call that it
// cut off.
//
// If the goroutine panics, or ends by [runtime.Goexit] as testing's FailNow ends
// it, the prediction has failed with the type [ErrorPanic], and the panic or the end
// goes on. A panic with [http.ErrAbortHandler] is [ErrorCanceled]. For this End has to
// be deferred itself, not called in a deferred function.
//
// The outcome is recorded before anything else is called. A classifier, or a
// method of the error, may panic: the type is [ErrorOther] then.
func (p *Prediction) End(err *error) {
	if p == nil || p.predictor == nil {
		return
	}
	if panicked := recover(); panicked != nil {
		p.endPanicking(panicked)
	}
	switch {
	case err != nil && *err != nil:
		p.fail(*err)
	case goexit.Runs(p.predictor.recorder.pipeline.goexit):
		p.failAs(ErrorPanic)
	default:
		p.succeed()
	}
}

// endPanicking ends the prediction of a goroutine that panics, and lets the panic
// go on whatever happens.
func (p *Prediction) endPanicking(panicked any) {
	defer panic(panicked) //nolint:forbidigo // the caller's own panic goes on
	if panicked == any(http.ErrAbortHandler) {
		p.failAs(ErrorCanceled)
	} else {
		p.failAs(ErrorPanic)
	}
}

func (p *Prediction) succeed() {
	if p.notes.ended.Swap(true) {
		return
	}
	p.predictor.succeeded.Add(p.ctx, 1)
	p.recordEnd("")
}

// fail counts the failure before it looks at the error, whose methods are not
// ours.
func (p *Prediction) fail(err error) {
	if p.notes.ended.Swap(true) {
		return
	}
	p.predictor.failed.Add(p.ctx, 1)
	p.predictor.recorder.pipeline.classified(p.ctx, err, p.recordFailure)
}

func (p *Prediction) failAs(errorType ErrorType) {
	if p.notes.ended.Swap(true) {
		return
	}
	p.predictor.failed.Add(p.ctx, 1)
	p.recordFailure(errorType)
}

func (p *Prediction) recordFailure(errorType ErrorType) {
	p.predictor.recorder.errors.Get(string(errorType)).Add(p.ctx, 1)
	p.recordEnd(errorType)
}

// recordEnd records what else there is to an end; the type of a success is empty.
func (p *Prediction) recordEnd(errorType ErrorType) {
	whole := p.elapsed()
	p.predictor.duration.Record(p.ctx, whole.Seconds())
	p.recordOverhead(whole)
	p.recordTokenPace(whole)
	model := p.modelSeries()
	model.recordDuration(p.ctx, p.predictor.kind, whole.Seconds(), errorType)
	model.recordCalls(p.ctx, p.predictor.kind, p.lmCalls.Load(), p.toolCalls.Load())
	if p.notes.has(noteSpan) {
		p.predictor.recorder.pipeline.endSpan(trace.SpanFromContext(p.ctx), p.modelName(), errorType)
	}
	p.settle()
}

// FirstToken records the time from the start to now as the time to the first
// token of a stream, the first time it is called.
func (p *Prediction) FirstToken() {
	if p == nil || p.predictor == nil || p.notes.ended.Load() {
		return
	}
	if elapsed := p.elapsed(); p.pace.begin(elapsed) {
		p.predictor.recordFirstToken(p.ctx, p.modelSeries(), elapsed)
	}
}
