package otelmetricstest_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
)

// failing is a test whose failures are wanted.
type failing struct {
	testing.TB
	said     []string
	cleanups []func()
}

func (f *failing) Error(args ...any)                 { f.said = append(f.said, fmt.Sprint(args...)) }
func (f *failing) Errorf(format string, args ...any) { f.Error(fmt.Sprintf(format, args...)) }
func (f *failing) Fatalf(format string, args ...any) { f.Fatal(fmt.Sprintf(format, args...)) }
func (f *failing) Cleanup(cleanup func())            { f.cleanups = append(f.cleanups, cleanup) }

func (f *failing) Fatal(args ...any) {
	f.Error(args...)
	runtime.Goexit()
}

// said returns the failures of a test.
func said(t *testing.T, test func(testing.TB)) string {
	t.Helper()
	f := &failing{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for _, cleanup := range f.cleanups {
				cleanup()
			}
		}()
		test(f)
	}()
	<-done
	return strings.Join(f.said, "\n")
}

// measure measures something of everything.
func measure(ctx context.Context, m *otelmetricstest.Metrics) {
	_, p := m.StartPrediction(ctx, otelmetrics.ChainOfThought)
	p.FirstToken()
	p.AddTokens(otelmetrics.TokensOutput, 7)
	p.AddUsage(otelmetrics.Usage{CostUSD: 0.25})
	m.Clock.Advance(300 * time.Millisecond)
	p.End(nil)
	_, p = m.StartPrediction(ctx, otelmetrics.ReAct)
	m.Clock.Advance(12 * time.Second)
	err := error(context.DeadlineExceeded)
	p.End(&err)
	m.RecordCacheHit(ctx, otelmetrics.CacheMemory)
	m.RecordCacheMiss(ctx, otelmetrics.CacheMemory)
	m.RecordCacheMiss(ctx, otelmetrics.CacheRedis)
	m.RecordCacheEvictions(ctx, otelmetrics.CacheRedis, 1)
	m.SetCacheSize(ctx, otelmetrics.CacheRedis, 1<<20)
	m.RecordUpstreamAttempt(ctx, nil)
	m.RecordUpstreamAttempt(ctx, context.DeadlineExceeded)
	m.RecordUsage(ctx, otelmetrics.Predict, otelmetrics.Usage{Missing: otelmetrics.UsageTooLarge})
	for status, elapsed := range map[int]time.Duration{200: 5 * time.Millisecond, 503: 6 * time.Millisecond} {
		_, request := m.StartRequest(ctx, http.MethodPost, nil)
		m.Clock.Advance(elapsed)
		request.End(func() (string, int) { return "/predict", status })
	}
}

// measureModel measures what is told of a prediction's model and its calls.
func measureModel(ctx context.Context, m *otelmetricstest.Metrics) {
	_, p := m.StartPrediction(ctx, otelmetrics.Predict)
	p.SetModel(otelmetrics.Model{Name: "openai/gpt-4o"})
	p.BeginUpstream()
	m.Clock.Advance(time.Second)
	p.FirstToken()
	m.Clock.Advance(500 * time.Millisecond)
	p.EndUpstream()
	m.Clock.Advance(500 * time.Millisecond)
	p.AddTokens(otelmetrics.TokensOutput, 11)
	p.AddUsage(otelmetrics.Usage{Model: otelmetrics.Model{Name: "gpt-4o"}, CostUSD: 0.5, CostSource: otelmetrics.CostByPriceList})
	p.AddUsage(otelmetrics.Usage{Calls: 1})
	p.AddUsage(otelmetrics.Usage{ToolCalls: 2})
	p.AddUsage(otelmetrics.Usage{ParseFailures: 3})
	p.AddUsage(otelmetrics.Usage{Finish: otelmetrics.FinishLength})
	p.AddUsage(otelmetrics.Usage{Saved: otelmetrics.Tokens{Input: 4}})
	p.Score("exact_match", 0.5)
	p.Score("exact_match", 1)
	p.End(nil)
	m.SetActivePredictionsLimit(ctx, 64)
}
