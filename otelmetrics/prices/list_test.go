package prices

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics"
)

func list(usd string) string { return `{"m": {"input_cost_per_token": ` + usd + `}}` }

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"empty.json": "", "negative.json": list("-1")} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for _, path := range []string{dir, filepath.Join(dir, "none.json")} {
		if _, err := Open(path, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "prices.json")
	modified := time.Now()
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		modified = modified.Add(time.Minute) // Clocks of file systems are coarse.
		if err := os.Chtimes(path, modified, modified); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		write(list("1"))
		l, err := Open(path, slog.New(slog.NewTextHandler(&logs, nil)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go l.Watch(ctx)
		costs := func(want float64) {
			t.Helper()
			if got, ok := l.Cost(otelmetrics.Usage{Model: otelmetrics.Model{Name: "m"}, Tokens: tokens{Input: 1}}); !ok || got != want {
				t.Fatalf("got %v, want %v", got, want)
			}
		}
		looks := func(times int) {
			time.Sleep(time.Duration(times) * interval) //nolint:forbidigo // The clock of the test.
			synctest.Wait()
		}
		warnings := func(want int) {
			t.Helper()
			if got := strings.Count(logs.String(), "level=WARN"); got != want {
				t.Fatalf("%d warnings, want %d:\n%s", got, want, &logs)
			}
		}
		write(list("2"))
		costs(1) // Nobody has looked yet.
		looks(1)
		costs(2)
		looks(3)
		warnings(0)
		if got := strings.Count(logs.String(), "reloaded"); got != 1 {
			t.Fatalf("read %d times:\n%s", got, &logs)
		}

		write(list("-3"))
		looks(4)
		costs(2)
		warnings(1)
		if !strings.Contains(logs.String(), path) || !strings.Contains(logs.String(), "input_cost_per_token") {
			t.Errorf("the file or the member is not named:\n%s", &logs)
		}

		write(list("4"))
		looks(1)
		costs(4)

		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		looks(4)
		costs(4)
		warnings(2)

		write(list("5"))
		looks(1)
		costs(5)
		write(list("-3"))
		looks(2)
		costs(5)
		warnings(3) // It was well in between.
	})
}
