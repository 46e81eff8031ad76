package e2e

import (
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
