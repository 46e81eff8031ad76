package check

import (
	"context"
	"sync"
	"time"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// parallel is how many targets are read at a time.
const parallel = 8

// Watch reads targets, once or several times, and checks each reading and what
// changed since the one before.
type Watch struct {
	Reader  *Reader
	Checker conformance.Checker
	// Contract is the name of the contract in reports.
	Contract string
	// Readings is how often each target is read, and Interval the time between.
	Readings int
	Interval time.Duration
	// Each is called with every exposition that was read, if it is not nil. Calls may be
	// concurrent.
	Each func(*conformance.Exposition)
	// Done is called after each reading of a target, read or failed, if it is not nil.
	// Calls may be concurrent.
	Done func()
}

// Outcome is the result of a run.
type Outcome struct {
	Reports  Reports
	Coverage conformance.Coverage
}

// target is the state of a target between two readings.
type target struct {
	name     string
	last     *conformance.Exposition
	report   Report
	coverage conformance.Coverage
	shapes   conformance.Shapes
	seen     map[string]bool // findings that are listed already
}

// Run reads the targets until all readings are done or the context ends, and
// reports what there is. A target that could be read once is checked.
func (w Watch) Run(ctx context.Context, names []string) Outcome {
	targets := make([]*target, len(names))
	for i, name := range names {
		targets[i] = &target{name: name, seen: make(map[string]bool)}
	}
	for reading := range w.Readings {
		if reading > 0 && !pause(ctx, w.Interval) {
			break
		}
		w.all(ctx, targets)
	}
	return w.outcome(targets)
}

func pause(ctx context.Context, interval time.Duration) bool {
	timer := time.NewTimer(interval)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (w Watch) all(ctx context.Context, targets []*target) {
	places := make(chan struct{}, parallel)
	var running sync.WaitGroup
	for _, t := range targets {
		places <- struct{}{}
		running.Go(func() {
			w.read(ctx, t)
			if w.Done != nil {
				w.Done()
			}
			<-places
		})
	}
	running.Wait()
}

// read takes one reading of a target.
func (w Watch) read(ctx context.Context, t *target) {
	exposition, err := w.Reader.Read(ctx, t.name)
	display := Display(t.name)
	if err != nil {
		if t.report.Readings == 0 {
			t.report = Report{Target: display, Contract: w.Contract, Unchecked: err.Error(), Findings: []conformance.Finding{}}
			return
		}
		t.add(conformance.Finding{Severity: conformance.Error, Rule: conformance.Unreachable, Message: "a later reading failed: " + err.Error()})
		return
	}
	if w.Each != nil {
		w.Each(exposition)
	}
	readings := t.report.Readings + 1
	before := t.report
	t.report = NewReport(display, w.Contract, w.Checker, exposition)
	t.report.Readings = readings
	t.coverage = t.coverage.With(w.Checker.Coverage(exposition))
	// What was there once is not missing.
	latest := t.report.Findings
	t.report.Findings = []conformance.Finding{}
	clear(t.seen)
	for _, f := range latest {
		if f.Rule != conformance.MissingMetric || !t.coverage.Seen(f.Metric) {
			t.add(f)
		}
	}
	if readings > 1 {
		for _, f := range before.Findings {
			if f.Rule != conformance.MissingMetric && f.Rule != conformance.NotPrimed && f.Rule != conformance.MissingValue {
				t.add(f)
			}
		}
	}
	if t.last != nil {
		for _, f := range w.Checker.Compare(t.last, exposition) {
			t.add(f)
		}
	}
	t.shapes = exposition.Shapes(display)
	if t.last = exposition; w.Readings == 1 {
		t.last = nil
	}
}

// add adds a finding that is not there. The place may be another in the next
// reading.
func (t *target) add(f conformance.Finding) {
	key := string(f.Severity) + string(f.Rule) + f.Metric + f.Labels + f.Message
	if !t.seen[key] {
		t.seen[key] = true
		t.report.Findings = append(t.report.Findings, f)
	}
}

// outcome adds what several targets disagree on.
func (w Watch) outcome(targets []*target) Outcome {
	var out Outcome
	var shapes []conformance.Shapes
	for _, t := range targets {
		if t.report.Readings == 0 && t.report.Unchecked == "" {
			t.report = Report{Target: Display(t.name), Contract: w.Contract, Unchecked: "interrupted", Findings: []conformance.Finding{}}
		}
		out.Reports = append(out.Reports, t.report)
		if t.report.Unchecked == "" {
			out.Coverage = out.Coverage.With(t.coverage)
			shapes = append(shapes, t.shapes)
		}
	}
	out.Reports = out.Reports.withDisagreements(w.Contract, shapes)
	return out
}

// withDisagreements adds a report about all targets, if they disagree.
func (r Reports) withDisagreements(contract string, shapes []conformance.Shapes) Reports {
	if found := conformance.Disagreements(shapes); len(found) > 0 {
		return append(r, Report{Target: "all targets", Contract: contract, Findings: found})
	}
	return r
}

// NewReport checks one exposition.
func NewReport(target, contract string, checker conformance.Checker, exposition *conformance.Exposition) Report {
	report := Report{Target: target, Contract: contract, Format: exposition.Format, Series: exposition.Series(), Findings: checker.Check(exposition)}
	if len(checker.Contract.Metrics) == 0 {
		report.Series = exposition.Samples() // All are judged alike.
	}
	for _, metric := range checker.Contract.Metrics {
		name := metric.Name
		if name == "" {
			name = metric.Stream
		}
		report.Metrics = append(report.Metrics, name)
	}
	return report
}

// Clients reports what OTLP clients have sent.
func Clients(clients []*conformance.Client, contract string, checker conformance.Checker) Outcome {
	var out Outcome
	var shapes []conformance.Shapes
	for _, client := range clients {
		out.Reports = append(out.Reports, NewReport(client.Name, contract, checker, client.Exposition))
		out.Coverage = out.Coverage.With(checker.Coverage(client.Exposition))
		shapes = append(shapes, client.Exposition.Shapes(client.Name))
	}
	out.Reports = out.Reports.withDisagreements(contract, shapes)
	return out
}
