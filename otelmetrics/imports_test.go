package otelmetrics_test

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImports holds which modules a user's binary gets with the library: what
// only the command needs must never reach it. Package otelmetricstest brings
// their tests no module more.
func TestImports(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), "go", "list", "-deps",
		"-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", ".", "../views", "./otelmetricstest")
	// One platform, so that the list is the same on all.
	command.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	modules := strings.Fields(string(out))
	slices.Sort(modules)
	golden(t, "modules.txt", strings.Join(slices.Compact(modules), "\n")+"\n")
}
