package otelmetrics_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/peers"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// implementation does the work that the benchmark names once.
type implementation struct {
	name string
	work func(i int)
}

// ratios reports what the first implementation costs as a ratio to the others.
func ratios(b *testing.B, name string, implementations ...implementation) {
	all := make([]peers.Peer, len(implementations))
	for i, one := range implementations {
		all[i] = peers.Peer{Name: one.name, Work: one.work}
	}
	b.Run(name+"/ratios", func(b *testing.B) { peers.Compare(b.Loop, b.ReportMetric, 1, all...) })
	b.Run(name+"_parallel/ratios", func(b *testing.B) { peers.Compare(b.Loop, b.ReportMetric, runtime.GOMAXPROCS(0), all...) })
}

// benchmark runs the implementations beside one another, on one core and, as
// _parallel, on all cores over the same series.
func benchmark(b *testing.B, name string, implementations ...implementation) {
	ratios(b, name, implementations...)
	for _, one := range implementations {
		b.Run(name+"/"+one.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				one.work(i)
			}
		})
	}
	for _, one := range implementations {
		b.Run(name+"_parallel/"+one.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					one.work(i)
				}
			})
		})
	}
}

// sdk returns a meter of OpenTelemetry's own SDK with the contract's view.
func sdk(b *testing.B) (metric.Meter, *prometheus.Registry) {
	b.Helper()
	registry := prometheus.NewRegistry()
	exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo())
	if err != nil {
		b.Fatal(err)
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithView(views.Default().View()),
		sdkmetric.WithCardinalityLimit(0), sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter))
	b.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	return provider.Meter("bench"), registry
}

// withoutExemplars makes the work the same as client_golang's, which takes no
// exemplar by itself.
func withoutExemplars() otelmetrics.Option {
	return otelmetrics.WithExemplarFilter(exemplar.AlwaysOffFilter)
}

func BenchmarkCounter(b *testing.B) {
	m, ctx, want := newRecorder(b, withoutExemplars()), b.Context(), views.Default().Metrics.Errors
	vector := prometheus.NewCounterVec(prometheus.CounterOpts{Name: want.Name}, want.Labels)
	meter, _ := sdk(b)
	counter, err := meter.Int64Counter(want.Instrument)
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, "labels",
		implementation{"dspy", func(int) { m.RecordError(ctx, otelmetrics.ErrorTimeout) }},
		implementation{"client_golang", func(int) { vector.WithLabelValues("qa", "timeout").Inc() }},
		implementation{"otel_sdk", func(int) {
			counter.Add(ctx, 1, metric.WithAttributes(attribute.String("service", "qa"), attribute.String("error_type", "timeout")))
		}},
	)
}

func BenchmarkHistogram(b *testing.B) {
	m, ctx, want := newRecorder(b, withoutExemplars()), b.Context(), views.Default().Metrics.TimeToFirstToken
	vector := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: want.Name, Buckets: want.Buckets}, want.Labels)
	meter, _ := sdk(b)
	histogram, err := meter.Float64Histogram(want.Instrument)
	if err != nil {
		b.Fatal(err)
	}
	durations := []time.Duration{4, 20, 30, 70, 110, 300, 310, 600, 1200, 4200, 12, 45, 90, 200, 11000, 51}
	for i := range durations {
		durations[i] *= time.Millisecond
	}
	benchmark(b, "labels",
		implementation{"dspy", func(i int) {
			otelmetrics.RecordTimeToFirstToken(ctx, m.Recorder, otelmetrics.ChainOfThought, durations[i%len(durations)])
		}},
		implementation{"client_golang", func(i int) {
			vector.WithLabelValues("qa", "cot").Observe(durations[i%len(durations)].Seconds())
		}},
		implementation{"otel_sdk", func(i int) {
			histogram.Record(ctx, durations[i%len(durations)].Seconds(),
				metric.WithAttributes(attribute.String("service", "qa"), attribute.String("prediction_type", "cot")))
		}},
	)
}

func BenchmarkPrediction(b *testing.B) {
	m, ctx, contract := newRecorder(b, withoutExemplars()), b.Context(), views.Default().Metrics
	predictor := m.Predictor(otelmetrics.ChainOfThought)

	active := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: contract.ActivePredictions.Name}, contract.ActivePredictions.Labels)
	ended := prometheus.NewCounterVec(prometheus.CounterOpts{Name: contract.Predictions.Name}, contract.Predictions.Labels)
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: contract.PredictionDuration.Name, Buckets: contract.PredictionDuration.Buckets,
	}, contract.PredictionDuration.Labels)

	benchmark(b, "scope",
		implementation{"dspy", func(int) {
			var err error
			_, p := m.StartPrediction(ctx, otelmetrics.ChainOfThought)
			p.End(&err)
		}},
		implementation{"dspy_predictor", func(int) {
			var err error
			_, p := predictor.Start(ctx)
			p.End(&err)
		}},
		implementation{"client_golang", func(int) {
			active.WithLabelValues("qa").Inc()
			timer := prometheus.NewTimer(duration.WithLabelValues("qa", "cot"))
			timer.ObserveDuration()
			ended.WithLabelValues("qa", "cot", "success").Inc()
			active.WithLabelValues("qa").Dec()
		}},
	)
}

// BenchmarkGenAI is a whole prediction with the conventions off and on.
func BenchmarkGenAI(b *testing.B) {
	ctx := b.Context()
	var all []implementation
	for _, one := range []struct {
		name        string
		generations otelmetrics.GenAI
	}{{"off", 0}, {"released", otelmetrics.GenAIReleased}, {"new", otelmetrics.GenAINew}, {"both", bothGenerations}} {
		predictor := newRecorder(b, withoutExemplars(), otelmetrics.WithGenAI(one.generations)).Predictor(otelmetrics.ChainOfThought)
		all = append(all, implementation{one.name, func(int) {
			_, p := predictor.Start(ctx)
			p.SetModel(gpt())
			p.AddTokens(otelmetrics.TokensInput, 1500)
			p.AddTokens(otelmetrics.TokensOutput, 90)
			p.End(nil)
		}})
	}
	benchmark(b, "prediction", all...)
}

// BenchmarkOwn is a counter and a histogram of the user's, with attributes that are prepared once and that come with the call.
func BenchmarkOwn(b *testing.B) {
	ctx := b.Context()
	theirs, _ := sdk(b)
	var prebuilt, given []implementation
	for _, one := range []struct {
		name  string
		meter metric.Meter
	}{{"dspy", newRecorder(b, withoutExemplars()).MeterProvider().Meter("example.com/own")}, {"otel_sdk", theirs}} {
		name, meter := one.name, one.meter
		counter, err := meter.Int64Counter("documents")
		if err != nil {
			b.Fatal(err)
		}
		histogram, err := meter.Float64Histogram("ranking", metric.WithUnit("s"))
		if err != nil {
			b.Fatal(err)
		}
		attributes := []attribute.KeyValue{attribute.String("index", "main"), attribute.String("kind", "pdf"), attribute.Bool("cached", true)}
		option := metric.WithAttributeSet(attribute.NewSet(attributes...))
		add, record := []metric.AddOption{option}, []metric.RecordOption{option}
		prebuilt = append(prebuilt, implementation{name, func(i int) {
			counter.Add(ctx, 1, add...)
			histogram.Record(ctx, float64(i&63), record...)
		}})
		given = append(given, implementation{name, func(i int) {
			counter.Add(ctx, 1, metric.WithAttributes(attributes...))
			histogram.Record(ctx, float64(i&63), metric.WithAttributes(attributes...))
		}})
	}
	benchmark(b, "prebuilt", prebuilt...)
	benchmark(b, "attributes", given...)
}

// nothing is a response writer that costs nothing.
type nothing struct{ header http.Header }

func (n nothing) Header() http.Header         { return n.header }
func (n nothing) Write(b []byte) (int, error) { return len(b), nil }
func (n nothing) WriteHeader(int)             {}

func BenchmarkMiddleware(b *testing.B) {
	m, want := newRecorder(b, withoutExemplars()), views.Default().Metrics.APILatency
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	vector := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: want.Name, Buckets: want.Buckets}, []string{"method", "code"})
	registry := prometheus.NewRegistry()
	exporter, err := otelprom.New(otelprom.WithRegisterer(registry))
	if err != nil {
		b.Fatal(err)
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter))
	serve := func(h http.Handler) func(int) {
		request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/predict", nil)
		request.Pattern = "POST /predict"
		w := nothing{header: make(http.Header)}
		return func(int) { h.ServeHTTP(w, request) }
	}
	all := []implementation{
		{"dspy", serve(m.Middleware(handler))},
		{"bare", serve(handler)},
		{"promhttp", serve(promhttp.InstrumentHandlerDuration(vector, handler))},
		{"otelhttp", serve(otelhttp.NewHandler(handler, "predict", otelhttp.WithMeterProvider(provider),
			otelhttp.WithTracerProvider(tracenoop.NewTracerProvider())))},
	}
	ratios(b, "request", all...)
	for _, one := range all {
		b.Run("request/"+one.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				one.work(0)
			}
		})
	}
}

func BenchmarkScrape(b *testing.B) {
	for _, series := range []int{1000, 10_000} {
		contract := views.Default()
		contract.Labels.PredictionType.Budget = series
		contract.Labels.ErrorType.Budget = series
		errors, duration, ended := contract.Metrics.Errors, contract.Metrics.TimeToFirstToken, contract.Metrics.Predictions

		m, err := otelmetrics.New(b.Context(), otelmetrics.WithService("qa"), otelmetrics.WithContract(contract),
			otelmetrics.WithoutPriming(), otelmetrics.WithSeriesLimit(2*series), otelmetrics.WithLogger(slog.New(slog.DiscardHandler)))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = m.Shutdown(context.Background()) })
		native := prometheus.NewRegistry()
		counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: errors.Name, Help: errors.Description}, errors.Labels)
		histograms := prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: duration.Name, Help: duration.Description, Buckets: duration.Buckets,
		}, duration.Labels)
		predictions := prometheus.NewCounterVec(prometheus.CounterOpts{Name: ended.Name, Help: ended.Description}, ended.Labels)
		native.MustRegister(counters, histograms, predictions)
		meter, registry := sdk(b)
		counter, err := meter.Int64Counter(errors.Instrument)
		if err != nil {
			b.Fatal(err)
		}
		histogram, err := meter.Float64Histogram(duration.Instrument, metric.WithUnit(duration.Unit))
		if err != nil {
			b.Fatal(err)
		}
		prediction, err := meter.Int64Counter(ended.Instrument)
		if err != nil {
			b.Fatal(err)
		}
		// Nine counters for each histogram, as a histogram is a dozen lines. A
		// type that is new has its two outcomes at zero at once.
		for i := range series {
			value := fmt.Sprint("value", i)
			service := attribute.String("service", "qa")
			if i%10 != 0 {
				m.RecordError(b.Context(), otelmetrics.ErrorType(value))
				counters.WithLabelValues("qa", value).Inc()
				counter.Add(b.Context(), 1, metric.WithAttributes(service, attribute.String("error_type", value)))
				continue
			}
			otelmetrics.RecordTimeToFirstToken(b.Context(), m.Recorder, otelmetrics.PredictionType(value), time.Second)
			histograms.WithLabelValues("qa", value).Observe(1)
			histogram.Record(b.Context(), 1, metric.WithAttributes(service, attribute.String("prediction_type", value)))
			for _, status := range []string{"success", "failure"} {
				predictions.WithLabelValues("qa", value, status)
				prediction.Add(b.Context(), 0, metric.WithAttributes(service,
					attribute.String("prediction_type", value), attribute.String("status", status)))
			}
		}
		options := promhttp.HandlerOpts{EnableOpenMetrics: true}
		all := []struct {
			name    string
			handler http.Handler
			measure func(context.Context)
		}{
			{"dspy", m.Handler(), func(ctx context.Context) { otelmetrics.RecordTimeToFirstToken(ctx, m.Recorder, "value0", time.Second) }},
			{"client_golang", promhttp.HandlerFor(native, options), func(context.Context) { histograms.WithLabelValues("qa", "value0").Observe(1) }},
			{"otel_sdk", promhttp.HandlerFor(registry, options), func(ctx context.Context) {
				histogram.Record(ctx, 1, metric.WithAttributes(attribute.String("service", "qa"), attribute.String("prediction_type", "value0")))
			}},
		}
		var scrapes []implementation
		for _, one := range all {
			scrape := scraper(b.Context(), one.handler)
			scrapes = append(scrapes, implementation{one.name, func(int) { scrape() }})
		}
		ratios(b, fmt.Sprintf("series=%d", series), scrapes...)
		for _, one := range all {
			b.Run(fmt.Sprintf("series=%d/%s", series, one.name), func(b *testing.B) {
				b.ReportAllocs()
				for scrape := scraper(b.Context(), one.handler); b.Loop(); {
					scrape()
				}
			})
			b.Run(fmt.Sprintf("measuring/series=%d/%s", series, one.name), func(b *testing.B) {
				ctx, stop := context.WithCancel(b.Context())
				var scraping sync.WaitGroup
				scraping.Go(func() {
					for scrape := scraper(ctx, one.handler); ctx.Err() == nil; {
						scrape()
					}
				})
				var took []time.Duration
				for b.Loop() {
					start := time.Now()
					one.measure(ctx)
					took = append(took, time.Since(start))
				}
				stop()
				scraping.Wait()
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
				b.ReportMetric(float64(took[len(took)*99/100]), "p99-ns")
			})
		}
	}
}

// scraper returns what scrapes a handler as Prometheus does.
func scraper(ctx context.Context, handler http.Handler) func() {
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", openMetrics)
	w := nothing{header: make(http.Header)}
	return func() { handler.ServeHTTP(w, request) }
}
