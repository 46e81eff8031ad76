package otelmetricstest

import (
	"net/http"
	"testing"
	"time"
)

// patience is how long [Eventually] waits: long enough for a loaded machine.
const patience = 10 * time.Second

// Eventually waits until [Snapshot.Want] holds for what the handler answers to
// GET /metrics, for work that goes on after its answer. It fails the test after
// 10 s; in a bubble of [testing/synctest] those are of the bubble's time.
func Eventually(t testing.TB, handler http.Handler, lines string) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		diff := Scrape(t, handler).diff(t, lines)
		if diff == "" {
			return
		}
		select {
		case <-time.After(pause):
		case <-deadline.C:
			t.Errorf("after %s: %s", patience, diff)
			return
		}
	}
}
