package progress_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/progress"
)

// What is no terminal gets nothing. The end-to-end tests look at a terminal.
func TestNothingIsShownInAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, steps := range []int64{-1, 0, 1, 10} {
		bar := progress.New(file, "work", steps)
		bar.Add(1)
		bar.Set(2, "more work")
		bar.End()
		bar.Add(1)
		bar.End()
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || len(got) > 0 {
		t.Errorf("got %q, %v, want nothing", got, err)
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ wait, cut, want time.Duration }{
		"to the end":   {wait: 90 * time.Second, cut: time.Hour, want: 90 * time.Second},
		"less a tick":  {wait: time.Millisecond, cut: time.Hour, want: time.Millisecond},
		"interrupted":  {wait: time.Hour, cut: 3100 * time.Millisecond, want: 3100 * time.Millisecond},
		"not at all":   {wait: 0, cut: time.Hour, want: 0},
		"ended before": {wait: time.Hour, cut: 0, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.cut)
				defer cancel()
				start := time.Now()
				progress.Wait(ctx, os.Stderr, "waiting", tt.wait)
				if got := time.Since(start); got != tt.want {
					t.Errorf("got %s, want %s", got, tt.want)
				}
			})
		})
	}
}
