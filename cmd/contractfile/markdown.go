package contractfile

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/markdown"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Markdown returns the tables of metrics, buckets and labels that docs/contract.md
// shows, and how many series there are at most. The series of a metric are those of
// one service, before the limit of series that an instrument has. The buckets come with the form of the histograms if one is not classic.
func Markdown(contract views.Contract) string {
	metrics := [][]string{{"metric", "kind", "unit", "labels", "series at most", "meaning"}}
	buckets := [][]string{{"histogram", "buckets"}}
	var forms []string
	for _, m := range contract.Metrics.All() {
		metrics = append(metrics, []string{markdown.Code(m.Name), string(m.Kind), markdown.Code(m.Unit), codes(m.Labels), strconv.Itoa(mostSeries(contract, m)), markdown.Cell(m.Description)})
		if m.Kind == views.Histogram {
			buckets = append(buckets, []string{markdown.Code(m.Name), markdown.Numbers(m.Buckets)})
			forms = append(forms, formOf(m))
		}
	}
	if slices.ContainsFunc(forms, func(form string) bool { return form != classic }) {
		for i, form := range append([]string{"form"}, forms...) {
			buckets[i] = append(buckets[i], form)
		}
	}
	labels := [][]string{{"label", "well-known values", "others", "budget", "meaning"}}
	for _, l := range contract.Labels.All() {
		others := "yes"
		if l.Closed {
			others = "no"
		}
		labels = append(labels, []string{markdown.Code(l.Key), codes(l.Values), others, strconv.Itoa(l.Budget), markdown.Cell(l.Description)})
	}
	return strings.Join([]string{markdown.Table(metrics), worstCase(contract), markdown.Table(buckets), markdown.Table(labels)}, "\n")
}

// worstCase says how many series there are at most.
func worstCase(contract views.Contract) string {
	return fmt.Sprintf("One service has at most %d series in all, because a metric has at most %d sets of labels (`WithSeriesLimit`). "+
		"Without that limit, the budgets of the labels allow %d.\n", MostSeries(contract, otelmetrics.DefaultSeriesLimit), otelmetrics.DefaultSeriesLimit,
		MostSeries(contract, math.MaxInt))
}

// MostSeries returns how many series one service has at most: what the budgets of
// the labels allow, and no more than limit sets of labels of a metric, which is
// positive. A set of a histogram in classic form has a series for each bucket, the
// sum and the count.
func MostSeries(contract views.Contract, limit int) int {
	series := 0
	for _, m := range contract.Metrics.All() {
		series += min(mostSets(contract, m), limit) * seriesOf(m)
	}
	return series
}

// mostSeries returns how many series of a metric there may be for one service.
func mostSeries(contract views.Contract, m views.Metric) int {
	return mostSets(contract, m) * seriesOf(m)
}

// mostSets returns how many sets of labels of a metric there may be for one
// service: the product of what the budgets of its labels allow, with the places of
// other and unknown.
func mostSets(contract views.Contract, m views.Metric) int {
	sets := 1
	for _, key := range m.Labels {
		label := contract.Labels.Named(key)
		if label == nil || key == contract.Labels.Service.Key {
			continue
		}
		values := label.Budget + 2
		if label.Closed && slices.Contains(label.Values, views.Other) {
			values--
		}
		sets *= values
	}
	return sets
}

// seriesOf returns how many series a set of labels is.
func seriesOf(m views.Metric) int {
	if m.Kind == views.Histogram {
		return len(m.Buckets) + len([]string{"+Inf", "_sum", "_count"})
	}
	return 1
}

func codes(values []string) string {
	if len(values) == 0 {
		return "–"
	}
	coded := make([]string, len(values))
	for i, value := range values {
		coded[i] = markdown.Code(value)
	}
	return strings.Join(coded, ", ")
}
