package testio

import (
	"testing"
	"time"
)

// Patience is how long a test waits for what must come: long enough for a loaded machine, and only a broken test waits for
// the whole of it.
const Patience = time.Minute

// Eventually fails the test if done does not become true within [Patience].
func Eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("got nothing within %s, want %s", Patience, what)
		}
	}
}
