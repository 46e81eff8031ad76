package otelmetrics_test

import (
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// Where a push goes, by what the variables and the options say.
func TestOTLPTarget(t *testing.T) {
	t.Parallel()
	const endpoint, metrics, protocol = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL"
	const insecure, metricsInsecure, exporter = "OTEL_EXPORTER_OTLP_INSECURE", "OTEL_EXPORTER_OTLP_METRICS_INSECURE", "OTEL_METRICS_EXPORTER"
	type variables = map[string]string
	for name, test := range map[string]struct {
		variables variables
		option    string
		want      string
	}{
		"nothing":                      {nil, "", ""},
		"general":                      {variables{endpoint: "http://c:4318"}, "", "http://c:4318/v1/metrics"},
		"general with a path":          {variables{endpoint: "http://c:9090/api/v1/otlp/"}, "", "http://c:9090/api/v1/otlp/v1/metrics"},
		"of metrics":                   {variables{metrics: "http://c:4318/x", endpoint: "http://d:4318"}, "", "http://c:4318/x"},
		"of metrics without a path":    {variables{metrics: "http://c:4318"}, "", "http://c:4318"},
		"option":                       {variables{endpoint: "http://d:4318"}, "https://c:4318", "https://c:4318/v1/metrics"},
		"option with a path":           {nil, "http://c:4318/x", "http://c:4318/x"},
		"grpc":                         {variables{endpoint: "http://c:4317", protocol: "grpc"}, "", "http://c:4317/v1/metrics"},
		"grpc without a scheme":        {variables{endpoint: "collector:4317", protocol: "grpc"}, "", "https://collector:4317/v1/metrics"},
		"grpc, insecure":               {variables{endpoint: "collector:4317", protocol: "grpc", insecure: "true"}, "", "http://collector:4317/v1/metrics"},
		"grpc, insecure for metrics":   {variables{endpoint: "10.0.0.1:4317", protocol: "grpc", insecure: "true", metricsInsecure: "false"}, "", "https://10.0.0.1:4317/v1/metrics"},
		"grpc, IPv6":                   {variables{metrics: "[::1]:4317", protocol: "grpc", metricsInsecure: "TRUE"}, "", "http://[::1]:4317"},
		"grpc, option":                 {variables{protocol: "grpc"}, "collector.example:4317", "https://collector.example:4317/v1/metrics"},
		"insecure, but https":          {variables{endpoint: "https://c:4317", protocol: "grpc", insecure: "true"}, "", "https://c:4317/v1/metrics"},
		"secure, but http":             {variables{endpoint: "http://c:4317", protocol: "grpc", insecure: "false"}, "", "http://c:4317/v1/metrics"},
		"insecure, but https, by http": {variables{endpoint: "https://c:4318", insecure: "true"}, "", "https://c:4318/v1/metrics"},
		"by name":                      {variables{exporter: "otlp"}, "", "http://localhost:4318/v1/metrics"},
		"by name, grpc":                {variables{exporter: "prometheus,otlp", protocol: "grpc"}, "", "http://localhost:4317"},
		"not by name":                  {variables{exporter: "prometheus", endpoint: "http://c:4318"}, "", ""},
		"not by name, but option":      {variables{exporter: "none"}, "http://c:4318", "http://c:4318/v1/metrics"},
	} {
		options := []otelmetrics.Option{otelmetrics.WithEnvironment(test.variables)}
		if test.option != "" {
			options = append(options, otelmetrics.WithOTLP(test.option))
		}
		if got, err := otelmetrics.Target(options...); got != test.want || err != nil {
			t.Errorf("%s: got %q, error %v, want %q", name, got, err, test.want)
		}
	}
}

// What no exporter can use is refused with the forms that it can.
func TestOTLPTargetRefused(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{
		"collector", "collector:", ":4317", "collector:port", "collector:70000", "unix:///x", "tcp://collector:4317", "http://",
		"me@collector:4317", "collector:4317/x", "http://:4318", "//collector:4317",
	} {
		for protocol, form := range map[string]string{"grpc": "host:port, http://host:port", "http/protobuf": "http://host:port"} {
			_, err := otelmetrics.Target(otelmetrics.WithEnvironment(map[string]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
			}))
			if err == nil || !strings.Contains(err.Error(), form) {
				t.Errorf("%s, %s: got error %v, want one with the form %s", endpoint, protocol, err, form)
			}
		}
	}
	_, err := otelmetrics.Target(otelmetrics.WithEnvironment(map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"}))
	if err == nil || !strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP_PROTOCOL=grpc") {
		t.Errorf("host:port for HTTP: got error %v, want one that names the protocol for it", err)
	}
}

// The exporter reads OTEL_EXPORTER_OTLP_INSECURE by itself, and has to be kept from letting it override a scheme.
func TestInsecureOverridesNoScheme(t *testing.T) {
	collector := otlptest.NewGRPC(t) // without TLS
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	t.Setenv("OTEL_EXPORTER_OTLP_INSECURE", "true")
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "200")
	address := strings.TrimPrefix(collector.Endpoint(), "http://")
	for endpoint, want := range map[string]bool{address: true, "http://" + address: true, "https://" + address: false} {
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
		m := newRecorder(t)
		before := len(collector.Requests())
		err := m.ForceFlush(t.Context())
		if got := len(collector.Requests()) > before; got != want || (err == nil) != want {
			t.Errorf("%s: pushed %t, error %v, want pushed %t", endpoint, got, err, want)
		}
	}
}
