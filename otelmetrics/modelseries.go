package otelmetrics

import (
	"context"

	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/internal/genai"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
)

// modelSeries are the series of one model.
type modelSeries struct {
	operations [operations]operationSeries
	usage      map[TokenType]metric.Int64Counter // of the new generation
}

// operationSeries are the series of one model in one kind of operation, as far
// as their generation is on.
type operationSeries struct {
	succeeded  []metric.Float64Histogram
	failed     *label.Tree[[]metric.Float64Histogram] // by error type
	firstChunk metric.Float64Histogram
	tokens     map[TokenType]metric.Float64Histogram

	inferenceCalls, toolCalls metric.Float64Histogram
}

// operation is what a prediction is to the conventions. It is not chat: it asks
// a language model any number of times, and we see the whole.
type operation int

const (
	workflow operation = iota
	agent
	operations // how many there are
)

func operationOf(kind PredictionType) operation {
	if kind == ReAct {
		return agent
	}
	return workflow
}

func (o operation) String() string {
	if o == agent {
		return genai.InvokeAgent
	}
	return genai.InvokeWorkflow
}

// recordDuration records the duration of a prediction. The type of a success is
// empty.
func (s *modelSeries) recordDuration(ctx context.Context, kind PredictionType, seconds float64, errorType ErrorType) {
	if s == nil {
		return
	}
	durations := s.of(kind).succeeded
	if errorType != "" {
		durations = s.of(kind).failed.Get(string(errorType))
	}
	for _, duration := range durations {
		duration.Record(ctx, seconds)
	}
}

// recordCalls records how many calls a prediction made. None may also mean that nobody
// reports them, so it is not recorded.
func (s *modelSeries) recordCalls(ctx context.Context, kind PredictionType, lm, tools int64) {
	if s == nil {
		return
	}
	of := s.of(kind)
	if of.inferenceCalls != nil && lm > 0 {
		of.inferenceCalls.Record(ctx, float64(lm))
	}
	if of.toolCalls != nil && tools > 0 {
		of.toolCalls.Record(ctx, float64(tools))
	}
}

func (s *modelSeries) recordFirstToken(ctx context.Context, kind PredictionType, seconds float64) {
	if s == nil {
		return
	}
	if histogram := s.of(kind).firstChunk; histogram != nil {
		histogram.Record(ctx, seconds)
	}
}

func (s *modelSeries) recordTokens(ctx context.Context, kind PredictionType, what TokenType, count int64) {
	if s == nil {
		return
	}
	if histogram := s.of(kind).tokens[what]; histogram != nil {
		histogram.Record(ctx, float64(count))
	}
	if counter := s.usage[what]; counter != nil {
		counter.Add(ctx, count)
	}
}

func (s *modelSeries) of(kind PredictionType) *operationSeries {
	return &s.operations[operationOf(kind)]
}
