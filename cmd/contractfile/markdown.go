package contractfile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/markdown"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Markdown returns the tables of metrics, buckets and labels that docs/contract.md
// shows. The series are those of one service, before the limit of series that an
// instrument has. The buckets come with the form of the histograms if one is not classic.
func Markdown(contract views.Contract) string {
	metrics := [][]string{{"metric", "kind", "unit", "labels", "series at most", "meaning"}}
	buckets := [][]string{{"histogram", "buckets"}}
	var forms []string
	for _, m := range contract.Metrics.All() {
		metrics = append(metrics, []string{markdown.Code(m.Name), string(m.Kind), markdown.Code(m.Unit), codes(m.Labels), strconv.Itoa(mostSeries(contract, m)), markdown.Cell(m.Description)})
		if m.Kind == views.Histogram {
			buckets = append(buckets, []string{markdown.Code(m.Name), markdown.Numbers(m.Buckets)})
			forms = append(forms, m.Form.String())
		}
	}
	if slices.ContainsFunc(forms, func(form string) bool { return form != views.Classic.String() }) {
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
	return strings.Join([]string{markdown.Table(metrics), markdown.Table(buckets), markdown.Table(labels)}, "\n")
}

// mostSeries returns how many series of a metric there may be for one service: the
// product of what the budgets of its labels allow, with the places of other and
// unknown, times the series of a histogram in classic form.
func mostSeries(contract views.Contract, m views.Metric) int {
	series := 1
	for _, key := range m.Labels {
		label := contract.Labels.Named(key)
		if label == nil || key == contract.Labels.Service.Key {
			continue
		}
		values := label.Budget + 2
		if label.Closed && slices.Contains(label.Values, views.Other) {
			values--
		}
		series *= values
	}
	if m.Kind == views.Histogram {
		series *= len(m.Buckets) + len([]string{"+Inf", "_sum", "_count"})
	}
	return series
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
