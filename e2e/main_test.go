package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// binary is the service under test, built once by TestMain as its image is.
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

	// These tests run outside of the workspace, and what they build is inside.
	if err := os.Unsetenv("GOWORK"); err != nil {
		return 0, err
	}
	if binary, err = buildImage(context.Background(), dir); err != nil {
		return 0, fmt.Errorf("build the service: %w", err)
	}
	return m.Run(), nil
}
