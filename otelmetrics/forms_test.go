package otelmetrics_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

func forms() []views.Form { return []views.Form{views.Classic, views.Native, views.ClassicAndNative} }

// formed returns the contract with all histograms in the form.
func formed(form views.Form) views.Contract {
	contract := views.Default()
	for _, metric := range contract.Metrics.All() {
		if metric.Kind == views.Histogram {
			contract.Metrics.Named(metric.Name).Form = form
		}
	}
	return contract
}

// histograms is how many the contract has.
func histograms() int {
	count := 0
	for _, metric := range views.Default().Metrics.All() {
		if metric.Kind == views.Histogram {
			count++
		}
	}
	return count
}

// scrapeProtobuf returns the histograms that a Prometheus that asks for native ones gets, by name.
func scrapeProtobuf(t testing.TB, m *otelmetrics.Metrics) map[string][]*dto.Metric {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	// What Prometheus 3 sends with scrape_native_histograms.
	request.Header.Set("Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"+
		"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1")
	recorder := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorder, request)
	format := expfmt.ResponseFormat(recorder.Header())
	if format.FormatType() != expfmt.TypeProtoDelim {
		t.Fatalf("got content type %q, want protobuf", recorder.Header().Get("Content-Type"))
	}
	out := make(map[string][]*dto.Metric)
	for decoder := expfmt.NewDecoder(recorder.Body, format); ; {
		var family dto.MetricFamily
		if err := decoder.Decode(&family); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		if family.GetType() == dto.MetricType_HISTOGRAM {
			out[family.GetName()] = family.GetMetric()
		}
	}
}

// nativeCounts returns the counts of the native buckets by index, as OpenTelemetry numbers them.
func nativeCounts(h *dto.Histogram) map[int]int64 {
	out := make(map[int]int64)
	at, count, deltas := 0, int64(0), h.GetPositiveDelta()
	for _, span := range h.GetPositiveSpan() {
		at += int(span.GetOffset())
		for range span.GetLength() {
			count += deltas[0]
			out[at-1], deltas, at = count, deltas[1:], at+1
		}
	}
	return out
}

// TestForms exposes and pushes each histogram in the form of the contract.
func TestForms(t *testing.T) {
	t.Parallel()
	classic := samples(t, scrape(t, measured(t), text))
	for _, form := range forms() {
		t.Run("form="+string(form), func(t *testing.T) {
			t.Parallel()
			m := measured(t, otelmetrics.WithContract(formed(form)))
			want := make(map[string]float64)
			for series, value := range classic {
				if form == views.Native && strings.Contains(series, "_bucket{") && !strings.Contains(series, `le="+Inf"`) {
					continue // The text formats have no place for native buckets.
				}
				want[series] = value
			}
			got := samples(t, scrape(t, m, text))
			delete(got, "dspy_metrics_export_errors_total{}")
			delete(want, "dspy_metrics_export_errors_total{}")
			if diff := difference.Of(want, got); diff != "" {
				t.Errorf("text page (-want +got):\n%s", diff)
			}
			wantOpenMetrics(t, scrape(t, m, openMetrics))

			scraped := scrapeProtobuf(t, m)
			if len(scraped) != histograms() {
				t.Errorf("got %d histograms, want %d", len(scraped), histograms())
			}
			for name, metrics := range scraped {
				for _, metric := range metrics {
					h := metric.GetHistogram()
					if got, want := len(h.GetBucket()) > 0, form != views.Native; got != want {
						t.Errorf("%s: has classic buckets: got %t, want %t", name, got, want)
					}
					if got, want := len(h.GetPositiveSpan()) > 0, form != views.Classic; got != want {
						t.Errorf("%s: has native buckets: got %t, want %t", name, got, want)
					}
				}
			}
		})
	}
}

// TestPushOfForms pushes points of each kind under one name, with the buckets of the scrape.
func TestPushOfForms(t *testing.T) {
	t.Parallel()
	for _, form := range forms() {
		t.Run("form="+string(form), func(t *testing.T) {
			t.Parallel()
			collector, clock := otlptest.NewHTTP(t), newClock()
			contract := formed(form)
			m := newRecorder(t, otelmetrics.WithClock(clock.Now), otelmetrics.WithContract(contract), otelmetrics.WithOTLP(collector.Endpoint()))
			measureAll(t, m, clock)
			if err := m.ForceFlush(t.Context()); err != nil {
				t.Fatal(err)
			}
			scraped := scrapeProtobuf(t, m)[contract.Metrics.APILatency.Name][0].GetHistogram()
			explicit, exponential := 0, 0
			for _, metric := range last(t, collector).Metrics {
				switch metric.Kind {
				case otlptest.Histogram:
					explicit++
				case otlptest.ExponentialHistogram:
					exponential++
					if metric.Name == contract.Metrics.APILatency.Name {
						wantSameBuckets(t, scraped, metric.Points[0])
					}
				default:
				}
			}
			wanted := map[views.Form][2]int{views.Classic: {histograms(), 0}, views.Native: {0, histograms()}, views.ClassicAndNative: {histograms(), 0}}[form]
			if got := [2]int{explicit, exponential}; got != wanted {
				t.Errorf("got %v explicit and exponential histograms, want %v", got, wanted)
			}
		})
	}
}

func wantSameBuckets(t *testing.T, scraped *dto.Histogram, pushed otlptest.Point) {
	t.Helper()
	got := make(map[int]int64)
	for i, count := range pushed.Counts {
		got[pushed.Offset+i] = int64(count)
	}
	if diff := difference.Of(nativeCounts(scraped), got); diff != "" || pushed.Scale != int(scraped.GetSchema()) {
		t.Errorf("scale %d of the push, %d of the scrape; buckets (-scrape +push):\n%s", pushed.Scale, scraped.GetSchema(), diff)
	}
}

// TestFormsAgree scrapes both forms while they are measured: Prometheus refuses a histogram whose buckets do not add up
// to its count, and the classic buckets stand beside the same count.
func TestFormsAgree(t *testing.T) {
	t.Parallel()
	contract := formed(views.ClassicAndNative)
	m := newRecorder(t, otelmetrics.WithContract(contract))
	var measuring sync.WaitGroup
	for worker := range 4 {
		measuring.Go(func() {
			for i := range 2000 {
				otelmetrics.RecordTimeToFirstToken(t.Context(), m.Recorder, otelmetrics.Predict, time.Duration(1+i*worker)*time.Millisecond)
			}
		})
	}
	for last := uint64(0); last < 8000; {
		metrics := scrapeProtobuf(t, m)[contract.Metrics.TimeToFirstToken.Name]
		if len(metrics) == 0 {
			continue
		}
		h := metrics[0].GetHistogram()
		native := h.GetZeroCount()
		for _, count := range nativeCounts(h) {
			native += uint64(count)
		}
		if last = h.GetSampleCount(); native != last || h.GetBucket()[len(h.GetBucket())-1].GetCumulativeCount() != last {
			t.Fatalf("count %d, native buckets %d, classic %v", last, native, h.GetBucket())
		}
	}
	measuring.Wait()
}

// TestIdleTimeoutOfForms forgets and revives a series in both forms at once.
func TestIdleTimeoutOfForms(t *testing.T) {
	t.Parallel()
	contract, clock := formed(views.ClassicAndNative), newClock()
	m := newRecorder(t, otelmetrics.WithClock(clock.Now), otelmetrics.WithContract(contract), otelmetrics.WithIdleTimeout(time.Minute))
	name := contract.Metrics.TimeToFirstToken.Name
	for range 2 {
		otelmetrics.RecordTimeToFirstToken(t.Context(), m.Recorder, "mine", time.Second)
		if got := scrapeProtobuf(t, m)[name]; len(got) != 1 || got[0].GetHistogram().GetSampleCount() != 1 || len(nativeCounts(got[0].GetHistogram())) != 1 {
			t.Errorf("got %v, want one series with one value", got)
		}
		clock.pass(time.Minute)
		scrape(t, m, text) // the last to show what has been idle
		if got := scrapeProtobuf(t, m)[name]; len(got) != 0 {
			t.Errorf("got %v, want none", got)
		}
	}
}

// TestFormsOfOtherProvider gets from an SDK what its view asks for: of two forms the classic one.
func TestFormsOfOtherProvider(t *testing.T) {
	t.Parallel()
	for _, form := range forms() {
		contract, reader := formed(form), sdkmetric.NewManualReader()
		provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithView(contract.View()))
		m := newRecorder(t, otelmetrics.WithContract(contract), otelmetrics.WithMeterProvider(provider))
		otelmetrics.RecordTimeToFirstToken(t.Context(), m.Recorder, otelmetrics.Predict, time.Second)
		var data metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &data); err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, metric := range data.ScopeMetrics[0].Metrics {
			switch data := metric.Data.(type) {
			case metricdata.Histogram[float64]:
				if found++; form == views.Native {
					t.Errorf("%s: got %v, want exponential buckets", form, data)
				}
			case metricdata.ExponentialHistogram[float64]:
				if found++; form != views.Native {
					t.Errorf("%s: got %v, want explicit buckets", form, data)
				}
			}
		}
		if found != 1 {
			t.Errorf("%s: got %d histograms, want 1", form, found)
		}
	}
}
