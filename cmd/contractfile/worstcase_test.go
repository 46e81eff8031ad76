package contractfile_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/contractfile"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// TestWorstCase fills the labels of every metric, and more, and finds that the page
// is as large as it is said to become, and no larger.
func TestWorstCase(t *testing.T) {
	t.Parallel()
	m, err := otelmetrics.New(t.Context(), otelmetrics.WithService("qa"), otelmetrics.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Shutdown(context.Background()) })
	fill(t.Context(), m, 80)
	most := contractfile.MostSeries(views.Default(), otelmetrics.DefaultSeriesLimit)
	got := len(series(t, m))
	// The build is one, and few labels can be over their budget.
	if got > most || got < most*99/100 {
		t.Errorf("got %d series, want up to %d, and nearly that", got, most)
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("at most %d series", most); !strings.Contains(string(readme), want) {
		t.Errorf("README.md does not say %q", want)
	}
}

// BenchmarkWorstCase reports the memory of a process at that bound, and the size of
// its page.
func BenchmarkWorstCase(b *testing.B) {
	for b.Loop() {
		before := heap()
		m, err := otelmetrics.New(b.Context(), otelmetrics.WithService("qa"), otelmetrics.WithLogger(slog.New(slog.DiscardHandler)))
		if err != nil {
			b.Fatal(err)
		}
		fill(b.Context(), m, 80)
		measured := heap() - before
		lines := series(b, m)
		bytes := 0
		for _, line := range lines {
			bytes += len(line) + 1
		}
		scraped := heap() - before // The exposition keeps what does not change.
		b.ReportMetric(float64(len(lines)), "series")
		b.ReportMetric(float64(measured)/(1<<20), "MiB")
		b.ReportMetric(float64(scraped)/(1<<20), "MiB-scraped")
		b.ReportMetric(float64(bytes)/(1<<20), "MiB-page")
		if err := m.Shutdown(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// series returns the series on the page.
func series(t testing.TB, m *otelmetrics.Metrics) []string {
	t.Helper()
	recorder := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	var all []string
	for lines := bufio.NewScanner(recorder.Body); lines.Scan(); {
		if !strings.HasPrefix(lines.Text(), "#") {
			all = append(all, lines.Text())
		}
	}
	return all
}

// fill records values of every label, each known one, an empty one, and more than
// there is room for.
func fill(ctx context.Context, m *otelmetrics.Metrics, more int) {
	labels := views.Default().Labels
	values := func(label views.Label) []string {
		all := append([]string{""}, label.Values...)
		for i := range more {
			all = append(all, fmt.Sprintf("%s %d", label.Key, i))
		}
		return all
	}
	for _, kind := range values(labels.PredictionType) {
		fillPrediction(ctx, m, otelmetrics.PredictionType(kind), values)
	}
	for _, errorType := range values(labels.ErrorType) {
		m.RecordError(ctx, otelmetrics.ErrorType(errorType))
		m.RecordUpstreamAttempt(ctx, &otelmetrics.Error{Type: otelmetrics.ErrorType(errorType)})
	}
	for _, cache := range values(labels.CacheType) {
		m.RecordCacheHit(ctx, otelmetrics.CacheType(cache))
		m.RecordCacheMiss(ctx, otelmetrics.CacheType(cache))
		m.RecordCacheEvictions(ctx, otelmetrics.CacheType(cache), 1)
		m.SetCacheSize(ctx, otelmetrics.CacheType(cache), 1)
	}
	for _, reason := range values(labels.UsageReason) {
		m.RecordUsage(ctx, otelmetrics.Predict, otelmetrics.Usage{Missing: otelmetrics.UsageReason(reason)})
	}
	m.SetActivePredictionsLimit(ctx, 1)
	for _, route := range values(labels.Endpoint) {
		for status := 200; status < 200+more; status++ {
			_, request := m.StartRequest(ctx, http.MethodPost, nil)
			request.End(func() (string, int) { return route, status })
		}
	}
}

// fillPrediction records predictions of one type.
func fillPrediction(ctx context.Context, m *otelmetrics.Metrics, kind otelmetrics.PredictionType, values func(views.Label) []string) {
	labels := views.Default().Labels
	_, p := m.StartPrediction(ctx, kind)
	p.BeginUpstream()
	p.FirstToken()
	p.LastToken()
	p.AddUsage(otelmetrics.Usage{ToolCalls: 1, ParseFailures: 1})
	for _, name := range values(labels.Model) {
		model := otelmetrics.Model{Name: name}
		p.AddUsage(otelmetrics.Usage{Model: model, Calls: 1})
		p.SetModel(model)
		for _, what := range values(labels.TokenType)[:8] {
			p.AddTokens(otelmetrics.TokenType(what), 10)
		}
		for _, source := range values(labels.Source)[:5] {
			p.AddUsage(otelmetrics.Usage{Model: model, CostUSD: 1, CostSource: otelmetrics.CostSource(source)})
		}
	}
	p.AddUsage(otelmetrics.Usage{Saved: otelmetrics.Tokens{Input: 9, Output: 5, CacheRead: 3, CacheWrite: 2, Reasoning: 1}})
	for _, reason := range values(labels.FinishReason) {
		p.AddUsage(otelmetrics.Usage{Finish: otelmetrics.FinishReason(reason)})
	}
	for _, score := range values(labels.Score) {
		p.Score(score, 0.5)
		p.Score(score, 2)
	}
	p.EndUpstream()
	p.End(nil)
	_, stream := m.StartPrediction(ctx, kind)
	stream.FirstToken()
	stream.AddTokens(otelmetrics.TokensOutput, 2)
	stream.End(nil)
	for _, status := range []otelmetrics.Status{otelmetrics.StatusFailure, "", "other"} {
		m.RecordPrediction(ctx, kind, status)
	}
}
