package otelmetrics_test

import (
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"
	"go.opentelemetry.io/otel/attribute"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// transport is one way to push.
type transport struct {
	protocol string
	receiver func(testing.TB) *otlptest.Receiver
	refusal  otlptest.Answer // one that the exporter does not try again
}

func transports() []transport {
	return []transport{
		{"grpc", otlptest.NewGRPC, otlptest.Fail(otlptest.InvalidArgument)},
		{"http/protobuf", otlptest.NewHTTP, otlptest.Fail(http.StatusBadRequest)},
	}
}

// last returns what the last accepted push brought.
func last(t testing.TB, r *otlptest.Receiver) otlptest.Resource {
	t.Helper()
	var out otlptest.Resource
	r.Wait(t, func(all []otlptest.Resource) bool {
		if len(all) > 0 {
			out = all[len(all)-1]
		}
		return len(all) > 0
	})
	return out
}

func metricsOf(pushed otlptest.Resource) map[string]otlptest.Metric {
	out := make(map[string]otlptest.Metric)
	for _, metric := range pushed.Metrics {
		out[metric.Name] = metric
	}
	return out
}

// pushedSamples returns what was pushed the way samples does for a page.
func pushedSamples(pushed otlptest.Resource) map[string]float64 {
	out := make(map[string]float64)
	for name, metric := range metricsOf(pushed) {
		for _, point := range metric.Points {
			switch metric.Kind {
			case otlptest.Histogram:
				out[series(name+"_count", point.Attributes)] = float64(point.Count)
				out[series(name+"_sum", point.Attributes)] = point.Sum
				var count uint64
				for i, bound := range append(point.Bounds, math.Inf(1)) {
					count += point.Counts[i]
					out[bucketSeries(name, point.Attributes, bound)] = float64(count)
				}
			case otlptest.Sum, otlptest.Gauge:
				out[series(name, point.Attributes)] = point.Value
			default: // what an exponential histogram has is compared where it is the subject
			}
		}
	}
	return out
}

// TestPushEqualsScrape measures everything and reads it on both paths.
func TestPushEqualsScrape(t *testing.T) {
	t.Parallel()
	for _, transport := range transports() {
		t.Run(transport.protocol, func(t *testing.T) {
			t.Parallel()
			collector := transport.receiver(t)
			clock := newClock()
			m := newRecorder(t, otelmetrics.WithClock(clock.Now),
				otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithOTLPProtocol(transport.protocol))
			measureAll(t, m, clock)
			want := samples(t, scrape(t, m, text))
			if err := m.ForceFlush(t.Context()); err != nil {
				t.Fatal(err)
			}
			pushed := last(t, collector)
			if diff := difference.Of(want, pushedSamples(pushed)); diff != "" {
				t.Errorf("the push differs from the scrape (-scrape +push):\n%s", diff)
			}
			wantCumulative(t, metricsOf(pushed))
		})
	}
}

// wantCumulative checks temporality, monotonicity, unit and description.
func wantCumulative(t *testing.T, pushed map[string]otlptest.Metric) {
	t.Helper()
	kinds := map[views.Kind]otlptest.Kind{views.Counter: otlptest.Sum, views.UpDownCounter: otlptest.Sum, views.Gauge: otlptest.Gauge, views.Histogram: otlptest.Histogram}
	for _, row := range views.Default().Metrics.All() {
		got, ok := pushed[row.Name]
		if !ok {
			t.Errorf("got no %s, want it", row.Name)
			continue
		}
		if got.Unit != row.Unit || got.Description != row.Description {
			t.Errorf("%s: got unit %q, description %q, want %q, %q", row.Name, got.Unit, got.Description, row.Unit, row.Description)
		}
		if got.Kind != kinds[row.Kind] || got.Monotonic != (row.Kind == views.Counter) {
			t.Errorf("%s: got a %s, monotonic %t, want a %s", row.Name, got.Kind, got.Monotonic, row.Kind)
		}
		if got.Kind != otlptest.Gauge && got.Temporality != otlptest.Cumulative {
			t.Errorf("%s: got temporality %d, want cumulative", row.Name, got.Temporality)
		}
	}
}

// TestPushFromEnvironment configures the push with nothing but variables.
func TestPushFromEnvironment(t *testing.T) {
	for _, transport := range transports() {
		t.Run(transport.protocol, func(t *testing.T) {
			collector := transport.receiver(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Endpoint())
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", transport.protocol)
			t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=qa,authorization=Bearer%20s3cret")
			t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "10")
			m := newRecorder(t)
			m.RecordCacheHit(t.Context(), otelmetrics.CacheRedis)
			collector.Wait(t, func(all []otlptest.Resource) bool {
				return len(all) > 0 && pushedSamples(all[len(all)-1])[`dspy_cache_hits_total{cache_type="redis",service="qa"}`] == 1
			})
			for key, want := range map[string]string{"X-Tenant": "qa", "Authorization": "Bearer s3cret"} {
				if got := collector.Requests()[0].Header.Get(key); got != want {
					t.Errorf("header %s: got %q, want %q", key, got, want)
				}
			}
		})
	}
}

// TestOptionOverEnvironment sends to the option's endpoint by its protocol.
func TestOptionOverEnvironment(t *testing.T) {
	wrong, right := otlptest.NewHTTP(t), otlptest.NewGRPC(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", wrong.Endpoint())
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
	t.Setenv("OTEL_METRICS_EXPORTER", "none")
	m := newRecorder(t, otelmetrics.WithOTLP(right.Endpoint()), otelmetrics.WithOTLPProtocol("grpc"))
	if err := m.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, other := len(right.Requests()), len(wrong.Requests()); got != 1 || other != 0 {
		t.Errorf("got %d pushes to the option's endpoint and %d to the variable's, want 1 and 0", got, other)
	}
}

// TestNoPush has no endpoint, or one that other variables silence.
func TestNoPush(t *testing.T) {
	tests := map[string]map[string]string{
		"nothing set":         {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
		"exporter none":       {"OTEL_METRICS_EXPORTER": "none"},
		"exporter None":       {"OTEL_METRICS_EXPORTER": " None "},
		"exporter prometheus": {"OTEL_METRICS_EXPORTER": "prometheus"},
		"disabled":            {"OTEL_SDK_DISABLED": "true"},
		"disabled, uppercase": {"OTEL_SDK_DISABLED": "TRUE"},
	}
	for name, variables := range tests {
		t.Run(name, func(t *testing.T) {
			collector := otlptest.NewHTTP(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Endpoint())
			for key, value := range variables {
				t.Setenv(key, value)
			}
			m := newRecorder(t)
			m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
			if err := m.ForceFlush(t.Context()); err != nil {
				t.Errorf("got flush error %v, want none", err)
			}
			if err := m.Shutdown(t.Context()); err != nil {
				t.Errorf("got shutdown error %v, want none", err)
			}
			if got := len(collector.Requests()); got != 0 {
				t.Errorf("got %d pushes, want none", got)
			}
		})
	}
}

// TestOutage takes the collector away and back: nothing is lost, and the log
// has two lines.
func TestOutage(t *testing.T) {
	t.Parallel()
	for _, transport := range transports() {
		t.Run(transport.protocol, func(t *testing.T) {
			t.Parallel()
			var log logs
			collector := transport.receiver(t)
			m := newRecorder(t, log.option(), otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithOTLPProtocol(transport.protocol))
			const outages, failures = 2, 3
			for range outages {
				collector.Respond(transport.refusal)
				for range failures {
					m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
					if err := m.ForceFlush(t.Context()); err == nil {
						t.Error("got no error of a push that was refused, want it")
					}
				}
				collector.Respond(otlptest.Accept())
				for range failures {
					if err := m.ForceFlush(t.Context()); err != nil {
						t.Errorf("got %v, want no error", err)
					}
				}
			}
			accepted := 0
			for _, request := range collector.Requests() {
				if request.Accepted {
					accepted++
				}
			}
			if accepted != outages*failures {
				t.Errorf("got %d accepted pushes, want %d", accepted, outages*failures)
			}
			all := collector.Requests()
			got := pushedSamples(all[len(all)-1].Resources[0])
			for series, want := range map[string]float64{
				`dspy_cache_hits_total{cache_type="memory",service="qa"}`: outages * failures,
				`dspy_metrics_export_errors_total{}`:                      outages * failures,
			} {
				if got[series] != want {
					t.Errorf("%s: got %v, want %v", series, got[series], want)
				}
			}
			for _, line := range []string{"level=WARN", "level=INFO"} {
				if got := log.lines(line); len(got) != outages {
					t.Errorf("got %d lines with %s, want %d: %q", len(got), line, outages, got)
				}
			}
		})
	}
}

// TestUnreachable never has a collector: the recorder starts, serves and ends.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	var log logs
	collector := otlptest.NewHTTP(t)
	collector.Respond(otlptest.Refuse())
	m := newRecorder(t, log.option(), otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithExportInterval(time.Hour))
	m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
	wantLines(t, scrape(t, m, text), `dspy_cache_hits_total{cache_type="memory",service="qa"} 1`)
	if err := shutdownWithin(m, 50*time.Millisecond); err == nil {
		t.Error("got no error of the last push, want one")
	}
}

// TestResource compares the pushed resource: what is not ours to say is not said.
func TestResource(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=prod,team=a")
	collector := otlptest.NewGRPC(t)
	m := newRecorder(t, otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithOTLPProtocol("grpc"),
		otelmetrics.WithResource(attribute.String("team", "b")))
	if err := m.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := last(t, collector).Attributes
	if got["service.instance.id"] == "" {
		t.Error("got no service.instance.id, want one")
	}
	delete(got, "service.instance.id")
	want := map[string]string{"service.name": "qa", "deployment.environment.name": "prod", "team": "b"}
	if diff := difference.Of(want, got); diff != "" {
		t.Errorf("resource (-want +got):\n%s", diff)
	}
}

// TestManySeries has 65 types under a larger budget, and all of them on both paths.
func TestManySeries(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.Labels.PredictionType.Budget = 65
	collector := otlptest.NewHTTP(t)
	m := newRecorder(t, otelmetrics.WithContract(contract), otelmetrics.WithoutPriming(), otelmetrics.WithOTLP(collector.Endpoint()))
	for i := range 60 {
		m.RecordUsage(t.Context(), otelmetrics.PredictionType("type-"+strconv.Itoa(i)), otelmetrics.Usage{Tokens: otelmetrics.Tokens{Input: int64(i + 1)}})
	}
	want := samples(t, scrape(t, m, text))
	maps.DeleteFunc(want, func(name string, _ float64) bool { return !strings.HasPrefix(name, "dspy_tokens") })
	if err := m.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := pushedSamples(last(t, collector))
	maps.DeleteFunc(got, func(name string, _ float64) bool { return !strings.HasPrefix(name, "dspy_tokens") })
	if diff := difference.Of(want, got); diff != "" || len(got) != 60 {
		t.Errorf("got %d series, want 60 (-scrape +push):\n%s", len(got), diff)
	}
}
