package rules

import "github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"

// recordings are the rates and ratios of the last five minutes.
func (r ruler) recordings() group {
	g := group{Name: "dspy-recordings"}
	add := func(name, expr string) { g.Rules = append(g.Rules, rule{Record: name, Expr: expr}) }

	if predictions := r.metrics.Predictions; exists(predictions) {
		all := r.sum("rate(" + r.selector() + "[5m])")
		add(r.record(predictions, ":rate5m"), all)
		add(r.record(predictions, "_failed:rate5m"), promql.OrZero(r.sum("rate("+r.failures()+"[5m])"), all))
		add(r.record(predictions, "_failed:ratio_rate5m"),
			r.record(predictions, "_failed:rate5m")+"\n/\n("+r.record(predictions, ":rate5m")+" > 0)")
	}
	if duration := r.metrics.PredictionDuration; exists(duration) {
		add(r.record(duration, ":p95_5m"), r.quantile(0.95, duration, "5m"))
	}
	if hits, misses := r.metrics.CacheHits, r.metrics.CacheMisses; exists(hits, misses) {
		hit, miss := r.sum("rate("+hits.Name+"[5m])"), r.sum("rate("+misses.Name+"[5m])")
		add(r.record(hits, ":rate5m"), promql.OrZero(hit, miss))
		add(r.record(misses, ":rate5m"), promql.OrZero(miss, hit))
		add(r.record(hits, ":ratio_rate5m"),
			r.record(hits, ":rate5m")+"\n/\n("+r.record(hits, ":rate5m")+" + "+r.record(misses, ":rate5m")+" > 0)")
	}
	return g
}
