package otelmetrics

import "context"

// SetActivePredictionsLimit sets how many predictions may be active at a time;
// with those that are active it gives the saturation of the service. A limit below
// 1 is ignored.
func (r *Recorder) SetActivePredictionsLimit(ctx context.Context, limit int64) {
	if r != nil && limit > 0 {
		r.limit.Record(ctx, limit)
	}
}

func (r *Recorder) declareLimit() error {
	m := r.pipeline.contract.Metrics.ActivePredictionsLimit
	instrument, err := declare(r.pipeline, m, int64Gauge)
	if err != nil {
		return err
	}
	r.limit = instrument(attributes(m, r.fixed)...)
	return nil
}
