package main

import "testing"

// Whatever the limit is, there is a file for each connection and what it needs.
func TestConnectionsLeaveFiles(t *testing.T) {
	t.Parallel()
	for _, files := range []int{27, 64, 256, 1024, 20_000, 1 << 30} {
		for _, predictions := range []int{1, 64, 1000, 100_000} {
			clients, scrapes := connections(files, predictions)
			if needed := clients + min(clients, predictions) + scrapes + ownFiles; needed > files || clients < 1 || scrapes < 1 {
				t.Errorf("%d files, %d predictions: %d and %d connections need %d files", files, predictions, clients, scrapes, needed)
			}
		}
	}
	if clients, scrapes := connections(0, 64); clients != 0 || scrapes != 0 {
		t.Errorf("without a limit: %d, %d", clients, scrapes)
	}
	if clients, _ := connections(20_000, 64); clients < 18_000 {
		t.Errorf("of 20000 files clients have %d", clients)
	}
}
