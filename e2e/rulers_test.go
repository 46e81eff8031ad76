package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The rulers of Mimir and Thanos read the rules by parsers of their own, which know
// neither more keys nor more functions than their versions of Prometheus do.
func TestRulersTakeTheRules(t *testing.T) {
	t.Parallel()
	for _, histograms := range []string{"classic", "native", "both"} {
		dir := t.TempDir()
		write := start(t, binary, "contract", "--histograms", histograms, "--job", "qa|billing", "--rules", dir)
		if err := write.wait(t); err != nil {
			t.Fatalf("%v: %s", err, write.output.String())
		}
		files := glob(t, filepath.Join(dir, "*.yml"))
		want := fmt.Sprintf("%d rules\n", len(shippedRules(t)))
		for _, ruler := range []string{"mimirrules", "thanosrules"} {
			if output, err := exec.CommandContext(t.Context(), locate(t, ruler), files...).CombinedOutput(); err != nil || string(output) != want {
				t.Errorf("%s, %s: got %v: %s, want %s", ruler, histograms, err, output, want)
			}
		}
	}

	for name, broken := range map[string]string{
		"an expression": "groups: [{name: g, rules: [{record: r, expr: 'sum by ('}]}]",
		"a key":         "groups: [{name: g, rules: [{record: r, expr: up, unknown: 1}]}]",
		"no name":       "groups: [{name: g, rules: [{expr: up}]}]",
	} {
		file := filepath.Join(t.TempDir(), "rules.yml")
		if err := os.WriteFile(file, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, ruler := range []string{"mimirrules", "thanosrules"} {
			if output, err := exec.CommandContext(t.Context(), locate(t, ruler), file).CombinedOutput(); err == nil {
				t.Errorf("%s takes a file in which %s is broken: %s", ruler, name, output)
			}
		}
	}
	long := "groups:\n  - name: g\n    rules:\n" + strings.Repeat("      - {record: r, expr: up}\n", 21)
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.CommandContext(t.Context(), locate(t, "mimirrules"), file).CombinedOutput(); err == nil || !strings.Contains(string(output), "21 rules") {
		t.Errorf("mimirrules takes a group that the ruler of Mimir refuses: %v: %s", err, output)
	}
}
