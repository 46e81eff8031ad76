package contractfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// Markdown returns the tables of metrics, buckets and labels that the README
// shows. The buckets come with the form of the histograms if one is not classic.
func Markdown(contract views.Contract) string {
	metrics := [][]string{{"metric", "kind", "unit", "labels", "meaning"}}
	buckets := [][]string{{"histogram", "buckets"}}
	var forms []string
	for _, m := range contract.Metrics.All() {
		metrics = append(metrics, []string{code(m.Name), m.Kind.String(), code(m.Unit), codes(m.Labels), cell(m.Description)})
		if m.Kind == views.Histogram {
			bounds := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(m.Buckets)), ", "), "[]")
			buckets = append(buckets, []string{code(m.Name), bounds})
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
		labels = append(labels, []string{code(l.Key), codes(l.Values), others, strconv.Itoa(l.Budget), cell(l.Description)})
	}
	return strings.Join([]string{table(metrics), table(buckets), table(labels)}, "\n")
}

// table renders rows, the first of which is the head.
func table(rows [][]string) string {
	rows = slices.Insert(rows, 1, slices.Repeat([]string{"---"}, len(rows[0])))
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	return b.String()
}

// cell keeps a text within its cell.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

func code(text string) string { return "`" + cell(text) + "`" }

func codes(values []string) string {
	if len(values) == 0 {
		return "–"
	}
	coded := make([]string, len(values))
	for i, value := range values {
		coded[i] = code(value)
	}
	return strings.Join(coded, ", ")
}
