package conformance_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/dspy-metrics/dspy-metrics/internal/conformance"
)

const megabyte = 1 << 20

// TestHugePages bounds what is kept of a page that may be read.
func TestHugePages(t *testing.T) { //nolint:paralleltest // It measures memory.
	line := map[string]func(int) string{
		"series":   func(i int) string { return fmt.Sprintf("dspy_errors_total{a=\"%d\"} 1\n", i) },
		"metrics":  func(i int) string { return fmt.Sprintf("dspy_x%d 1\n", i) },
		"mistakes": func(int) string { return "dspy_errors_total{a=b} 1\n" },
		"values":   func(int) string { return "dspy_errors_total{service=\"a\",error_type=\"b\",x=\"y\"} NaN\n" },
	}
	for name, line := range line {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for i := 0; b.Len() < 8*megabyte; i++ {
				b.WriteString(line(i))
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			findings := found(b.String(), conformance.Text)
			runtime.ReadMemStats(&after)
			if len(findings) > 100 {
				t.Errorf("%d findings are listed", len(findings))
			}
			if grown := (int64(after.HeapSys) - int64(before.HeapSys)) / megabyte; grown > 400 {
				t.Errorf("the heap grew by %d MiB", grown)
			}
		})
	}
	t.Run("one line", func(t *testing.T) {
		findings := found("dspy_x{"+strings.Repeat("a=\"b\",", megabyte), conformance.Text)
		if rules(findings)[conformance.Syntax] == 0 {
			t.Errorf("got %+v", findings)
		}
	})
}
