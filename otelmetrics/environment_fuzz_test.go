package otelmetrics

import (
	"strings"
	"testing"
)

// FuzzEnvironment takes anything for the variables. What is accepted can be used,
// and what is refused does not show a secret.
func FuzzEnvironment(f *testing.F) {
	f.Add("http://user:hunter2@localhost:4318", "authorization=Bearer%20hunter2", "1000", "service.name=qa", "grpc")
	f.Add("localhost:4318", "hunter2", "-1", "=", "http/protobuf,grpc")
	f.Add("https://[::1%25lo]:4318/%zz", "a b=hunter2,,c", "1e3", "a", "NONE")
	f.Add("unix:///hunter2", "k=%hunter2", "99999999999", " , ", "\xff")
	f.Fuzz(func(t *testing.T, endpoint, headers, number, pairs, word string) {
		const secret = "hunter2"
		variables := map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": endpoint,
			"OTEL_EXPORTER_OTLP_HEADERS": headers, "OTEL_EXPORTER_OTLP_TIMEOUT": number, "OTEL_METRIC_EXPORT_INTERVAL": number,
			"OTEL_RESOURCE_ATTRIBUTES": pairs, "OTEL_SERVICE_NAME": word, "OTEL_EXPORTER_OTLP_PROTOCOL": word,
			"OTEL_METRICS_EXPORTER": word, "OTEL_SDK_DISABLED": word, "OTEL_METRICS_EXEMPLAR_FILTER": word,
		}
		c := config{getenv: func(name string) string { return variables[name] }, environ: func() []string { return nil }}
		err := c.readEnvironment()
		if err != nil {
			// The names of headers are no secrets, nor is what stands elsewhere.
			_, value, _ := strings.Cut(headers, "=")
			if strings.Contains(value, secret) && strings.Contains(err.Error(), secret) && !strings.Contains(endpoint+number+pairs+word, secret) {
				t.Errorf("headers %q: got %v, which tells the secret", headers, err)
			}
			return
		}
		if u := c.otlp.target; strings.TrimSpace(endpoint) != "" && (u == nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https") {
			t.Errorf("endpoint %q was accepted as %v", endpoint, u)
		}
		if c.otlp.interval < 0 {
			t.Errorf("interval %q is %s", number, c.otlp.interval)
		}
	})
}
