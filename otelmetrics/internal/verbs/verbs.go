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
			p.AddCost(1)
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
		"RecordUsageMissing": of(l.UsageReason, m.UsageMissing, func(r *otelmetrics.Metrics, value string) {
			r.RecordUsageMissing(ctx, otelmetrics.UsageReason(value))
		}),
		"AddLMCalls": of(l.PredictionType, m.LMCalls, func(r *otelmetrics.Metrics, value string) {
			_, p := r.StartPrediction(ctx, otelmetrics.PredictionType(value))
			p.AddLMCalls(1)
			p.End(nil)
		}),
		"AddModelLMCalls": of(l.Model, m.LMCalls, func(r *otelmetrics.Metrics, value string) {
			_, p := r.StartPrediction(ctx, otelmetrics.Predict)
			p.AddModelLMCalls(otelmetrics.Model{Name: value}, 1)
			p.End(nil)
		}),
		"AddModelTokens": of(l.Model, m.Tokens, func(r *otelmetrics.Metrics, value string) {
			_, p := r.StartPrediction(ctx, otelmetrics.Predict)
			p.AddModelTokens(otelmetrics.Model{ResponseName: value}, otelmetrics.TokensInput, 1)
			p.End(nil)
		}),
		"SetModel": of(l.Model, m.Cost, func(r *otelmetrics.Metrics, value string) {
			_, p := r.StartPrediction(ctx, otelmetrics.Predict)
			p.SetModel(otelmetrics.Model{Name: value})
			p.AddCost(1)
			p.End(nil)
		}),
		"AddModelCost": of(l.Source, m.Cost, func(r *otelmetrics.Metrics, value string) {
			_, p := r.StartPrediction(ctx, otelmetrics.Predict)
			p.AddModelCost(otelmetrics.Model{}, otelmetrics.CostSource(value), 1)
			p.End(nil)
		}),
		"RecordToolCalls": of(l.PredictionType, m.ToolCalls, func(r *otelmetrics.Metrics, value string) {
			r.RecordToolCalls(ctx, otelmetrics.PredictionType(value), 1)
		}),
		"RecordParseFailures": of(l.PredictionType, m.ParseFailures, func(r *otelmetrics.Metrics, value string) {
			r.RecordParseFailures(ctx, otelmetrics.PredictionType(value), 1)
		}),
		"RecordFinishes": of(l.FinishReason, m.Finishes, func(r *otelmetrics.Metrics, value string) {
			r.RecordFinishes(ctx, otelmetrics.Predict, otelmetrics.FinishReason(value), 1)
		}),
		"RecordTokensSaved": of(l.TokenType, m.TokensSaved, func(r *otelmetrics.Metrics, value string) {
			r.RecordTokensSaved(ctx, otelmetrics.Predict, otelmetrics.TokenType(value), 1)
		}),
		"RecordOverhead": of(l.PredictionType, m.Overhead, func(r *otelmetrics.Metrics, value string) {
			r.RecordOverhead(ctx, otelmetrics.PredictionType(value), 1)
		}),
		"RecordTimePerOutputToken": of(l.PredictionType, m.TimePerOutputToken, func(r *otelmetrics.Metrics, value string) {
			r.RecordTimePerOutputToken(ctx, otelmetrics.PredictionType(value), 1)
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
		"RecordCacheEviction": of(l.CacheType, m.CacheEvictions, func(r *otelmetrics.Metrics, value string) {
			r.RecordCacheEviction(ctx, otelmetrics.CacheType(value))
		}),
		"SetCacheSize": of(l.CacheType, m.CacheSize, func(r *otelmetrics.Metrics, value string) {
			r.SetCacheSize(ctx, otelmetrics.CacheType(value), 1)
		}),
		"Cache": of(l.CacheType, m.CacheMisses, func(r *otelmetrics.Metrics, value string) {
			r.Cache(otelmetrics.CacheType(value)).AddMisses(ctx, 1)
		}),
		"RecordTokens, prediction type": of(l.PredictionType, m.Tokens, func(r *otelmetrics.Metrics, value string) {
			r.RecordTokens(ctx, otelmetrics.PredictionType(value), otelmetrics.TokensInput, 1)
		}),
		"RecordTokens, token type": of(l.TokenType, m.Tokens, func(r *otelmetrics.Metrics, value string) {
			r.RecordTokens(ctx, otelmetrics.Predict, otelmetrics.TokenType(value), 1)
		}),
		"RecordCost": of(l.PredictionType, m.Cost, func(r *otelmetrics.Metrics, value string) {
			r.RecordCost(ctx, otelmetrics.PredictionType(value), 1)
		}),
		"RecordTimeToFirstToken": of(l.PredictionType, m.TimeToFirstToken, func(r *otelmetrics.Metrics, value string) {
			r.RecordTimeToFirstToken(ctx, otelmetrics.PredictionType(value), 1)
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
