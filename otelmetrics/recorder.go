package otelmetrics

import (
	"errors"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/dspy-metrics/dspy-metrics/otelmetrics/internal/label"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// Recorder records the metrics of the contract for one service and, if the contract has labels of your own, for one value
// of each: see [Recorder.With]. [Metrics] contains the recorder of its own service.
//
// Its methods are safe for concurrent use, never block, and do nothing on a nil pointer. What is recorded after
// [Metrics.Shutdown] is lost, silently.
type Recorder struct {
	pipeline *pipeline
	// values are those of the labels that all series of the recorder share: the
	// service's and the own ones, in the order of pipeline.shared.
	values []string
	fixed  []attribute.KeyValue // the same as attributes

	active     metric.Int64UpDownCounter
	predictors *label.Tree[*Predictor]
	caches     *label.Tree[*cacheSeries]
	errors     *label.Tree[metric.Int64Counter]
	latencies  *label.Tree[metric.Float64Histogram]
	model      *modelSeries // of predictions that do not say theirs

	attempts              *label.Tree[metric.Int64Counter]
	usage                 usageSeries
	scores                *label.Tree[metric.Float64Histogram]
	overheads, tokenPaces *label.Tree[metric.Float64Histogram]
	limit                 metric.Int64Gauge
}

// With returns the recorder of one value of a label of your own, which the
// contract has by [views.Contract.AddLabel]. It shares the pipeline with r, and
// has r's values of the other labels. The value of a label is unknown until it
// is given here; one over the budget, or that the label does not take, is other,
// and so is one that is new in combination when there are as many recorders as
// [WithSeriesLimit] allows.
//
// There is one recorder for each combination of values, so calling it for each
// request is fine: once the recorder is there it takes no lock and does not
// allocate. A recorder whose values are well-known exposes its counters at zero
// from the first call on: make it at the start, so that rates see the first
// event. A label that the contract does not have is logged once, and r returned.
func (r *Recorder) With(label, value string) *Recorder {
	if r == nil {
		return nil
	}
	p := r.pipeline
	for i, own := range p.contract.Labels.Own {
		if own.Key != label {
			continue
		}
		var buffer [8]string
		values := append(buffer[:0], r.values...)
		values[1+i] = value
		if other, err := p.recorder(values...); err == nil {
			return other
		}
		return r // which has declared the same instruments
	}
	if first, last := p.warned.first("", label); first { // No label has an empty key.
		p.logger.Error("the contract has no such label of your own: add it with views.Contract.AddLabel, or the measurements go without it",
			slog.String("label", label), slog.Bool("last_warning", last))
	}
	return r
}

// recorder returns the one recorder of the values of the shared labels.
func (p *pipeline) recorder(values ...string) (*Recorder, error) {
	made := p.recorders.Get(values...)
	return made.recorder, made.err
}

// ownValues returns the values of the shared labels for a service whose own labels are not given.
func (p *pipeline) ownValues(service string) []string {
	return append([]string{service}, make([]string, len(p.contract.Labels.Own))...)
}

// recorderOfService returns the recorder of a service whose own labels are not given, and makes those of their listed values.
func (p *pipeline) recorderOfService(name string) (*Recorder, error) {
	r, err := p.recorder(p.ownValues(name)...)
	if err != nil || len(p.contract.Labels.Own) == 0 {
		return r, err
	}
	return r, p.primeListed(r.values[0]) // the service as it is recorded, which does not overflow again
}

// recorderOrError is a recorder, or why there is none.
type recorderOrError struct {
	recorder *Recorder
	err      error
}

func newRecorder(p *pipeline, values []string) (*Recorder, error) {
	m, l := p.contract.Metrics, p.contract.Labels
	r := &Recorder{pipeline: p, values: values, fixed: pairs(p.shared, values)}
	r.model = r.modelSeries(p.model)
	if err := errors.Join(
		r.declareActive(),
		r.declarePredictors(),
		r.declareCaches(),
		set(&r.errors, r, m.Errors, int64Counter, l.ErrorType),
		set(&r.attempts, r, m.UpstreamAttempts, int64Counter, l.Outcome),
		r.declareUsage(),
		r.declareLimit(),
		set(&r.scores, r, m.PredictionScore, float64Histogram, l.PredictionType, l.Score),
		set(&r.overheads, r, m.Overhead, float64Histogram, l.PredictionType),
		set(&r.tokenPaces, r, m.TimePerOutputToken, float64Histogram, l.PredictionType),
		set(&r.latencies, r, m.APILatency, float64Histogram, l.Endpoint, l.Method, l.StatusCode),
	); err != nil {
		return nil, err
	}
	if p.priming && r.lasting() {
		r.prime()
	}
	return r, nil
}

// lasting reports whether the values of the own labels are well-known, or not
// given. The series of others come and go.
func (r *Recorder) lasting() bool {
	for i, own := range r.pipeline.contract.Labels.Own {
		if value := r.values[1+i]; value != views.Unknown && !slices.Contains(own.Values, value) {
			return false
		}
	}
	return true
}

func set[T any](to **label.Tree[T], r *Recorder, m views.Metric, kind func(metric.Meter, views.Metric) (bind[T], error), labels ...views.Label) (err error) {
	*to, err = newSeries(r.pipeline, m, kind, r.fixed, labels...)
	return err
}
