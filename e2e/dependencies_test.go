package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/golden"
)

// What the service is built from is reviewed like code: a module that comes or
// goes, or changes its licence, is a difference in a committed list. All licences
// must allow what MIT allows.
func TestDependencies(t *testing.T) {
	t.Parallel()
	sbom := exec.CommandContext(t.Context(), "make", "-C", "..", "--no-print-directory", "sbom")
	if output, err := sbom.CombinedOutput(); err != nil {
		t.Fatalf("make sbom: %v\n%s", err, output)
	}
	content, err := os.ReadFile("../bin/sbom.cdx.json")
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		Components []struct {
			Name, Version string
			Evidence      struct {
				Licenses []struct{ License struct{ ID string } }
			}
		}
	}
	if err := json.Unmarshal(content, &bill); err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	for _, c := range bill.Components {
		// Go's own library is of the toolchain at hand, and ours is of this work tree.
		if c.Name == "std" || c.Name == "github.com/dspy-metrics/dspy-metrics" {
			continue
		}
		line := []string{c.Name, c.Version}
		for _, l := range c.Evidence.Licenses {
			line = append(line, l.License.ID)
			if !slices.Contains([]string{"MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC"}, l.License.ID) {
				t.Errorf("%s: licence %s: is it compatible with ours?", c.Name, l.License.ID)
			}
		}
		if len(c.Evidence.Licenses) == 0 {
			t.Errorf("%s: no licence found", c.Name)
		}
		list.WriteString(strings.Join(line, " ") + "\n")
	}
	golden.Check(t, "testdata/dependencies.txt", list.String())
}
