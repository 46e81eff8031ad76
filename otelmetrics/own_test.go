package otelmetrics_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/dspy-metrics/dspy-metrics/internal/otlptest"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// tenants is a contract with a label tenant on all, for acme and one more, and a
// label tier on tokens only.
func tenants() views.Contract {
	contract := views.Default()
	contract.AddLabel(views.Label{Key: "tenant", Description: "Who asks", Values: []string{"acme"}, Budget: 2})
	contract.AddLabel(views.Label{Key: "tier", Description: "Which tier answers", Budget: 4}, &contract.Metrics.Tokens)
	return contract
}

func TestWith(t *testing.T) {
	t.Parallel()
	var l logs
	m := newRecorder(t, otelmetrics.WithContract(tenants()), l.option())
	ctx := t.Context()
	acme := m.With("tenant", "acme")
	failed := errors.New("no")
	_, p := acme.StartPrediction(ctx, otelmetrics.Predict)
	p.End(&failed)
	_, running := acme.StartPrediction(ctx, otelmetrics.Predict)
	acme.With("tier", "large").RecordUsage(ctx, otelmetrics.Predict, otelmetrics.Usage{Tokens: otelmetrics.Tokens{Input: 3}})
	acme.RecordCacheHit(ctx, otelmetrics.CacheMemory)
	otelmetrics.RecordLatency(ctx, acme, "/ask", "POST", 200, time.Second)
	m.RecordPrediction(ctx, otelmetrics.Predict, otelmetrics.StatusSuccess)
	m.With("tenant", "initech").RecordPrediction(ctx, otelmetrics.Predict, otelmetrics.StatusSuccess)
	m.With("tenant", "hooli").RecordPrediction(ctx, otelmetrics.Predict, otelmetrics.StatusSuccess)
	other, err := m.ForService("other-service")
	if err != nil {
		t.Fatal(err)
	}
	other.With("tenant", "acme").RecordPrediction(ctx, otelmetrics.Predict, otelmetrics.StatusSuccess)
	page := scrape(t, m, text)
	wantLines(t, page,
		`dspy_predictions_total{prediction_type="predict",service="qa",status="failure",tenant="acme"} 1`,
		`dspy_predictions_total{prediction_type="predict",service="qa",status="success",tenant="unknown"} 1`,
		`dspy_predictions_total{prediction_type="predict",service="qa",status="success",tenant="initech"} 1`,
		`dspy_predictions_total{prediction_type="predict",service="qa",status="success",tenant="other"} 1`,
		`dspy_predictions_total{prediction_type="predict",service="other-service",status="success",tenant="acme"} 1`,
		`dspy_errors_total{error_type="prediction_failed",service="qa",tenant="acme"} 1`,
		`dspy_errors_total{error_type="timeout",service="qa",tenant="acme"} 0`,
		`dspy_active_predictions{service="qa",tenant="acme"} 1`,
		`dspy_active_predictions{service="qa",tenant="unknown"} 0`,
		`dspy_tokens_total{model="unknown",prediction_type="predict",service="qa",tenant="acme",tier="large",token_type="input"} 3`,
		`dspy_cache_hits_total{cache_type="memory",service="qa",tenant="acme"} 1`,
		`dspy_api_latency_seconds_count{endpoint="/ask",method="POST",service="qa",status_code="200",tenant="acme"} 1`,
		`dspy_metrics_label_overflow_total{label="tenant"} 1`,
	)
	if strings.Contains(page, `error_type="timeout",service="qa",tenant="initech"`) {
		t.Error("series of a value that is not well-known are primed")
	}
	running.End(nil)
	wantLines(t, scrape(t, m, text), `dspy_active_predictions{service="qa",tenant="acme"} 0`)
	if got := len(l.lines("hooli")); got != 1 {
		t.Errorf("got %d log lines about the value over the budget, want 1", got)
	}
}

func TestWithoutSuchALabel(t *testing.T) {
	t.Parallel()
	var l logs
	m := newRecorder(t, l.option())
	for i := range 100 {
		if got := m.With("tenant", "acme"); got != m.Recorder {
			t.Error("got another recorder")
		}
		m.With(fmt.Sprint("label", i), "acme")
	}
	if got := l.lines("label=tenant"); len(got) != 1 {
		t.Errorf("got log lines %q, want one", got)
	}
	if got := l.lines("no such label"); len(got) > 20 {
		t.Errorf("got %d log lines, want 20 at most", len(got))
	}
	var none *otelmetrics.Recorder
	if got := none.With("tenant", "acme"); got != nil {
		t.Error("got a recorder from none")
	}
}

func TestWithDoesNotAllocate(t *testing.T) {
	m := newRecorder(t, otelmetrics.WithContract(tenants()))
	ctx := t.Context()
	record := func() {
		_, p := m.With("tenant", "acme").With("tier", "large").Predictor(otelmetrics.Predict).Start(ctx)
		p.End(nil)
	}
	record()
	if got := testing.AllocsPerRun(100, record); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

// Tenants come and go, and so do their predictions, while pages are read: what
// is forgotten is never lost, and nothing of it stays behind.
func TestTenantsThatComeAndGo(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta")
	ctx, clock := t.Context(), newClock()
	collector := otlptest.NewHTTP(t)
	m := newRecorder(t, otelmetrics.WithClock(clock.Now), otelmetrics.WithContract(tenants()), otelmetrics.WithIdleTimeout(time.Minute),
		otelmetrics.WithOTLP(collector.Endpoint()), otelmetrics.WithOTLPProtocol("http/protobuf"))
	const rounds, workers, each = 30, 4, 50
	for round := range rounds {
		var measuring sync.WaitGroup
		for range workers {
			measuring.Go(func() {
				for range each {
					r := m.With("tenant", fmt.Sprint("tenant", round+rand.IntN(2)))
					guard := r.TrackActive()
					_, p := r.StartPrediction(ctx, otelmetrics.Predict)
					p.End(nil)
					guard.Release()
				}
			})
		}
		clock.pass(40 * time.Second)
		for series, value := range samples(t, scrape(t, m, text)) {
			if strings.HasPrefix(series, "dspy_active") && value < 0 {
				t.Errorf("got %s %v", series, value)
			}
		}
		measuring.Wait()
		for range 2 {
			if err := m.ForceFlush(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if got := total(samples(t, scrape(t, m, text)), "dspy_active_predictions"); got != 0 {
			t.Errorf("got %v active predictions at rest", got)
		}
	}
	var got float64
	for _, request := range collector.Requests() {
		for _, pushed := range request.Resources {
			got += total(pushedSamples(pushed), "dspy_predictions_total")
		}
	}
	if want := float64(rounds * workers * each); got != want {
		t.Errorf("the intervals add up to %v predictions, want %v", got, want)
	}
	clock.pass(time.Hour)
	for range 10 {
		scrape(t, m, text)
	}
	if page := scrape(t, m, text); strings.Contains(page, `tenant="tenant`) {
		t.Errorf("series of tenants that are gone are still there:\n%s", page)
	}
}

// No value is over its budget, but their combinations are too many: the new ones
// are other, and nothing is lost.
func TestCombinationsAreBounded(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.AddLabel(views.Label{Key: "tenant", Description: "Who asks", Budget: 32})
	contract.AddLabel(views.Label{Key: "team", Description: "Whose budget it is", Budget: 32})
	var l logs
	m := newRecorder(t, l.option(), otelmetrics.WithContract(contract), otelmetrics.WithSeriesLimit(100), otelmetrics.WithGenAI(otelmetrics.GenAINew))
	ctx := t.Context()
	for tenant := range 30 {
		for team := range 30 {
			_, p := m.With("tenant", fmt.Sprint("tenant ", tenant)).With("team", fmt.Sprint("team ", team)).StartPrediction(ctx, otelmetrics.Predict)
			p.SetModel(otelmetrics.Model{Name: fmt.Sprint("model ", tenant), ResponseName: fmt.Sprint("model ", team)})
			p.End(nil)
		}
	}
	page := samples(t, scrape(t, m, text))
	if got := total(page, "dspy_predictions_total"); got != 900 {
		t.Errorf("got %v predictions, want 900", got)
	}
	// The recorders of a tenant without a team have places too.
	if got := page[`dspy_metrics_label_overflow_total{label="team"}`]; got < 700 || got >= 900 {
		t.Errorf("got %v overflows of the last label, want those of the combinations over the limit", got)
	}
	if got := l.lines(`label=gen_ai.response.model`); len(got) == 0 {
		t.Error("got no log line about the combinations of models")
	}
}

// Any metric may be left out, whoever's provider it is: the others are as they were.
func TestMetricLeftOut(t *testing.T) {
	t.Parallel()
	for i, metric := range views.Default().Metrics.All() {
		t.Run(metric.Name, func(t *testing.T) {
			t.Parallel()
			contract := views.Default()
			leaveOut(&contract.Metrics, i)
			m := newRecorder(t, otelmetrics.WithContract(contract))
			recordAll(t.Context(), m.Recorder)
			wantRecordedWithout(t, scrape(t, m, text), metric.Name)

			registry := prometheus.NewRegistry()
			exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo())
			if err != nil {
				t.Fatal(err)
			}
			provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithView(contract.View()))
			own := newRecorder(t, otelmetrics.WithContract(contract), otelmetrics.WithMeterProvider(provider))
			recordAll(t.Context(), own.Recorder)
			wantRecordedWithout(t, gather(t, registry), metric.Name)
		})
	}
}

// leaveOut leaves out the metric at a place in the order of the documentation.
func leaveOut(metrics *views.Metrics, i int) {
	reflect.ValueOf(metrics).Elem().Field(i).SetZero()
}

func wantRecordedWithout(t *testing.T, page, name string) {
	t.Helper()
	if strings.Contains(page, name) {
		t.Errorf("%s was left out, and is there:\n%s", name, page)
	}
	for _, line := range recorded() {
		if !strings.HasPrefix(line, name) {
			wantLines(t, page, line)
		}
	}
}

// A label that is removed from a metric joins the series that differed by it.
func TestLabelRemoved(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.Metrics.APILatency.Labels = []string{"status_code", "service"}
	m := newRecorder(t, otelmetrics.WithContract(contract))
	otelmetrics.RecordLatency(t.Context(), m.Recorder, "/a", "GET", 200, time.Second)
	otelmetrics.RecordLatency(t.Context(), m.Recorder, "/b", "POST", 200, time.Second)
	wantLines(t, scrape(t, m, text), `dspy_api_latency_seconds_count{service="qa",status_code="200"} 2`)
}

func TestOwnMetric(t *testing.T) {
	t.Parallel()
	contract := tenants()
	contract.Metrics.Own = append(contract.Metrics.Own, views.Metric{
		Name: "rag_documents_total", Instrument: "rag.documents", Kind: views.Counter, Unit: "{document}",
		Description: "Documents that were given to the predictor", Labels: []string{"tenant"},
	})
	m := newRecorder(t, otelmetrics.WithContract(contract))
	counter, err := m.MeterProvider().Meter("example.com/rag").Int64Counter("rag.documents", metric.WithUnit("{document}"))
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(t.Context(), 2)
	wantLines(t, scrape(t, m, text),
		`# HELP rag_documents_total Documents that were given to the predictor`,
		`rag_documents_total 2`)
}

// A request is measured for whom it says that it is; whoever is nobody is not.
func TestWithRecorder(t *testing.T) {
	t.Parallel()
	m := newRecorder(t, otelmetrics.WithContract(tenants()))
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	handler := m.Middleware(answer, otelmetrics.WithRecorder(func(r *http.Request) *otelmetrics.Recorder {
		if tenant := r.Header.Get("X-Tenant"); tenant != "nobody" {
			return m.With("tenant", tenant)
		}
		return nil
	}))
	for _, tenant := range []string{"acme", "acme", "initech", "nobody"} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		request.Header.Set("X-Tenant", tenant)
		handler.ServeHTTP(httptest.NewRecorder(), request)
	}
	page := scrape(t, m, text)
	wantLines(t, page,
		`dspy_api_latency_seconds_count{endpoint="unmatched",method="GET",service="qa",status_code="418",tenant="acme"} 2`,
		`dspy_api_latency_seconds_count{endpoint="unmatched",method="GET",service="qa",status_code="418",tenant="initech"} 1`)
	if got := strings.Count(page, "dspy_api_latency_seconds_count{"); got != 2 {
		t.Errorf("got %d series, want 2:\n%s", got, page)
	}
	var none *otelmetrics.Metrics
	response := httptest.NewRecorder()
	none.Middleware(answer).ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if response.Code != http.StatusTeapot {
		t.Errorf("without a recorder: got status %d", response.Code)
	}
}
