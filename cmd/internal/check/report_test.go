package check_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/check"
	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

func reports() check.Reports {
	return check.Reports{
		{Target: "a,b.txt", Format: conformance.Text, Contract: "dspy_*", Series: 3, Metrics: []string{"dspy_errors_total", "dspy_cache_size_bytes"}, Findings: []conformance.Finding{
			{Severity: conformance.Error, Rule: conformance.WrongType, Metric: "dspy_errors_total", Labels: `{a="b"}`, Line: 3, Column: 4, Message: "50% \x1b[31mred\nline", Remedy: "do this"},
			{Severity: conformance.Warning, Rule: conformance.MissingMetric, Metric: "dspy_cache_size_bytes", Message: "none"},
			{Severity: conformance.Error, Rule: conformance.UnknownMetric, Metric: "dspy_x", Line: 9, Column: 1, Message: "unknown"},
		}},
		{Target: "http://b", Findings: []conformance.Finding{}, Unchecked: "refused"},
	}
}

func written(t *testing.T, write func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTable(t *testing.T) {
	t.Parallel()
	plain := written(t, func(b *bytes.Buffer) error { return reports().Table(b, false) })
	for _, want := range []string{"a,b.txt: 3 samples of dspy_* as text: 2 errors, 1 warning", "3:4", "wrong-type", `{a="b"}`, "do this", "http://b: not checked: refused"} {
		if !strings.Contains(plain, want) {
			t.Errorf("no %q in\n%s", want, plain)
		}
	}
	if strings.Contains(plain, "\x1b") {
		t.Errorf("a control character in\n%q", plain)
	}
	colored := written(t, func(b *bytes.Buffer) error { return reports().Table(b, true) })
	if !strings.Contains(colored, "\x1b[31merror\x1b[0m") || !strings.Contains(colored, "\x1b[33mwarning\x1b[0m") || strings.Contains(colored, "\x1b[31mred") {
		t.Errorf("colors of\n%q", colored)
	}
}

func TestGitHub(t *testing.T) {
	t.Parallel()
	got := written(t, func(b *bytes.Buffer) error { return reports().GitHub(b) })
	for _, want := range []string{
		"::error title=wrong-type,file=a%2Cb.txt,line=3,col=4::a,b.txt: dspy_errors_total{a=\"b\"}: 50%25 \x1b[31mred%0Aline (do this)\n",
		"::warning title=missing-metric::", "::error title=unchecked::http://b: refused\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var got struct {
		Summary check.Summary   `json:"summary"`
		Reports []check.Report  `json:"reports"`
		Unknown json.RawMessage `json:"-"`
	}
	if err := json.Unmarshal([]byte(written(t, func(b *bytes.Buffer) error { return reports().JSON(b, conformance.Coverage{}) })), &got); err != nil {
		t.Fatal(err)
	}
	if want := (check.Summary{Errors: 2, Warnings: 1, Unchecked: 1}); got.Summary != want {
		t.Errorf("got %+v, want %+v", got.Summary, want)
	}
	if len(got.Reports) != 2 || got.Reports[0].Findings[0] != reports()[0].Findings[0] {
		t.Errorf("got %+v", got.Reports)
	}
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	for strict, failures := range map[bool]int{false: 2, true: 3} {
		var got struct {
			Suites []struct {
				Tests    int `xml:"tests,attr"`
				Failures int `xml:"failures,attr"`
				Errors   int `xml:"errors,attr"`
				Cases    []struct {
					Name    string  `xml:"name,attr"`
					Failure *string `xml:"failure"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal([]byte(written(t, func(b *bytes.Buffer) error { return reports().JUnit(b, strict) })), &got); err != nil {
			t.Fatal(err)
		}
		first := got.Suites[0]
		if first.Tests != 3 || first.Failures != failures || got.Suites[1].Errors != 1 {
			t.Errorf("strict %t: got %+v", strict, got)
		}
		if first.Cases[0].Name != "exposition" || first.Cases[0].Failure == nil || !strings.Contains(*first.Cases[0].Failure, "9:1: unknown-metric: dspy_x") {
			t.Errorf("strict %t: got %+v", strict, first.Cases[0])
		}
	}
}
