package rules

import (
	"fmt"
	"slices"

	"github.com/dspy-metrics/dspy-metrics/cmd/internal/operator/promql"
	"github.com/dspy-metrics/dspy-metrics/views"
)

// The operations of what is recorded, after the metric's name.
const (
	rate5m = ":rate5m"
	// failed are the failures that spend the budget: not those that are the
	// caller's doing.
	failed = "_failed"
	// unanswered are the failures that are not due to the input: callers that went
	// away are among them.
	unanswered = "_unanswered"
	// succeeded and unsuccessful are the suffixes for predictions that succeeded, and
	// for all others.
	succeeded, unsuccessful = "_succeeded", "_unsuccessful"
	// refused are callers for whom there was no place.
	refused = "_refused"
	// asked and lost are what the objective of availability is about: callers, and
	// those of them that got no answer through no doing of theirs.
	asked, lost = "_asked", "_lost"
	// slow are the observations above the bound of the latency objective.
	slow  = "_slow"
	ratio = ":ratio_rate"
)

// recordings are the rates and ratios of the last five minutes. Whatever looks
// back further reads these.
func (r ruler) recordings() group {
	g := group{Name: "dspy-recordings", Interval: "30s"}
	add := func(name, expr string) { g.Rules = append(g.Rules, rule{Record: name, Expr: expr}) }
	share := func(metric views.Metric, part, whole string) {
		add(r.record(metric, part+ratio+"5m"), r.record(metric, part+rate5m)+"\n/\n("+r.record(metric, whole+rate5m)+" > 0)")
	}

	if predictions := r.metrics.Predictions; exists(predictions) {
		// The rules of a group read what those before them have just recorded.
		all := r.record(predictions, rate5m)
		add(all, r.sum("rate("+r.selector()+"[5m])"))
		add(r.record(predictions, succeeded+rate5m), promql.OrZero(r.sum("rate("+r.successes()+"[5m])"), all))
		add(r.record(predictions, unsuccessful+rate5m), promql.OrZero(r.sum("rate("+r.failures()+"[5m])"), all))
		add(r.record(predictions, failed+rate5m), r.but(r.objectives.ClientErrors))
		share(predictions, failed, "")
		add(r.record(predictions, unanswered+rate5m), r.but(slices.DeleteFunc(slices.Clone(r.objectives.ClientErrors), func(errorType string) bool {
			return errorType == views.ErrorCanceled
		})))
		share(predictions, unanswered, "")
		if r.refuses() {
			add(r.record(predictions, refused+rate5m), promql.OrZero(r.sum("rate("+r.errorsOf(views.ErrorOverloaded)+"[5m])"), all))
			add(r.record(predictions, asked+rate5m), all+"\n+\n"+r.record(predictions, refused+rate5m))
			add(r.record(predictions, lost+rate5m), r.record(predictions, failed+rate5m)+"\n+\n"+r.record(predictions, refused+rate5m))
			share(predictions, refused, asked)
			share(predictions, lost, asked)
		}
	}
	if duration := r.metrics.PredictionDuration; exists(duration) {
		add(r.record(duration, ":p95_5m"), r.quantile(0.95, duration, "5m"))
		add(r.record(duration, rate5m), r.observations(duration, "rate", "5m"))
		add(r.record(duration, slow+rate5m), r.above(r.objectives.LatencyBound, duration, "5m"))
		share(duration, slow, "")
	}
	if hits, misses := r.metrics.CacheHits, r.metrics.CacheMisses; exists(hits, misses) {
		hit, miss := r.sum("rate("+hits.Name+"[5m])"), r.sum("rate("+misses.Name+"[5m])")
		add(r.record(hits, rate5m), promql.OrZero(hit, miss))
		add(r.record(misses, rate5m), promql.OrZero(miss, hit))
		add(r.record(hits, ratio+"5m"),
			r.record(hits, rate5m)+"\n/\n("+r.record(hits, rate5m)+" + "+r.record(misses, rate5m)+" > 0)")
	}
	return g
}

// refuses reports whether the contract says who was refused for want of a place.
func (r ruler) refuses() bool { return exists(r.metrics.Predictions, r.metrics.Errors) }

// loss returns the series for the availability objective. Without errors by type,
// rejected callers are unknown.
func (r ruler) loss() (part, whole string) {
	if r.refuses() {
		return lost, asked
	}
	return failed, ""
}

// but is the rate of the failures whose error is of none of the types. There are
// no more of them than predictions that failed, nor than errors of other types:
// a request that is refused is an error and no prediction, and a program may
// record errors of its own.
func (r ruler) but(errorTypes []string) string {
	failures := r.record(r.metrics.Predictions, unsuccessful+rate5m)
	if !exists(r.metrics.Errors) || len(errorTypes) == 0 {
		return failures
	}
	others := append([]string{views.ErrorOverloaded, views.ErrorCacheUnavailable}, errorTypes...)
	return promql.Least(failures, promql.OrZero(r.sum("rate("+r.errorsBut(others...)+"[5m])"), r.record(r.metrics.Predictions, rate5m)))
}

// errorsOf selects the errors of a type.
func (r ruler) errorsOf(errorType string) string {
	return fmt.Sprintf(`%s{%s=%q}`, r.metrics.Errors.Name, r.contract.Labels.ErrorType.Key, errorType)
}

// errorsBut selects the errors of all other types. The series that takes what is
// beyond a cardinality limit has none.
func (r ruler) errorsBut(errorTypes ...string) string {
	slices.Sort(errorTypes)
	return fmt.Sprintf(`%s{%[2]s!="",%[2]s!~%[3]q}`, r.metrics.Errors.Name, r.contract.Labels.ErrorType.Key, join(slices.Compact(errorTypes)))
}
