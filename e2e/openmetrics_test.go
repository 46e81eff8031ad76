package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// officialCases is the folder of the OpenMetrics project's parser cases, beside
// the checkout.
const officialCases = "../../shared/openmetrics"

// TestOfficialOpenMetricsCases runs check on the pages by which the OpenMetrics
// project tests parsers: it must accept and refuse the same.
func TestOfficialOpenMetricsCases(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob(filepath.Join(officialCases, "*", "test.json"))
	if err != nil {
		t.Fatal(err)
	}
	const want = 211
	if len(cases) != want {
		t.Fatalf("%d cases in %s, want the %d of prometheus/OpenMetrics, tests/testdata/parsers: put the folder beside the checkout", len(cases), officialCases, want)
	}
	for _, path := range cases {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var test struct {
			File        string
			ShouldParse *bool
		}
		if err := json.Unmarshal(raw, &test); err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(path))
		page := filepath.Join(filepath.Dir(path), test.File)
		c := exec.CommandContext(t.Context(), binary, "check", "--contract=none", "--exposition=openmetrics", page)
		c.Env = environment()
		out, err := c.CombinedOutput()
		accepted := test.ShouldParse == nil || *test.ShouldParse
		if code := c.ProcessState.ExitCode(); code != 0 && code != 1 || (code == 0) != accepted {
			t.Errorf("%s: exit code %d, and the page is good: %t; %v\n%s", name, code, accepted, err, out)
		}
	}
}
