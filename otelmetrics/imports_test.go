package otelmetrics_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/golden"
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
	golden.Check(t, "testdata/modules.txt", strings.Join(slices.Compact(modules), "\n")+"\n")
}

// TestDirectRequires holds how many modules the go.mod of the library names for itself. What only a test needs is in
// the command's module or in that of e2e.
func TestDirectRequires(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json", "../go.mod").Output()
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	var direct []string
	for _, require := range file.Require {
		if !require.Indirect {
			direct = append(direct, require.Path)
		}
	}
	const most = 16
	if len(direct) == 0 || len(direct) > most {
		t.Errorf("got %d direct requires, want at most %d: %q", len(direct), most, direct)
	}
}
