package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// TestIncrease counts from the first increment of a series, and from the first of one that was forgotten and came back: a
// Prometheus that ingests start times takes the first sample for an increase from zero.
func TestIncrease(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "starttimes")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./otelmetrics/testdata/starttimes")
	build.Dir = ".."
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	s := startListening(t, nil, program)
	record := func(kind string, count int) {
		t.Helper()
		query := url.Values{"type": {kind}, "count": {strconv.Itoa(count)}}.Encode()
		if status, _, answer, err := exchange(t, http.MethodPost, "http://"+s.address+"/tokens?"+query, nil); err != nil || status != http.StatusOK {
			t.Fatalf("got status %d, %v: %s", status, err, answer)
		}
	}
	p := scrape(t, s.address, "--enable-feature=created-timestamp-zero-ingestion")
	sum := func(query string, least, most float64) error {
		got, err := p.query(t, query)
		if err == nil && (len(got) != 1 || float64(got[0].Value) < least || float64(got[0].Value) > most) {
			err = fmt.Errorf("%s: got %v, want %v to %v", query, got, least, most)
		}
		return err
	}
	gone := func() error {
		got, err := p.query(t, `dspy_tokens_total{prediction_type="own"}`)
		if err == nil && len(got) > 0 {
			err = fmt.Errorf("the idle series is still there: %v", got)
		}
		return err
	}
	until(t, p.process, func() error { return sum("up", 1, 1) })

	const tokens = `dspy_tokens_total{prediction_type="own"}`
	record("own", 500)
	// Prometheus extrapolates to the ends of the window, by half of the distance of two samples at most.
	until(t, p.process, func() error { return sum("increase("+tokens+"[5m])", 500, 650) })
	until(t, p.process, gone)
	record("own", 700)
	until(t, p.process, func() error {
		return errors.Join(sum(tokens, 700, 700), sum("increase("+tokens+"[5m])", 1200, 1500), sum("resets("+tokens+"[5m])", 1, 1))
	})
}
