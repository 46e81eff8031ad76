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

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/check"
	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
	"github.com/dspy-metrics/dspy-metrics/views"
)

type checkCommand struct {
	Targets []string `arg:"" optional:"" name:"target" help:"A URL, a file, or - for standard input."`

	OTLP     string        `name:"otlp" placeholder:"ADDRESS" help:"Listen here for OTLP, gRPC and HTTP, and check what arrives, instead of targets."`
	For      time.Duration `default:"70s" help:"How long to listen (${default}); a client sends every 60s by default."`
	Twice    bool          `help:"Read each target twice and compare."`
	Interval time.Duration `default:"15s" help:"Time between the two readings (${default})."`

	Format     string `default:"text" enum:"text,json,junit,github" help:"How to report: text, json, junit or github (${default})."`
	Strict     bool   `help:"Fail for warnings too."`
	Exposition string `default:"auto" enum:"auto,text,openmetrics" help:"Format to ask for and to read: auto, text or openmetrics (${default})."`

	Contract         string            `env:"DSPY_METRICS_CONTRACT" placeholder:"FILE" type:"path" help:"A contract file: check against the documented contract as it changes it."`
	Buckets          map[string]string `placeholder:"METRIC=PRESET" help:"Buckets of a histogram if not the default ones: fast, slow, very-slow, or bounds such as 1,5,10."`
	AllowLabel       []string          `placeholder:"NAME" help:"Labels that any series may have, such as job and instance on a collector's page."`
	OnlyContract     bool              `help:"Judge the metrics of the contract alone; of all others, lines need only be readable."`
	NativeHistograms bool              `help:"Allow OTLP's exponential histograms where the contract has classic ones."`
	WithoutPriming   bool              `help:"Accept counters that come with their first measurement."`

	Timeout  time.Duration `default:"10s" help:"Longest time for one request, its answer included (${default})."`
	MaxBytes int           `default:"16777216" placeholder:"N" help:"Largest page or export when unpacked (${default})."`

	CAFile                string   `name:"ca-file" type:"path" placeholder:"FILE" help:"Authorities to trust, in PEM; by default the system's."`
	CertFile              string   `type:"path" placeholder:"FILE" help:"Client certificate, in PEM."`
	KeyFile               string   `type:"path" placeholder:"FILE" help:"Key of the client certificate, in PEM."`
	Insecure              bool     `help:"Accept every server certificate."`
	Header                []string `sep:"none" placeholder:"'NAME: VALUE'" help:"Header to send; may be repeated."`
	BasicAuthUser         string   `placeholder:"NAME" help:"User for basic authentication."`
	BasicAuthPasswordFile string   `type:"path" placeholder:"FILE" help:"File with the password."`
	BearerTokenFile       string   `type:"path" placeholder:"FILE" help:"File with a bearer token."`
}

// Help is shown by --help.
func (checkCommand) Help() string {
	return `Compares what a service exposes with the documented contract: names, types, units, help texts,
labels and their values, budgets, buckets, numbers, the syntax itself, and that counters are there at zero.
It works on any service that promises the contract, in any language. Metrics not under dspy_ are only parsed,
but for those that the contract file adds.

Errors are breaches of the contract. Warnings may be well, and fail with --strict: a gauge or a histogram
that has not been measured yet, a help text of other words, a label that Prometheus adds itself, a series that
was forgotten or a process that was restarted between two readings. At most 5 findings of a kind are listed.

Examples:
  dspy-metrics check http://localhost:3000/metrics
  dspy-metrics check --twice --interval 5s --strict http://localhost:3000/metrics
  curl -s localhost:3000/metrics | dspy-metrics check -
  dspy-metrics check --format github --buckets dspy_prediction_duration_seconds=slow metrics.txt
  dspy-metrics check --otlp localhost:4317 --for 2m
  dspy-metrics check --contract contract.yaml http://localhost:3000/metrics

Exit codes: 0 if clean, 1 with findings, 2 if it could not check.`
}

// Validate is called by the parser.
func (c *checkCommand) Validate() error {
	var errs []error
	if (len(c.Targets) == 0) == (c.OTLP == "") {
		errs = append(errs, errors.New("want either targets (a URL, a file, or -) or --otlp"))
	}
	for flag, wrong := range map[string]bool{
		"--for":       c.For <= 0,
		"--interval":  c.Interval <= 0,
		"--timeout":   c.Timeout <= 0,
		"--max-bytes": c.MaxBytes < 1,
	} {
		if wrong {
			errs = append(errs, fmt.Errorf("%s must be positive", flag))
		}
	}
	stdin := 0
	for _, target := range c.Targets {
		if target == "-" {
			stdin++
		}
	}
	if stdin > 1 || stdin == 1 && c.Twice {
		errs = append(errs, errors.New("standard input can be read once"))
	}
	return errors.Join(errs...)
}

// Run checks and reports. What could not be checked is a usageError, so that
// the exit code tells it from findings.
func (c *checkCommand) Run(ctx context.Context) error {
	checker, err := c.checker()
	if err != nil {
		return usageError{err}
	}
	var reports check.Reports
	if c.OTLP != "" {
		reports, err = c.listen(ctx, checker)
	} else {
		reports, err = c.read(ctx, checker)
	}
	if err == nil {
		err = c.write(os.Stdout, reports)
	}
	if err != nil {
		return usageError{err}
	}
	summary := reports.Summary()
	switch {
	case summary.Unchecked > 0:
		return usageError{fmt.Errorf("could not check %d of %d targets", summary.Unchecked, len(reports))}
	case summary.Errors > 0, summary.Warnings > 0 && c.Strict:
		return fmt.Errorf("not the contract: %s", summary)
	}
	return nil
}

func (c *checkCommand) checker() (conformance.Checker, error) {
	promised, err := promisedBy("--contract", c.Contract)
	if err != nil {
		return conformance.Checker{}, err
	}
	checker := conformance.Checker{
		Contract:         promised.Contract,
		AllowedLabels:    c.AllowLabel,
		NativeHistograms: c.NativeHistograms,
		OnlyContract:     c.OnlyContract,
		WithoutPriming:   c.WithoutPriming,
		Buckets:          make(map[string][]float64),
	}
	for name, text := range c.Buckets {
		buckets, err := parseBuckets(text)
		if err != nil {
			return checker, fmt.Errorf("--buckets %s: %w", name, err)
		}
		checker.Buckets[name] = buckets
	}
	return checker, checker.Validate()
}

func parseBuckets(text string) ([]float64, error) {
	switch text {
	case "fast":
		return views.FastBuckets(), nil
	case "slow":
		return views.SlowBuckets(), nil
	case "very-slow":
		return views.VerySlowBuckets(), nil
	}
	var buckets []float64
	for field := range strings.SplitSeq(text, ",") {
		bound, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
		if err != nil {
			return nil, fmt.Errorf("%q is neither fast, slow, very-slow nor a bound", field)
		}
		buckets = append(buckets, bound)
	}
	return buckets, nil
}

// read reads the targets, once or twice.
func (c *checkCommand) read(ctx context.Context, checker conformance.Checker) (check.Reports, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	reader := &check.Reader{Client: client, Timeout: c.Timeout, MaxBytes: int64(c.MaxBytes), Parse: checker.Parse, Stdin: os.Stdin}
	if c.Exposition != "auto" {
		reader.Format = conformance.Format(c.Exposition)
	}
	first, reports := c.readAll(ctx, reader, checker)
	if !c.Twice {
		return reports, nil
	}
	select {
	case <-time.After(c.Interval):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	second, reports := c.readAll(ctx, reader, checker)
	for i := range reports {
		if first[i] != nil && second[i] != nil {
			reports[i].Findings = append(reports[i].Findings, checker.Compare(first[i], second[i])...)
		}
	}
	return reports, nil
}

func (c *checkCommand) client() (*http.Client, error) {
	return check.HTTP{
		CAFile: c.CAFile, CertFile: c.CertFile, KeyFile: c.KeyFile, Insecure: c.Insecure, Headers: c.Header,
		User: c.BasicAuthUser, PasswordFile: c.BasicAuthPasswordFile, BearerTokenFile: c.BearerTokenFile,
	}.Client()
}

func (c *checkCommand) readAll(ctx context.Context, reader *check.Reader, checker conformance.Checker) ([]*conformance.Exposition, check.Reports) {
	expositions := make([]*conformance.Exposition, len(c.Targets))
	reports := make(check.Reports, len(c.Targets))
	for i, target := range c.Targets {
		exposition, err := reader.Read(ctx, target)
		if err != nil {
			reports[i] = check.Report{Target: check.Display(target), Unchecked: err.Error(), Findings: []conformance.Finding{}}
			continue
		}
		expositions[i] = exposition
		reports[i] = checked(check.Display(target), checker, exposition)
	}
	return expositions, reports
}

func checked(target string, checker conformance.Checker, exposition *conformance.Exposition) check.Report {
	report := check.Report{Target: target, Contract: "dspy_*", Format: exposition.Format, Series: exposition.Series(), Findings: checker.Check(exposition)}
	for _, metric := range checker.Contract.Metrics {
		report.Metrics = append(report.Metrics, metric.Name)
	}
	return report
}

// listen takes OTLP for a while.
func (c *checkCommand) listen(ctx context.Context, checker conformance.Checker) (check.Reports, error) {
	receiver, err := check.Listen(ctx, c.OTLP, checker, c.MaxBytes)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "listening for OTLP at %s for %s\n", receiver.Addr(), c.For)
	select {
	case <-time.After(c.For):
	case <-ctx.Done(): // interrupted: report what there is
	}
	if err := receiver.Close(); err != nil {
		return nil, err
	}
	if n := receiver.Refused(); n > 0 {
		fmt.Fprintf(os.Stderr, "%d exports of more clients were not checked\n", n)
	}
	var reports check.Reports
	for _, client := range receiver.Clients() {
		reports = append(reports, checked(client.Name, checker, client.Exposition))
	}
	if len(reports) == 0 {
		return nil, fmt.Errorf("no OTLP metrics arrived at %s within %s", receiver.Addr(), c.For)
	}
	return reports, nil
}

func (c *checkCommand) write(w io.Writer, reports check.Reports) error {
	switch c.Format {
	case "json":
		return reports.JSON(w)
	case "junit":
		return reports.JUnit(w, c.Strict)
	case "github":
		return reports.GitHub(w)
	default:
		// The library has looked at NO_COLOR, TERM and whether this is a terminal.
		return reports.Table(w, !color.NoColor)
	}
}
