package check

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

// Report is what was found at one target.
type Report struct {
	// Target is the URL, the file or the OTLP client.
	Target string `json:"target"`
	// Format is how it exposed its metrics.
	Format conformance.Format `json:"format,omitempty"`
	// Contract says of what: the documented metrics, or a file.
	Contract string `json:"contract"`
	// Series is how many series of the contract there were.
	Series int `json:"series"`
	// Unchecked is why the target could not be checked, empty if it was.
	Unchecked string `json:"unchecked,omitempty"`
	// Findings are what differs from the contract.
	Findings []conformance.Finding `json:"findings"`
	// Metrics are the names that were looked for.
	Metrics []string `json:"-"`
}

// Reports are the outcome of one run.
type Reports []Report

// Summary counts what was found.
type Summary struct {
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	// Unchecked counts the targets that could not be checked.
	Unchecked int `json:"unchecked"`
}

// Summary returns the counts. A finding that stands for several that are not
// listed counts once.
func (r Reports) Summary() Summary {
	var s Summary
	for _, report := range r {
		if report.Unchecked != "" {
			s.Unchecked++
		}
		for _, f := range report.Findings {
			if f.Severity == conformance.Error {
				s.Errors++
			} else {
				s.Warnings++
			}
		}
	}
	return s
}

// String is the summary in words.
func (s Summary) String() string {
	return fmt.Sprintf("%s, %s", plural(s.Errors, "error"), plural(s.Warnings, "warning"))
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// JSON writes the reports as one JSON document.
func (r Reports) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(struct {
		Summary Summary `json:"summary"`
		Reports Reports `json:"reports"`
	}{r.Summary(), r})
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
			if _, err := fmt.Fprintf(w, "::%s %s::%s\n", f.Severity, properties, command(report.Target+": "+f.Text())); err != nil {
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
