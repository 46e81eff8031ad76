package otelmetrics_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

var errQuota = errors.New("the quota is used up")

// ask stands for the call of a model.
func ask(context.Context, string) (chunks []string, err error) { return []string{"Par", "is"}, nil }

func ExampleRecorder_StartPrediction() {
	ctx, m := example()
	// [guide:begin stream]
	answer := func(ctx context.Context, question string, send func(string) error) (err error) {
		ctx, p := m.StartPrediction(ctx, otelmetrics.ChainOfThought)
		defer p.End(&err)

		chunks, err := ask(ctx, question)
		if err != nil {
			return err
		}
		for _, chunk := range chunks {
			p.FirstToken() // counts the first time only
			if err := send(chunk); err != nil {
				return err
			}
		}
		p.AddUsage(otelmetrics.Usage{ // as the provider reports it
			Tokens:  otelmetrics.Tokens{Input: 210, Output: 2},
			CostUSD: 0.0004,
			Calls:   1,
			Finish:  otelmetrics.FinishStop,
		})
		return nil
	}
	// [guide:end stream]
	_ = answer(ctx, "What is the capital of France?", func(string) error { return nil })
	_ = answer(ctx, "What is the capital of France?", func(string) error { return context.Canceled })
	show(m, "dspy_predictions", "dspy_errors", "dspy_time_to_first_token_seconds_count", "dspy_tokens", "dspy_cost")
	// Output:
	// dspy_cost_usd_total{model="unknown",prediction_type="cot",service="qa",source="provider"} 0.0004
	// dspy_errors_total{error_type="canceled",service="qa"} 1
	// dspy_predictions_total{prediction_type="cot",service="qa",status="failure"} 1
	// dspy_predictions_total{prediction_type="cot",service="qa",status="success"} 1
	// dspy_time_to_first_token_seconds_count{prediction_type="cot",service="qa"} 2
	// dspy_tokens_total{model="unknown",prediction_type="cot",service="qa",token_type="input"} 210
	// dspy_tokens_total{model="unknown",prediction_type="cot",service="qa",token_type="output"} 2
}

func ExamplePrediction_AddUsage() {
	ctx, m := example()
	_, p := m.StartPrediction(ctx, otelmetrics.ReAct)
	// [guide:begin usage]
	p.AddUsage(otelmetrics.Usage{
		Model:  otelmetrics.Model{Provider: "openai", Name: "gpt-4o-mini"},
		Tokens: otelmetrics.Tokens{Input: 1500, Output: 90, CacheRead: 1024}, // those of the cache are a part of the input
		Calls:  1,
		Finish: otelmetrics.FinishToolCalls,
	})
	p.AddUsage(otelmetrics.Usage{
		Model:      otelmetrics.Model{Provider: "cohere", Name: "rerank-v3.5"},
		CostUSD:    0.002,
		CostSource: otelmetrics.CostByProvider,
		Calls:      1,
	})
	// [guide:end usage]
	p.End(nil)
	show(m, "dspy_tokens_total", "dspy_cost", "dspy_lm_calls", "dspy_finishes")
	// Output:
	// dspy_cost_usd_total{model="rerank-v3.5",prediction_type="react",service="qa",source="provider"} 0.002
	// dspy_finishes_total{finish_reason="tool_calls",prediction_type="react",service="qa"} 1
	// dspy_lm_calls_total{model="gpt-4o-mini",prediction_type="react",service="qa"} 1
	// dspy_lm_calls_total{model="rerank-v3.5",prediction_type="react",service="qa"} 1
	// dspy_tokens_total{model="gpt-4o-mini",prediction_type="react",service="qa",token_type="cache_read"} 1024
	// dspy_tokens_total{model="gpt-4o-mini",prediction_type="react",service="qa",token_type="input"} 1500
	// dspy_tokens_total{model="gpt-4o-mini",prediction_type="react",service="qa",token_type="output"} 90
}

func ExamplePrediction_SetModel() {
	ctx, m := example()
	// [guide:begin fallback]
	// call is deep in the stack, where the client of the model is. The prediction is in its context.
	call := func(ctx context.Context, model, question string) ([]string, error) {
		p := otelmetrics.PredictionFrom(ctx)
		p.SetModel(otelmetrics.Model{Provider: "openai", Name: model})
		if model == "gpt-4o" {
			p.AddUsage(otelmetrics.Usage{Calls: 1}) // a failed call is a call too
			return nil, errQuota
		}
		p.AddUsage(otelmetrics.Usage{Calls: 1, Tokens: otelmetrics.Tokens{Input: 210, Output: 2}})
		return ask(ctx, question)
	}
	answer := func(ctx context.Context, question string) (chunks []string, err error) {
		ctx, p := m.StartPrediction(ctx, otelmetrics.Predict)
		defer p.End(&err)
		if chunks, err = call(ctx, "gpt-4o", question); err != nil {
			chunks, err = call(ctx, "gpt-4o-mini", question)
		}
		return chunks, err
	}
	// [guide:end fallback]
	_, _ = answer(ctx, "What is the capital of France?")
	show(m, "dspy_predictions", "dspy_errors_total{", "dspy_lm_calls", "dspy_tokens_total{")
	// Output:
	// dspy_lm_calls_total{model="gpt-4o",prediction_type="predict",service="qa"} 1
	// dspy_lm_calls_total{model="gpt-4o-mini",prediction_type="predict",service="qa"} 1
	// dspy_predictions_total{prediction_type="predict",service="qa",status="failure"} 0
	// dspy_predictions_total{prediction_type="predict",service="qa",status="success"} 1
	// dspy_tokens_total{model="gpt-4o-mini",prediction_type="predict",service="qa",token_type="input"} 210
	// dspy_tokens_total{model="gpt-4o-mini",prediction_type="predict",service="qa",token_type="output"} 2
}

func ExampleRecorder_StartTimer() {
	ctx, m := example()
	// [guide:begin by hand]
	active := m.TrackActive()
	timer := m.StartTimer(otelmetrics.ReAct)

	_, err := ask(ctx, "What is the capital of France?")

	timer.Observe(ctx)
	active.Release() // before the status, or it is counted as both
	status := otelmetrics.StatusSuccess
	if err != nil {
		status = otelmetrics.StatusFailure
		m.RecordError(ctx, otelmetrics.Classify(err))
	}
	m.RecordPrediction(ctx, otelmetrics.ReAct, status)
	// [guide:end by hand]
	show(m, "dspy_active", "dspy_predictions", "dspy_prediction_duration_seconds_count")
	// Output:
	// dspy_active_predictions{service="qa"} 0
	// dspy_prediction_duration_seconds_count{prediction_type="react",service="qa"} 1
	// dspy_predictions_total{prediction_type="react",service="qa",status="failure"} 0
	// dspy_predictions_total{prediction_type="react",service="qa",status="success"} 1
}

func ExampleRecorder_Predictor() {
	ctx, m := example()
	// [guide:begin handle]
	predictor := m.Predictor(otelmetrics.Predict)
	for _, question := range slices.Repeat([]string{"What is the capital of France?"}, 1000) {
		ctx, p := predictor.Start(ctx)
		_, err := ask(ctx, question)
		p.End(&err)
	}
	// [guide:end handle]
	show(m, "dspy_predictions")
	// Output:
	// dspy_predictions_total{prediction_type="predict",service="qa",status="failure"} 0
	// dspy_predictions_total{prediction_type="predict",service="qa",status="success"} 1000
}

func ExampleRecorder_RecordCacheHit() {
	ctx, m := example()
	// [guide:begin cache]
	const cache = otelmetrics.CacheType("answers")    // or otelmetrics.CacheMemory, CacheRedis
	kept, size := make(map[string][]string), int64(0) // stands for a cache
	answer := func(ctx context.Context, question string) (chunks []string, err error) {
		// A cached answer is a prediction too, so the look-up is within it.
		ctx, p := m.StartPrediction(ctx, otelmetrics.Predict)
		defer p.End(&err)

		if chunks, ok := kept[question]; ok {
			m.RecordCacheHit(ctx, cache)
			return chunks, nil // no tokens: none were spent
		}
		m.RecordCacheMiss(ctx, cache)
		if chunks, err = ask(ctx, question); err == nil {
			kept[question] = chunks
			size += int64(len(question) + len(strings.Join(chunks, "")))
			m.SetCacheSize(ctx, cache, size)
		}
		return chunks, err
	}
	// [guide:end cache]
	for range 3 {
		_, _ = answer(ctx, "What is the capital of France?")
	}
	show(m, "dspy_predictions", "dspy_cache")
	// Output:
	// dspy_cache_hits_total{cache_type="answers",service="qa"} 2
	// dspy_cache_misses_total{cache_type="answers",service="qa"} 1
	// dspy_cache_size_bytes{cache_type="answers",service="qa"} 35
	// dspy_predictions_total{prediction_type="predict",service="qa",status="failure"} 0
	// dspy_predictions_total{prediction_type="predict",service="qa",status="success"} 3
}

func ExampleMetrics_ForService() {
	ctx, m := example()
	// [guide:begin second service]
	billing, err := m.ForService("billing")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, p := billing.StartPrediction(ctx, otelmetrics.Predict)
	p.End(nil)
	// [guide:end second service]
	show(m, "dspy_predictions") // one page for both
	// Output:
	// dspy_predictions_total{prediction_type="predict",service="billing",status="failure"} 0
	// dspy_predictions_total{prediction_type="predict",service="billing",status="success"} 1
}

func ExampleError() {
	ctx, m := example()
	predict := func(ctx context.Context) (err error) {
		_, p := m.StartPrediction(ctx, otelmetrics.Predict)
		defer p.End(&err)
		// [guide:begin error]
		return &otelmetrics.Error{Type: otelmetrics.ErrorRateLimit, Err: errQuota}
		// [guide:end error]
	}
	fmt.Println(predict(ctx))
	show(m, "dspy_errors")
	// Output:
	// the quota is used up
	// dspy_errors_total{error_type="rate_limit",service="qa"} 1
}

func ExampleWithErrorClassifier() {
	// [guide:begin classifier]
	classify := otelmetrics.WithErrorClassifier(func(err error) otelmetrics.ErrorType {
		if errors.Is(err, errQuota) {
			return "quota"
		}
		return "" // as Classify has it
	})
	// [guide:end classifier]
	ctx, m := example(classify)
	for _, err := range []error{errQuota, context.DeadlineExceeded} {
		_, p := m.StartPrediction(ctx, otelmetrics.Predict)
		p.End(&err)
	}
	show(m, "dspy_errors")
	// Output:
	// dspy_errors_total{error_type="quota",service="qa"} 1
	// dspy_errors_total{error_type="timeout",service="qa"} 1
}
