package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The comparison of docs/performance.md runs, with those of its gateways that
// need no installation. Its figures are not judged: that is for a quiet machine.
func TestGateways(t *testing.T) {
	program := filepath.Join(t.TempDir(), "gateways")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./gateways")
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), program, "-service", binary, "-only", "bare,dspy-metrics", "-requests", "200", "-rounds", "1").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"| whole | bare |", "| whole | dspy-metrics |", "| stream of 50 chunks | dspy-metrics |"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the table has no row %q:\n%s", want, out)
		}
	}
}
