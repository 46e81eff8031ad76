// Package verbs lists every public way to record a label value of the caller's,
// for tests that take any value.
package verbs

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Verb is one way.
type Verb struct {
	Record func(m *otelmetrics.Metrics, value string)
	Label  string // that has the value
	Metric string // that has the label
}

// Contract is the default one with a label of the user's own, tenant.
func Contract() views.Contract {
	contract := views.Default()
	contract.AddLabel(views.Label{Key: "tenant", Description: "Who asks", Budget: 16})
	return contract
}

// All returns them by name. Their recorder has [Contract].
func All() map[string]Verb {
	ctx, l, m := context.Background(), views.Default().Labels, views.Default().Metrics
	of := func(label views.Label, metric views.Metric, record func(*otelmetrics.Metrics, string)) Verb {
		return Verb{record, label.Key, metric.Name}
	}
	return map[string]Verb{
		"StartPrediction": of(l.PredictionType, m.Predictions, func(r *otelmetrics.Metrics, value string) {
			_, p := r.StartPrediction(ctx, otelmetrics.PredictionType(value))
			p.FirstToken()
			p.End(nil)
		}),
		"Predictor": of(l.PredictionType, m.PredictionDuration, func(r *otelmetrics.Metrics, value string) {
			_, p := r.Predictor(otelmetrics.PredictionType(value)).Start(ctx)
			p.AddUsage(otelmetrics.Usage{CostUSD: 1})
			p.End(nil)
		}),
		"Prediction.AddTokens": of(l.TokenType, m.Tokens, func(r *otelmetrics.Metrics, value string) {
			_, p := r.StartPrediction(ctx, otelmetrics.Predict)
			p.AddTokens(otelmetrics.TokenType(value), 1)
			p.End(nil)
		}),
		"Error": of(l.ErrorType, m.Errors, func(r *otelmetrics.Metrics, value string) {
			_, p := r.StartPrediction(ctx, otelmetrics.Predict)
			var err error = &otelmetrics.Error{Type: otelmetrics.ErrorType(value)}
			p.End(&err)
		}),
		"RecordPrediction": of(l.PredictionType, m.Predictions, func(r *otelmetrics.Metrics, value string) {
			r.RecordPrediction(ctx, otelmetrics.PredictionType(value), otelmetrics.Status(value))
		}),
		"RecordError": of(l.ErrorType, m.Errors, func(r *otelmetrics.Metrics, value string) {
			r.RecordError(ctx, otelmetrics.ErrorType(value))
		}),
		"RecordUpstreamAttempt": of(l.Outcome, m.UpstreamAttempts, func(r *otelmetrics.Metrics, value string) {
			r.RecordUpstreamAttempt(ctx, &otelmetrics.Error{Type: otelmetrics.ErrorType(value)})
		}),
		"RecordUsage, calls": of(l.PredictionType, m.LMCalls, func(r *otelmetrics.Metrics, value string) {
			r.RecordUsage(ctx, otelmetrics.PredictionType(value), otelmetrics.Usage{Calls: 1})
		}),
		"RecordUsage, tool calls": of(l.PredictionType, m.ToolCalls, func(r *otelmetrics.Metrics, value string) {
			r.RecordUsage(ctx, otelmetrics.PredictionType(value), otelmetrics.Usage{ToolCalls: 1})
		}),
		"RecordUsage, parse failures": of(l.PredictionType, m.ParseFailures, func(r *otelmetrics.Metrics, value string) {
			r.RecordUsage(ctx, otelmetrics.PredictionType(value), otelmetrics.Usage{ParseFailures: 1})
		}),
		"RecordUsage, saved": of(l.PredictionType, m.TokensSaved, func(r *otelmetrics.Metrics, value string) {
			r.RecordUsage(ctx, otelmetrics.PredictionType(value), otelmetrics.Usage{Saved: otelmetrics.Tokens{Input: 1}})
		}),
		"AddUsage, model": of(l.Model, m.Tokens, func(r *otelmetrics.Metrics, value string) {
			_, p := r.StartPrediction(ctx, otelmetrics.Predict)
			p.AddUsage(otelmetrics.Usage{Model: otelmetrics.Model{ResponseName: value}, Tokens: otelmetrics.Tokens{Input: 1}})
			p.End(nil)
		}),
		"AddUsage, source": of(l.Source, m.Cost, func(r *otelmetrics.Metrics, value string) {
			_, p := r.StartPrediction(ctx, otelmetrics.Predict)
			p.AddUsage(otelmetrics.Usage{CostUSD: 1, CostSource: otelmetrics.CostSource(value)})
			p.End(nil)
		}),
		"AddUsage, finish reason": of(l.FinishReason, m.Finishes, func(r *otelmetrics.Metrics, value string) {
			_, p := r.StartPrediction(ctx, otelmetrics.Predict)
			p.AddUsage(otelmetrics.Usage{Finish: otelmetrics.FinishReason(value)})
			p.End(nil)
		}),
		"RecordUsage, cost": of(l.PredictionType, m.Cost, func(r *otelmetrics.Metrics, value string) {
			r.RecordUsage(ctx, otelmetrics.PredictionType(value), otelmetrics.Usage{CostUSD: 1})
		}),
		"RecordUsage, missing": of(l.UsageReason, m.UsageMissing, func(r *otelmetrics.Metrics, value string) {
			r.RecordUsage(ctx, otelmetrics.Predict, otelmetrics.Usage{Missing: otelmetrics.UsageReason(value)})
		}),
		"SetModel": of(l.Model, m.Cost, func(r *otelmetrics.Metrics, value string) {
			_, p := r.StartPrediction(ctx, otelmetrics.Predict)
			p.SetModel(otelmetrics.Model{Name: value})
			p.AddUsage(otelmetrics.Usage{CostUSD: 1})
			p.End(nil)
		}),
		"RecordScore": of(l.Score, m.PredictionScore, func(r *otelmetrics.Metrics, value string) {
			r.RecordScore(ctx, otelmetrics.Predict, value, 1)
		}),
		"RecordScore, refused": of(l.Score, m.RefusedScores, func(r *otelmetrics.Metrics, value string) {
			r.RecordScore(ctx, otelmetrics.Predict, value, 2)
		}),
		"RecordCacheHit": of(l.CacheType, m.CacheHits, func(r *otelmetrics.Metrics, value string) {
			r.RecordCacheHit(ctx, otelmetrics.CacheType(value))
		}),
		"RecordCacheMiss": of(l.CacheType, m.CacheMisses, func(r *otelmetrics.Metrics, value string) {
			r.RecordCacheMiss(ctx, otelmetrics.CacheType(value))
		}),
		"RecordCacheEvictions": of(l.CacheType, m.CacheEvictions, func(r *otelmetrics.Metrics, value string) {
			r.RecordCacheEvictions(ctx, otelmetrics.CacheType(value), 1)
		}),
		"SetCacheSize": of(l.CacheType, m.CacheSize, func(r *otelmetrics.Metrics, value string) {
			r.SetCacheSize(ctx, otelmetrics.CacheType(value), 1)
		}),
		"StartTimer": of(l.PredictionType, m.PredictionDuration, func(r *otelmetrics.Metrics, value string) {
			timer := r.StartTimer(otelmetrics.PredictionType(value))
			timer.Observe(ctx)
		}),
		"ForService": of(l.Service, m.CacheHits, func(r *otelmetrics.Metrics, value string) {
			if other, err := r.ForService(value); err == nil {
				other.RecordCacheHit(ctx, otelmetrics.CacheMemory)
			}
		}),
		"With": {func(r *otelmetrics.Metrics, value string) {
			r.With("tenant", value).RecordCacheHit(ctx, otelmetrics.CacheMemory)
		}, "tenant", m.CacheHits.Name},
		"Request, route": of(l.Endpoint, m.APILatency, func(r *otelmetrics.Metrics, value string) {
			answer(r, http.MethodPost, value, http.StatusOK)
		}),
		"Request, method": of(l.Method, m.APILatency, func(r *otelmetrics.Metrics, value string) {
			answer(r, value, "/", http.StatusOK)
		}),
		"Request, status": of(l.StatusCode, m.APILatency, func(r *otelmetrics.Metrics, value string) {
			status, err := strconv.Atoi(value[strings.LastIndexByte(value, ' ')+1:])
			if err == nil {
				answer(r, http.MethodPost, "/", 1+status) // zero is no status
			}
		}),
		"Middleware, route": of(l.Endpoint, m.APILatency, func(r *otelmetrics.Metrics, value string) {
			r.Middleware(nothing{}).ServeHTTP(nothing{}, &http.Request{Method: http.MethodGet, URL: new(url.URL), Pattern: "/" + value})
		}),
		"Middleware, method": of(l.Method, m.APILatency, func(r *otelmetrics.Metrics, value string) {
			r.Middleware(nothing{}).ServeHTTP(nothing{}, &http.Request{Method: value, URL: new(url.URL)})
		}),
	}
}

// answer records a request.
func answer(r *otelmetrics.Metrics, method, route string, status int) {
	_, request := r.StartRequest(context.Background(), method, nil)
	request.End(func() (string, int) { return route, status })
}

// nothing answers nothing to nobody.
type nothing struct{}

func (nothing) Header() http.Header                          { return nil }
func (nothing) Write(b []byte) (int, error)                  { return len(b), nil }
func (nothing) WriteHeader(int)                              {}
func (nothing) ServeHTTP(http.ResponseWriter, *http.Request) {}
