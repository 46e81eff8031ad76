package conformance

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dspy-metrics/dspy-metrics/internal/contract"
)

// primed checks that a counter has all its series over well-known values, for
// every service that there is.
func (r *review) primed(metric contract.Metric) {
	want := []string(nil)
	if r.fits() {
		want = r.wellKnown(metric)
	}
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

// seriesLimit is how many series a metric has at most by default, as OpenTelemetry's specification says.
const seriesLimit = 2000

// fits reports whether all series over well-known values fit under the limit, so that a program can have them from the
// start. Half of the limit is left for values that are not well-known.
func (r *review) fits() bool {
	for _, metric := range r.contract.Metrics {
		series := 1
		for _, label := range metric.Labels {
			series *= max(1, len(label.Values))
			if metric.Primed && 2*series >= seriesLimit {
				return false
			}
		}
	}
	return true
}

// wellKnown returns the identities of the series to expect. A label without
// well-known values, such as the service, has those that are there.
func (r *review) wellKnown(metric contract.Metric) []string {
	identities := []string{""}
	for _, label := range metric.Labels {
		var values []string
		for _, value := range label.Values {
			values = append(values, value.Text)
		}
		if len(values) == 0 {
			values = slices.Sorted(maps.Keys(r.values[label.ID]))
			values = values[:min(len(values), label.Budget)]
		}
		var longer []string
		for _, identity := range identities {
			for _, value := range values {
				longer = append(longer, with(identity, label.Key, value))
			}
		}
		identities = longer
	}
	return identities
}

func (r *review) identity(metric contract.Metric, s sample) string {
	identity := ""
	for _, label := range metric.Labels {
		l, _ := s.label(label.Key)
		identity = with(identity, label.Key, l.value)
	}
	return identity
}

func with(identity, key, value string) string {
	return strings.TrimPrefix(identity+","+key+"="+strconv.Quote(value), ",")
}
