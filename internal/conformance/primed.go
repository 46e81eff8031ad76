package conformance

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/views"
)

// primed checks that a counter has all its series over well-known values, for
// every service that there is.
func (r *review) primed(metric views.Metric) {
	want := r.wellKnown(metric)
	have := make(map[string]bool)
	for _, family := range r.families[metric.Name] {
		for _, s := range family.samples {
			have[r.identity(metric, s)] = true
		}
	}
	const remedy = "create them at zero when the process starts: rate() sees no increase in the first sample of a series"
	if len(have) == 0 {
		r.add(Error, NotPrimed, metric.Name, position{}, remedy, "the %s has no series at all", metric.Kind)
		return
	}
	missing := slices.DeleteFunc(want, func(identity string) bool { return have[identity] })
	if len(missing) > 0 {
		r.add(Error, NotPrimed, metric.Name, r.families[metric.Name][0].at, remedy,
			"%d series of well-known label values are missing, the first is {%s}", len(missing), missing[0])
	}
}

// wellKnown returns the identities of the series to expect. A label without
// well-known values, such as the service, has those that are there.
func (r *review) wellKnown(metric views.Metric) []string {
	identities := []string{""}
	for _, key := range metric.Labels {
		definition := r.labels[key]
		values := definition.Values
		if len(values) == 0 {
			values = slices.Sorted(maps.Keys(r.values[key]))
			values = values[:min(len(values), definition.Budget)]
		}
		var longer []string
		for _, identity := range identities {
			for _, value := range values {
				longer = append(longer, with(identity, key, value))
			}
		}
		identities = longer
	}
	return identities
}

func (r *review) identity(metric views.Metric, s sample) string {
	identity := ""
	for _, key := range metric.Labels {
		l, _ := s.label(key)
		identity = with(identity, key, l.value)
	}
	return identity
}

func with(identity, key, value string) string {
	return strings.TrimPrefix(identity+","+key+"="+strconv.Quote(value), ",")
}
