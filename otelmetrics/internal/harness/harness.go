// Package harness is how package otelmetricstest holds a recorder: what a test
// needs and no program does, so that no option shows it to users.
package harness

import (
	"time"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// Harness is what a test gives a recorder and learns of it. A recorder in a
// harness reads no variable of the environment.
type Harness struct {
	// Now is the clock of the recorder.
	Now func() time.Time
	// Contract is set by otelmetrics.New: what the recorder promises.
	Contract views.Contract
}

// Held makes a type that embeds a harness a [Holder].
func (h *Harness) Held() *Harness { return h }

// Holder is an option of otelmetrics.New that carries a harness.
type Holder interface {
	Held() *Harness
}
