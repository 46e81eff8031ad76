package otelmetrics_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/internal/testio"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// The periodic reader runs from the moment it is made. A view that takes its time
// and a collector that refuses must not meet a recorder that is half made.
func TestNothingRunsBeforeAllIsSet(t *testing.T) {
	t.Parallel()
	for _, transport := range transports() {
		for range 20 {
			collector := transport.receiver(t)
			collector.Respond(transport.refusal)
			m := newRecorder(t, otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithOTLPProtocol(transport.protocol),
				otelmetrics.WithExportInterval(time.Millisecond), otelmetrics.WithIdleTimeout(time.Nanosecond),
				otelmetrics.WithViews(func(sdkmetric.Instrument) (sdkmetric.Stream, bool) {
					<-time.After(time.Millisecond) // longer than the interval, for each instrument
					if got := len(collector.Requests()); got > 0 {
						t.Errorf("got %d pushes before the recorder was there", got)
					}
					return sdkmetric.Stream{}, false
				}))
			collector.WaitRequests(t, func(all []otlptest.Request) bool { return len(all) > 1 })
			testio.Eventually(t, "a failed push", func() bool {
				return samples(t, scrape(t, m, text))["dspy_metrics_export_errors_total{}"] > 0
			})
			_ = m.Shutdown(t.Context())
		}
	}
}

// measureRound measures something of every kind.
func measureRound(t *testing.T, m *otelmetrics.Metrics, round int) {
	t.Helper()
	ctx := t.Context()
	failed := errors.New("no")
	for i := range 3 + round {
		_, p := m.StartPrediction(ctx, otelmetrics.Predict)
		p.FirstToken()
		p.AddTokens(otelmetrics.TokensInput, int64(i))
		p.AddUsage(otelmetrics.Usage{CostUSD: 0.125})
		if i%2 == 0 {
			p.End(nil)
		} else {
			p.End(&failed)
		}
		otelmetrics.RecordLatency(ctx, m.Recorder, "/", "GET", 200+i, time.Duration(i)*time.Millisecond)
		m.RecordCacheHit(ctx, otelmetrics.CacheMemory)
	}
	m.SetCacheSize(ctx, otelmetrics.CacheMemory, int64(round))
}

// TestDeltasSurviveOutages pushes deltas to a collector that refuses, and then
// takes: what it took adds up to the totals, in whatever way it refused.
func TestDeltasSurviveOutages(t *testing.T) {
	// Longer than a push takes on a busy machine: one that the collector has taken
	// must not be sent again.
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "500")
	t.Setenv("OTEL_METRIC_EXPORT_TIMEOUT", "1500")
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta")
	for _, transport := range transports() {
		for name, fault := range faults(transport.protocol) {
			for form, contract := range map[string]views.Contract{"classic": tenants(), "native": native()} {
				t.Run(transport.protocol+", "+name+", "+form, func(t *testing.T) {
					t.Parallel()
					var log logs
					collector := transport.receiver(t)
					m := newRecorder(t, log.option(), otelmetrics.WithContract(contract), otelmetrics.WithOTLP(collector.Endpoint()),
						otelmetrics.WithOTLPProtocol(transport.protocol), otelmetrics.WithExportInterval(time.Hour))
					measureRound(t, m, 0)
					if err := m.ForceFlush(t.Context()); err != nil {
						t.Fatal(err)
					}
					collector.Respond(fault)
					for round := range 3 {
						measureRound(t, m, round)
						if err := m.ForceFlush(t.Context()); err == nil {
							t.Error("got no error of a push, want one")
						}
					}
					page := samples(t, scrape(t, m, text)) // what the outage has seen, before the page counts more of it
					collector.Respond(otlptest.Accept())
					testio.Eventually(t, "a push", func() bool { return m.ForceFlush(t.Context()) == nil })
					taken := make(map[string]float64)
					starts := make(map[string]uint64)
					for _, request := range collector.Requests() {
						if !request.Accepted && name != "rejecting in part" {
							continue
						}
						for _, resource := range request.Resources {
							for series, value := range pushedSamples(resource) {
								taken[series] += value
							}
							for _, metric := range resource.Metrics {
								if metric.Kind != otlptest.Sum {
									continue
								}
								for _, point := range metric.Points {
									id := series(metric.Name, point.Attributes)
									if metric.Monotonic && point.Start < starts[id] {
										t.Errorf("%s: an interval begins before the last one ended", id)
									}
									starts[id] = point.Time
								}
							}
						}
					}
					for id, want := range page {
						if form == "native" && !monotonicSum(id) || !monotonic(id) || total(map[string]float64{id: 1}, "dspy_metrics_export_errors") > 0 {
							continue
						}
						if got := taken[id]; got < want-1e-9 || got > want+1e-9 {
							t.Errorf("%s: the collector took %v, the page has %v", id, got, want)
						}
					}
					if got := total(taken, "dspy_cache_hits_total"); got != 3+3+4+5 {
						t.Errorf("got %v hits", got)
					}
					if got := log.lines("level="); len(got) != 2 {
						t.Errorf("got %q, want the begin and the end of an outage", got)
					}
				})
			}
		}
	}
}

// monotonicSum reports whether a series is no part of a histogram.
func monotonicSum(id string) bool {
	return total(map[string]float64{id: 1}, "dspy_prediction_duration")+total(map[string]float64{id: 1}, "dspy_api_latency")+
		total(map[string]float64{id: 1}, "dspy_time_to_first_token") == 0
}

// native is a contract of exponential histograms.
func native() views.Contract {
	contract := tenants()
	contract.Metrics.PredictionDuration.Form = views.Native
	contract.Metrics.APILatency.Form = views.Native
	contract.Metrics.TimeToFirstToken.Form = views.Native
	return contract
}

// A push that the collector refuses as invalid is not sent again: it would be
// refused again, and with it all that comes after. The loss is logged.
func TestInvalidDeltasAreDropped(t *testing.T) {
	impatient(t)
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta")
	for _, transport := range transports() {
		invalid := otlptest.Fail(otlptest.InvalidArgument)
		if transport.protocol != "grpc" {
			invalid = otlptest.Fail(http.StatusBadRequest)
		}
		var log logs
		collector := transport.receiver(t)
		m := pushing(t, &log, collector.Endpoint(), transport.protocol)
		m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
		collector.Respond(invalid)
		for range 2 {
			if err := m.ForceFlush(t.Context()); err == nil {
				t.Error("got no error of a push, want one")
			}
			m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
		}
		collector.Respond(otlptest.Accept())
		if err := m.ForceFlush(t.Context()); err != nil {
			t.Fatal(err)
		}
		all := collector.Requests()
		if got := pushedSamples(all[len(all)-1].Resources[0])[memoryHits]; got != 1 {
			t.Errorf("%s: got %v hits, want the one that was not refused", transport.protocol, got)
		}
		if len(log.lines("loses deltas")) != 1 || len(log.lines("points_lost=0")) != 0 || len(log.lines("works again")) != 1 {
			t.Errorf("%s: got %q", transport.protocol, log.lines("level="))
		}
	}
}
