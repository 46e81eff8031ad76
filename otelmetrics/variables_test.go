package otelmetrics_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// A variable that would configure a pipeline in a way that New does not follow is refused, whatever its name.
func TestUnsupportedVariables(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ value, remedy string }{
		"OTEL_CONFIG_FILE":                                         {"otel.yaml", "configuration files"},
		"OTEL_EXPERIMENTAL_CONFIG_FILE":                            {"otel.yaml", "configuration files"},
		"OTEL_EXPORTER_PROMETHEUS_HOST":                            {"0.0.0.0", "Metrics.Handler"},
		"OTEL_EXPORTER_PROMETHEUS_PORT":                            {"9464", "Metrics.Handler"},
		"OTEL_EXPORTER_OTLP_METRICS_ENDPIONT":                      {"http://c:4318", "correct its name"},
		"OTEL_METRICS_EXPORTERS":                                   {"otlp", "correct its name"},
		"OTEL_METRIC_EXPORT_MAX_BATCH":                             {"512", "unset it"},
		"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": {"base2_exponential_bucket_histogram", "Metric.Form"},
	} {
		variables := map[string]string{name: test.value}
		_, err := otelmetrics.New(t.Context(), otelmetrics.WithEnvironment(variables))
		if err == nil || !strings.Contains(err.Error(), "variable "+name+": ") || !strings.Contains(err.Error(), test.remedy) {
			t.Errorf("%s: got error %v, want one that names it and says %q", name, err, test.remedy)
		}
		if _, err := otelmetrics.New(t.Context(), otelmetrics.WithEnvironment(map[string]string{name: " "})); err != nil {
			t.Errorf("%s, empty: got error %v, want none", name, err)
		}
	}
}

// What is set for other signals, for other programs or to the default is no fault.
func TestVariablesOfOthers(t *testing.T) {
	t.Parallel()
	m, err := otelmetrics.New(t.Context(), otelmetrics.WithEnvironment(map[string]string{
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "collector:4317", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "x", "OTEL_TRACES_SAMPLER": "x",
		"OTEL_PROPAGATORS": "b3", "OTEL_GO_X_OBSERVABILITY": "true", "OTEL_LOG_LEVEL": "debug", "OTEL_EXPORTER_OTLP_SPAN_INSECURE": "true",
		"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": "explicit_bucket_histogram",
	}))
	if err != nil {
		t.Fatal(err)
	}
	_ = m.Shutdown(t.Context())
}

// With a provider of the user's own, variables about pipelines are somebody else's.
func TestOwnProviderIgnoresPipelineVariables(t *testing.T) {
	t.Parallel()
	provider := sdkmetric.NewMeterProvider()
	variables := map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "nowhere", "OTEL_METRICS_EXPORTER": "zipkin", "OTEL_METRIC_EXPORT_INTERVAL": "soon",
		"OTEL_EXPORTER_OTLP_HEADERS": "x", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/none", "OTEL_CONFIG_FILE": "otel.yaml",
		"OTEL_METRICS_EXEMPLAR_FILTER": "x",
	}
	m, err := otelmetrics.New(t.Context(), otelmetrics.WithEnvironment(variables), otelmetrics.WithMeterProvider(provider))
	if err != nil {
		t.Fatal(err)
	}
	useAll(t, m)
	variables["OTEL_SDK_DISABLED"] = "maybe"
	if _, err := otelmetrics.New(t.Context(), otelmetrics.WithEnvironment(variables), otelmetrics.WithMeterProvider(provider)); err == nil {
		t.Error("OTEL_SDK_DISABLED=maybe: got no error, want one")
	}
}

// Every variable that New looks at is in docs/otlp.md.
func TestVariablesAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/otlp.md")
	if err != nil {
		t.Fatal(err)
	}
	names := otelmetrics.Variables()
	if len(names) < 20 {
		t.Fatalf("got the variables %q, want all", names)
	}
	for _, name := range names {
		general := strings.Replace(name, "OTLP_METRICS_", "OTLP_", 1)
		if !slices.Contains(names, general) {
			general = name
		}
		if !strings.Contains(string(page), "`"+general+"`") {
			t.Errorf("docs/otlp.md says nothing about %s", general)
		}
	}
}
