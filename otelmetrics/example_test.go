package otelmetrics_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func Example() {
	ctx := context.Background()
	m, err := otelmetrics.New(ctx, otelmetrics.WithService("qa"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Shutdown(ctx) //nolint:errcheck // nothing is pushed

	complete := func(ctx context.Context, question string) (string, error) { // deep in the stack
		otelmetrics.PredictionFrom(ctx).AddTokens(otelmetrics.TokensInput, int64(len(question)))
		return "Paris", ctx.Err()
	}
	predict := func(ctx context.Context, question string) (answer string, err error) {
		ctx, p := m.StartPrediction(ctx, otelmetrics.ChainOfThought)
		defer p.End(&err)
		return complete(ctx, question)
	}

	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	mux.Handle("POST /predict", m.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := predict(r.Context(), r.FormValue("question"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		fmt.Fprintln(w, answer)
	})))

	mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/predict?question=Capital+of+France", nil))
	show(m, `dspy_predictions_total{prediction_type="cot"`, `dspy_tokens_total`, "dspy_api_latency_seconds_count")
	// Output:
	// dspy_api_latency_seconds_count{endpoint="/predict",method="POST",service="qa",status_code="200"} 1
	// dspy_predictions_total{prediction_type="cot",service="qa",status="failure"} 0
	// dspy_predictions_total{prediction_type="cot",service="qa",status="success"} 1
	// dspy_tokens_total{model="unknown",prediction_type="cot",service="qa",token_type="input"} 17
}

// example returns a recorder whose page has nothing but what was measured.
func example(options ...otelmetrics.Option) (context.Context, *otelmetrics.Metrics) {
	ctx := context.Background()
	m, err := otelmetrics.New(ctx, append([]otelmetrics.Option{otelmetrics.WithService("qa"), otelmetrics.WithoutPriming()}, options...)...)
	if err != nil {
		fmt.Println(err)
	}
	return ctx, m
}

// show prints the lines of the page that begin with one of the prefixes.
func show(m *otelmetrics.Metrics, prefixes ...string) {
	page := httptest.NewRecorder()
	m.Handler().ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for lines := bufio.NewScanner(page.Body); lines.Scan(); {
		for _, prefix := range prefixes {
			if strings.HasPrefix(lines.Text(), prefix) {
				fmt.Println(lines.Text())
			}
		}
	}
}
