package conformance_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

func syntaxErrors(findings []conformance.Finding) []conformance.Finding {
	var errs []conformance.Finding
	for _, f := range findings {
		if f.Rule == conformance.Syntax && f.Severity == conformance.Error {
			errs = append(errs, f)
		}
	}
	return errs
}

// FuzzText holds the parser against the library's: what that refuses must be a
// finding here.
func FuzzText(f *testing.F) {
	f.Add(page(f, conformance.Text))
	for _, m := range mutations() {
		if m.format == conformance.Text {
			f.Add(m.after + " 1\n")
		}
	}
	for _, seed := range []string{
		"a 1\n", "a{} 1 2\n", "a{b=\"c\",} 1\n", "{\"a.b\",\"c d\"=\"e\"} 1\n", "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
		"# TYPE a summary\na{quantile=\"0.5\"} 1\n", "# HELP a \\\\ \\n\n", "a 1", "\t a\t{ b = \"c\" } 1\n", "a 1 \n", "a 1 2 \n", "# HELP\n", "#\n", "a{}1\n", "a{\"x\"} 1\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, page string) {
		exposition := conformance.Parse(page, conformance.Text)
		findings := checker().Check(exposition)
		positions(t, page, findings)
		if len(syntaxErrors(findings)) > 0 {
			return
		}
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(page))
		if err != nil {
			t.Fatalf("accepted what expfmt refuses: %v\n%q", err, page)
		}
		for name, family := range families {
			if !strings.HasPrefix(name, "dspy_") {
				continue
			}
			if len(family.GetMetric()) > 0 && exposition.Series() == 0 {
				t.Errorf("expfmt has series of %q, none was read from %q", name, page)
			}
		}
	})
}

// FuzzOpenMetrics looks for panics and for places outside the page.
func FuzzOpenMetrics(f *testing.F) {
	f.Add(page(f, conformance.OpenMetrics))
	for _, m := range mutations() {
		if m.format == conformance.OpenMetrics {
			f.Add(m.after + "\n# EOF\n")
		}
	}
	f.Add("# TYPE a counter\na_total 1 # {b=\"c\"} 1 2\n# EOF\n")
	f.Fuzz(func(t *testing.T, page string) {
		exposition := conformance.Parse(page, conformance.OpenMetrics)
		positions(t, page, checker().Check(exposition))
		for _, found := range checker().Compare(exposition, exposition) {
			if found.Rule == conformance.Vanished {
				t.Errorf("a page lacks a series of its own: %+v", found)
			}
		}
	})
}

func positions(t *testing.T, page string, findings []conformance.Finding) {
	t.Helper()
	lines := strings.Split(page, "\n")
	for _, found := range findings {
		if found.Line == 0 {
			continue
		}
		if found.Line > len(lines)+1 || found.Line <= len(lines) && found.Column > len(lines[found.Line-1])+1 {
			t.Errorf("outside the page: %+v", found)
		}
	}
}

// FuzzValues compares numbers, where hexadecimal and underscores hide.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{"1", "+Inf", "NaN", "1e3", "0x1p3", "1_0", "infinity", "1e999", ".5", "-0", "5."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsAny(value, " \t\n\r{") {
			return
		}
		page := "dspy_x " + value + "\n"
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(page))
		bad := len(syntaxErrors(found(page, conformance.Text))) > 0
		if (err != nil) != bad && !errors.Is(err, io.EOF) {
			t.Errorf("%q: expfmt says %v, finding is %t; %v", page, err, bad, families)
		}
	})
}
