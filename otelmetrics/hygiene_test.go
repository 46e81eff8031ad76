package otelmetrics_test

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/verbs"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// TestManyValues records 100,000 distinct values through every verb.
func TestManyValues(t *testing.T) {
	t.Parallel()
	const distinct = 100_000
	contract := verbs.Contract()
	for name, verb := range verbs.All() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logs
			m := newRecorder(t, log.option(), otelmetrics.WithContract(contract), otelmetrics.WithoutPriming())
			for i := range distinct {
				verb.Record(m, fmt.Sprint("value ", i))
			}
			page := scrape(t, m, text)
			wantOpenMetrics(t, scrape(t, m, openMetrics))
			label := contract.Labels.Named(verb.Label)
			values := make(map[string]bool)
			for _, metric := range families(t, page)[verb.Metric].GetMetric() {
				for _, pair := range metric.GetLabel() {
					if pair.GetName() == verb.Label {
						values[pair.GetValue()] = true
					}
				}
			}
			admitted := label.Budget
			for _, known := range label.Values {
				if known != views.Other { // has a place outside the budget
					admitted--
				}
			}
			if label.Closed {
				admitted = 0
			}
			if verb.Label == "service" { // has qa already
				admitted--
			}
			if got, want := len(values), admitted+1; got != want {
				t.Errorf("got %d values of %s, want %d with other", got, verb.Label, want)
			}
			want := float64(distinct - admitted)
			if got := total(samples(t, page), fmt.Sprintf("dspy_metrics_label_overflow_total{label=%q}", verb.Label)); got != want {
				t.Errorf("got %v overflows, want %v", got, want)
			}
			if got := len(log.lines("recorded as other")); got < 1 || got > 20 {
				t.Errorf("got %d log lines, want 1 to 20", got)
			}
		})
	}
}

// TestOverflowIsRecordedAsOther compares the counter with the series.
func TestOverflowIsRecordedAsOther(t *testing.T) {
	t.Parallel()
	contract := views.Default()
	contract.Labels.CacheType = contract.Labels.CacheType.Only("memory")
	m := newRecorder(t, otelmetrics.WithContract(contract))
	for _, cache := range []otelmetrics.CacheType{"memory", "redis", "disk", "disk", "other", "", " "} {
		m.RecordCacheHit(t.Context(), cache)
	}
	wantLines(t, scrape(t, m, text),
		`dspy_cache_hits_total{cache_type="memory",service="qa"} 1`,
		`dspy_cache_hits_total{cache_type="other",service="qa"} 4`,
		`dspy_cache_hits_total{cache_type="unknown",service="qa"} 2`,
		`dspy_metrics_label_overflow_total{label="cache_type"} 3`,
	)
}

func nasty() []string {
	return []string{
		"", " ", "\x00", "\xff\xfe", "a\nb", "a\r\nb", `a"b`, `a\b`, `\`, "\u2028", "\ufeff", "{}", "# EOF", "\n# EOF\n",
		`x"} 1` + "\nevil 1\n", "日本語", strings.Repeat("x", 1<<16), strings.Repeat("é", 200), strings.Repeat("\x80", 1000),
		"\xed\xa0\x80", "other", "unknown", "le",
	}
}

// TestAnyBytes records any bytes through every verb.
func TestAnyBytes(t *testing.T) {
	t.Parallel()
	m := newRecorder(t, otelmetrics.WithContract(verbs.Contract()))
	for _, verb := range verbs.All() {
		for _, value := range nasty() {
			verb.Record(m, value)
		}
	}
	wantLegal(t, m)
}

// wantLegal checks both pages.
func wantLegal(t testing.TB, m *otelmetrics.Metrics) {
	t.Helper()
	page := scrape(t, m, text)
	for name, family := range families(t, page) {
		if !strings.HasPrefix(name, "dspy_") {
			t.Errorf("got metric %q, want none but the contract's", name)
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if value := label.GetValue(); !utf8.ValidString(value) || value == "" || len(value) > 128 || strings.ContainsAny(value, "\x00\r\n") {
					t.Errorf("%s: got value %q of %s, want a legal one", name, value, label.GetName())
				}
			}
		}
	}
	wantOpenMetrics(t, scrape(t, m, openMetrics))
	wantLines(t, scrape(t, m, text), `dspy_metrics_scrape_errors_total 0`)
}

// wantOpenMetrics checks the page line by line against the grammar of
// OpenMetrics 1.0, as far as counters, gauges and histograms need it.
func wantOpenMetrics(t testing.TB, page string) {
	t.Helper()
	const (
		name   = `[a-zA-Z_:][a-zA-Z0-9_:]*`
		pair   = `[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`
		labels = `\{(?:` + pair + `(?:,` + pair + `)*)?\}`
		number = `(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?|Inf)|NaN)`
		stamp  = `(?: [0-9.e+]+)?`
	)
	line := regexp.MustCompile(`^(?:# (?:HELP|TYPE|UNIT) ` + name + ` .*|` +
		name + `(?:` + labels + `)? ` + number + stamp + `(?: # ` + labels + ` ` + number + stamp + `)?)$`)
	body, ok := strings.CutSuffix(page, "# EOF\n")
	if !ok || !utf8.ValidString(page) {
		t.Fatalf("got a page of %d bytes without # EOF at its end or with invalid UTF-8", len(page))
	}
	for one := range strings.Lines(body) {
		if !line.MatchString(strings.TrimSuffix(one, "\n")) {
			t.Errorf("got line %q, want OpenMetrics", one)
		}
	}
}

// TestExtremeNumbers measures the largest that fits.
func TestExtremeNumbers(t *testing.T) {
	t.Parallel()
	m := newRecorder(t)
	for range 2 {
		m.RecordUsage(t.Context(), otelmetrics.Predict, otelmetrics.Usage{CostUSD: math.MaxFloat64})
		otelmetrics.RecordTimeToFirstToken(t.Context(), m.Recorder, otelmetrics.Predict, math.MaxInt64)
		m.SetCacheSize(t.Context(), otelmetrics.CacheMemory, math.MaxInt64)
	}
	m.RecordUsage(t.Context(), otelmetrics.Predict, otelmetrics.Usage{Tokens: otelmetrics.Tokens{Input: math.MaxInt64}})
	wantLegal(t, m)
}

func FuzzRecord(f *testing.F) {
	for _, value := range nasty() {
		f.Add(value, int64(len(value)), 0.5)
	}
	f.Fuzz(func(t *testing.T, value string, count int64, usd float64) {
		m := newRecorder(t, otelmetrics.WithContract(verbs.Contract()))
		for _, verb := range verbs.All() {
			verb.Record(m, value)
		}
		kind := otelmetrics.PredictionType(value)
		_, p := m.StartPrediction(t.Context(), kind)
		p.AddTokens(otelmetrics.TokenType(value), count)
		m.RecordUsage(t.Context(), kind, otelmetrics.Usage{CostUSD: usd})
		otelmetrics.RecordTimeToFirstToken(t.Context(), m.Recorder, kind, time.Duration(count))
		m.SetCacheSize(t.Context(), otelmetrics.CacheType(value), count)
		wantLegal(t, m)
	})
}
