package main

import (
	"errors"
	"fmt"
	"time"
)

type checkCommand struct {
	Targets []string `arg:"" optional:"" name:"target" help:"A URL, a file, a pattern of files, @FILE for a list with one target a line, or - for standard input."`

	OTLP     string        `name:"otlp" placeholder:"ADDRESS" help:"Listen here for OTLP, gRPC and HTTP, and check what arrives, instead of targets."`
	For      time.Duration `placeholder:"DURATION" help:"How long to listen, by default 70s, as a client sends every 60s; or how long to read targets again and again."`
	Twice    bool          `help:"Read each target twice and compare."`
	Interval time.Duration `default:"15s" help:"Time between two readings (${default})."`

	Uses []string `placeholder:"PATH" help:"Check the queries of the dashboards and rules in this folder or file too: whether they ask for what the contract or a page has; may be repeated, and needs no target."`

	Format      string  `default:"text" enum:"text,json,junit,github" help:"How to report: text, json, junit or github (${default})."`
	FailOn      string  `default:"error" enum:"error,warning,info,never" help:"The least severity that fails: error, warning, info, or never (${default})."`
	Strict      bool    `help:"Short for --fail-on=warning."`
	Coverage    bool    `help:"Report too what of the contract was seen, and what never was."`
	MinCoverage float64 `placeholder:"PERCENT" help:"Fail if fewer of the contract's metrics were seen, on all targets together."`

	Contract         string            `env:"DSPY_METRICS_CONTRACT" placeholder:"PATH" help:"What to check against: a contract file, which changes the documented contract; a registry of semantic conventions, a file or a folder; a Go or npm package of them; or none, for the rules of the format alone."`
	Translation      string            `default:"auto" enum:"auto,UnderscoreEscapingWithSuffixes,UnderscoreEscapingWithoutSuffixes,NoUTF8EscapingWithSuffixes,NoTranslation" help:"How a page spells the names of a registry, by Prometheus' name of the strategy; auto is the one that fits best (${default})."`
	Namespace        []string          `placeholder:"PREFIX" help:"First word of names that must all be in the contract, or * for every name; may be repeated."`
	Buckets          map[string]string `placeholder:"METRIC=PRESET" help:"Buckets of a histogram if not the default ones: fast, slow, very-slow, or bounds such as 1,5,10."`
	AllowLabel       []string          `placeholder:"NAME" help:"Labels that any series may have, such as job and instance on a collector's page."`
	OnlyContract     bool              `help:"Judge the metrics of the contract alone; of all others, lines need only be readable."`
	NativeHistograms bool              `help:"Allow OTLP's exponential histograms where the contract has classic ones."`
	WithoutPriming   bool              `help:"Accept counters that come with their first measurement."`

	targetFlags `embed:""`
}

// Help is shown by --help.
func (checkCommand) Help() string {
	return `Compares what services expose with a contract: names, types, units, help texts, labels and their values,
budgets, buckets, numbers, and that counters are there at zero. It works on any service, in any language. The
contract is that of dspy-metrics unless --contract names another. Every metric of a page, in the contract or
not, is judged by the rules of the format; --only-contract leaves the others alone.

Errors are breaches of the contract or the format. Warnings may be well, and fail with --strict: a gauge or a
histogram that has not been measured yet, a help text of other words, a label that Prometheus adds itself, a
deprecated metric, a series that was forgotten or a process that was restarted between two readings. Notes
(info) need no action. At most 5 findings of a kind are listed. Several targets are also compared with one
another. docs/check.md lists all findings.

--uses reads Grafana's dashboards, Prometheus' rules and Kubernetes resources that hold either. A query is
wrong if it names a metric, a label, a label value or a bucket that neither the contract nor a page has. Metrics
of the contract that no query uses are notes.

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

Exit codes: 0 if nothing failed, 1 with findings that fail, too little coverage, or if a part of the targets
could not be checked, 2 if nothing could be checked or for wrong flags.`
}

// Validate is called by the parser.
func (c *checkCommand) Validate() error {
	var errs []error
	switch measured := len(c.Targets) > 0 || c.OTLP != ""; {
	case len(c.Targets) > 0 && c.OTLP != "", !measured && len(c.Uses) == 0:
		errs = append(errs, errors.New("want either targets (a URL, a file, or -) or --otlp, or --uses"))
	case !measured && (c.Coverage || c.MinCoverage > 0 || c.Twice || c.For > 0):
		errs = append(errs, errors.New("--coverage, --min-coverage, --twice and --for need a target"))
	}
	if !(c.MinCoverage >= 0 && c.MinCoverage <= 100) {
		errs = append(errs, errors.New("--min-coverage is a percentage, from 0 to 100"))
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
		errs = append(errs, errors.New("standard input can be read once"))
	}
	return errors.Join(errs...)
}
