package dashboards

import (
	"slices"
	"strconv"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// variables returns the controls at the top of a board. The label service is
// one of one value where single is set, and of many elsewhere.
func (p writer) variables(single bool) []dashboard.VariableModel {
	service, predictionType := p.labels.Service.Key, p.labels.PredictionType.Key
	list := []dashboard.VariableModel{{
		Type: dashboard.VariableTypeDatasource, Name: "datasource", Label: new("Data source"),
		Query: &dashboard.StringOrMap{String: new("prometheus")},
	}}
	// Each narrows what the following ones offer.
	var narrowed []string
	add := func(label, title, all string, metric views.Metric) {
		if metric.Name == "" {
			return
		}
		var matchers []string
		for _, before := range narrowed {
			if slices.Contains(append(place(), job, instance), before) || slices.Contains(metric.Labels, before) {
				matchers = append(matchers, chosen(before))
			}
		}
		selector := metric.Name
		if len(matchers) > 0 {
			selector += "{" + strings.Join(matchers, ", ") + "}"
		}
		list = append(list, choice(label, title, all, "label_values("+selector+", "+label+")"))
		narrowed = append(narrowed, label)
	}
	for _, label := range place() {
		add(label, title(label), ".*", p.first(service))
	}
	add(job, "Job", ".+", p.first(service))
	add(service, "Service", ".+", p.first(service))
	if last := &list[len(list)-1]; single && last.Name == service {
		last.Multi, last.IncludeAll, last.AllValue, last.Current = new(false), new(false), nil, nil
	}
	add(instance, "Instance", ".+", p.first(service))
	// Series that have no prediction type are meant by all of them.
	add(predictionType, "Prediction type", ".*", p.first(service, predictionType))
	for _, label := range p.labels.Own {
		add(label.Key, title(label.Key), ".*", p.first(label.Key))
	}
	return list
}

// title makes a title of a label's key.
func title(key string) string {
	return strings.ToUpper(key[:1]) + strings.ReplaceAll(key[1:], "_", " ")
}

// first returns the first metric with these labels.
func (p writer) first(labels ...string) views.Metric {
	for _, metric := range p.metrics.All() {
		if !slices.ContainsFunc(labels, func(label string) bool { return !slices.Contains(metric.Labels, label) }) {
			return metric
		}
	}
	return views.Metric{}
}

// choice is a variable with the values that a label has.
func choice(label, title, all, query string) dashboard.VariableModel {
	everything := func(s string) dashboard.StringOrArrayOfString {
		return dashboard.StringOrArrayOfString{ArrayOfString: []string{s}}
	}
	return dashboard.VariableModel{
		Type: dashboard.VariableTypeQuery, Name: label, Label: &title, Datasource: source(),
		Query: &dashboard.StringOrMap{String: &query}, Definition: &query,
		Multi: new(true), IncludeAll: new(true), AllValue: &all,
		Current: &dashboard.VariableOption{Text: everything("All"), Value: everything("$__all")},
		Refresh: new(dashboard.VariableRefreshOnTimeRangeChanged), Sort: new(dashboard.VariableSortAlphabeticalAsc),
	}
}

// constant is a hidden variable for a number that queries share.
func constant(name, description string, number float64) dashboard.VariableModel {
	text := dashboard.StringOrArrayOfString{String: new(strconv.FormatFloat(number, 'g', -1, 64))}
	return dashboard.VariableModel{
		Type: dashboard.VariableTypeConstant, Name: name, Description: &description,
		Query: &dashboard.StringOrMap{String: text.String}, Current: &dashboard.VariableOption{Text: text, Value: text},
		Hide: new(dashboard.VariableHideHideVariable), SkipUrlSync: new(true),
	}
}
