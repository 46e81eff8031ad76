package rules

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/slo"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// resource is a PrometheusRule of the Prometheus operator.
type resource struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Spec       file     `yaml:"spec"`
}

type metadata struct {
	Name   string            `yaml:"name"`
	Labels map[string]string `yaml:"labels"`
}

// PrometheusRule returns all rules of [Files] as one resource of the Prometheus
// operator, monitoring.coreos.com/v1, named after the job. Its errors are those
// of Files.
func PrometheusRule(contract views.Contract, objectives slo.Objectives) ([]byte, error) {
	r, err := newRuler(contract, objectives)
	if err != nil {
		return nil, err
	}
	name := resourceName(objectives.Job)
	all := resource{
		APIVersion: "monitoring.coreos.com/v1", Kind: "PrometheusRule",
		Metadata: metadata{Name: name, Labels: map[string]string{"app.kubernetes.io/name": name}},
	}
	for _, f := range r.files() {
		all.Spec.Groups = append(all.Spec.Groups, f.Groups...)
	}
	content, err := encode(all)
	if err != nil {
		return nil, fmt.Errorf("rules: PrometheusRule: %w", err)
	}
	return content, nil
}

// resourceName makes a name of a resource, and a value of a label, of what may be
// several jobs or a regular expression.
func resourceName(job string) string {
	name := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(job), "-")
	name = strings.Trim(name[:min(len(name), 63)], "-")
	return cmp.Or(name, "dspy-metrics")
}
