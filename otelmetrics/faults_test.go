package otelmetrics_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/internal/testio"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

const memoryHits = `dspy_cache_hits_total{cache_type="memory",service="qa"}`

// faults are the ways in which a collector can fail that is there.
func faults(protocol string) map[string]otlptest.Answer {
	out := map[string]otlptest.Answer{
		"refused":              otlptest.Refuse(),
		"hanging":              otlptest.Hang(),
		"rejecting in part":    otlptest.Reject(),
		"answering garbage":    otlptest.Garble(),
		"killed in mid-export": otlptest.Break(),
	}
	if protocol == "grpc" {
		out["failing"], out["overloaded"] = otlptest.Fail(otlptest.Internal), otlptest.Fail(otlptest.ResourceExhausted)
	} else {
		out["failing"], out["overloaded"] = otlptest.Fail(http.StatusInternalServerError), otlptest.FailFor(http.StatusTooManyRequests, 30)
	}
	return out
}

// pushing is a recorder that pushes when it is told to.
func pushing(t *testing.T, log *logs, endpoint, protocol string) *otelmetrics.Metrics {
	t.Helper()
	m := newRecorder(t, log.option(), otelmetrics.WithOTLP(endpoint), otelmetrics.WithOTLPProtocol(protocol), otelmetrics.WithExportInterval(time.Hour))
	t.Cleanup(func() { _ = shutdownWithin(m, 100*time.Millisecond) }) // before the longer one of newRecorder
	return m
}

// impatient has a push end soon. The exporters have no option for it.
func impatient(t *testing.T) {
	t.Helper()
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "200")
	t.Setenv("OTEL_METRIC_EXPORT_TIMEOUT", "1000")
}

// wantOutage pushes to a collector that does not take it: each push is an error
// and counted, and one warning in all is logged. It returns how many it were.
func wantOutage(t *testing.T, m *otelmetrics.Metrics, log *logs) float64 {
	t.Helper()
	const pushes = 3
	for range pushes {
		m.RecordCacheHit(t.Context(), otelmetrics.CacheMemory)
		if err := m.ForceFlush(t.Context()); err == nil {
			t.Error("got no error of a push, want one")
		}
	}
	// A flush that runs out of time returns a moment before its push does.
	testio.Eventually(t, "as many failed pushes as hits", func() bool {
		page := samples(t, scrape(t, m, text))
		return page[memoryHits] == pushes && page["dspy_metrics_export_errors_total{}"] == pushes
	})
	if got := log.lines("level="); len(got) != 1 || !strings.Contains(got[0], "otlp push fails") {
		t.Errorf("got %q, want one warning", got)
	}
	return pushes
}

// wantShutdown shuts down without a collector.
func wantShutdown(t *testing.T, m *otelmetrics.Metrics) {
	t.Helper()
	start := time.Now()
	err := shutdownWithin(m, 100*time.Millisecond)
	if took := time.Since(start); err == nil || took > 5*time.Second {
		t.Errorf("got %v after %s, want an error of the last push after about 100ms", err, took)
	}
}

// TestCollectorFaults takes the collector away in every way, and back: nothing
// is lost, and the log has two lines.
func TestCollectorFaults(t *testing.T) {
	impatient(t)
	for _, transport := range transports() {
		for name, fault := range faults(transport.protocol) {
			t.Run(transport.protocol+", "+name, func(t *testing.T) {
				t.Parallel()
				var log logs
				collector := transport.receiver(t)
				m := pushing(t, &log, collector.Endpoint(), transport.protocol)
				collector.Respond(fault)
				failed := wantOutage(t, m, &log)

				collector.Respond(otlptest.Accept())
				testio.Eventually(t, "a push", func() bool {
					if m.ForceFlush(t.Context()) == nil {
						return true
					}
					failed++
					return false
				})
				all := collector.Requests()
				pushed := pushedSamples(all[len(all)-1].Resources[0])
				if got := pushed[memoryHits]; got != 3 {
					t.Errorf("got %v hits after the outage, want 3", got)
				}
				if got := pushed["dspy_metrics_export_errors_total{}"]; got != failed {
					t.Errorf("got %v failed pushes after the outage, want %v", got, failed)
				}
				if got := log.lines("level="); len(got) != 2 || !strings.Contains(got[1], "works again") {
					t.Errorf("got %q, want a warning and that it works again", got)
				}
				collector.Respond(fault)
				wantShutdown(t, m)
			})
		}
	}
}

// TestNoCollector has an endpoint behind which there never is one that we
// understand. The name has an empty label, so that nobody is asked for it.
func TestNoCollector(t *testing.T) {
	impatient(t)
	for _, transport := range transports() {
		secure := "https" + strings.TrimPrefix(transport.receiver(t).Endpoint(), "http")
		for name, endpoint := range map[string]string{"without TLS": secure, "of no name": "http://collector..invalid:4318"} {
			t.Run(transport.protocol+", "+name, func(t *testing.T) {
				t.Parallel()
				var log logs
				m := pushing(t, &log, endpoint, transport.protocol)
				wantOutage(t, m, &log)
				wantShutdown(t, m)
			})
		}
	}
}

// TestRecordingDoesNotWaitForPush measures while a push hangs.
func TestRecordingDoesNotWaitForPush(t *testing.T) {
	t.Parallel()
	for _, transport := range transports() {
		t.Run(transport.protocol, func(t *testing.T) {
			t.Parallel()
			collector := transport.receiver(t)
			collector.Respond(otlptest.Hang())
			m := pushing(t, new(logs), collector.Endpoint(), transport.protocol)
			ctx, end := context.WithCancel(t.Context())
			pushed := make(chan error, 1)
			go func() { pushed <- m.ForceFlush(ctx) }()
			collector.WaitRequests(t, func(all []otlptest.Request) bool { return len(all) > 0 })
			const predictions = 1000
			for range predictions {
				_, p := m.StartPrediction(t.Context(), "own")
				p.End(nil)
			}
			wantLines(t, scrape(t, m, text), `dspy_predictions_total{prediction_type="own",service="qa",status="success"} 1000`)
			select {
			case err := <-pushed:
				t.Errorf("the push has ended meanwhile: %v", err)
			default:
			}
			end()
			if err := <-pushed; err == nil {
				t.Error("got no error of a push that was ended, want one")
			}
		})
	}
}
