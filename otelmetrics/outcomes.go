package otelmetrics

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/bound"
)

// outcomes keeps the predictions of one service: how many have started, and how
// many ended in which way.
//
// What is active is not counted but derived, at the begin of the collection that
// reports both: started less the outcomes to be reported. So started = success +
// failure + active holds exactly in every collection, although no measurement
// ever takes a lock, and active can neither leak nor go below zero.
type outcomes struct {
	// started has the bit unlisted while no collection looks at the outcomes.
	started counted
	tracked counted // by guards, which have no outcome

	mu            sync.Mutex
	listed        []*outcome // those that collections look at
	ended, active int64      // as of the last collection
	rest          int
	report        func(change int64)
	// join has collections look at the outcomes, leave no more; neither is set if
	// all collections do.
	join, leave func(*outcomes)
	// direct is set where nothing tells of collections: then each outcome is
	// measured as it ends.
	direct bool
}

// outcome counts predictions that end in one way.
type outcome struct {
	outcomes *outcomes
	series   metric.Int64Counter
	// count is since the last collection, with the bit unlisted.
	count counted
	// rest is how many collections still look at it if they find nothing.
	rest int
}

const (
	// unlisted is far above any count.
	unlisted = 1 << 62
	// patience is how many collections find nothing before an outcome is listed
	// no more, so that one whose handle is gone can go too.
	patience = 4
)

// counted has a cache line to itself, so that cores that count different things
// do not disturb one another.
type counted struct {
	atomic.Int64
	_ [56]byte
}

func (o *outcomes) start() {
	if o.started.Add(1) >= unlisted {
		o.wake()
	}
}

func (o *outcomes) track(n int64) {
	o.tracked.Add(n)
	if o.started.Load() >= unlisted {
		o.wake()
	}
}

// wake is called by each that finds the outcomes unlisted.
func (o *outcomes) wake() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.started.Load() >= unlisted {
		o.started.Add(-unlisted)
		o.rest = patience
		o.join(o)
	}
}

// newOutcome makes an outcome, whose series appears at zero.
func (o *outcomes) newOutcome(series metric.Int64Counter) *outcome {
	series.Add(context.Background(), 0)
	added := &outcome{outcomes: o, series: series}
	added.count.Store(unlisted)
	return added
}

func (o *outcome) prime() { prime(o.series) }

func (o *outcome) add() {
	if o.count.Add(1) >= unlisted {
		o.list()
	}
}

// list is called by each that finds the outcome unlisted, so that none returns
// whose prediction the next collection would miss.
func (o *outcome) list() {
	if o.outcomes.direct {
		o.series.Add(context.Background(), o.count.Swap(unlisted)-unlisted)
		return
	}
	o.outcomes.mu.Lock()
	defer o.outcomes.mu.Unlock()
	if o.count.Load() >= unlisted {
		o.count.Add(-unlisted)
		o.outcomes.listed = append(o.outcomes.listed, o)
	}
}

// settle measures the outcome since the last time and returns how many it were.
func (o *outcome) settle() int64 {
	count := o.count.Swap(0)
	if count == 0 {
		o.rest--
		return 0
	}
	o.rest = patience
	o.series.Add(context.Background(), count)
	return count
}

// leave reports whether the outcome is listed no more.
func (o *outcome) leave() bool {
	return o.rest <= 0 && o.count.CompareAndSwap(0, unlisted)
}

// settle measures the outcomes since the last time, and then what is active,
// which it returns.
func (o *outcomes) settle() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, outcome := range o.listed {
		o.ended += outcome.settle()
	}
	o.listed = slices.DeleteFunc(o.listed, (*outcome).leave)
	// Read after the outcomes: whatever ended had started before.
	started := o.started.Load()
	active := started - o.ended + o.tracked.Load()
	if active != o.active {
		o.report(active - o.active)
		o.active = active
	}
	if active != 0 || len(o.listed) > 0 {
		o.rest = patience
	} else if o.rest--; o.rest <= 0 {
		o.retreat(started)
	}
	return active
}

// retreat has collections look at the outcomes no more, unless something starts
// in this moment: either this sees it, or it sees the bit.
func (o *outcomes) retreat(started int64) {
	if o.leave == nil || !o.started.CompareAndSwap(started, started+unlisted) {
		return
	}
	if o.tracked.Load() != 0 {
		o.started.Add(-unlisted)
		return
	}
	o.leave(o)
}

// declareOutcomes declares what is measured at the begin of collections.
func (r *Recorder) declareOutcomes() error {
	p, m := r.pipeline, r.pipeline.contract.Metrics.ActivePredictions
	r.outcomes = &outcomes{report: func(int64) {}}
	series := attributes(m, r.fixed)
	if p.sdk != nil {
		instrument, err := declare(p, m, int64UpDownCounter)
		if err != nil {
			return err
		}
		active := instrument(series...)
		if r.lasting() {
			prime(active)
		}
		r.outcomes.started.Store(unlisted)
		r.outcomes.join, r.outcomes.leave = p.join, p.leave
		r.outcomes.report = func(change int64) { active.Add(context.Background(), change) }
		return nil
	}
	if !m.Exists() {
		r.outcomes.direct = true
		return nil
	}
	// A provider of the user's tells that it collects by asking.
	meter := p.provider.Meter(scope)
	instrument, err := meter.Int64ObservableUpDownCounter(m.Instrument, metric.WithUnit(m.Unit), metric.WithDescription(m.Description))
	if err != nil {
		return instrumentError(m, err)
	}
	self := metric.WithAttributes(series...)
	_, err = meter.RegisterCallback(func(_ context.Context, observer metric.Observer) error {
		observer.ObserveInt64(instrument, r.outcomes.settle(), self)
		return nil
	}, instrument)
	if err != nil {
		return instrumentError(m, err)
	}
	return nil
}

// prime makes a series exist at zero, for good.
func prime(series any) {
	if series, ok := series.(bound.Primer); ok {
		series.Prime()
	}
}
