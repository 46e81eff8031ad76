// Package backlog keeps the deltas of pushes that failed, for the next push.
//
// A cumulative value needs none of this: the next one contains it. A delta that no collector took is lost, unless it is
// added to the next: the two become one delta over both intervals. So what is kept has the size of one push, however long
// the outage is.
package backlog

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

const (
	// MaxPushes is after how many failed pushes in a row what is kept is dropped: a collector may never take it.
	MaxPushes = 100
	// MaxPoints bounds what is kept, where series come and go.
	MaxPoints = 100_000
)

// Backlog is what failed pushes have left. The zero value is empty. It is not safe for concurrent use.
type Backlog struct {
	kept   *metricdata.ResourceMetrics
	pushes int
}

// Join returns what to push: the data, and in it what was kept. It changes neither.
func (b *Backlog) Join(data *metricdata.ResourceMetrics) *metricdata.ResourceMetrics {
	if b.kept == nil {
		return data
	}
	return merge(b.kept, data)
}

// Keep keeps the deltas and last values of a push that failed, which Join returned. It returns how many points it had to
// drop. The data must not change any more.
func (b *Backlog) Keep(pushed *metricdata.ResourceMetrics) (dropped int) {
	b.kept = worthKeeping(pushed)
	if b.pushes++; b.pushes >= MaxPushes {
		return b.Drop()
	}
	room := MaxPoints
	for _, scope := range b.kept.ScopeMetrics {
		for i, m := range scope.Metrics {
			n := size(m.Data)
			scope.Metrics[i].Data = first(m.Data, room)
			dropped += max(0, n-room)
			room = max(0, room-n)
		}
	}
	return dropped
}

// Drop drops what is kept, and returns how many points it was.
func (b *Backlog) Drop() (dropped int) {
	if b.kept != nil {
		for _, scope := range b.kept.ScopeMetrics {
			for _, m := range scope.Metrics {
				dropped += size(m.Data)
			}
		}
	}
	*b = Backlog{}
	return dropped
}

// worthKeeping returns the metrics that the next push may not contain: deltas and, where there are deltas at all, the last
// values of gauges, which are reported once then.
func worthKeeping(data *metricdata.ResourceMetrics) *metricdata.ResourceMetrics {
	out := &metricdata.ResourceMetrics{Resource: data.Resource}
	deltas := false
	for _, scope := range data.ScopeMetrics {
		var metrics []metricdata.Metrics
		for _, m := range scope.Metrics {
			switch {
			case isDelta(m.Data):
				deltas = true
				metrics = append(metrics, m)
			case isGauge(m.Data):
				metrics = append(metrics, m)
			}
		}
		if len(metrics) > 0 {
			out.ScopeMetrics = append(out.ScopeMetrics, metricdata.ScopeMetrics{Scope: scope.Scope, Metrics: metrics})
		}
	}
	if !deltas {
		out.ScopeMetrics = nil
	}
	return out
}

// identity is what makes two metrics of a push the same.
type identity struct {
	scope, version, schema        string
	attributes                    attribute.Distinct
	name, description, unit, form string
}

func identify(scope metricdata.ScopeMetrics, m metricdata.Metrics) identity {
	return identity{
		scope.Scope.Name, scope.Scope.Version, scope.Scope.SchemaURL, scope.Scope.Attributes.Equivalent(),
		m.Name, m.Description, m.Unit, form(m.Data),
	}
}

// merge returns newer with what older has in it.
func merge(older, newer *metricdata.ResourceMetrics) *metricdata.ResourceMetrics {
	left := make(map[identity]metricdata.Aggregation)
	for _, scope := range older.ScopeMetrics {
		for _, m := range scope.Metrics {
			left[identify(scope, m)] = m.Data
		}
	}
	out := &metricdata.ResourceMetrics{Resource: newer.Resource, ScopeMetrics: slices.Clone(newer.ScopeMetrics)}
	for i, scope := range out.ScopeMetrics {
		metrics := slices.Clone(scope.Metrics)
		for j, m := range metrics {
			id := identify(scope, m)
			if before, ok := left[id]; ok {
				metrics[j].Data = join(before, m.Data)
				delete(left, id)
			}
		}
		out.ScopeMetrics[i].Metrics = metrics
	}
	// What is left was not measured again.
	for _, scope := range older.ScopeMetrics {
		rest := metricdata.ScopeMetrics{Scope: scope.Scope}
		for _, m := range scope.Metrics {
			if _, ok := left[identify(scope, m)]; ok {
				rest.Metrics = append(rest.Metrics, m)
			}
		}
		if len(rest.Metrics) == 0 {
			continue
		}
		none := metricdata.Metrics{}
		same := func(s metricdata.ScopeMetrics) bool { return identify(s, none) == identify(rest, none) }
		if i := slices.IndexFunc(out.ScopeMetrics, same); i >= 0 {
			out.ScopeMetrics[i].Metrics = append(out.ScopeMetrics[i].Metrics, rest.Metrics...)
		} else {
			out.ScopeMetrics = append(out.ScopeMetrics, rest)
		}
	}
	return out
}
