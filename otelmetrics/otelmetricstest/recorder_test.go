package otelmetricstest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/otelmetricstest"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// A variable of the machine must change no test, a wrong one neither.
func TestNoEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_SDK_DISABLED":           "true",
		"OTEL_SERVICE_NAME":           "machine",
		"OTEL_RESOURCE_ATTRIBUTES":    "service.name=machine",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "not a URL",
		"OTEL_EXPORTER_OTLP_PROTOCOL": "carrier pigeon",
		"OTEL_METRIC_EXPORT_INTERVAL": "soon",
	} {
		t.Setenv(name, value)
	}
	m := otelmetricstest.New(t)
	m.RecordError(t.Context(), otelmetrics.ErrorTimeout)
	m.Want(t, `dspy_errors_total{error_type="timeout",service="test"} 1`)
	if got := m.Scrape(t).String(); strings.Contains(got, "machine") {
		t.Errorf("got something of the environment:\n%s", got)
	}
	for _, wrong := range []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_METRIC_EXPORT_INTERVAL"} {
		if _, err := otelmetrics.New(t.Context()); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("without the harness: got %v, want an error about %s", err, wrong)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	m := otelmetricstest.New(t)
	first := m.Clock.Now()
	m.Clock.Advance(time.Hour)
	if got := m.Clock.Now().Sub(first); got != time.Hour {
		t.Errorf("got %s, want 1h", got)
	}
	m.Clock.Advance(-time.Minute)
	m.Clock.Run()
	m.Clock.Run()
	if got := m.Clock.Now().Sub(first); got < 59*time.Minute || got > time.Hour {
		t.Errorf("while it runs: got %s, want a little more than 59m", got)
	}
}

// Series are forgotten by the clock of the test.
func TestIdleTimeout(t *testing.T) {
	t.Parallel()
	m := otelmetricstest.New(t, otelmetrics.WithIdleTimeout(time.Hour))
	m.RecordError(t.Context(), "quota")
	m.Want(t, `dspy_errors_total{error_type="quota",service="test"} 1`)
	m.Clock.Advance(2 * time.Hour)
	m.Scrape(t)
	if got := m.Scrape(t).String(); strings.Contains(got, "quota") {
		t.Errorf("got a series that was idle:\n%s", got)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.Metrics.Errors.Name = "dspy_faults_total"
	contract.Metrics.PredictionDuration.Buckets = []float64{1, 2}
	m := otelmetricstest.New(t, otelmetrics.WithService("qa"), otelmetrics.WithContract(contract), nil)
	measure(t.Context(), m)
	m.Conforms(t)
	m.Want(t, `
		# The contract is the caller's.
		dspy_faults_total{service="qa", error_type="timeout"} 1
		dspy_prediction_duration_seconds_bucket{prediction_type="cot",service="qa",le="2"} 1.0
	`)
	if got := m.Scrape(t).Errors(otelmetrics.ErrorTimeout); got != 1 {
		t.Errorf("got %d errors, want 1", got)
	}
}

func TestExtendedContract(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.AddLabel(views.Label{Key: "tenant", Description: "Who asks", Values: []string{"acme"}, Budget: 2})
	contract.Metrics.Cost = views.Metric{}
	m := otelmetricstest.New(t, otelmetrics.WithContract(contract))
	m.With("tenant", "acme").RecordError(t.Context(), otelmetrics.ErrorTimeout)
	m.With("tenant", "initech").RecordError(t.Context(), otelmetrics.ErrorTimeout)
	m.RecordUsage(t.Context(), otelmetrics.Predict, otelmetrics.Usage{CostUSD: 1})
	m.Want(t, `dspy_errors_total{error_type="timeout",service="test",tenant="acme"} 1`)
	if got := m.Scrape(t).Errors(otelmetrics.ErrorTimeout); got != 2 {
		t.Errorf("got %d errors of all tenants, want 2", got)
	}
	if got := m.Scrape(t).Cost(""); got != 0 {
		t.Errorf("got a cost of %v of a metric that is left out", got)
	}
	m.Conforms(t)
}

// spend adds a token of a type that may be over its budget.
func spend(t *testing.T, m *otelmetricstest.Metrics, what otelmetrics.TokenType) {
	t.Helper()
	_, p := m.StartPrediction(t.Context(), otelmetrics.Predict)
	p.AddTokens(what, 1)
	p.End(nil)
}

func TestOverflowIsLogged(t *testing.T) {
	t.Parallel()
	f := &logged{TB: t}
	m := otelmetricstest.New(f)
	spend(t, m, "thinking")
	if got := f.String(); !strings.Contains(got, "value=thinking") {
		t.Errorf("got the output %q, want the value that is not allowed", got)
	}
}

// A goroutine that the code under test leaves behind must not end the process.
func TestUseAfterTheTest(t *testing.T) {
	t.Parallel()
	var m *otelmetricstest.Metrics
	t.Run("test", func(t *testing.T) { m = otelmetricstest.New(t) })
	spend(t, m, "thinking")
	if got := said(t, func(t testing.TB) { m.Scrape(t) }); !strings.Contains(got, "status 503") {
		t.Errorf("got %q, want that it is shut down", got)
	}
}

func TestFailuresOfNew(t *testing.T) {
	t.Parallel()
	refuses := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(refuses.Close)
	for want, option := range map[string]otelmetrics.Option{
		"option WithSeriesLimit: 0 is not positive": otelmetrics.WithSeriesLimit(0),
		"shutdown of the recorder: ":                otelmetrics.WithOTLP(refuses.URL),
	} {
		if got := said(t, func(t testing.TB) { otelmetricstest.New(t, option) }); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestOwnMeterProvider(t *testing.T) {
	t.Parallel()
	m := otelmetricstest.New(t, otelmetrics.WithMeterProvider(sdkmetric.NewMeterProvider()))
	if got := said(t, func(t testing.TB) { m.Scrape(t) }); !strings.Contains(got, "WithMeterProvider") {
		t.Errorf("got %q, want what to do", got)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	m := otelmetricstest.New(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			m.RecordError(t.Context(), otelmetrics.ErrorTimeout)
			m.Clock.Advance(time.Second)
			m.Scrape(t).Since(m.Scrape(t)).Errors("")
			m.Conforms(t)
		})
	}
	m.Eventually(t, `dspy_errors_total{error_type="timeout",service="test"} 8`)
	all.Wait()
}

// logged is a test whose output is kept.
type logged struct {
	testing.TB
	strings.Builder
}

func (l *logged) Output() io.Writer { return &l.Builder }

// The speed and the allocations of recording are those of any recorder.
func TestRecordingAllocatesNothing(t *testing.T) {
	m := otelmetricstest.New(t)
	ctx, predictor := t.Context(), m.Predictor(otelmetrics.ChainOfThought)
	allocations := testing.AllocsPerRun(100, func() {
		_, p := predictor.Start(ctx)
		p.End(nil)
	})
	if allocations != 0 {
		t.Errorf("got %v allocations, want none", allocations)
	}
}
