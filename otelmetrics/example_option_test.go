package otelmetrics_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func ExampleWithContract() {
	// [guide:begin buckets]
	contract := views.Default()
	contract.Metrics.PredictionDuration.Buckets = views.Buckets(views.VerySlow)
	contract.Metrics.TimeToFirstToken.Buckets = []float64{0.1, 0.2, 0.5, 1, 2, 5, 10, 30}
	withBuckets := otelmetrics.WithContract(contract)
	// [guide:end buckets]
	ctx, m := example(withBuckets)
	_, p := m.StartPrediction(ctx, otelmetrics.Predict)
	p.End(nil)
	show(m, "dspy_prediction_duration_seconds_bucket")
	// Output:
	// dspy_prediction_duration_seconds_bucket{prediction_type="predict",service="qa",le="1"} 1
	// dspy_prediction_duration_seconds_bucket{prediction_type="predict",service="qa",le="5"} 1
	// dspy_prediction_duration_seconds_bucket{prediction_type="predict",service="qa",le="10"} 1
	// dspy_prediction_duration_seconds_bucket{prediction_type="predict",service="qa",le="30"} 1
	// dspy_prediction_duration_seconds_bucket{prediction_type="predict",service="qa",le="60"} 1
	// dspy_prediction_duration_seconds_bucket{prediction_type="predict",service="qa",le="120"} 1
	// dspy_prediction_duration_seconds_bucket{prediction_type="predict",service="qa",le="300"} 1
	// dspy_prediction_duration_seconds_bucket{prediction_type="predict",service="qa",le="+Inf"} 1
}

func ExampleWithContract_native() {
	// [guide:begin native]
	contract := views.Default()
	contract.Metrics.PredictionDuration.Form = views.Native
	contract.Metrics.TimeToFirstToken.Form = views.ClassicAndNative
	inForms := otelmetrics.WithContract(contract)
	// [guide:end native]
	ctx, m := example(inForms)
	_, p := m.StartPrediction(ctx, otelmetrics.Predict)
	p.End(nil)
	// The buckets are in protobuf, which Prometheus asks for.
	show(m, "dspy_prediction_duration_seconds_bucket")
	// Output:
	// dspy_prediction_duration_seconds_bucket{prediction_type="predict",service="qa",le="+Inf"} 1
}

func ExampleWithContract_labels() {
	// [guide:begin labels]
	contract := views.Default()
	labels := &contract.Labels
	labels.PredictionType = labels.PredictionType.Only("predict", "router") // nothing else
	labels.ErrorType = labels.ErrorType.With("quota")                       // there from the start, at zero
	labels.Endpoint.Budget = 200
	withLabels := otelmetrics.WithContract(contract)
	// [guide:end labels]
	ctx, m := example(withLabels, otelmetrics.WithLogger(slog.New(slog.DiscardHandler)))
	for _, kind := range []otelmetrics.PredictionType{"router", "another", ""} {
		m.RecordPrediction(ctx, kind, otelmetrics.StatusSuccess)
	}
	show(m, "dspy_predictions", "dspy_metrics_label_overflow_total")
	// Output:
	// dspy_metrics_label_overflow_total{label="prediction_type"} 1
	// dspy_predictions_total{prediction_type="other",service="qa",status="failure"} 0
	// dspy_predictions_total{prediction_type="other",service="qa",status="success"} 1
	// dspy_predictions_total{prediction_type="router",service="qa",status="failure"} 0
	// dspy_predictions_total{prediction_type="router",service="qa",status="success"} 1
	// dspy_predictions_total{prediction_type="unknown",service="qa",status="failure"} 0
	// dspy_predictions_total{prediction_type="unknown",service="qa",status="success"} 1
}

func ExampleMetrics_Gatherer() {
	ctx, m := example()
	m.RecordPrediction(ctx, otelmetrics.Predict, otelmetrics.StatusSuccess)
	registry := prometheus.NewRegistry()
	jobs := prometheus.NewCounter(prometheus.CounterOpts{Name: "jobs_total", Help: "Jobs that were done"})
	registry.MustRegister(jobs)
	jobs.Inc()
	mux := http.NewServeMux()
	// [guide:begin one page]
	gatherers := prometheus.Gatherers{registry, m.Gatherer()}
	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherers, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	// [guide:end one page]
	page := httptest.NewRecorder()
	mux.ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(page.Body.String()) {
		if strings.HasPrefix(line, "jobs_total ") || strings.HasPrefix(line, "dspy_predictions_total{") && strings.HasSuffix(line, " 1\n") {
			fmt.Print(line)
		}
	}
	// Output:
	// dspy_predictions_total{prediction_type="predict",service="qa",status="success"} 1
	// jobs_total 1
}

func ExampleMetrics_MeterProvider() {
	_, m := example()
	predict := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	// [guide:begin http metrics]
	handler := otelhttp.NewHandler(m.Middleware(predict), "http.server", otelhttp.WithMeterProvider(m.MeterProvider()),
		otelhttp.WithServerName("qa:443")) // not the Host header, which the client chooses
	// [guide:end http metrics]
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/predict", nil))
	show(m, "http_server_request_duration_seconds_count")
	// Output:
	// http_server_request_duration_seconds_count{http_request_method="POST",http_response_status_code="200",network_protocol_name="http",network_protocol_version="1.1",server_address="qa",server_port="443",url_scheme="http"} 1
}

func ExampleWithTracerProvider() {
	ctx := context.Background()
	// [guide:begin traces]
	traces := trace.NewTracerProvider() // with the exporter of your choice
	m, err := otelmetrics.New(ctx, otelmetrics.WithService("qa"), otelmetrics.WithTracerProvider(traces))
	// [guide:end traces]
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(m.Middleware(http.NotFoundHandler()))
	defer server.Close()
	if response, err := server.Client().Get(server.URL); err == nil { //nolint:noctx // an example's own server
		_ = response.Body.Close()
	}
	page := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", "application/openmetrics-text")
	m.Handler().ServeHTTP(page, request)
	text, _ := io.ReadAll(page.Body)
	fmt.Println("exemplars:", strings.Count(string(text), "# {"), "with a trace:", strings.Count(string(text), "trace_id="))
	// Output:
	// exemplars: 1 with a trace: 1
}
