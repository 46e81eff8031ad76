package otelmetrics_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func TestNewNamesEveryMistake(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.Metrics.PredictionDuration.Buckets = []float64{1, 0.5}
	m, err := otelmetrics.New(t.Context(),
		otelmetrics.WithEnvironment(map[string]string{
			"OTEL_SDK_DISABLED":                                 "maybe",
			"OTEL_METRICS_EXPORTER":                             "otlp,zipkin",
			"OTEL_EXPORTER_OTLP_ENDPOINT":                       "collector:4317",
			"OTEL_EXPORTER_OTLP_PROTOCOL":                       "http/json",
			"OTEL_EXPORTER_OTLP_TIMEOUT":                        "10s",
			"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT":                "0",
			"OTEL_EXPORTER_OTLP_COMPRESSION":                    "zstd",
			"OTEL_EXPORTER_OTLP_HEADERS":                        "authorization",
			"OTEL_EXPORTER_OTLP_METRICS_HEADERS":                "=x",
			"OTEL_METRIC_EXPORT_INTERVAL":                       "-5",
			"OTEL_METRIC_EXPORT_TIMEOUT":                        "99999999999",
			"OTEL_METRICS_EXEMPLAR_FILTER":                      "sometimes",
			"OTEL_RESOURCE_ATTRIBUTES":                          "team",
			"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "both",
		}),
		otelmetrics.WithService(""),
		otelmetrics.WithOTLP("localhost:4318"),
		otelmetrics.WithSeriesLimit(0),
		otelmetrics.WithContract(contract),
	)
	if err == nil {
		t.Fatal("got no error, want one")
	}
	useAll(t, m) // a program may go on without metrics
	for _, want := range []string{
		"OTEL_SDK_DISABLED", `OTEL_METRICS_EXPORTER: "zipkin"`, "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL",
		"OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "OTEL_EXPORTER_OTLP_COMPRESSION",
		"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_METRICS_HEADERS", "OTEL_METRIC_EXPORT_INTERVAL",
		"OTEL_METRIC_EXPORT_TIMEOUT", "OTEL_METRICS_EXEMPLAR_FILTER", "OTEL_RESOURCE_ATTRIBUTES",
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
		"WithService", "WithOTLP:", "WithSeriesLimit",
		"WithContract", "buckets must ascend",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got an error without %s, want it named:\n%v", want, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		option otelmetrics.Option
		want   string
	}{
		"empty endpoint":      {otelmetrics.WithOTLP(""), "WithOTLP"},
		"endpoint no scheme":  {otelmetrics.WithOTLP("collector"), "WithOTLP"},
		"endpoint no host":    {otelmetrics.WithOTLP("http://"), "WithOTLP"},
		"endpoint other":      {otelmetrics.WithOTLP("ftp://collector"), "WithOTLP"},
		"endpoint bad port":   {otelmetrics.WithOTLP("http://collector:port"), "WithOTLP"},
		"series negative":     {otelmetrics.WithSeriesLimit(-1), "WithSeriesLimit"},
		"contract of nothing": {otelmetrics.WithContract(views.Contract{}), "WithContract"},
	}
	for name, test := range tests {
		_, err := otelmetrics.New(t.Context(), otelmetrics.WithEnvironment(nil), test.option)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want one that names %s", name, err, test.want)
		}
	}
}

// TestErrorsKeepSecrets has wrong values around secrets.
func TestErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	const secret = "s3cret"
	tests := map[string]struct{ variable, value string }{
		"no key":              {"OTEL_EXPORTER_OTLP_HEADERS", "=" + secret},
		"no value":            {"OTEL_EXPORTER_OTLP_HEADERS", secret},
		"after a good one":    {"OTEL_EXPORTER_OTLP_METRICS_HEADERS", "a=" + secret + "," + secret},
		"bad escape":          {"OTEL_EXPORTER_OTLP_HEADERS", "authorization=" + secret + "%zz"},
		"illegal key":         {"OTEL_EXPORTER_OTLP_HEADERS", "auth orization=" + secret},
		"endpoint, bad port":  {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:" + secret + "@collector:port"},
		"endpoint, scheme":    {"OTEL_EXPORTER_OTLP_ENDPOINT", "tcp://me:" + secret + "@collector"},
		"endpoint, no scheme": {"OTEL_EXPORTER_OTLP_ENDPOINT", "me:" + secret + "@collector:4317"},
		"endpoint, a slash":   {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:" + secret + "/x@collector:4317"},
		"resource attributes": {"OTEL_RESOURCE_ATTRIBUTES", secret},
	}
	for name, test := range tests {
		_, err := otelmetrics.New(t.Context(), otelmetrics.WithEnvironment(map[string]string{test.variable: test.value}))
		switch {
		case err == nil || !strings.Contains(err.Error(), test.variable):
			t.Errorf("%s: got error %v, want one that names %s", name, err, test.variable)
		case strings.Contains(err.Error(), secret):
			t.Errorf("%s: got an error with the secret: %v", name, err)
		}
	}
}

func TestDisabled(t *testing.T) {
	t.Parallel()
	m := newRecorder(t, otelmetrics.WithEnvironment(map[string]string{"OTEL_SDK_DISABLED": "true"}))
	_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
	p.End(nil)
	if page := scrape(t, m, text); page != "" {
		t.Errorf("got a page, want none:\n%s", page)
	}
	useAll(t, m)
}

// TestDisabledMiddleware serves requests that nothing measures.
func TestDisabledMiddleware(t *testing.T) {
	t.Parallel()
	m, err := otelmetrics.New(t.Context(),
		otelmetrics.WithEnvironment(map[string]string{"OTEL_SDK_DISABLED": "true"}))
	if err != nil {
		t.Fatal(err)
	}
	m.Middleware(http.NotFoundHandler()).
		ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	useAll(t, m)
}

func TestServiceName(t *testing.T) {
	tests := []struct {
		name       string
		variable   string
		attributes string
		options    []otelmetrics.Option
		want       string
	}{
		{"nothing", "", "", nil, "unknown_service:" + filepath.Base(os.Args[0])},
		{"attributes", "", "service.name=attribute", nil, "attribute"},
		{"variable", "variable", "service.name=attribute", nil, "variable"},
		{"resource", "variable", "", []otelmetrics.Option{otelmetrics.WithResource(attribute.String("service.name", "resource"))}, "resource"},
		{"option", "variable", "service.name=attribute", []otelmetrics.Option{
			otelmetrics.WithService("option"), otelmetrics.WithResource(attribute.String("service.name", "resource")),
		}, "option"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("OTEL_SERVICE_NAME", test.variable)
			t.Setenv("OTEL_RESOURCE_ATTRIBUTES", test.attributes)
			m, err := otelmetrics.New(t.Context(), append(test.options, otelmetrics.WithTargetInfo())...)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = m.Shutdown(t.Context()) }()
			page := scrape(t, m, text)
			wantLines(t, page, `dspy_active_predictions{service="`+test.want+`"} 0`)
			if !strings.Contains(page, `service_name="`+test.want+`"`) {
				t.Errorf("got a target_info with another name, want %s:\n%s", test.want, page)
			}
		})
	}
}

func TestExemplarFilterFromEnvironment(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]bool{"always_on": true, "always_off": false, "trace_based": false, "": false} {
		m := newRecorder(t, otelmetrics.WithEnvironment(map[string]string{"OTEL_METRICS_EXEMPLAR_FILTER": filter}))
		m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
		got := strings.Contains(scrape(t, m, openMetrics), "} 1.0 # {")
		if got != want {
			t.Errorf("filter %q: got an exemplar without a span: %t, want %t", filter, got, want)
		}
	}
}

// TestPushByName asks for the push path without an endpoint: it goes to the
// default one. The metric about it tells that it is on.
func TestPushByName(t *testing.T) {
	t.Parallel()
	for _, exporters := range []string{"otlp", "prometheus, OTLP"} {
		m := newRecorder(t,
			otelmetrics.WithEnvironment(map[string]string{"OTEL_METRICS_EXPORTER": exporters}))
		wantLines(t, scrape(t, m, text), "dspy_metrics_export_errors_total 0")
		_ = shutdownWithin(m, time.Millisecond)
	}
}
