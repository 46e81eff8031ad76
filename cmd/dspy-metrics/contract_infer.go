package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/check"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/registry"
	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// infer prints a contract that follows from what the targets expose.
func (c *contractCommand) infer(ctx context.Context) error {
	expositions, err := c.expositions(ctx)
	if err != nil {
		return usageError{err}
	}
	inferred := conformance.Infer(expositions...)
	if len(inferred.Metrics) == 0 {
		return usageError{errors.New("the targets have no metric to infer a contract from")}
	}
	written, err := registry.Write(inferred.Contract, inferred.Remarks)
	if err != nil {
		return err
	}
	return write(os.Stdout, written)
}

// expositions are those of all targets: a contract that leaves one out would say
// too little.
func (c *contractCommand) expositions(ctx context.Context) ([]*conformance.Exposition, error) {
	var expositions []*conformance.Exposition
	if c.OTLP != "" {
		clients, missed, err := received(ctx, c.OTLP, c.For, c.MaxBytes, conformance.Checker{})
		for _, client := range clients {
			expositions = append(expositions, client.Exposition)
		}
		for _, f := range missed {
			fmt.Fprintf(os.Stderr, "%s: %s\n", f.Rule, f.Text())
		}
		return expositions, err
	}
	targets, err := check.Targets(c.Targets)
	if err != nil {
		return nil, err
	}
	reader, err := c.reader(conformance.Parse)
	if err != nil {
		return nil, err
	}
	for _, target := range targets {
		exposition, err := reader.Read(ctx, target)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", check.Display(target), err)
		}
		expositions = append(expositions, exposition)
		// What the page breaks of its format, no contract repairs.
		for _, f := range (conformance.Checker{}).Check(exposition) {
			if f.Severity == conformance.Error {
				fmt.Fprintf(os.Stderr, "%s:%d:%d: %s: %s\n", check.Display(target), f.Line, f.Column, f.Rule, f.Text())
			}
		}
	}
	return expositions, nil
}
