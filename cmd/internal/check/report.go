package check

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// Report contains the findings about one target.
type Report struct {
	// Target is the URL, the file or the OTLP client.
	Target string `json:"target"`
	// Format is how it exposed its metrics.
	Format conformance.Format `json:"format,omitempty"`
	// Contract is the name of the contract: the documented metrics, or a file. It is
	// empty if there is no contract.
	Contract string `json:"contract,omitempty"`
	// Series is how many series of the contract there were.
	Series int `json:"series"`
	// Unchecked is why the target could not be checked, empty if it was.
	Unchecked string `json:"unchecked,omitempty"`
	// Findings are the differences from the contract.
	Findings []conformance.Finding `json:"findings"`
	// Readings is how often the target was read, if more than once.
	Readings int `json:"readings,omitempty"`
	// Queries is how many queries of dashboards and rules were checked, for a report
	// about a file of them.
	Queries int `json:"queries,omitempty"`
	// Metrics are the names that were looked for.
	Metrics []string `json:"-"`
}

// Reports are the outcome of one run.
type Reports []Report

// Targets counts the reports but that about all targets.
func (r Reports) Targets() int {
	n := 0
	for _, report := range r {
		if report.Unchecked != "" || report.Format != "" {
			n++
		}
	}
	return n
}

// Summary counts what was found.
type Summary struct {
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	// Notes are findings that need no action.
	Notes int `json:"notes"`
	// Unchecked counts the targets that could not be checked.
	Unchecked int `json:"unchecked"`
}

// Summary returns the counts. Findings that are not listed count once for each
// finding that summarizes them.
func (r Reports) Summary() Summary {
	var s Summary
	for _, report := range r {
		if report.Unchecked != "" {
			s.Unchecked++
		}
		for _, f := range report.Findings {
			switch f.Severity {
			case conformance.Error:
				s.Errors++
			case conformance.Warning:
				s.Warnings++
			default:
				s.Notes++
			}
		}
	}
	return s
}

// String is the summary in words.
func (s Summary) String() string {
	text := fmt.Sprintf("%s, %s", plural(s.Errors, "error"), plural(s.Warnings, "warning"))
	if s.Notes > 0 {
		text += ", " + plural(s.Notes, "note")
	}
	return text
}

// Fails reports whether there is a finding of this severity or a worse one. Never
// is for severities that are none.
func (s Summary) Fails(severity conformance.Severity) bool {
	switch severity {
	case conformance.Error:
		return s.Errors > 0
	case conformance.Warning:
		return s.Errors+s.Warnings > 0
	case conformance.Info:
		return s.Errors+s.Warnings+s.Notes > 0
	default:
		return false
	}
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// JSON writes the reports and the coverage as one JSON document.
func (r Reports) JSON(w io.Writer, coverage conformance.Coverage) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(struct {
		Summary  Summary  `json:"summary"`
		Coverage covering `json:"coverage"`
		Reports  Reports  `json:"reports"`
	}{r.Summary(), coverageOf(coverage), r})
}

// GitHub writes the workflow commands that annotate files in GitHub Actions.
func (r Reports) GitHub(w io.Writer) error {
	for _, report := range r {
		if report.Unchecked != "" {
			if _, err := fmt.Fprintf(w, "::error title=unchecked::%s\n", command(report.Target+": "+report.Unchecked)); err != nil {
				return err
			}
		}
		for _, f := range report.Findings {
			properties := "title=" + property(string(f.Rule))
			if f.Line > 0 && !isURL(report.Target) {
				properties += fmt.Sprintf(",file=%s,line=%d,col=%d", property(report.Target), f.Line, max(f.Column, 1))
			}
			level := string(f.Severity)
			if f.Severity == conformance.Info {
				level = "notice"
			}
			if _, err := fmt.Fprintf(w, "::%s %s::%s\n", level, properties, command(report.Target+": "+f.Text())); err != nil {
				return err
			}
		}
	}
	return nil
}

// command escapes the text of a workflow command.
func command(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(command(s))
}
