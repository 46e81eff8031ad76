package e2e

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"testing"
)

// TestCheckPython checks pages that Python's prometheus_client writes: one that
// follows the contract, and for each rule one that breaks it.
func TestCheckPython(t *testing.T) {
	t.Parallel()
	rules := []string{
		"", "unknown-value", "not-primed", "unknown-metric", "wrong-type", "extra-label", "missing-label", "wrong-help",
		"over-budget", "missing-metric", "extra-bucket", "missing-bucket", "invalid-value", "syntax",
	}
	for _, format := range []string{"text", "openmetrics"} {
		for _, rule := range rules {
			t.Run(format+" "+rule, func(t *testing.T) {
				t.Parallel()
				got := checkStrictly(t, format, python(t, format, rule))
				if rule == "" && len(got) > 0 {
					t.Errorf("findings on a page that follows the contract: %v", got)
				}
				if rule != "" && !slices.Contains(got, rule) {
					t.Errorf("got %v, want %s", got, rule)
				}
			})
		}
	}
}

// python writes a page.
func python(t *testing.T, format, broken string) []byte {
	t.Helper()
	contract, err := exec.CommandContext(t.Context(), binary, "contract", "--format=json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	c := exec.CommandContext(t.Context(), locate(t, "e2e-python"), "testdata/conforming.py", format, broken)
	c.Stdin, c.Stderr = bytes.NewReader(contract), &stderr
	page, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	return page
}

// checkStrictly returns the rules that the command finds broken, and fails the
// test if its exit code does not fit them.
func checkStrictly(t *testing.T, format string, page []byte) []string {
	t.Helper()
	var stderr bytes.Buffer
	c := exec.CommandContext(t.Context(), binary, "check", "--strict", "--format=json", "--exposition", format, "-")
	c.Stdin, c.Stderr, c.Env = bytes.NewReader(page), &stderr, environment()
	out, err := c.Output()
	var got struct {
		Reports []struct {
			Findings []struct {
				Rule    string `json:"rule"`
				Message string `json:"message"`
			} `json:"findings"`
		} `json:"reports"`
	}
	if err := json.Unmarshal(out, &got); err != nil || len(got.Reports) != 1 {
		t.Fatalf("%v: %s%s", err, out, stderr.Bytes())
	}
	var rules []string
	for _, f := range got.Reports[0].Findings {
		t.Logf("%s: %s", f.Rule, f.Message)
		rules = append(rules, f.Rule)
	}
	if code := c.ProcessState.ExitCode(); code != min(len(rules), 1) {
		t.Errorf("got exit code %d (%v) with %d findings", code, err, len(rules))
	}
	return rules
}
