package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the service under test, built once by TestMain.
var binary string

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "dspy-metrics-e2e-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)

	binary = filepath.Join(dir, "dspy-metrics")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", binary, "./cmd/dspy-metrics")
	build.Dir = ".."
	if output, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the service: %w\n%s", err, output)
	}
	return m.Run(), nil
}
