package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What is shipped passes the checks of those who read it, and the rules pass
// their unit tests.
func TestPromtoolAndAmtool(t *testing.T) {
	t.Parallel()
	for _, command := range [][]string{
		{"promtool", "check", "config", "--lint=all", "--lint-fatal", "prometheus.yml"},
		{"promtool", "check", "rules", "--lint=all", "--lint-fatal", "recording-rules.yml"},
		{"promtool", "check", "rules", "--lint=all", "--lint-fatal", "slo-rules.yml"},
		{"promtool", "check", "rules", "--lint=all", "--lint-fatal", "alerts.yml"},
		slices.Concat([]string{"promtool", "test", "rules"}, ruleTests(t)),
		{"amtool", "check-config", "alertmanager.yml"},
	} {
		t.Run(strings.Join(command[:3], " ")+" "+command[len(command)-1], func(t *testing.T) {
			t.Parallel()
			check := exec.CommandContext(t.Context(), locate(t, command[0]), command[1:]...)
			check.Dir = shipped
			if output, err := check.CombinedOutput(); err != nil {
				t.Errorf("%v:\n%s", err, output)
			}
		})
	}
}

// Budgets of models are in no shipped file, so their unit test runs on rules of its own.
func TestModelBudgets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	test, err := os.ReadFile(filepath.Join("testdata", "budgets.yml"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "budgets.yml"), test, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	promtool := locate(t, "promtool")
	for _, command := range [][]string{
		{binary, "contract", "--rules", dir, "--daily-budget=0", "--daily-budget-model=dear=10", "--daily-budget-model=cheap=5"},
		{promtool, "check", "rules", "--lint=all", "--lint-fatal", filepath.Join(dir, "alerts.yml")},
		{promtool, "test", "rules", filepath.Join(dir, "budgets.yml")},
	} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v:\n%s", command, err, out)
		}
	}
}

// ruleTests returns the unit tests of the rules, relative to the shipped folder.
func ruleTests(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(shipped, "tests", "*.yml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("got tests %q, %v", paths, err)
	}
	for i, path := range paths {
		paths[i] = filepath.Join("tests", filepath.Base(path))
	}
	return paths
}
