package otelmetrics_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/dspy-metrics/dspy-metrics/internal/testio"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

// clock is a clock that moves when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logs keeps what is logged.
type logs struct{ testio.Buffer }

func (l *logs) option() otelmetrics.Option {
	return otelmetrics.WithLogger(slog.New(slog.NewTextHandler(l, nil)))
}

// lines returns the lines that have the text.
func (l *logs) lines(containing string) []string {
	var out []string
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, containing) {
			out = append(out, line)
		}
	}
	return out
}

// families parses a text page as Prometheus does.
func families(t testing.TB, page string) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	out, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatalf("got a page that does not parse: %v\n%s", err, page)
	}
	return out
}

// samples returns what a text page says, as values by series.
func samples(t testing.TB, page string) map[string]float64 {
	t.Helper()
	out := make(map[string]float64)
	for name, family := range families(t, page) {
		for _, metric := range family.GetMetric() {
			labels := make(map[string]string)
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			switch {
			case metric.GetHistogram() != nil:
				h := metric.GetHistogram()
				out[series(name+"_count", labels)] = float64(h.GetSampleCount())
				out[series(name+"_sum", labels)] = h.GetSampleSum()
				for _, bucket := range h.GetBucket() {
					out[bucketSeries(name, labels, bucket.GetUpperBound())] = float64(bucket.GetCumulativeCount())
				}
			case metric.GetCounter() != nil:
				out[series(name, labels)] = metric.GetCounter().GetValue()
			case metric.GetGauge() != nil:
				out[series(name, labels)] = metric.GetGauge().GetValue()
			default:
				out[series(name, labels)] = metric.GetUntyped().GetValue()
			}
		}
	}
	return out
}

func bucketSeries(name string, labels map[string]string, bound float64) string {
	labels = maps.Clone(labels)
	labels["le"] = fmt.Sprint(bound)
	return series(name+"_bucket", labels)
}

// series writes a series with its labels in order.
func series(name string, labels map[string]string) string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, fmt.Sprintf("%s=%q", key, labels[key]))
	}
	return name + "{" + strings.Join(pairs, ",") + "}"
}

// total adds up the samples whose series begins like this.
func total(all map[string]float64, prefix string) float64 {
	var sum float64
	for name, value := range all {
		if strings.HasPrefix(name, prefix) {
			sum += value
		}
	}
	return sum
}

// hasLabels reports whether a series begins with the prefix and has the labels, each written as in the text format.
func hasLabels(name, prefix string, labels ...string) bool {
	return strings.HasPrefix(name, prefix) && !slices.ContainsFunc(labels, func(label string) bool { return !strings.Contains(name, label) })
}

// background is a context for what is not bound to the test's own.
func background() context.Context { return context.Background() }
