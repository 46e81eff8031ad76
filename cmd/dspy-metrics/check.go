package main

import (
	"errors"
	"fmt"
	"time"
)

type checkCommand struct {
	Targets []string `arg:"" optional:"" name:"target" help:"A URL, a file, a file pattern, @FILE for a list with one target per line, or - for standard input."`

	OTLP     string        `name:"otlp" placeholder:"ADDRESS" help:"Instead of targets: listen on this address for OTLP (gRPC and HTTP), and check the metrics that arrive."`
	For      time.Duration `placeholder:"DURATION" help:"How long to listen with --otlp (by default 70s, because clients push every 60s), or how long to read the targets repeatedly."`
	Twice    bool          `help:"Read each target twice and compare."`
	Interval time.Duration `default:"15s" help:"Time between two readings (${default})."`

	Uses []string `placeholder:"PATH" help:"Also check the queries of the dashboards and rules in this folder or file: whether the metrics, labels and values exist. May be repeated, and needs no target."`

	Format      string  `default:"text" enum:"text,json,junit,github" help:"Format of the report: text, json, junit or github (${default})."`
	FailOn      string  `default:"error" enum:"error,warning,info,never" help:"Lowest severity that fails: error, warning, info, or never (${default})."`
	Strict      bool    `help:"The same as --fail-on=warning."`
	Coverage    bool    `help:"Also report which metrics of the contract were seen."`
	MinCoverage float64 `placeholder:"PERCENT" help:"Fail if a smaller share of the contract's metrics was seen, in all targets together."`

	Contract         string            `env:"DSPY_METRICS_CONTRACT" placeholder:"PATH" help:"Contract to check against: a contract file, which changes the documented contract; a registry of semantic conventions (a file or a folder); a Go or npm package of semantic conventions; or none, to check only the rules of the format."`
	Translation      string            `default:"auto" enum:"auto,UnderscoreEscapingWithSuffixes,UnderscoreEscapingWithoutSuffixes,NoUTF8EscapingWithSuffixes,NoTranslation" help:"How names of a registry are translated on a page: a translation strategy of Prometheus, or auto for the one that fits best (${default})."`
	Namespace        []string          `placeholder:"PREFIX" help:"Name prefix: all metrics with it must be in the contract. * means every metric. May be repeated."`
	Buckets          map[string]string `placeholder:"METRIC=PRESET" help:"Buckets of a histogram: fast, slow, very-slow, or bounds such as 1,5,10."`
	AllowLabel       []string          `placeholder:"NAME" help:"Label that any series may have, such as job and instance on a collector's page."`
	OnlyContract     bool              `help:"Check only the metrics of the contract. Other lines must only be readable."`
	NativeHistograms bool              `help:"Allow OTLP's exponential histograms where the contract has classic ones."`
	WithoutPriming   bool              `help:"Accept counters that do not exist before their first measurement."`

	targetFlags `embed:""`
}

// Help is shown by --help.
func (checkCommand) Help() string {
	return `Compares the metrics of services with a contract: names, types, units, help texts, labels and their values, budgets,
buckets, numbers, and counters that must exist at zero. It works with any service, in any language. The contract is
that of dspy-metrics unless --contract sets another one. Metrics that are not in the contract are checked against
the rules of the format, unless --only-contract is set.

Errors violate the contract or the format. Warnings may be harmless, and fail only with --strict: for example a
histogram without measurements, a different help text, a label that Prometheus adds, a deprecated metric, or a
process that restarted between two readings. Notes (info) need no action. At most 5 findings of a kind are listed.
Several targets are also compared with each other. docs/check.md lists all findings.

--uses reads Grafana dashboards, Prometheus rules and Kubernetes resources that contain them. A query is wrong if it
uses a metric, a label, a label value or a bucket that neither the contract nor a page has. A metric of the contract
that no query uses is a note.

Examples:
  dspy-metrics check http://localhost:3000/metrics
  dspy-metrics check --twice --interval 5s --strict http://localhost:3000/metrics
  curl -s localhost:3000/metrics | dspy-metrics check -
  dspy-metrics check --format github --buckets dspy_prediction_duration_seconds=slow metrics.txt
  dspy-metrics check --otlp localhost:4317 --for 2m
  dspy-metrics check --contract contract.yaml http://localhost:3000/metrics
  dspy-metrics check --contract registry/ --coverage --min-coverage 80 --for 1m http://localhost:8080/metrics
  dspy-metrics check --contract none --exposition openmetrics 'pages/*.txt'
  dspy-metrics check @targets.txt
  dspy-metrics check --uses grafana --uses prometheus --allow-label cluster http://localhost:3000/metrics

Exit codes: 0 if nothing failed; 1 if a finding fails, the coverage is too low, or some targets could not be checked;
2 if nothing could be checked, or for invalid flags.`
}

// Validate is called by the parser.
func (c *checkCommand) Validate() error {
	var errs []error
	switch measured := len(c.Targets) > 0 || c.OTLP != ""; {
	case len(c.Targets) > 0 && c.OTLP != "", !measured && len(c.Uses) == 0:
		errs = append(errs, errors.New("give targets (a URL, a file, or -), --otlp or --uses; targets and --otlp exclude each other"))
	case !measured && (c.Coverage || c.MinCoverage > 0 || c.Twice || c.For > 0):
		errs = append(errs, errors.New("--coverage, --min-coverage, --twice and --for need a target"))
	}
	if !(c.MinCoverage >= 0 && c.MinCoverage <= 100) {
		errs = append(errs, fmt.Errorf("--min-coverage must be a percentage from 0 to 100, got %g", c.MinCoverage))
	}
	if c.Twice && c.For != 0 {
		errs = append(errs, errors.New("--twice and --for exclude each other"))
	}
	for flag, wrong := range map[string]bool{
		"--for":       c.For < 0,
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
	if stdin > 1 || stdin == 1 && (c.Twice || c.For > 0) {
		errs = append(errs, errors.New("standard input (-) can be read only once: give it once, without --twice and --for"))
	}
	return errors.Join(errs...)
}
