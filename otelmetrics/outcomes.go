package otelmetrics

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
)

// outcomes keeps the predictions of one service: how many have started, and how
// many ended in which way.
//
// What is active is not counted but derived, in the collection that reports
// both: started less the outcomes just reported. So started = success + failure
// + active holds exactly in every collection, although no measurement ever
// takes a lock, and active can neither leak nor go below zero.
type outcomes struct {
	started counted
	tracked counted // by guards, which have no outcome
	ended   *label.Tree[*outcome]

	// all is prepended to, never changed, so that collections need no lock.
	all  atomic.Pointer[outcome]
	self metric.ObserveOption
}

type outcome struct {
	count      counted
	attributes metric.ObserveOption
	next       *outcome
}

// counted has a cache line to itself, so that cores that count different things
// do not disturb one another.
type counted struct {
	atomic.Int64
	_ [56]byte
}

func (o *outcomes) start() { o.started.Add(1) }

func (o *outcomes) track(n int64) { o.tracked.Add(n) }

func (o *outcome) add() { o.count.Add(1) }

// newOutcome makes the outcome of a series.
func (o *outcomes) newOutcome(attributes ...attribute.KeyValue) *outcome {
	added := &outcome{attributes: metric.WithAttributeSet(attribute.NewSet(attributes...))}
	for {
		added.next = o.all.Load()
		if o.all.CompareAndSwap(added.next, added) {
			return added
		}
	}
}

// observe reports the outcomes, and then what is active.
func (o *outcomes) observe(_ context.Context, observer metric.Observer, predictions, active metric.Int64Observable) {
	var ended int64
	for outcome := o.all.Load(); outcome != nil; outcome = outcome.next {
		count := outcome.count.Load()
		observer.ObserveInt64(predictions, count, outcome.attributes)
		ended += count
	}
	// Read after the outcomes: whatever ended had started before.
	observer.ObserveInt64(active, o.started.Load()-ended+o.tracked.Load(), o.self)
}
