package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/contractfile"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/dashboards"
	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/rules"
	"github.com/dspy-metrics/dspy-metrics/views"
)

type contractCommand struct {
	Targets []string `arg:"" optional:"" name:"target" help:"For --infer: a URL, a file, a file pattern, @FILE for a list with one target per line, or - for standard input."`

	With   string `placeholder:"PATH" help:"Contract file in YAML or JSON, which changes the documented contract. For --diff also a registry or a package of semantic conventions."`
	Format string `default:"markdown" enum:"markdown,json,yaml,weaver" help:"Output format: markdown, json, yaml or weaver, the registry format of OpenTelemetry (${default})."`
	Schema bool   `help:"Print the JSON Schema of contract files instead."`

	Diff   string        `placeholder:"PATH" help:"Print the changes since this contract: a contract file, a registry, git:REVISION for the file of --with at that revision, or git:latest for the last tag."`
	FailOn string        `default:"breaking" enum:"breaking,compatible,documentation,never" help:"Smallest change for which --diff fails: breaking, compatible, documentation, or never (${default})."`
	Infer  bool          `help:"Print a contract that matches the targets, or the metrics that arrive at --otlp: a registry in YAML."`
	OTLP   string        `name:"otlp" placeholder:"ADDRESS" help:"For --infer: listen on this address for OTLP (gRPC and HTTP)."`
	For    time.Duration `placeholder:"DURATION" help:"For --otlp: how long to listen (by default 70s)."`

	Dashboards     string `placeholder:"DIR" type:"path" help:"Write the Grafana dashboards to this folder instead of printing the contract."`
	Rules          string `placeholder:"DIR" type:"path" help:"Write the Prometheus rules to this folder instead of printing the contract."`
	PrometheusRule string `placeholder:"FILE" type:"path" help:"Write the rules to this file as a PrometheusRule of the Prometheus Operator instead of printing the contract."`
	Check          bool   `help:"Write nothing, and fail if a file differs from what would be written."`
	objectives     `embed:""`
	targetFlags    `embed:""`
}

// Help is shown by --help.
func (contractCommand) Help() string {
	return `Without --dashboards, --rules and --prometheus-rule it prints the contract. The formats json and yaml are complete
contract files. A contract file contains only the differences from the documented contract: values, allow-lists and
budgets of labels, buckets and forms of histograms, metrics to leave out, and labels and metrics of your own.
Errors in it are reported with line and column.

Dashboards and rules follow the contract. A label of your own becomes a variable and a row of panels, and a metric of
your own becomes a panel. Metrics that are left out are not queried. The bound of the latency objective must be one
of the buckets of the duration. Errors of the types in --client-errors spend no error budget. By default these are a
caller that disconnects and an invalid input, because the people on call cannot fix them.

Examples:
  dspy-metrics contract
  dspy-metrics contract --with contract.yaml --format json | jq .metrics
  dspy-metrics contract --with contract.yaml --dashboards grafana/dashboards --rules prometheus \
    --latency-bound 5 --p95 2.5
  dspy-metrics contract --with contract.yaml --rules prometheus --check
  dspy-metrics contract --rules prometheus --job 'qa|billing' --client-errors canceled,invalid_input,content_filter
  dspy-metrics contract --schema > contract.schema.json
  dspy-metrics contract --infer http://localhost:9090/metrics > prometheus.yaml
  dspy-metrics contract --infer --otlp localhost:4317 --for 2m > service.yaml
  dspy-metrics contract --diff git:latest --with contract.yaml
  dspy-metrics contract --diff old/registry --with registry --format json

--infer prints a registry of semantic conventions, in the format of OpenTelemetry's weaver, for check --contract.
Comments mark what you have to decide. --diff prints a table for a pull request.

Exit codes: 0 for success; 1 if --check found a difference, --diff found a change that fails, or a file could not be
written; 2 for invalid flags, an invalid contract file, or a target that cannot be read.`
}

// Validate is called by the parser.
func (c *contractCommand) Validate() error {
	var errs []error
	if c.Check && !c.writes() {
		errs = append(errs, errors.New("--check needs --dashboards, --rules or --prometheus-rule, whose files it compares"))
	}
	if c.Infer && (len(c.Targets) == 0) == (c.OTLP == "") {
		errs = append(errs, errors.New("--infer needs either targets (a URL, a file, or -) or --otlp"))
	}
	if !c.Infer && (len(c.Targets) > 0 || c.OTLP != "") {
		errs = append(errs, errors.New("targets and --otlp need --infer"))
	}
	if c.Infer && c.Diff != "" {
		errs = append(errs, errors.New("--infer and --diff exclude each other"))
	}
	if c.Diff != "" && c.Format != "markdown" && c.Format != "json" {
		errs = append(errs, fmt.Errorf("--diff supports --format markdown and json, not %q", c.Format))
	}
	if c.For < 0 || c.Timeout <= 0 || c.MaxBytes < 1 {
		errs = append(errs, errors.New("--for, --timeout and --max-bytes must be positive"))
	}
	return errors.Join(errs...)
}

func (c *contractCommand) writes() bool {
	return c.Dashboards != "" || c.Rules != "" || c.PrometheusRule != ""
}

// Run prints the contract or writes what is made from it.
func (c *contractCommand) Run(ctx context.Context) error {
	switch {
	case c.Infer:
		return c.infer(ctx)
	case c.Diff != "":
		return c.diff(ctx)
	}
	if c.Schema {
		schema, err := contractfile.Schema()
		return errors.Join(err, write(os.Stdout, schema))
	}
	contract, err := loadContract("--with", c.With)
	if err != nil {
		return err
	}
	if !c.writes() {
		text, err := c.render(contract)
		return errors.Join(err, write(os.Stdout, text))
	}
	files, err := c.files(contract)
	if err != nil {
		return usageError{err}
	}
	if c.Check {
		return compare(files)
	}
	return save(files)
}

func write(w io.Writer, text []byte) error {
	_, err := w.Write(text)
	return err
}

func (c *contractCommand) render(contract views.Contract) ([]byte, error) {
	switch c.Format {
	case "json":
		return contractfile.JSON(contract)
	case "yaml":
		return contractfile.YAML(contract)
	case "weaver":
		return contractfile.Weaver(contract)
	default:
		return []byte(contractfile.Markdown(contract)), nil
	}
}

// files returns what is to be written, by path.
func (c *contractCommand) files(contract views.Contract) (map[string][]byte, error) {
	files := make(map[string][]byte)
	var errs []error
	add := func(directory string, made map[string][]byte, err error) {
		errs = append(errs, err)
		for name, content := range made {
			files[filepath.Join(directory, name)] = content
		}
	}
	if c.Dashboards != "" {
		made, err := dashboards.Files(contract, c.parsed())
		add(c.Dashboards, made, err)
	}
	if c.Rules != "" {
		made, err := rules.Files(contract, c.parsed())
		add(c.Rules, made, err)
	}
	if c.PrometheusRule != "" {
		made, err := rules.PrometheusRule(contract, c.parsed())
		add(filepath.Dir(c.PrometheusRule), map[string][]byte{filepath.Base(c.PrometheusRule): made}, err)
	}
	return files, errors.Join(errs...)
}

// compare returns an error if a file is missing or has another content.
func compare(files map[string][]byte) error {
	var stale []string
	for _, path := range slices.Sorted(maps.Keys(files)) {
		content, err := os.ReadFile(path) //nolint:gosec // in the directories that the flags name.
		switch {
		case errors.Is(err, fs.ErrNotExist):
			stale = append(stale, path+" is missing")
		case err != nil:
			return err
		case !bytes.Equal(content, files[path]):
			stale = append(stale, path+" differs")
		}
	}
	if len(stale) > 0 {
		return fmt.Errorf("%s: run without --check to write them", strings.Join(stale, ", "))
	}
	return nil
}

func save(files map[string][]byte) error {
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // Grafana and Prometheus are other users.
			return err
		}
		if err := os.WriteFile(path, files[path], 0o644); err != nil { //nolint:gosec // as above
			return err
		}
		fmt.Fprintln(os.Stderr, "wrote", path)
	}
	return nil
}

// loadContract returns the contract of a file that a flag names, or the
// documented one.
func loadContract(flag, path string) (views.Contract, error) {
	if path == "" {
		return views.Default(), nil
	}
	contract, err := contractfile.Load(path)
	if _, wrong := errors.AsType[*contractfile.Mistake](err); wrong {
		return contract, usageError{fmt.Errorf("%s: the contract file has errors:\n%w\ncontract --format yaml prints a file to start from", flag, err)}
	}
	if err != nil {
		return contract, usageError{fmt.Errorf("%s: %w", flag, err)}
	}
	return contract, nil
}
