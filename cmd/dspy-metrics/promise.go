package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// promise holds the flags for the contract and for the values of the labels that
// the contract file adds.
type promise struct {
	Contract string   `group:"common" env:"DSPY_METRICS_CONTRACT" placeholder:"FILE" type:"path" help:"Contract file, to change label values, budgets and buckets, or to add labels. See dspy-metrics contract --help."`
	Label    []string `group:"labels" env:"DSPY_METRICS_LABELS" placeholder:"NAME=header:HEADER|field:FIELD" help:"Where to read the value of a label that the contract file adds: from a request header, or from a field of the JSON body. Repeatable, or separated by commas. dspy_api_latency_seconds can only use headers, because its measurement starts before the body is read."`
}

func (p *promise) validate() error {
	_, err := p.parse()
	return err
}

func (p *promise) parse() ([]service.Label, error) {
	var labels []service.Label
	var errs []error
	for _, text := range p.Label {
		label, err := service.ParseLabel(text)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("--label: %w", err))
		case slices.ContainsFunc(labels, func(l service.Label) bool { return l.Key == label.Key }):
			errs = append(errs, fmt.Errorf("--label: %q is set twice: remove one of them", label.Key))
		}
		labels = append(labels, label)
	}
	return labels, errors.Join(errs...)
}

// labels returns the sources of the labels that the contract file adds. It logs a
// warning for each label without a source, because its value is always unknown.
func (p *promise) labels(contract views.Contract, logger *slog.Logger) ([]service.Label, error) {
	labels, err := p.parse()
	errs := []error{err}
	var own []string
	for _, label := range contract.Labels.Own {
		own = append(own, label.Key)
		if !slices.ContainsFunc(labels, func(l service.Label) bool { return l.Key == label.Key }) {
			logger.Warn("a label of the contract file has no source, so its value is always "+views.Unknown+": set one with --label",
				slog.String("label", label.Key))
		}
	}
	for _, label := range labels {
		if !slices.Contains(own, label.Key) {
			errs = append(errs, fmt.Errorf("--label %q: the contract file does not add this label (it adds: %s): add it under own_labels", label.Key, orNone(own)))
		}
	}
	return labels, errors.Join(errs...)
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
