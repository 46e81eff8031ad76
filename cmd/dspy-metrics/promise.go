package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/service"
	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// promise is the contract that is served, and where the values of its own labels
// are.
type promise struct {
	Contract string   `group:"common" env:"DSPY_METRICS_CONTRACT" placeholder:"FILE" type:"path" help:"A contract file: other values, budgets, buckets, labels of your own. See dspy-metrics contract --help."`
	Label    []string `group:"labels" env:"DSPY_METRICS_LABELS" placeholder:"NAME=header:HEADER|field:FIELD" help:"Where a request tells the value of a label that the contract file adds: in a header, or in a field of its JSON. Repeatable, or with commas. Requests are timed from before the body is read: the latency knows headers only.."`
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
			errs = append(errs, fmt.Errorf("--label: %q stands twice: keep one", label.Key))
		}
		labels = append(labels, label)
	}
	return labels, errors.Join(errs...)
}

// labels returns the sources of the contract's own labels. Those without one are
// logged, as their values stay unknown.
func (p *promise) labels(contract views.Contract, logger *slog.Logger) ([]service.Label, error) {
	labels, err := p.parse()
	errs := []error{err}
	var own []string
	for _, label := range contract.Labels.Own {
		own = append(own, label.Key)
		if !slices.ContainsFunc(labels, func(l service.Label) bool { return l.Key == label.Key }) {
			logger.Warn("nothing tells the value of a label: it stays "+views.Unknown+"; say where it is by --label",
				slog.String("label", label.Key))
		}
	}
	for _, label := range labels {
		if !slices.Contains(own, label.Key) {
			errs = append(errs, fmt.Errorf("--label %q: the contract file adds no such label, but %s: add it under own_labels", label.Key, orNone(own)))
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

// prime has the recorders of all well-known values expose their counters at
// zero, so that rates see the first event of each.
func prime(recorder *otelmetrics.Recorder, contract views.Contract, labels []service.Label) {
	if len(labels) == 0 {
		return
	}
	label := contract.Labels.Named(labels[0].Key)
	for _, value := range append(slices.Clone(label.Values), "") {
		prime(recorder.With(label.Key, value), contract, labels[1:])
	}
}
