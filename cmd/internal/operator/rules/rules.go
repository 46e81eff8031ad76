// Package rules makes Prometheus recording and alerting rules from the metric
// contract, so that another bucket list, a renamed label or a metric left out
// changes the rules with it.
//
// Every expression holds for series that were scraped and for series that were
// pushed by OTLP, for classic and for native histograms, and for any number of
// instances. A ratio exists wherever there is traffic: a side that has no series
// yet counts as zero, and without traffic there is no ratio rather than NaN.
package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Runbooks is where the page of each alert is, under the alert's name and .md.
const Runbooks = "https://github.com/dspy-metrics/dspy-metrics/blob/main/docs/runbooks/"

const header = `# Generated from the metric contract; do not edit. "dspy-metrics contract --rules"
# writes it, for a contract and objectives of your own too: see its --help.
`

type file struct {
	name   string
	Groups []group `yaml:"groups"`
}

type group struct {
	Name     string `yaml:"name"`
	Interval string `yaml:"interval,omitempty"`
	Rules    []rule `yaml:"rules"`
}

// rule is a recording or an alerting rule.
type rule struct {
	Record        string            `yaml:"record,omitempty"`
	Alert         string            `yaml:"alert,omitempty"`
	Expr          string            `yaml:"expr"`
	For           string            `yaml:"for,omitempty"`
	KeepFiringFor string            `yaml:"keep_firing_for,omitempty"`
	Labels        map[string]string `yaml:"labels,omitempty"`
	Annotations   *annotations      `yaml:"annotations,omitempty"`
}

type annotations struct {
	Summary     string `yaml:"summary"`
	Description string `yaml:"description"`
	RunbookURL  string `yaml:"runbook_url"`
}

// Files returns the rule files by name: recording-rules.yml, slo-rules.yml and
// alerts.yml. They belong together: alerts read what the first two record.
//
// A metric of the contract without a name is one that is not there, and the
// rules about it are left out. Objectives that cannot be measured with the
// contract, or could never fire, are an error.
func Files(contract views.Contract, objectives slo.Objectives) (map[string][]byte, error) {
	r, err := newRuler(contract, objectives)
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	for _, f := range r.files() {
		if files[f.name], err = encode(f); err != nil {
			return nil, fmt.Errorf("rules: %s: %w", f.name, err)
		}
	}
	return files, nil
}

// Names returns the names of what the rules record. It is empty for objectives that
// cannot be measured.
func Names(contract views.Contract, objectives slo.Objectives) []string {
	r, err := newRuler(contract, objectives)
	if err != nil {
		return nil
	}
	var names []string
	for _, f := range r.files() {
		for _, g := range f.Groups {
			for _, rule := range g.Rules {
				if rule.Record != "" {
					names = append(names, rule.Record)
				}
			}
		}
	}
	return names
}

func encode(content any) ([]byte, error) {
	b := bytes.NewBufferString(header)
	encoder := yaml.NewEncoder(b)
	encoder.SetIndent(2)
	if err := encoder.Encode(content); err != nil {
		return nil, err
	}
	err := encoder.Close()
	return b.Bytes(), err
}

// ruler makes the rules.
type ruler struct {
	contract   views.Contract
	metrics    views.Metrics
	objectives slo.Objectives
}

func newRuler(contract views.Contract, objectives slo.Objectives) (ruler, error) {
	r := ruler{contract: contract, metrics: contract.Metrics, objectives: objectives}
	if err := r.validate(); err != nil {
		return r, fmt.Errorf("rules: %w", err)
	}
	return r, nil
}

// files returns the rules in the order in which they build on each other.
func (r ruler) files() []file {
	files := []file{
		{"recording-rules.yml", []group{r.recordings(), r.answerRecordings(), r.targetRecordings()}},
		{"slo-rules.yml", []group{r.ratios(), r.longRatios(), r.monthRatios(), r.budgets()}},
		{"alerts.yml", []group{r.predictionAlerts(), r.answerAlerts(), r.cacheAlerts(), r.telemetryAlerts(), r.targetAlerts(), r.collectorAlerts(), r.inhibitors()}},
	}
	for i := range files {
		files[i].Groups = slices.DeleteFunc(files[i].Groups, func(g group) bool { return len(g.Rules) == 0 })
	}
	return files
}

func (r ruler) validate() error {
	service, status := r.contract.Labels.Service.Key, r.contract.Labels.Status.Key
	for _, wanted := range []struct {
		views.Metric
		labels []string
	}{
		{r.metrics.Predictions, []string{service, status}},
		{r.metrics.ActivePredictions, []string{service}},
		{r.metrics.PredictionDuration, []string{service}},
		{r.metrics.CacheHits, []string{service}},
		{r.metrics.CacheMisses, []string{service}},
		{r.metrics.CacheEvictions, []string{service}},
		{r.metrics.Errors, []string{service, r.contract.Labels.ErrorType.Key}},
		{r.metrics.Cost, []string{service}},
		{r.metrics.Finishes, []string{service, r.contract.Labels.FinishReason.Key}},
		{r.metrics.PredictionScore, []string{service, r.contract.Labels.Score.Key}},
		{r.metrics.LabelOverflow, []string{r.contract.Labels.Overflowed.Key}},
	} {
		for _, label := range wanted.labels {
			if exists(wanted.Metric) && !slices.Contains(wanted.Labels, label) {
				return fmt.Errorf("metric %q has no label %q, which its rules need: add the label, or turn the metric off", wanted.Name, label)
			}
		}
	}
	if exists(r.metrics.Cost) && len(r.objectives.ModelBudgets) > 0 && !r.spendsByModel() {
		return fmt.Errorf("metric %q has no label %q, which budgets of models need: add the label, or give no such budgets", r.metrics.Cost.Name, r.contract.Labels.Model.Key)
	}
	if duration := r.metrics.PredictionDuration; exists(duration) && len(duration.Buckets) == 0 {
		return fmt.Errorf("metric %q has no buckets", duration.Name)
	}
	return r.objectives.Validate(r.metrics.PredictionDuration)
}

// exists reports whether all of the metrics are in the contract.
func exists(metrics ...views.Metric) bool {
	return !slices.ContainsFunc(metrics, func(m views.Metric) bool { return m.Name == "" })
}

func alert(name, severity, wait string, expr string, summary, description string) rule {
	return rule{
		Alert: name, Expr: strings.TrimSpace(expr), For: wait,
		Labels: map[string]string{"severity": severity},
		Annotations: &annotations{
			Summary: summary, Description: description, RunbookURL: Runbooks + name + ".md",
		},
	}
}
