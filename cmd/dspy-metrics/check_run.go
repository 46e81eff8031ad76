package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/fatih/color"
	"github.com/prometheus/otlptranslator"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/check"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/progress"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/uses"
	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// listenFor is how long to wait for OTLP: longer than a client takes between two
// exports.
const listenFor = 70 * time.Second

// Run checks and reports. What could not be checked is a usageError, so that
// the exit code differs from that of findings.
func (c *checkCommand) Run(ctx context.Context) error {
	checker, contract, err := c.checker()
	if err != nil {
		return usageError{err}
	}
	queries, err := c.uses(checker)
	if err != nil {
		return usageError{err}
	}
	var outcome check.Outcome
	switch {
	case c.OTLP != "":
		outcome, err = c.listen(ctx, checker, contract)
	case len(c.Targets) > 0:
		outcome, err = c.read(ctx, checker, contract, queries)
	}
	if queries != nil {
		outcome.Reports = append(outcome.Reports, queries.Reports(contract)...)
	}
	if err == nil {
		err = c.write(os.Stdout, outcome)
	}
	if err != nil {
		return usageError{err}
	}
	return c.verdict(outcome)
}

// verdict is the error that the run ends with.
func (c *checkCommand) verdict(outcome check.Outcome) error {
	summary := outcome.Reports.Summary()
	severity := conformance.Severity(c.FailOn)
	if c.Strict {
		severity = conformance.Warning
	}
	targets := outcome.Reports.Targets()
	unchecked := fmt.Errorf("could not check %d of %d targets", summary.Unchecked, targets)
	covered := outcome.Coverage.Percent()
	switch {
	case summary.Unchecked > 0 && summary.Unchecked == targets:
		return usageError{unchecked}
	case summary.Unchecked > 0:
		return unchecked
	case summary.Fails(severity):
		return fmt.Errorf("the contract is violated: %s", summary)
	case covered < c.MinCoverage:
		return fmt.Errorf("%.1f %% of the metrics were seen, less than --min-coverage %g: see --coverage", covered, c.MinCoverage)
	}
	return nil
}

func (c *checkCommand) checker() (conformance.Checker, string, error) {
	promised, err := promisedBy("--contract", c.Contract)
	if err != nil {
		return conformance.Checker{}, "", err
	}
	if len(c.Namespace) > 0 {
		promised.Namespaces = c.Namespace
	}
	checker := conformance.Checker{
		Contract:         promised.Contract,
		AllowedLabels:    c.AllowLabel,
		NativeHistograms: c.NativeHistograms,
		OnlyContract:     c.OnlyContract,
		WithoutPriming:   c.WithoutPriming,
		Buckets:          make(map[string][]float64),
	}
	if c.Translation != "auto" {
		checker.Strategy = otlptranslator.TranslationStrategyOption(c.Translation)
	}
	for name, text := range c.Buckets {
		buckets, err := parseBuckets(text)
		if err != nil {
			return checker, "", fmt.Errorf("--buckets %s: %w", name, err)
		}
		checker.Buckets[name] = buckets
	}
	return checker, promised.name, checker.Validate()
}

func parseBuckets(text string) ([]float64, error) {
	if preset := views.Buckets(strings.ReplaceAll(text, "-", "_")); preset != nil {
		return preset, nil
	}
	var buckets []float64
	for field := range strings.SplitSeq(text, ",") {
		bound, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not fast, slow, very-slow or a number", field)
		}
		buckets = append(buckets, bound)
	}
	return buckets, nil
}

// read reads the targets, once or several times.
func (c *checkCommand) read(ctx context.Context, checker conformance.Checker, contract string, queries *check.Uses) (check.Outcome, error) {
	targets, err := check.Targets(c.Targets)
	if err != nil {
		return check.Outcome{}, err
	}
	reader, err := c.reader(checker.Parse)
	if err != nil {
		return check.Outcome{}, err
	}
	readings := 1 + int(c.For/c.Interval)
	if c.Twice {
		readings = 2
	}
	watch := check.Watch{Reader: reader, Checker: checker, Contract: contract, Readings: readings, Interval: c.Interval}
	if queries != nil {
		watch.Each = queries.See
	}
	bar := progress.New(os.Stderr, "reading", int64(len(targets)*readings))
	defer bar.End()
	watch.Done = func() { bar.Add(1) }
	return watch.Run(ctx, targets), nil
}

// uses reads the dashboards and rules, if there are any to check.
func (c *checkCommand) uses(checker conformance.Checker) (*check.Uses, error) {
	if len(c.Uses) == 0 {
		return nil, nil //nolint:nilnil // Nobody asked for it.
	}
	found, err := uses.Find(c.Uses)
	if err != nil {
		return nil, fmt.Errorf("--uses: %w", err)
	}
	return &check.Uses{Checker: checker, Found: found}, nil
}

// reader reads pages by these flags.
func (c *targetFlags) reader(parse func(page string, format conformance.Format) *conformance.Exposition) (*check.Reader, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	reader := &check.Reader{Client: client, Timeout: c.Timeout, MaxBytes: int64(c.MaxBytes), Parse: parse, Stdin: os.Stdin}
	if c.Exposition != "auto" {
		reader.Format = conformance.Format(c.Exposition)
	}
	return reader, nil
}

func (c *targetFlags) client() (*http.Client, error) {
	return check.HTTP{
		CAFile: c.CAFile, CertFile: c.CertFile, KeyFile: c.KeyFile, Insecure: c.Insecure, Headers: c.Header,
		User: c.BasicAuthUser, PasswordFile: c.BasicAuthPasswordFile, BearerTokenFile: c.BearerTokenFile,
	}.Client()
}

// listen takes OTLP for a while.
func (c *checkCommand) listen(ctx context.Context, checker conformance.Checker, contract string) (check.Outcome, error) {
	clients, missed, err := received(ctx, c.OTLP, c.For, c.MaxBytes, checker)
	if err != nil {
		return check.Outcome{}, err
	}
	outcome := check.Clients(clients, contract, checker)
	if len(missed) > 0 {
		outcome.Reports = append(outcome.Reports, check.Report{Target: "exports not checked", Format: conformance.OTLP, Findings: missed})
	}
	return outcome, nil
}

// received returns what arrives by OTLP at the address, and what was not taken of it.
func received(
	ctx context.Context, address string, wait time.Duration, maxBytes int, checker conformance.Checker,
) ([]*conformance.Client, []conformance.Finding, error) {
	if wait == 0 {
		wait = listenFor
	}
	receiver, err := check.Listen(ctx, address, checker, maxBytes)
	if err != nil {
		return nil, nil, err
	}
	fmt.Fprintf(os.Stderr, "listening for OTLP at %s for %s\n", receiver.Addr(), wait)
	progress.Wait(ctx, os.Stderr, "listening", wait) // interrupted: report what there is
	if err := receiver.Close(); err != nil {
		return nil, nil, err
	}
	clients, missed := receiver.Clients(), receiver.Missed()
	if len(clients) == 0 && len(missed) == 0 {
		return nil, nil, fmt.Errorf("no OTLP metrics arrived at %s within %s: check the endpoint of the sender, or raise --for", receiver.Addr(), wait)
	}
	return clients, missed, nil
}

func (c *checkCommand) write(w io.Writer, outcome check.Outcome) error {
	switch c.Format {
	case "json":
		return outcome.Reports.JSON(w, outcome.Coverage)
	case "junit":
		return outcome.Reports.JUnit(w, c.Strict || c.FailOn == string(conformance.Warning))
	case "github":
		return outcome.Reports.GitHub(w)
	}
	// The library has looked at NO_COLOR, TERM and whether this is a terminal.
	err := outcome.Reports.Table(w, !color.NoColor)
	if c.Coverage {
		err = errors.Join(err, check.Coverage(w, outcome.Coverage))
	}
	return err
}
