package golden_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/golden"
)

// failures is a test that keeps what it fails with.
type failures struct {
	testing.TB
	said []string
}

func (f *failures) Helper()      {}
func (f *failures) Name() string { return "TestPage" }
func (f *failures) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

func TestCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.txt")
	if err := os.WriteFile(path, []byte("one\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, fails := range map[string]bool{"one\ntwo\n": false, "two\none\n": true, "one\ntwo": true, "one\nthree\n": true} {
		f := &failures{TB: t}
		golden.Check(f, path, want)
		if (len(f.said) > 0) != fails {
			t.Errorf("%q: got %q, want a failure: %t", want, f.said, fails)
		}
		if fails && !strings.Contains(f.said[0], "go test -run '^TestPage$' -update") {
			t.Errorf("%q: got %q, want the remedy in it", want, f.said)
		}
	}
}
