// Package golden compares what tests make with the files that are committed: golden files, and documents of which a part is
// generated. With the flag -update a test writes the file instead.
package golden

import (
	"flag"
	"os"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/difference"
)

var update = flag.Bool("update", false, "write golden and generated files anew instead of comparing with them") //nolint:gochecknoglobals // as flags of tests are

// Check fails the test if the file does not contain want, or writes it with -update.
func Check(t testing.TB, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := difference.Of(string(got), want); diff != "" {
		t.Errorf("%s is out of date; go test -run '^%s$' -update writes it (-file +now):\n%s", path, t.Name(), diff)
	}
}
