package check

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string      `xml:"name,attr"`
	Class   string      `xml:"classname,attr"`
	Failure *junitFault `xml:"failure"`
	Error   *junitFault `xml:"error"`
	Output  string      `xml:"system-out,omitempty"`
}

type junitFault struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the reports as JUnit's XML: a suite for each target, in it a case
// for each metric and one for the exposition as a whole. Warnings fail a case
// if strict, and are its output otherwise.
func (r Reports) JUnit(w io.Writer, strict bool) error {
	var suites junitSuites
	for _, report := range r {
		suites.Suites = append(suites.Suites, report.junit(strict))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suites); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (r Report) junit(strict bool) junitSuite {
	suite := junitSuite{Name: r.Target}
	whole := "exposition"
	if r.Queries > 0 {
		whole = "queries"
	}
	if r.Unchecked != "" {
		suite.Tests, suite.Errors = 1, 1
		suite.Cases = []junitCase{{Name: whole, Class: r.Target, Error: &junitFault{Message: r.Unchecked}}}
		return suite
	}
	findings := make(map[string][]conformance.Finding)
	known := make(map[string]bool)
	for _, name := range r.Metrics {
		known[name] = true
	}
	for _, f := range r.Findings {
		name := f.Metric
		if !known[name] {
			name = whole
		}
		findings[name] = append(findings[name], f)
	}
	for _, name := range append([]string{whole}, r.Metrics...) {
		c := junitCase{Name: name, Class: r.Target}
		var failed, passed []string
		for _, f := range findings[name] {
			line := fmt.Sprintf("%s: %s", f.Rule, f.Text())
			if f.Line > 0 {
				line = fmt.Sprintf("%d:%d: %s", f.Line, f.Column, line)
			}
			if f.Severity == conformance.Error || strict {
				failed = append(failed, line)
			} else {
				passed = append(passed, line)
			}
		}
		if len(failed) > 0 {
			suite.Failures++
			c.Failure = &junitFault{Message: failed[0], Text: strings.Join(failed, "\n")}
		}
		c.Output = strings.Join(passed, "\n")
		suite.Cases = append(suite.Cases, c)
	}
	suite.Tests = len(suite.Cases)
	return suite
}
